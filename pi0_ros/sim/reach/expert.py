"""The demonstrator of the reaching task: a motion that depends on the joint state alone.

The tip follows a carrot that is a little ahead of it on the way to the block: up where it is low,
across at a safe height in polar coordinates (so never through the base), and down over the block.
Joints go to the carrot's pose with a common speed-up to a share of their limits. As nothing but
the present joint positions enters, every moment shows what to do from there, and a policy that has
strayed finds its way back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import HOME, LIMITS, forward, pointing_down
from pi0_ros.sim.reach.scenes import AZIMUTH_RAD, RADIUS_M, ReachScene
from pi0_ros.sim.scene import Block

HOVER_M = 0.16
# Below the block's top, so that a tip that is a little off still presses on it.
_PRESS_M = 0.015
# Within the first distance the tip goes straight down; beyond the second it stays at hover height.
_DOWN_WITHIN_M = 0.02
_HOVER_BEYOND_M = 0.07
# Lower than the first the tip only rises; from the second on it moves across freely.
_RISE_BELOW_M = 0.09
_FREE_ABOVE_M = 0.14
_AHEAD_M = 0.10
_RATE = 3.0
_SPEED_SHARE = 0.5
_SHARPNESS = 6.0
# The fingers turn with the base, by so much, which keeps joint 6 in use.
_ROLL_SHARE = 0.8
_STEP_S = 0.02
# From a low tip to the middle of a block: fingers beside it.
_CLEAR_M = 0.1
# As close as fingers get to the middle of a block without touching it, lower than its top.
_FINGERS_M = 0.075


@dataclass(frozen=True, slots=True, eq=False)
class ReachExpert:
    """Moves to the top of one block.

    Attributes:
        block: the one to touch.
    """

    block: Block

    def velocity(self, positions: ArrayLike) -> FloatArray:
        """Joint velocities in rad/s at positions in rad, both of shape (6,)."""
        q = np.asarray(positions, dtype=np.float64)
        raw = _RATE * (self._carrot_pose(q) - q)
        use = np.abs(raw) / (_SPEED_SHARE * LIMITS.velocity)
        slowed: FloatArray = raw * (1.0 + np.sum(use**_SHARPNESS)) ** (-1.0 / _SHARPNESS)
        return slowed

    def future(self, positions: ArrayLike, rows: int, step_s: float) -> FloatArray:
        """The next `rows` positions, `step_s` apart; row 0 is the present one.

        Returns:
            Shape (rows, 6), rad.
        """
        steps = max(1, round(step_s / _STEP_S))
        state = np.array(positions, dtype=np.float64)
        result = np.empty((rows, len(state)))
        for row in range(rows):
            result[row] = state
            for _ in range(steps if row + 1 < rows else 0):
                state = state + step_s / steps * self.velocity(state)
        return result

    def _carrot_pose(self, q: FloatArray) -> FloatArray:
        tip = forward(q).tip
        middle = self.block.centre
        top_m = self.block.edge_m
        radius, azimuth = float(np.hypot(*tip[:2])), float(np.arctan2(tip[1], tip[0]))
        wanted_radius = float(np.hypot(*middle))
        wanted_azimuth = float(np.arctan2(middle[1], middle[0]))
        far = float(np.linalg.norm(tip[:2] - middle))
        free = _rising(float(tip[2]), _RISE_BELOW_M, _FREE_ABOVE_M)
        # Over the block itself low is right.
        free = max(free, 1.0 - _rising(far, _DOWN_WITHIN_M, _HOVER_BEYOND_M))
        way = np.array([wanted_radius - radius, wanted_radius * (wanted_azimuth - azimuth)])
        length = float(np.linalg.norm(way))
        share = free * min(1.0, _AHEAD_M / max(length, 1e-9))
        carrot_radius = radius + share * (wanted_radius - radius)
        carrot_azimuth = azimuth + share * (wanted_azimuth - azimuth)
        height = top_m - _PRESS_M
        height += (HOVER_M - height) * _rising(far, _DOWN_WITHIN_M, _HOVER_BEYOND_M)
        carrot_radius = min(max(carrot_radius, RADIUS_M[0] - 0.06), RADIUS_M[1] + 0.02)
        pose = np.array(
            pointing_down(
                [
                    carrot_radius * np.cos(carrot_azimuth),
                    carrot_radius * np.sin(carrot_azimuth),
                    height,
                ]
            )
        )
        pose[5] = _ROLL_SHARE * pose[0]
        return pose


def drawn_start(rng: np.random.Generator) -> FloatArray:
    """Joint positions to begin from, shape (6,), rad: near home, or anywhere over the table."""
    for _ in range(1000):
        if rng.random() < 0.3:
            q = HOME + rng.normal(0.0, 0.05, 6)
        else:
            radius = rng.uniform(RADIUS_M[0] - 0.04, RADIUS_M[1])
            azimuth = rng.uniform(-1.4, 1.4)
            height = rng.uniform(0.09, 0.26)
            q = np.array(
                pointing_down([radius * np.cos(azimuth), radius * np.sin(azimuth), height])
            )
            q[5] = _ROLL_SHARE * q[0]
            q += rng.normal(0.0, 1.0, 6) * [0.0, 0.05, 0.05, 0.25, 0.15, 0.5]
        inside = np.all((q > LIMITS.lower + 0.05) & (q < LIMITS.upper - 0.05))
        if inside and float(forward(q).tip[2]) > 0.08:
            return frozen(q)
    raise ConfigurationError("expert: no start found")


def drawn_low_start(rng: np.random.Generator, scene: ReachScene) -> FloatArray:
    """As after a try: on top of the block that is not asked for, or low where no block is.

    Returns:
        Joint positions, shape (6,), rad.
    """
    others = [block for name, block in scene.blocks.items() if name != scene.target]
    for _ in range(1000):
        if others and rng.random() < 0.3:
            place = others[0].centre + rng.uniform(-0.02, 0.02, 2)
            height = others[0].edge_m + rng.uniform(0.002, 0.03)
        else:
            radius, azimuth = rng.uniform(*RADIUS_M), rng.uniform(*AZIMUTH_RAD)
            place = radius * np.array([np.cos(azimuth), np.sin(azimuth)])
            height = rng.uniform(0.045, 0.1)
            near = [np.linalg.norm(place - block.centre) for block in scene.blocks.values()]
            if min(near) < _CLEAR_M:
                continue
        q = np.array(pointing_down([*place, height]))
        q[5] = _ROLL_SHARE * q[0]
        q += rng.normal(0.0, 1.0, 6) * [0.0, 0.01, 0.01, 0.05, 0.03, 0.1]
        if np.all((q > LIMITS.lower + 0.05) & (q < LIMITS.upper - 0.05)):
            return frozen(q)
    raise ConfigurationError("expert: no low start found")


def drawn_beside_start(rng: np.random.Generator, scene: ReachScene) -> FloatArray:
    """At rest beside a block or above it, where a policy that came down amiss stands still.

    Returns:
        Joint positions, shape (6,), rad.
    """
    others = [block for name, block in scene.blocks.items() if name != scene.target]
    for _ in range(1000):
        beside = others[0] if others and rng.random() < 0.25 else scene.blocks[scene.target]
        away, turn = rng.uniform(0.0, 0.22), rng.uniform(0.0, 2.0 * np.pi)
        place = beside.centre + away * np.array([np.cos(turn), np.sin(turn)])
        near = min(np.linalg.norm(place - block.centre) for block in scene.blocks.values())
        lowest = 0.045 if near > _FINGERS_M else beside.edge_m + 0.005
        height = rng.uniform(lowest, lowest + 0.06)
        if not RADIUS_M[0] - 0.04 < np.hypot(*place) < RADIUS_M[1] + 0.01:
            continue
        q = np.array(pointing_down([*place, height]))
        q[5] = _ROLL_SHARE * q[0]
        q += rng.normal(0.0, 1.0, 6) * [0.0, 0.01, 0.01, 0.05, 0.03, 0.1]
        if np.all((q > LIMITS.lower + 0.05) & (q < LIMITS.upper - 0.05)):
            return frozen(q)
    raise ConfigurationError("expert: no start beside a block found")


def _rising(value: float, low: float, high: float) -> float:
    """Smoothly from 0 at `low` to 1 at `high`."""
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return share * share * (3.0 - 2.0 * share)
