"""The table of topics, and the graph that the nodes make of it."""

from typing import Any

import pytest
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

from pi0_ros.ros import topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.entities import interface
from pi0_ros.ros.mock_arm import MockArmNode
from pi0_ros.ros.mock_cameras import MockCamerasNode
from pi0_ros.ros.policy import PolicyNode
from pi0_ros.ros.qos import Qos

# Only one of each pair is there, by parameter.
EITHER = {topics.CAMERA_COMPRESSED, topics.POSITION_COMMANDS}
# Subscribed while the controller configures, where a parameter asks for it.
ON_REQUEST = {topics.ROBOT_DESCRIPTION}


@pytest.mark.parametrize("entry", [*topics.TOPICS, *topics.SERVICES], ids=lambda entry: entry.name)
def test_every_type_exists(entry: topics.Topic | topics.Service) -> None:
    assert interface(entry.type)


def test_names_are_relative_but_for_those_that_tools_expect() -> None:
    absolute = [entry.name for entry in topics.TOPICS if entry.name.startswith("/")]
    assert absolute == ["/diagnostics", "/clock"]


def test_the_graph_is_the_table(world: Any, limits: dict[str, Any], stub: Any) -> None:
    cameras = {"camera_names": ["main", "side"]}
    world.start(MockArmNode, limits)
    world.start(MockCamerasNode, cameras)
    policy = world.start(PolicyNode, {**cameras, "policy_path": "/stub"}, load=lambda config: stub)
    controller = world.start(ControllerNode, limits)
    policy.trigger_configure()
    controller.trigger_configure()

    for topic in topics.TOPICS:
        if topic in EITHER | ON_REQUEST:
            continue
        name = topic.of_camera("main").name
        full = name if name.startswith("/") else f"/{name}"
        for expected, qos, seen in (
            (topic.publishers, topic.published, world.helper.get_publishers_info_by_topic),
            (topic.subscribers, topic.subscribed, world.helper.get_subscriptions_info_by_topic),
        ):
            world.until(
                lambda seen=seen, full=full, expected=expected: (
                    {entry.node_name for entry in seen(full)} >= set(expected)
                ),
                f"{expected} on {full}",
            )
            for entry in seen(full):
                if entry.node_name == "helper":
                    continue
                assert entry.node_name in expected
                assert entry.topic_type == topic.type
                assert as_data(entry.qos_profile) == (qos.reliability, qos.durability)


def as_data(profile: Any) -> tuple[str, str]:
    """Depth is not part of discovery."""
    reliable = profile.reliability is ReliabilityPolicy.RELIABLE
    latched = profile.durability is DurabilityPolicy.TRANSIENT_LOCAL
    return "reliable" if reliable else "best effort", "transient local" if latched else "volatile"


def test_commands_and_pictures_go_where_the_parameters_say(
    world: Any, limits: dict[str, Any], stub: Any
) -> None:
    controller = world.start(ControllerNode, {**limits, "command_interface": "forward_position"})
    policy = world.start(
        PolicyNode,
        {
            "camera_names": ["main", "side"],
            "cameras.side.transport": "compressed",
            "policy_path": "/stub",
        },
        load=lambda config: stub,
    )
    controller.trigger_configure()
    policy.trigger_configure()

    def made() -> set[str]:
        publishers = controller.get_publisher_names_and_types_by_node("pi0_controller", "/")
        subscribers = policy.get_subscriber_names_and_types_by_node("pi0_policy", "/")
        return {name.lstrip("/") for name, _ in (*publishers, *subscribers)}

    wanted = {
        topics.POSITION_COMMANDS.name,
        topics.CAMERA_RAW.of_camera("main").name,
        topics.CAMERA_COMPRESSED.of_camera("side").name,
    }
    others = {topics.JOINT_TRAJECTORY.name, topics.CAMERA_RAW.of_camera("side").name}
    world.until(lambda: made() >= wanted and not made() & others, f"{wanted}, not {others}")


def test_qualities_are_told_apart() -> None:
    assert Qos("reliable", 1) != Qos("best effort", 1)
