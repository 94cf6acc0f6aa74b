"""The reaching task as physics: an arm that follows commands and blocks that it can push."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.commanded_arm import NS, ArmState, CommandedArm
from pi0_ros.sim.demo_arm import forward
from pi0_ros.sim.desired_curve import evaluated
from pi0_ros.sim.mujoco.arm_model import TIMESTEP_S, block_body, reach_model
from pi0_ros.sim.reach.scenes import ReachScene
from pi0_ros.sim.scene import Block

STEP_NS = round(TIMESTEP_S / NS)
_NO_BLOCK = -1


@dataclass(frozen=True, slots=True, eq=False)
class BlockPose:
    """Where a block is.

    Attributes:
        position: its middle, shape (3,), m.
        quaternion: its turn, (w, x, y, z), of length 1.
    """

    position: FloatArray
    quaternion: FloatArray


class ReachWorld(CommandedArm):
    """The arm, its table and a scene's blocks, advanced in timesteps on a grid of absolute time.

    The drives follow the commanded curve, sampled at each timestep, never faster than their
    velocity limits and never beyond their position limits. Deterministic: the same commands at
    the same times lead to the same bits, however often `step` is called between them.

    Args:
        limits: of the arm, six joints; see CommandedArm.
        scene: the blocks; `replace_scene` puts others of the same names and sizes.
        initial_positions: of the joints, shape (6,), rad, within limits.
        command_period_s, interpolate_from_desired_state: see CommandedArm.

    Raises:
        ConfigurationError: a value cannot work.
    """

    def __init__(
        self,
        limits: ArmLimits,
        scene: ReachScene,
        initial_positions: ArrayLike,
        command_period_s: float = 0.02,
        interpolate_from_desired_state: bool = True,
    ) -> None:
        super().__init__(
            limits,
            initial_positions,
            command_period_s,
            interpolate_from_desired_state,
            "simulation",
        )
        self._model = reach_model(limits, scene.blocks.values())
        self._data = mujoco.MjData(self._model)
        self._joints = limits.joints
        self._reach = limits.velocity * TIMESTEP_S
        self._setpoint = np.array(initial_positions, dtype=np.float64)
        self._data.qpos[: self._joints] = self._setpoint
        self._physics_ns: int | None = None
        self._names = tuple(scene.blocks)
        bodies = [self._model.body(block_body(name)) for name in self._names]
        self._block_joints = {name: self._data.joint(block_body(name)) for name in self._names}
        self._block_of_geom = np.full(self._model.ngeom, _NO_BLOCK)
        for index, body in enumerate(bodies):
            self._block_of_geom[self._model.geom_bodyid == body.id] = index
        # Arm parts hang below the first link; blocks and what stands still do not.
        first_link = self._model.body("link_1").rootid[0]
        self._of_arm = self._model.body_rootid[self._model.geom_bodyid] == first_link
        self._touched: tuple[str, ...] = ()
        self.replace_scene(scene)

    @property
    def scene(self) -> ReachScene:
        """As it began."""
        return self._scene

    @property
    def model(self) -> mujoco.MjModel:
        """For a renderer; not to be changed."""
        return self._model

    @property
    def configuration(self) -> FloatArray:
        """All generalised positions (MuJoCo's qpos), read-only."""
        return frozen(self._data.qpos)

    @property
    def tip(self) -> FloatArray:
        """Tip of the tool, shape (3,), m."""
        return frozen(forward(self._data.qpos[: self._joints]).tip)

    @property
    def block_poses(self) -> Mapping[str, BlockPose]:
        """Name -> pose, fallen blocks included."""
        return MappingProxyType({name: self._pose(name) for name in self._names})

    @property
    def blocks(self) -> Mapping[str, Block]:
        """Name -> block as it stands on the table now, its tilt left out; not the fallen ones.

        A cube looks the same every quarter turn: the yaw is from 0 to pi / 2.
        """
        return MappingProxyType(
            {
                name: replace(block, centre=pose.position[:2], yaw_rad=_yaw(pose.quaternion))
                for name, block in self._scene.blocks.items()
                if (pose := self._pose(name)).position[2] > 0.0
            }
        )

    @property
    def touched(self) -> tuple[str, ...]:
        """Blocks that a part of the arm touched since the scene began, first one first."""
        return self._touched

    def replace_scene(self, scene: ReachScene) -> None:
        """Puts the blocks anew, at rest; the arm stays and goes on as it does.

        Raises:
            ConfigurationError: other names or sizes of blocks than there are.
        """
        sizes = {name: block.edge_m for name, block in scene.blocks.items()}
        modelled = {
            name: 2.0 * float(self._model.geom(block_body(name)).size[0]) for name in self._names
        }
        if sizes.keys() != modelled.keys() or any(
            abs(sizes[name] - modelled[name]) > 1e-9 for name in sizes
        ):
            raise ConfigurationError(
                f"simulation: expected a scene with blocks {modelled} (name: edge in m), "
                f"got {sizes}; another set of blocks needs another ReachWorld"
            )
        for name, block in scene.blocks.items():
            half_turn = block.yaw_rad / 2.0
            place = self._block_joints[name]
            place.qpos = [
                *block.centre,
                block.edge_m / 2.0,
                np.cos(half_turn),
                0.0,
                0.0,
                np.sin(half_turn),
            ]
            place.qvel = np.zeros(6)
        self._scene = scene
        self._touched = ()

    def step(self, now_ns: int) -> ArmState:
        """The measured state at the last timestep up to `now_ns`, which is its stamp.

        Every timestep is computed, however long ago the last call was. When time goes backwards
        the arm holds where it is; the blocks stay.
        """
        self._observe_clock(now_ns)
        self._settle_servo_periods(now_ns)
        stamp_ns = self._advance(now_ns)
        return ArmState(
            stamp_ns,
            frozen(self._data.qpos[: self._joints]),
            frozen(self._data.qvel[: self._joints]),
        )

    def _move(self, time_ns: int) -> None:
        self._advance(time_ns)

    def _stop_at(self, time_ns: int) -> FloatArray:
        self._advance(time_ns)
        self._physics_ns = None
        self._setpoint = np.clip(
            self._data.qpos[: self._joints], self._limits.lower, self._limits.upper
        )
        return frozen(self._setpoint)

    def _rests(self) -> bool:
        return True

    def _advance(self, time_ns: int) -> int:
        """Computes all timesteps up to `time_ns`; the time of the last one."""
        if self._physics_ns is None:
            self._physics_ns = self._settled_ns // STEP_NS * STEP_NS
        while self._physics_ns + STEP_NS <= time_ns:
            self._physics_ns += STEP_NS
            self._follow_setpoint(self._physics_ns)
            mujoco.mj_step(self._model, self._data)
            if len(self._touched) < len(self._names):
                self._observe_contacts()
        return self._physics_ns

    def _follow_setpoint(self, time_ns: int) -> None:
        segment = self._curve.segment(time_ns)
        # Before its start a curve is where it starts.
        since_s = max(0, time_ns - self._curve.start_ns(segment)) * NS
        wanted = evaluated(self._curve.coefficients[segment], since_s)
        wanted = np.clip(wanted, self._limits.lower, self._limits.upper)
        self._setpoint = self._setpoint + np.clip(
            wanted - self._setpoint, -self._reach, self._reach
        )
        self._data.ctrl[:] = self._setpoint

    def _observe_contacts(self) -> None:
        if not self._data.ncon:
            return
        pairs = self._data.contact.geom
        ours = self._of_arm[pairs]
        if not ours.any():
            return
        for pair in pairs[ours.any(axis=1)]:
            block = int(self._block_of_geom[pair].max())
            if block != _NO_BLOCK and self._names[block] not in self._touched:
                self._touched = (*self._touched, self._names[block])

    def _pose(self, name: str) -> BlockPose:
        place = self._block_joints[name].qpos
        return BlockPose(frozen(place[:3]), frozen(place[3:]))


def _yaw(quaternion: FloatArray) -> float:
    """Turn about the vertical of a cube on whichever face it stands, 0 to pi / 2."""
    flat = np.empty(9)
    mujoco.mju_quat2Mat(flat, quaternion)
    axes = flat.reshape(3, 3)
    upright = int(np.argmax(np.abs(axes[2])))
    level = axes[:, (upright + 1) % 3]
    return float(np.arctan2(level[1], level[0]) % (np.pi / 2.0))
