"""An arm, or what commands one, is found before another one is started beside it."""

import pytest
from ros.conftest import World

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics
from pi0_ros.ros.arm_search import require_no_arm
from pi0_ros.ros.entities import interface, profile

LONG_S = 20.0


@pytest.fixture
def in_domain(world: World, domain: int, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    return world


@pytest.mark.parametrize("topic", [topics.JOINT_TRAJECTORY, topics.POSITION_COMMANDS])
@pytest.mark.parametrize("end", ["publisher", "subscription"])
def test_whoever_uses_a_command_topic_is_named_with_it(
    in_domain: World, topic: topics.Topic, end: str
) -> None:
    create, rest = {
        "publisher": (in_domain.helper.create_publisher, ()),
        "subscription": (in_domain.helper.create_subscription, (print,)),
    }[end]
    create(interface(topic.type), topic.name, *rest, profile(topic.published))
    with pytest.raises(ConfigurationError) as caught:
        require_no_arm("", "choose another --domain", LONG_S)
    assert str(caught.value) == (
        f"/{topic.name} is in use by helper in this ROS domain, another demo or an arm: choose "
        "another --domain"
    )


def test_an_arm_in_another_namespace_is_no_other_arm(in_domain: World) -> None:
    topic = topics.JOINT_TRAJECTORY
    in_domain.helper.create_subscription(
        interface(topic.type), f"/left/{topic.name}", print, profile(topic.published)
    )
    with pytest.raises(ConfigurationError, match=f"^/left/{topic.name} is in use"):
        require_no_arm("left", "", LONG_S)
    require_no_arm("right", "", 1.0)
