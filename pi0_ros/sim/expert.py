"""The demonstrator: a motion that depends on the joint state alone and circles over a block.

Around the hover pose h over a block, a plane in joint space is spanned by two directions u and w
that move the tip forward and sideways. In the plane's coordinates z the field is the Hopf normal
form with bounded growth, and everything outside the plane decays:

    dz/dt = rate * (1 - |z|^2)/(1 + |z|^2) * z + omega * 2/(1 + |z|^4) * J z,   J = 90 degrees
    dr/dt = -rate * r,   q = h + [u w] z + r

so |z| = 1 is a stable limit cycle of period 2 pi / omega, reached from everywhere but r = 0,
z = 0. Far from the cycle the turning fades, so that a transit is a nearly straight line. A smooth
factor common to all joints keeps each below a share of its velocity limit: it changes the speed
along the path, never the path. Normal form: Strogatz, Nonlinear Dynamics and Chaos, section 8.2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import LIMITS, forward, pointing_down
from pi0_ros.sim.scene import BLOCKS

HOVER_HEIGHT_M = 0.17
CIRCLE_RADIUS_M = 0.085
PERIOD_S = 4.0

_OMEGA = 2.0 * np.pi / PERIOD_S
_RATE = 1.6
# Largest share of each joint's velocity limit, and how sharply it is approached.
_SPEED_SHARE = 0.54
_SHARPNESS = 6.0
# Turned along with the circle, so that these joints move too: rad per unit of z.
_FOREARM_ROLL = 0.22
_WRIST_ROLL = 0.70
_LARGEST_STEP_S = 1.0 / 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Expert:
    """A vector field on joint positions with one stable cycle.

    Attributes:
        hover: pose in the middle of the cycle, shape (6,), rad.
        plane: the directions u and w as columns, shape (6, 2), rad.
        coordinates: from a joint displacement to z, shape (2, 6), coordinates @ plane = 1.
    """

    hover: FloatArray
    plane: FloatArray
    coordinates: FloatArray

    def velocity(self, positions: ArrayLike) -> FloatArray:
        """Joint velocities in rad/s at positions in rad; both of shape (..., 6)."""
        displacement = np.asarray(positions, dtype=np.float64) - self.hover
        z = displacement @ self.coordinates.T
        in_plane = z @ self.plane.T
        squared = np.sum(z * z, axis=-1, keepdims=True)
        quarter_turn = np.stack([-z[..., 1], z[..., 0]], axis=-1)
        grow = _RATE * (1.0 - squared) / (1.0 + squared)
        turn = _OMEGA * 2.0 / (1.0 + squared * squared)
        z_dot = grow * z + turn * quarter_turn
        raw = z_dot @ self.plane.T - _RATE * (displacement - in_plane)
        use = np.abs(raw) / (_SPEED_SHARE * LIMITS.velocity)
        total = np.sum(use**_SHARPNESS, axis=-1, keepdims=True)
        slowed: FloatArray = raw * (1.0 + total) ** (-1.0 / _SHARPNESS)
        return slowed

    def cycle(self, phases: ArrayLike) -> FloatArray:
        """Points of the limit cycle, shape (..., 6), rad, for phases in rad, shape (...,)."""
        angle = np.asarray(phases, dtype=np.float64)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return self.hover + circle @ self.plane.T

    def advance(self, positions: ArrayLike, duration_s: float) -> FloatArray:
        """Positions `duration_s` later along the field; both of shape (..., 6), rad."""
        if not duration_s >= 0.0:
            raise ConfigurationError(f"expert: duration must be at least 0 s, got {duration_s}")
        steps = max(1, int(np.ceil(duration_s / _LARGEST_STEP_S - 1e-9)))
        step = duration_s / steps
        state = np.array(positions, dtype=np.float64)
        for _ in range(steps):
            state = self._runge_kutta(state, step)
        return state

    def future(self, positions: ArrayLike, rows: int, step_s: float) -> FloatArray:
        """The next `rows` positions, `step_s` apart; row 0 is the present one.

        Args:
            positions: shape (..., 6), rad.

        Returns:
            Shape (..., rows, 6), rad.
        """
        state = np.array(positions, dtype=np.float64)
        result = np.empty((*state.shape[:-1], rows, state.shape[-1]))
        for row in range(rows):
            result[..., row, :] = state
            if row + 1 < rows:
                state = self.advance(state, step_s)
        return result

    def _runge_kutta(self, state: FloatArray, step: float) -> FloatArray:
        k1 = self.velocity(state)
        k2 = self.velocity(state + 0.5 * step * k1)
        k3 = self.velocity(state + 0.5 * step * k2)
        k4 = self.velocity(state + step * k3)
        return state + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def expert_over(block: str) -> Expert:
    """The expert that circles over the block of this name.

    Raises:
        ConfigurationError: there is no such block.
    """
    if block not in BLOCKS:
        raise ConfigurationError(f"expert: no block {block!r}; there are {', '.join(BLOCKS)}")
    centre = BLOCKS[block].centre
    hover = pointing_down([*centre, HOVER_HEIGHT_M])
    plane = np.column_stack(
        [
            _displacement(hover, (CIRCLE_RADIUS_M, 0.0, 0.0), 0.0, _WRIST_ROLL),
            _displacement(hover, (0.0, CIRCLE_RADIUS_M, 0.0), _FOREARM_ROLL, 0.0),
        ]
    )
    # Joints count by how much of their limit they use.
    weight = 1.0 / LIMITS.velocity
    coordinates = np.linalg.pinv(weight[:, None] * plane) * weight
    return Expert(frozen(hover), frozen(plane), frozen(coordinates))


def _displacement(
    hover: FloatArray, tip_shift: tuple[float, float, float], forearm_roll: float, wrist_roll: float
) -> FloatArray:
    """Joint displacement that moves the tip by `tip_shift` to first order, pitch sum unchanged."""
    step = 1e-6
    jacobian = np.empty((4, 6))
    for joint in range(6):
        nudge = np.zeros(6)
        nudge[joint] = step
        difference = forward(hover + nudge).tip - forward(hover - nudge).tip
        jacobian[:3, joint] = difference / (2.0 * step)
    jacobian[3] = (0.0, 1.0, 1.0, 0.0, 1.0, 0.0)
    given = np.zeros(6)
    given[3], given[5] = forearm_roll, wrist_roll
    wanted = np.array([*tip_shift, 0.0]) - jacobian @ given
    free = [0, 1, 2, 4]
    given[free] = np.linalg.solve(jacobian[:, free], wanted)
    return given
