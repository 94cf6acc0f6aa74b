"""The topic contracts, checked against processes started here."""

from contracts import topic_contracts
from system.harness import RunningDemo


def test_names_types_and_qualities_of_service(demo: RunningDemo) -> None:
    topic_contracts.check_names_types_and_qualities(demo.listener)


def test_cameras_send_30_pictures_a_second_with_frames_of_their_own(demo: RunningDemo) -> None:
    topic_contracts.check_cameras(demo.first)


def test_joint_states_come_100_times_a_second(demo: RunningDemo) -> None:
    topic_contracts.check_joint_states(demo.first)


def test_chunks_carry_capture_stamps_and_their_policy(demo: RunningDemo) -> None:
    topic_contracts.check_chunks(demo.first)


def test_trajectories_lie_on_the_tick_grid(demo: RunningDemo) -> None:
    topic_contracts.check_trajectories(demo.first)


def test_no_stamp_is_from_the_future(demo: RunningDemo) -> None:
    now_ns = demo.listener.node.get_clock().now().nanoseconds
    topic_contracts.check_nothing_is_from_the_future(demo.first, now_ns)


def test_policy_status_says_running_in_mode_demo(demo: RunningDemo) -> None:
    topic_contracts.check_policy_status(demo.first)


def test_safety_reports_say_run_and_none_is_missing(demo: RunningDemo) -> None:
    topic_contracts.check_safety_reports(demo.first)
