"""Which topics a bag holds."""

from collections.abc import Sequence
from dataclasses import replace

from pi0_ros.ros import topics
from pi0_ros.ros.topics import Topic

# Written by the recorder itself, which publishes it nowhere: one for each frame of the dataset, at
# the instant it was taken. Its stamp is the frame's capture time.
FRAMES = Topic(
    "pi0_record/frame",
    "std_msgs/msg/Header",
    publishers=(),
    subscribers=(),
    published=topics.JOINT_STATES.published,
    subscribed=topics.JOINT_STATES.published,
    description="A frame of the dataset was taken.",
)
# Messages that may wait while an episode is saved: a second of pictures, more of the others.
_PICTURES_WAITING = 30
_OTHERS_WAITING = 200
_LARGE = (topics.CAMERA_RAW.type, topics.CAMERA_COMPRESSED.type)


def beside_the_inputs(cameras: Sequence[str], use_sim_time: bool) -> tuple[Topic, ...]:
    """What no frame is made of, but tells how it came to what happened."""
    return (
        *(topics.CAMERA_INFO.of_camera(camera) for camera in cameras),
        topics.ACTION_CHUNK,
        topics.POLICY_STATUS,
        topics.SAFETY_REPORT,
        topics.ESTOP,
        topics.ROBOT_DESCRIPTION,
        *((topics.CLOCK,) if use_sim_time else ()),
    )


def deep(topic: Topic) -> Topic:
    """The topic, with room for what comes while nothing is heard: a bag is to lack nothing."""
    least = _PICTURES_WAITING if topic.type in _LARGE else _OTHERS_WAITING
    qos = topic.subscribed
    return replace(topic, subscribed=replace(qos, depth=max(qos.depth, least)))
