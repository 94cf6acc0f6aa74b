"""The Policy interface over the network."""

import math
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import (
    ConfigurationError,
    InputRefused,
    PolicyError,
    PolicyUnavailable,
)
from pi0_ros.core.observation import Observation
from pi0_ros.core.printable import printable
from pi0_ros.policy.gate import check_observation
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.announcement import read_greeting, require_fit
from pi0_ros.policy.remote.link import Link
from pi0_ros.policy.remote.message_map import keys_of, nested, value_at
from pi0_ros.policy.remote.remote_config import RemoteConfig, check_key
from pi0_ros.policy.remote.wire import pack, unpack

MOST_ROWS = 1024
# Between two attempts to connect, doubled from one to the next.
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 4.0


def connect_policy(
    config: PolicyConfig, remote: RemoteConfig, clock_s: Callable[[], float] = time.monotonic
) -> "RemotePolicy":
    """The policy at the other end, proven to take this robot's observations: it has answered one.

    Raises:
        PolicyUnavailable: no server answers in time.
        PolicyError: what answers does not keep to the protocol, or refuses the observation.
        ConfigurationError: the server says that it serves another robot, or mode is demo and it
            does not say that it serves the demo checkpoint.
    """
    for camera, key in config.camera_features.items():
        check_key(f"cameras.{camera}.feature", key)
    return RemotePolicy(config, remote, clock_s)


class RemotePolicy:
    """Asks a server for every chunk; not safe to call from several threads at once.

    Args:
        clock_s: steady time in s, by which attempts to connect are spaced.
    """

    def __init__(
        self, config: PolicyConfig, remote: RemoteConfig, clock_s: Callable[[], float]
    ) -> None:
        self._config = config
        self._remote = remote
        self._clock_s = clock_s
        self._to_policy_units = math.degrees(1.0) if config.policy_units == "deg" else 1.0
        self._wait_s = 0.0
        self._not_before_s = -math.inf
        self._why_not = ""
        self._digest = ""
        self._link = Link(remote)
        # The interface knows no end of a policy; the connection must not outlive it.
        self._end = weakref.finalize(self, self._link.close)
        try:
            self._description = self._introduced()
        except BaseException:
            self.close()
            raise

    @property
    def description(self) -> PolicyDescription:
        return self._description

    def check_instruction(self, text: str) -> None:
        """Only the server can tell: what it does not take comes back as an error."""

    def infer(self, observation: Observation) -> FloatArray:
        """As the interface has it.

        Raises:
            PolicyUnavailable: the server cannot be reached, or did not answer in time.
            PolicyError: it answered with an error, or with something that is no chunk.
        """
        check_observation(observation, self._description)
        if not self._link.is_open():
            self._reconnect()
        positions = self._asked(observation, self._remote.call_timeout_s)
        expected = self._description.horizon
        if len(positions) != expected:
            raise self._refusal(f"expected a chunk of {expected} rows, got {len(positions)}")
        return positions

    def close(self) -> None:
        """Ends the connection; the policy is of no use afterwards."""
        self._end()

    def _introduced(self) -> PolicyDescription:
        config, remote = self._config, self._remote
        greeting = read_greeting(self._link.open(), remote.server)
        announced = greeting.announced
        if announced is not None:
            require_fit(announced, config, remote)
        elif config.mode == "demo":
            raise ConfigurationError(
                f"parameter mode is 'demo', but {remote.server} does not say that it serves the "
                "demo checkpoint: set mode to 'real', or leave policy_path empty"
            )
        self._digest = greeting.digest
        horizon = len(self._asked(_blank_observation(config), remote.warm_up_timeout_s))
        if announced is not None and announced.horizon != horizon:
            raise PolicyError(
                f"{remote.server} announces chunks of {announced.horizon} rows and gives {horizon}"
            )
        return PolicyDescription(
            policy_id=f"remote/{remote.server}/{greeting.name}",
            is_demo=announced is not None and announced.demo,
            device="remote",
            horizon=horizon,
            joints=config.joints,
            cameras=tuple(config.camera_features),
            image_shape=config.image_shape,
        )

    def _reconnect(self) -> None:
        now_s = self._clock_s()
        if now_s < self._not_before_s:
            raise PolicyUnavailable(
                f"{self._why_not}; next attempt in {self._not_before_s - now_s:.1f} s"
            )
        try:
            greeting = read_greeting(self._link.open(), self._remote.server)
        except PolicyError as error:
            self._link.drop()
            self._why_not = str(error)
            self._wait_s = min(max(2.0 * self._wait_s, _FIRST_WAIT_S), _LONGEST_WAIT_S)
            self._not_before_s = self._clock_s() + self._wait_s
            raise
        self._wait_s = 0.0
        if greeting.digest != self._digest:
            self._link.drop()
            raise PolicyError(
                f"{self._remote.server} came back as another policy, {greeting.name}, in place of "
                f"{self._description.policy_id}: configure pi0_policy anew"
            )

    def _asked(self, observation: Observation, timeout_s: float) -> FloatArray:
        answer = self._link.exchange(pack(self._message(observation)), timeout_s)
        try:
            return self._positions(unpack(answer))
        except InputRefused as refusal:
            raise self._refusal(str(refusal)) from refusal

    def _message(self, observation: Observation) -> dict[str, Any]:
        keys, features = self._remote.keys, self._config.camera_features
        pictures = [
            (features[camera], self._laid_out(picture))
            for camera, picture in observation.images.items()
        ]
        state = observation.positions * self._to_policy_units
        return nested([*pictures, (keys.state, state), (keys.prompt, observation.instruction)])

    def _laid_out(self, picture: Any) -> Any:
        return picture.transpose(2, 0, 1) if self._remote.image_layout == "chw" else picture

    def _positions(self, answer: dict[str, Any]) -> FloatArray:
        """Shape (rows, joints), rad or m.

        Raises:
            InputRefused: no such thing in the answer.
        """
        key, joints = self._remote.keys.actions, self._config.joints
        try:
            actions = value_at(answer, key)
        except KeyError:
            raise InputRefused(
                "malformed",
                f"expected the chunk under {key!r} (parameter remote_actions_key), got "
                f"{printable(', '.join(keys_of(answer))) or 'an empty map'}",
            ) from None
        if not isinstance(actions, np.ndarray) or actions.dtype.str not in ("<f4", "<f8"):
            came = actions.dtype if isinstance(actions, np.ndarray) else type(actions).__name__
            raise InputRefused("malformed", f"{key}: expected float32 or float64, got {came}")
        if actions.ndim != 2 or actions.shape[1] != joints or not 0 < len(actions) <= MOST_ROWS:
            raise InputRefused(
                "malformed",
                f"{key}: expected 1 to {MOST_ROWS} rows of {joints} joints (parameter "
                f"joint_names), got the shape {actions.shape}",
            )
        if not np.isfinite(actions).all():
            bad = int(np.count_nonzero(~np.isfinite(actions)))
            raise InputRefused("malformed", f"{key}: {bad} of {actions.size} values are not finite")
        positions: FloatArray = actions.astype(np.float64) / self._to_policy_units
        return positions

    def _refusal(self, message: str) -> PolicyError:
        """Also drops the connection: whoever answers like that may do anything next."""
        self._link.drop()
        return PolicyError(f"{self._remote.server}: {message}; the chunk is dropped")


def _blank_observation(config: PolicyConfig) -> Observation:
    """Only to warm up with: what the server says to it is thrown away, but for its shape."""
    picture = np.zeros((*config.image_shape, 3), dtype=np.uint8)
    return Observation(
        stamp_ns=0,
        images=dict.fromkeys(config.camera_features, picture),
        positions=np.zeros(config.joints),
        instruction="warm up",
    )
