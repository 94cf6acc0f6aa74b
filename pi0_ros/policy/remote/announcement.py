"""What a policy server says of itself when a client connects.

openpi's servers send whatever their configuration holds, often nothing. `pi0 serve` adds a map
under one key of its own, so that a client can tell a misfit before the first observation.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pi0_ros.core.errors import ConfigurationError, InputRefused, PolicyError
from pi0_ros.core.printable import printable
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.remote_config import RemoteConfig
from pi0_ros.policy.remote.wire import unpack

KEY = "pi0_ros"
_UNNAMED = "unnamed"
_HASH_DIGITS = 12
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Announcement:
    """The map under `KEY`.

    Attributes:
        policy_id: of the policy that is served.
        demo: whether it is the demo checkpoint.
        horizon: rows of a chunk.
        joints: values of a state and columns of a chunk, in rad or m.
        image_height, image_width: of every picture, in px.
        pictures: keys of the pictures in an observation.
        state, prompt, actions: keys of the other values.
    """

    policy_id: str
    demo: bool
    horizon: int
    joints: int
    image_height: int
    image_width: int
    pictures: tuple[str, ...]
    state: str
    prompt: str
    actions: str

    def message(self) -> dict[str, Any]:
        """The metadata that say so."""
        return {KEY: asdict(self) | {"pictures": list(self.pictures)}}


@dataclass(frozen=True, slots=True)
class Greeting:
    """One server's metadata.

    Attributes:
        digest: of its bytes: another digest is another policy, or the same otherwise configured.
        announced: None where it is no server of ours.
    """

    digest: str
    announced: Announcement | None

    @property
    def name(self) -> str:
        """Of the policy, for `policy_id`."""
        if self.announced is None:
            return f"{_UNNAMED}-{self.digest}"
        return printable(self.announced.policy_id, _LONGEST_ID)


def read_greeting(data: bytes, server: str) -> Greeting:
    """
    Raises:
        PolicyError: not metadata of this protocol.
    """
    digest = hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]
    try:
        metadata = unpack(data)
        announced = _announcement(metadata[KEY]) if KEY in metadata else None
    except InputRefused as refusal:
        raise PolicyError(f"{server}: its metadata are malformed: {refusal}") from refusal
    return Greeting(digest, announced)


def require_fit(announced: Announcement, config: PolicyConfig, remote: RemoteConfig) -> None:
    """
    Raises:
        ConfigurationError: the server serves another kind of robot, or calls things otherwise.
    """
    server = remote.server
    mode = "demo" if announced.demo else "real"
    if mode != config.mode:
        raise ConfigurationError(
            f"{server} serves {'the demo' if announced.demo else 'no demo'} checkpoint, but the "
            f"parameter mode is {config.mode!r}: set it to {mode!r}, or serve another checkpoint"
        )
    if announced.joints != config.joints:
        raise ConfigurationError(
            f"{server} serves a policy for {announced.joints} joints, the robot has "
            f"{config.joints} (parameter joint_names)"
        )
    if config.policy_units != "rad":
        raise ConfigurationError(
            f"policy_units is {config.policy_units!r}, but {server} speaks rad: set it to 'rad' "
            "here, and `pi0 serve --policy-units` there"
        )
    height, width = config.image_shape
    if (announced.image_height, announced.image_width) != (height, width):
        raise ConfigurationError(
            f"{server} takes pictures of {announced.image_width}x{announced.image_height}, the "
            f"cameras give {width}x{height}: set image_width and image_height"
        )
    fed = sorted(config.camera_features.values())
    if sorted(announced.pictures) != fed:
        raise ConfigurationError(
            f"{server} takes the pictures {', '.join(announced.pictures)}, the cameras feed "
            f"{', '.join(fed)}: set camera_names, or cameras.<name>.feature"
        )
    for name in ("state", "prompt", "actions"):
        there, here = getattr(announced, name), getattr(remote.keys, name)
        if there != here:
            raise ConfigurationError(
                f"{server} calls it {printable(there)!r}, remote_{name}_key is {here!r}: set it "
                "to the same"
            )


def _announcement(value: Any) -> Announcement:
    if not isinstance(value, Mapping):
        raise InputRefused("malformed", f"{KEY}: expected a map, got {type(value).__name__}")
    taken: dict[str, Any] = {}
    for entry in fields(Announcement):
        came: Any = value.get(entry.name)
        if not _is(entry.type, came):
            raise InputRefused(
                "malformed", printable(f"{KEY}: expected {entry.name} as {entry.type}, got {came}")
            )
        taken[entry.name] = tuple(came) if entry.name == "pictures" else came
    return Announcement(**taken)


def _is(wanted: Any, value: Any) -> bool:
    if wanted is int:
        return type(value) is int and 0 < value < 2**20
    if wanted in (str, bool):
        return type(value) is wanted
    return type(value) is list and all(type(item) is str for item in value)
