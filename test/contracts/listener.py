"""Hears everything on the topics of a running system and can speak on some."""

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any

import rclpy
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from contracts.recording import Endpoint, Picture, Recording, nanoseconds
from pi0_ros.ros import topics
from pi0_ros.ros.entities import interface, profile
from pi0_ros.ros.parameter import CAMERA

CAMERAS = ("main", "side", "top")
_DEPTH = 200
_SPIN_S = 0.05


class Listener:
    """A node with its own context; use it in a `with` statement, or call `close`.

    Messages are taken while `until` or `for_seconds` runs, in the caller's thread.
    """

    def __init__(self, domain: int | None = None, namespace: str = "", pictures: bool = True):
        self._context = rclpy.Context()
        rclpy.init(
            context=self._context,
            domain_id=domain,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self.node = rclpy.create_node(
            "listener", namespace=namespace, context=self._context, enable_rosout=False
        )
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.recording = Recording()
        for topic in topics.TOPICS:
            if topic is topics.CAMERA_RAW or topic is topics.CAMERA_COMPRESSED:
                if pictures and topic is topics.CAMERA_RAW:
                    for camera in CAMERAS:
                        self._hear(topic.of_camera(camera), self._keep_picture)
            elif CAMERA in topic.name:
                for camera in CAMERAS:
                    self._hear(topic.of_camera(camera), self._keep)
            else:
                self._hear(topic, self._keep)

    def __enter__(self) -> "Listener":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leaves DDS; nothing of it stays in shared memory."""
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)
        # The participant lives as long as anything that refers to the node, callbacks included.
        del self._executor, self.node
        gc.collect()

    def until(
        self,
        condition: Callable[[Recording], object],
        deadline_s: float,
        what: str,
        alive: Callable[[], str] = str,
    ) -> Recording:
        """Listens until `condition` is true.

        Args:
            what: for the message of the AssertionError at the deadline.
            alive: says which process has died, to fail at once with that.
        """
        deadline = time.monotonic() + deadline_s
        while not condition(self.recording):
            death = alive()
            assert not death, f"while waiting for {what}: {death}"
            assert time.monotonic() < deadline, (
                f"waited {deadline_s:.0f} s for {what}; {self._latest_reasons()}"
            )
            self._executor.spin_until_future_complete(Future(), _SPIN_S)
        return self.recording

    def restart(self) -> None:
        """Forgets what was heard."""
        self.recording = Recording()

    def _latest_reasons(self) -> str:
        policy = self.recording.last(topics.POLICY_STATUS.name)
        safety = self.recording.last(topics.SAFETY_REPORT.name)
        return (
            f"policy: {f'{policy.state} {policy.reason!r}' if policy else 'never heard'}; "
            f"controller: {f'{safety.state} {safety.reason!r}' if safety else 'never heard'}"
        )

    def _hear(self, topic: topics.Topic, keep: Callable[[str, Any], None]) -> None:
        qos = profile(replace(topic.subscribed, depth=_DEPTH))
        self.node.create_subscription(
            interface(topic.type), topic.name, lambda message: keep(topic.name, message), qos
        )

    def _keep(self, topic: str, message: Any) -> None:
        self.recording.messages.setdefault(topic, []).append(message)

    def _keep_picture(self, topic: str, message: Any) -> None:
        self.recording.pictures.setdefault(topic, []).append(
            Picture(
                stamp_ns=nanoseconds(message.header.stamp),
                frame_id=message.header.frame_id,
                encoding=message.encoding,
                height=message.height,
                width=message.width,
                step=message.step,
                size=len(message.data),
            )
        )

    def publishers(self, topic: str) -> list[Endpoint]:
        """Publishers of a relative topic."""
        name = self.node.resolve_topic_name(topic)
        return [_endpoint(info) for info in self.node.get_publishers_info_by_topic(name)]

    def subscriptions(self, topic: str) -> list[Endpoint]:
        """Subscriptions of a relative topic, without the listener's own."""
        name = self.node.resolve_topic_name(topic)
        found = [_endpoint(info) for info in self.node.get_subscriptions_info_by_topic(name)]
        return [endpoint for endpoint in found if endpoint.node != self.node.get_name()]

    def say_until(
        self,
        topic: topics.Topic,
        message: Callable[[], Any],
        condition: Callable[[Recording], object],
        deadline_s: float,
        what: str,
    ) -> Recording:
        """Publishes `message()` ten times a second until `condition` is true."""
        publisher = self.node.create_publisher(
            interface(topic.type), topic.name, profile(topic.published)
        )
        timer = self.node.create_timer(0.1, lambda: publisher.publish(message()))
        try:
            return self.until(condition, deadline_s, what)
        finally:
            self.node.destroy_timer(timer)
            self.node.destroy_publisher(publisher)

    def call(self, service: topics.Service, deadline_s: float = 10.0, **request: Any) -> Any:
        """Calls a service, with the given fields in the request, and returns the answer."""
        kind = interface(service.type)
        client = self.node.create_client(kind, service.name)
        try:
            self._wait(client.service_is_ready, f"the service {service.name}")
            future = client.call_async(kind.Request(**request))
            self._executor.spin_until_future_complete(future, deadline_s)
            assert future.done(), f"{service.name} did not answer within {deadline_s} s"
            return future.result()
        finally:
            self.node.destroy_client(client)

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        self.until(lambda _: condition(), 10.0, what)


def _endpoint(info: Any) -> Endpoint:
    return Endpoint(
        node=info.node_name,
        type=info.topic_type,
        reliable=info.qos_profile.reliability == ReliabilityPolicy.RELIABLE,
        transient_local=info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL,
    )
