"""A ROS world of one's own: a context, a helper node, waiting for conditions with a deadline."""

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future

from pi0_ros.cli.domain import reserve_domain
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.ros import topics
from pi0_ros.ros.entities import interface, profile
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS

DEADLINE_S = 10.0
HEIGHT, WIDTH = 480, 640


@pytest.fixture(scope="session")
def domain() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch, reserve_domain() as reserved:
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        yield reserved.domain


class World:
    """Nodes of one context, spun by whoever waits."""

    def __init__(self, domain: int) -> None:
        self.context = rclpy.Context()
        self.context.init(args=[], domain_id=domain)
        self.executor = EventsExecutor(context=self.context)
        self.nodes: list[Any] = []
        self.helper = Node("helper", context=self.context, use_global_arguments=False)
        self.executor.add_node(self.helper)

    def start(self, make: Callable[..., Any], parameters: dict[str, Any], **kwargs: Any) -> Any:
        node = make(
            context=self.context,
            use_global_arguments=False,
            parameter_overrides=[
                Parameter(name, value=value) for name, value in parameters.items()
            ],
            **kwargs,
        )
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def until(self, condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
        """Spins until `condition` holds and returns its value."""
        end_s = time.monotonic() + deadline_s
        never = Future()
        while not (value := condition()):
            assert time.monotonic() < end_s, f"waited {deadline_s} s for {what}"
            self.executor.spin_until_future_complete(never, 0.01)
        return value

    def hear(self, topic: topics.Topic) -> list[Any]:
        """Everything that comes on `topic` from now on."""
        heard: list[Any] = []
        self.helper.create_subscription(
            interface(topic.type), topic.name, heard.append, profile(topic.subscribed)
        )
        return heard

    def publisher(self, topic: topics.Topic) -> Any:
        target = self.helper.create_publisher(
            interface(topic.type), topic.name, profile(topic.published)
        )
        self.until(target.get_subscription_count, f"a subscriber of {topic.name}")
        return target

    def call(self, type_name: str, name: str, request: Any = None) -> Any:
        kind = interface(type_name)
        client = self.helper.create_client(kind, name)
        self.until(client.service_is_ready, f"the service {name}")
        future = client.call_async(kind.Request() if request is None else request)
        self.until(future.done, f"an answer of {name}")
        return future.result()

    def end(self) -> None:
        for node in self.nodes:
            node.close()
        self.executor.shutdown()
        for node in (*self.nodes, self.helper):
            node.destroy_node()
        self.context.shutdown()
        # Nodes sit in reference cycles, which an active controller froze, and their participant
        # goes when they are collected: here, and not while another one comes, where Fast DDS 2.14
        # can deadlock within one process.
        self.nodes.clear()
        del node, self.helper, self.executor
        gc.unfreeze()
        gc.collect()


@pytest.fixture
def world(domain: int) -> Iterator[World]:
    opened = World(domain)
    yield opened
    opened.end()


@pytest.fixture
def limits() -> dict[str, Any]:
    """The demo arm's limits as parameters; the tests' process keeps its priority.

    All nodes share a thread, which a busy machine lets wait: that is no silent arm.
    """
    result: dict[str, Any] = {"realtime_priority": 0, "joint_max_age": 1.0}
    for index, joint in enumerate(JOINT_NAMES):
        for kind in ("position", "velocity", "acceleration"):
            result[f"joint_limits.{joint}.has_{kind}_limits"] = True
        result[f"joint_limits.{joint}.min_position"] = float(LIMITS.lower[index])
        result[f"joint_limits.{joint}.max_position"] = float(LIMITS.upper[index])
        result[f"joint_limits.{joint}.max_velocity"] = float(LIMITS.velocity[index])
        result[f"joint_limits.{joint}.max_acceleration"] = float(LIMITS.acceleration[index])
    return result


class StubPolicy:
    """Stays where the arm is, unless told otherwise by its attributes."""

    horizon = 10

    def __init__(self) -> None:
        self.seen: list[Observation] = []
        self.answers: Callable[[Observation], Any] = lambda observation: np.tile(
            observation.positions, (self.horizon, 1)
        )
        self.refuses: Callable[[str], None] = lambda text: None

    @property
    def description(self) -> PolicyDescription:
        return PolicyDescription(
            policy_id="stub-0",
            is_demo=False,
            device="cpu",
            horizon=self.horizon,
            joints=len(JOINT_NAMES),
            cameras=("main", "side"),
            image_shape=(HEIGHT, WIDTH),
        )

    def check_instruction(self, text: str) -> None:
        self.refuses(text)

    def infer(self, observation: Observation) -> Any:
        self.seen.append(observation)
        return self.answers(observation)


@pytest.fixture
def stub() -> StubPolicy:
    return StubPolicy()


@pytest.fixture
def home() -> list[float]:
    return [float(value) for value in HOME]


@pytest.fixture
def robot_file(tmp_path: Path, limits: dict[str, Any]) -> Path:
    """A ROS parameter file with the demo arm's limits."""
    path = tmp_path / "robot.yaml"
    lines = [f"    {name}: {str(value).lower()}" for name, value in limits.items()]
    path.write_text("/**:\n  ros__parameters:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path
