"""Where a remote policy is, what its messages are called, and how long it may take."""

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import SplitResult, urlsplit

from pi0_ros.core.errors import ConfigurationError

ImageLayout = Literal["hwc", "chw"]

_SCHEMES = ("ws", "wss")
# In a key: steps into a map inside the message, as in "images>cam_high".
NESTING = ">"


def is_remote(policy_path: str) -> bool:
    """Whether `policy_path` names a server and not a folder."""
    return policy_path.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


def default_key(camera: str) -> str:
    """What a camera's picture is called in a message where nothing is configured."""
    return f"observation/{camera}"


def check_key(parameter: str, key: str) -> None:
    """
    Raises:
        ConfigurationError: a name in it is empty; `parameter` is named.
    """
    if not all(key.split(NESTING)):
        raise ConfigurationError(f"{parameter}: expected NAME or NAME{NESTING}NAME, got {key!r}")


@dataclass(frozen=True, slots=True)
class MessageKeys:
    """Names of the values in a message, in the notation of `NESTING`.

    Attributes:
        state: joint positions.
        prompt: the instruction.
        actions: the chunk, in the answer.
    """

    state: str = "observation/state"
    prompt: str = "prompt"
    actions: str = "actions"

    def __post_init__(self) -> None:
        for name in ("state", "prompt", "actions"):
            check_key(f"remote_{name}_key", getattr(self, name))


@dataclass(frozen=True, slots=True)
class RemoteConfig:
    """One policy server.

    Attributes:
        url: ws://HOST:PORT, or wss:// for TLS with a certificate that this machine trusts.
        keys: names in the messages; those of the pictures are `PolicyConfig.camera_features`.
        image_layout: "hwc" (height, width, channel), or "chw" for servers that want channels first.
        connect_timeout_s: until the server has accepted and told what it is.
        call_timeout_s: from the first byte of an observation sent to the last of its chunk.
        warm_up_timeout_s: the same for the very first one, which may compile the model.

    Raises:
        ConfigurationError: a value cannot work; the message names the parameter.
    """

    url: str
    keys: MessageKeys = MessageKeys()
    image_layout: ImageLayout = "hwc"
    connect_timeout_s: float = 3.0
    call_timeout_s: float = 2.0
    warm_up_timeout_s: float = 120.0

    def __post_init__(self) -> None:
        parts = _parts(self.url)
        if parts is None or parts.scheme not in _SCHEMES or not parts.hostname or not parts.port:
            raise ConfigurationError(
                f"policy_path: expected ws://HOST:PORT or wss://HOST:PORT, got {self.url!r}"
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigurationError(
                f"policy_path: {parts.scheme}://{parts.hostname}:{parts.port} takes no user, "
                "password, query or fragment"
            )
        if self.image_layout not in get_args(ImageLayout):
            raise ConfigurationError(
                f"remote_image_layout: expected {' or '.join(get_args(ImageLayout))}, got "
                f"{self.image_layout!r}"
            )
        for name in ("connect_timeout", "call_timeout", "warm_up_timeout"):
            seconds = getattr(self, f"{name}_s")
            if not 0.0 < seconds <= 3600.0:
                raise ConfigurationError(f"remote_{name}: expected 0 to 3600 s, got {seconds}")

    @property
    def server(self) -> str:
        """HOST:PORT."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        return f"[{host}]:{parts.port}" if ":" in host else f"{host}:{parts.port}"


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Reading it raises where it is no number or too large.
        _ = parts.port
    except ValueError:
        return None
    return parts
