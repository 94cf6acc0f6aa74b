"""A policy without a model, for trying out everything around one."""

import threading
import time
from collections.abc import Callable

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import PolicyError, PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.policy.policy_config import PolicyConfig

HORIZON = 50
_REACH_RAD = 0.22
_PERIOD_S = 1.8
_SLOW_S = 0.4
_SPIKE_S = 0.8
_SPIKE_EVERY = 5


class ScriptedPolicy:
    """Sways every joint from where the arm first was toward zero and back, smoothly, for ever.

    Args:
        config: cameras, joints and picture size; the path is not read.
        step_s: time between two rows, as in the chunks that are made of them.
        fault: asked once per inference; one of the node's parameter `fault`, empty for none.
    """

    def __init__(self, config: PolicyConfig, step_s: float, fault: Callable[[], str]) -> None:
        self._fault = fault
        self._step_s = step_s
        self._start: tuple[int, FloatArray] | None = None
        self._calls = 0
        self.description = PolicyDescription(
            policy_id="stub/sway",
            is_demo=True,
            device="cpu",
            horizon=HORIZON,
            joints=config.joints,
            cameras=tuple(config.camera_features),
            image_shape=config.image_shape,
        )

    def check_instruction(self, text: str) -> None:
        """Any instruction will do."""

    def infer(self, observation: Observation) -> FloatArray:
        """Positions in rad, shape (HORIZON, joints).

        Raises:
            PolicyError: the fault is "failing".
            PolicyLost: the fault is "lost".
        """
        self._calls += 1
        fault = self._fault()
        if fault == "hung":
            threading.Event().wait()
        if fault == "slow":
            time.sleep(_SLOW_S)
        if fault == "spikes" and self._calls % _SPIKE_EVERY == 0:
            time.sleep(_SPIKE_S)
        if fault == "failing":
            raise PolicyError("it fails on purpose")
        if fault == "lost":
            raise PolicyLost("the device is lost, on purpose")
        return _spoiled(self._sway(observation), fault)

    def _sway(self, observation: Observation) -> FloatArray:
        if self._start is None:
            self._start = observation.stamp_ns, observation.positions
        since_ns, centre = self._start
        times = (observation.stamp_ns - since_ns) / 1e9 + np.arange(HORIZON) * self._step_s
        away = _REACH_RAD * (1.0 - np.cos(2.0 * np.pi * times / _PERIOD_S))
        inwards = np.where(centre > 0.0, -1.0, 1.0)
        rows: FloatArray = centre + away[:, np.newaxis] * inwards
        return rows


def _spoiled(rows: FloatArray, fault: str) -> FloatArray:
    if fault in ("not_a_number", "not_a_number_once"):
        rows[3, -1] = np.nan
    elif fault == "infinite":
        rows[3, -1] = np.inf
    elif fault == "absurd":
        rows += 100.0
    elif fault == "far":
        rows[:, -1] += 1.0
    elif fault == "wrong_shape":
        rows = rows[:-1]
    return rows
