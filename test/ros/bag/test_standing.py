"""What a bag begins with."""

from pi0_ros.ros import topics
from pi0_ros.ros.bag.standing import Heard, Standing
from pi0_ros.ros.topics import Topic

WINDOW_NS = 100


def standing(*messages: tuple[Topic, int]) -> Standing:
    kept = Standing(WINDOW_NS)
    for topic, time_ns in messages:
        kept.take(Heard(topic, time_ns, b"%d" % time_ns))
    return kept


def seen(kept: Standing, now_ns: int) -> list[tuple[str, int, bytes]]:
    return [(heard.topic.name, heard.time_ns, heard.data) for heard in kept.at(now_ns)]


def test_of_most_topics_the_newest_and_of_joint_states_a_window_and_one_before() -> None:
    camera = topics.CAMERA_RAW.of_camera("main")
    times = (880, 890, 900, 950, 990)
    kept = standing(
        *((topic, time_ns) for time_ns in times for topic in (topics.JOINT_STATES, camera))
    )
    # One from before the window was in force when it began.
    assert seen(kept, 991) == [
        *((topics.JOINT_STATES.name, time_ns, b"%d" % time_ns) for time_ns in times[1:]),
        (camera.name, 990, b"990"),
    ]


def test_an_old_instruction_is_moved_to_the_beginning_and_an_old_command_is_not() -> None:
    kept = standing(
        (topics.JOINT_TRAJECTORY, 10),
        (topics.INSTRUCTION, 20),
        (topics.POLICY_STATUS, 30),
        (topics.SAFETY_REPORT, 950),
    )
    assert seen(kept, 1000) == [
        (topics.JOINT_TRAJECTORY.name, 10, b"10"),
        (topics.INSTRUCTION.name, 898, b"20"),
        (topics.POLICY_STATUS.name, 899, b"30"),
        (topics.SAFETY_REPORT.name, 950, b"950"),
    ]


def test_a_clock_that_is_set_back_makes_it_forget() -> None:
    kept = standing((topics.JOINT_STATES, 900), (topics.JOINT_STATES, 50))
    assert seen(kept, 60) == [(topics.JOINT_STATES.name, 50, b"50")]
