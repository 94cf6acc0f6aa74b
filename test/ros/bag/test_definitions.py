"""What a bag says of its types is what those who send them are compiled with."""

from typing import Any

import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from pi0_ros.ros import topics
from pi0_ros.ros.bag.contents import FRAMES
from pi0_ros.ros.bag.definitions import definition
from pi0_ros.ros.entities import publisher

TYPES = sorted({topic.type for topic in (*topics.TOPICS, FRAMES)})


@pytest.mark.parametrize("name", TYPES)
def test_a_reader_that_has_the_text_alone_comes_to_the_same_hash(name: str) -> None:
    described = definition(name)
    store = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg(described.text, name))
    assert store.hash_rihs01(name) == described.type_hash


def test_the_hash_is_the_one_that_publishers_tell(world: Any) -> None:
    for topic in (topics.ACTION_CHUNK, topics.POLICY_STATUS, topics.SAFETY_REPORT):
        target = publisher(world.helper, topic)
        (end,) = world.helper.get_publishers_info_by_topic(target.topic_name)
        assert str(end.topic_type_hash) == definition(topic.type).type_hash


def test_constants_and_comments_are_kept() -> None:
    text = definition("pi0_ros/msg/PolicyStatus").text
    assert "MSG: std_msgs/Header" in text
    assert "uint8 " in text.split("=" * 80)[0]
    assert "#" in text
