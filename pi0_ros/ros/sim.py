"""The node `sim`: the reaching task in MuJoCo behind the topics that an arm and cameras have."""

import array
import time
from typing import Any

import numpy as np
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import limits_from_joint_limits
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros import topics
from pi0_ros.ros.arm_command_input import ArmCommandInput, initial_positions
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.diagnostics import diagnostics_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.node_basics import PlainNode
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.sim_cameras import SimCameras
from pi0_ros.ros.sim_parameters import SIM
from pi0_ros.ros.sim_scene import SimScene
from pi0_ros.ros.sim_time import PacedTime, SimBeat, SimTime, WallTime
from pi0_ros.sim.demo_arm import forward
from pi0_ros.sim.mujoco.gl_view import GlView
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.mujoco.world_view import DrawnView, WorldView, snapshot_of
from pi0_ros.sim.reach.scenes import drawn_scene

_DIAGNOSTICS_S = 1.0
# Simulated seconds between two looks at the clock, and so between messages on /clock.
_TICK_S = 0.005
# A wall clock farther ahead than this was set.
_JUMP_NS = 5_000_000_000


class SimNode(PlainNode):
    """Physics, commands and joint states in the executor's thread; pictures in one of their own.

    Raises:
        ConfigurationError: a parameter cannot work.
    """

    def __init__(self, stop: StopRequest | None = None, **kwargs: Any) -> None:
        super().__init__("sim", SIM, stop, **kwargs)
        values = self.parameters.require()
        self._time = self._made_time(values)
        seed = values.whole("seed")
        self._world = _world(values, seed)
        self._newest_ns = self._time.now_ns()
        self._stamp_ns: int | None = None
        self._commands = ArmCommandInput(self, self._world)
        self._state = JointState(name=list(self._world.joint_names))
        self._states = publisher(self, topics.JOINT_STATES)
        self._state_beat = SimBeat(values.number("state_rate"))
        self._clocks = publisher(self, topics.CLOCK) if values.flag("publish_clock") else None
        self._diagnostics = publisher(self, topics.DIAGNOSTICS)
        self._scene = SimScene(self, self._world, seed)
        self._picture_beat = SimBeat(values.number("camera_rate"))
        self._cameras = SimCameras(self, values, lambda: self._made_view(values))
        self._paced_from = time.monotonic_ns(), self._newest_ns
        tick_s = min(_TICK_S, 1.0 / values.number("state_rate"))
        self.create_steady_timer(tick_s / values.number("real_time_factor"), self._tick)
        self.create_steady_timer(_DIAGNOSTICS_S, self._publish_diagnostics)
        self.get_logger().info(f"simulating, scene {seed}: {self._world.scene.instruction}")

    def now_ns(self) -> int:
        """Simulated time, as others see it."""
        return self._observed(self._time.now_ns())

    def close(self) -> None:
        self._cameras.close()

    def _observed(self, now_ns: int) -> int:
        if now_ns - self._newest_ns > _JUMP_NS:
            self.get_logger().warning("the clock was set: the arm holds where it is")
            self._world.set_clock(now_ns)
        self._newest_ns = now_ns
        return now_ns

    def _made_time(self, values: ParameterValues) -> SimTime:
        if self.on_simulated_time:
            raise ConfigurationError(
                "use_sim_time is true: the simulation makes time, it does not follow it; set it "
                "to false here, and publish_clock to true for the others to follow"
            )
        factor = values.number("real_time_factor")
        if values.flag("publish_clock"):
            return PacedTime(super().now_ns(), factor)
        if factor != 1.0:
            raise ConfigurationError(
                f"real_time_factor is {factor}: without publish_clock simulated time is the wall "
                "clock's, at 1; set publish_clock to true, and use_sim_time in the other nodes"
            )
        return WallTime(super().now_ns)

    def _made_view(self, values: ParameterValues) -> WorldView:
        if values.text("renderer") == "mujoco":
            return GlView(self._world.model)
        return DrawnView(self._world.scene.blocks)

    def _tick(self) -> None:
        measured = self._world.step(self._observed(self._time.advanced_ns()))
        stamp_ns = measured.stamp_ns
        if stamp_ns == self._stamp_ns:
            # Two calls within one timestep: a clock rises.
            return
        self._stamp_ns = stamp_ns
        if self._clocks is not None:
            self._clocks.publish(Clock(clock=time_message(stamp_ns)))
        if self._state_beat.due(stamp_ns):
            self._state.header.stamp = time_message(stamp_ns)
            self._state.position = array.array("d", measured.positions.tobytes())
            self._state.velocity = array.array("d", measured.velocities.tobytes())
            self._states.publish(self._state)
        self._scene.tell(stamp_ns)
        if self._picture_beat.due(stamp_ns):
            self._cameras.offer(snapshot_of(self._world, stamp_ns))

    def _publish_diagnostics(self) -> None:
        level, message, values = self._commands.condition()
        steady_ns, simulated_ns = self._paced_from
        self._paced_from = time.monotonic_ns(), self._newest_ns
        factor = (self._newest_ns - simulated_ns) / (self._paced_from[0] - steady_ns)
        self._diagnostics.publish(
            diagnostics_message(
                self._newest_ns,
                self.get_fully_qualified_name(),
                level,
                message,
                {
                    **values,
                    "real-time factor": f"{factor:.3f}",
                    "pictures skipped": self._cameras.skipped,
                },
                hardware_id="MuJoCo",
            )
        )


def _world(values: ParameterValues, seed: int) -> ReachWorld:
    start = initial_positions(values)
    limits = limits_from_joint_limits(values.texts("joint_names"), values.below("joint_limits"))
    return ReachWorld(
        limits,
        drawn_scene(np.random.default_rng(seed), forward(start).tip),
        start,
        command_period_s=values.number("command_period"),
        interpolate_from_desired_state=values.flag("interpolate_from_desired_state"),
    )
