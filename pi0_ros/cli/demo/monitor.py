"""Listens to a running demo over ROS and fills a DemoRecord; says the instruction typed in."""

import gc
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from std_msgs.msg import String

from pi0_ros.cli.demo.reaching import NextScene, Say, SceneView
from pi0_ros.cli.demo.record import DemoRecord, PolicyView, SafetyView, Stream
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.printable import printable
from pi0_ros.msg import PolicyStatus, SafetyReport
from pi0_ros.ros import topics
from pi0_ros.ros.entities import interface, profile, publisher
from pi0_ros.ros.executor import make_executor
from pi0_ros.ros.message_constants import constant_names

# A second of stalled terminal must not lose a message that is counted.
_DEPTH = 200
# An instruction and an error in full.
_LONGEST_TEXT = 1000


_POLICY_STATES = constant_names(PolicyStatus, "STATE_")
_MODES = constant_names(PolicyStatus, "MODE_")
_SAFETY_STATES = constant_names(SafetyReport, "STATE_")


class DemoMonitor:
    """A node of its own, served by `spin` in the caller's thread."""

    def __init__(self, namespace: str) -> None:
        self._context = rclpy.Context()
        # Signals belong to the demo, which stops the other processes first.
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._executor = make_executor(self._context)
        self._node = rclpy.create_node(
            "pi0_demo", namespace=namespace, context=self._context, enable_rosout=False
        )
        self._executor.add_node(self._node)
        self._instructions = publisher(self._node, topics.INSTRUCTION)

    def listen(self, record: DemoRecord) -> None:
        """From now on everything heard goes into `record`."""
        self._record = record
        self._order = JointOrder(record.oracle.limits.joint_names)
        self._command_order = JointOrder(record.oracle.limits.joint_names)
        for topic, callback in (
            (topics.POLICY_STATUS, self._on_policy),
            (topics.SAFETY_REPORT, self._on_safety),
            (topics.ACTION_CHUNK, self._on_chunk),
            (topics.JOINT_TRAJECTORY, self._on_trajectory),
            (topics.POSITION_COMMANDS, self._on_position),
            (topics.JOINT_STATES, self._on_joint_state),
        ):
            qos = profile(replace(topic.subscribed, depth=_DEPTH))
            self._node.create_subscription(interface(topic.type), topic.name, callback, qos)
        if record.reaching is not None:
            truth = topics.SCENE_TRUTH
            self._node.create_subscription(
                interface(truth.type), truth.name, self._on_scene, profile(truth.subscribed)
            )
            self._resets = self._node.create_client(
                interface(topics.RESET_SCENE.type), topics.RESET_SCENE.name
            )

    def go_on_reaching(self) -> None:
        """Does what is due in the simulated scene."""
        reaching = self._record.reaching
        due = None if reaching is None else reaching.next(time.monotonic())
        if isinstance(due, Say):
            self.say_instruction(due.text)
        elif isinstance(due, NextScene) and self._resets.service_is_ready():
            self._resets.call_async(interface(topics.RESET_SCENE.type).Request(seed=due.seed))

    def say_instruction(self, text: str) -> None:
        self._instructions.publish(String(data=text))

    def spin(self, seconds: float) -> None:
        """Serves what arrives for about `seconds`."""
        try:
            self._executor.spin_until_future_complete(Future(), seconds)
        except ExternalShutdownException:
            return

    def close(self) -> None:
        """Leaves DDS; nothing of it stays in shared memory."""
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)
        # The participant lives as long as anything that refers to the node, callbacks included.
        del self._executor, self._node, self._instructions
        gc.collect()

    def _on_policy(self, message: Any) -> None:
        streams = zip(
            message.stream_names,
            message.stream_ages_s,
            message.stream_received,
            message.stream_dropped,
            message.stream_refused,
            strict=True,
        )
        self._record.add_policy(
            PolicyView(
                at_s=time.monotonic(),
                state=_POLICY_STATES.get(message.state, str(message.state)),
                mode=_MODES.get(message.mode, str(message.mode)).lower(),
                reason=_shown(message.reason),
                policy_id=_shown(message.policy_id),
                device=_shown(message.device),
                instruction=_shown(message.instruction),
                streams=tuple(Stream(_shown(name), *values) for name, *values in streams),
                refused=_counts(message.refused_kinds, message.refused_counts),
                chunk_rate_hz=message.chunk_rate_hz,
                stretch=message.stretch,
            )
        )

    def _on_safety(self, message: Any) -> None:
        self._record.add_safety(
            SafetyView(
                at_s=time.monotonic(),
                state=_SAFETY_STATES.get(message.state, str(message.state)),
                reason=_shown(message.reason),
                sequence=message.sequence,
                joint_names=tuple(_shown(name) for name in message.joint_names),
                position=message.position.tolist(),
                velocity=message.velocity.tolist(),
                velocity_limit=message.velocity_limit.tolist(),
                limited_ticks=message.limited_ticks.tolist(),
                displacement=message.displacement.tolist(),
                slow_down=message.slow_down,
                chunks_accepted=message.chunks_accepted,
                rejected=_counts(message.rejected_reasons, message.rejected_counts),
                splice_errors=message.splice_errors.tolist(),
                dry_run=message.dry_run,
                divergence_after_s=message.divergence_after_s,
                divergence=message.divergence.tolist(),
                divergence_rms=message.divergence_rms.tolist(),
                divergence_chunks=message.divergence_chunks,
                tick_periods_s=message.tick_periods_s.tolist(),
                action_ages_s=message.action_ages_s.tolist(),
            )
        )

    def _on_scene(self, message: Any) -> None:
        reaching = self._record.reaching
        if reaching is not None:
            reaching.see(
                SceneView(
                    at_s=time.monotonic(),
                    episode=message.episode,
                    seed=message.seed,
                    instruction=_shown(message.instruction),
                    touched=tuple(_shown(name) for name in message.touched),
                )
            )

    def _on_chunk(self, message: Any) -> None:
        self._record.add_chunk(message.sequence, _nanoseconds(message.inference_time) / 1e9)

    def _on_trajectory(self, message: Any) -> None:
        start_ns = _nanoseconds(message.header.stamp)
        times = [start_ns + _nanoseconds(point.time_from_start) for point in message.points]
        rows = np.array([point.positions for point in message.points])
        columns = self._command_order.columns(message.joint_names, "command")
        self._record.add_trajectory(np.array(times, dtype=np.int64), rows[:, columns])

    def _on_position(self, message: Any) -> None:
        self._record.add_position(np.array(message.data))

    def _on_joint_state(self, message: Any) -> None:
        if not message.velocity:
            return
        try:
            velocity = self._order.select(message.name, message.velocity, "joint_states")
        except InputRefused:
            # Whatever is wrong with it, the policy and the controller count and name it.
            return
        self._record.add_joint_velocity(velocity)


def _nanoseconds(time_or_duration: Any) -> int:
    seconds = time_or_duration.sec * 1_000_000_000
    return int(seconds + time_or_duration.nanosec)


def _counts(names: list[str], counts: Any) -> Mapping[str, int]:
    shown = (_shown(name) for name in names)
    return dict(zip(shown, counts.tolist(), strict=True))


def _shown(text: str) -> str:
    """For a terminal that anybody who publishes on these topics would otherwise write to."""
    return printable(text, longest=_LONGEST_TEXT)
