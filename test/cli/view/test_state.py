"""What is said beside the pictures, and when it turns red."""

from dataclasses import replace

import pytest
from cli.view.scenes import CAMERAS, all_well

from pi0_ros.cli.view.sight import Refused, Sight
from pi0_ros.cli.view.state import Level, film_lines, state_of

NOW_S = 100.0


def test_all_well() -> None:
    state = state_of(all_well(NOW_S), NOW_S)
    assert (state.level, state.headline, state.reason, state.note) == (Level.GOOD, "RUN", "", "")
    assert [(camera.name, camera.trouble) for camera in state.cameras] == [
        (camera, "") for camera in CAMERAS
    ]
    assert (state.instruction, state.policy) == ("move to the red block", "RUNNING")
    assert (state.chunk_rate, state.inference, state.marks) == ("10.0/s", "12 ms", ("DEMO",))


def test_chunks_that_are_long_in_coming_are_marked() -> None:
    sight = all_well(NOW_S)
    assert sight.policy is not None
    sight.policy = replace(sight.policy, stretch=1.3)
    assert state_of(sight, NOW_S).marks == ("DEMO", "SLOWED x1.30")


@pytest.mark.parametrize("bad", ["HOLD", "LATCHED"])
def test_a_controller_that_does_not_run_is_red_with_its_reason(bad: str) -> None:
    state = state_of(all_well(NOW_S, state=bad, reason="joint_states: stale"), NOW_S)
    assert (state.level, state.headline) == (Level.ALARM, bad)
    assert state.reason == "joint_states: stale"
    assert bad in film_lines(state)[0]
    assert film_lines(state)[1] == "joint_states: stale"


def test_one_camera_without_a_picture_for_a_second_is_red_though_the_controller_runs() -> None:
    sight = all_well(NOW_S)
    sight.seen_s["side"] = NOW_S - 1.1
    state = state_of(sight, NOW_S)
    assert (state.level, state.headline) == (Level.ALARM, "RUN")
    assert state.reason == "no live picture of side"
    assert [camera.name for camera in state.cameras if camera.trouble] == ["side"]
    sight.seen_s["side"] = NOW_S - 0.9
    assert state_of(sight, NOW_S).level is Level.GOOD


def test_a_refused_picture_is_red_with_the_reason_until_a_good_one_comes() -> None:
    sight = all_well(NOW_S)
    del sight.pictures["top"], sight.seen_s["top"]
    assert state_of(sight, NOW_S).level is Level.WAITING
    sight.refused["top"] = Refused(NOW_S, "encoding mono16")
    state = state_of(sight, NOW_S)
    assert state.level is Level.ALARM
    assert state.cameras[2].trouble == "refused: encoding mono16"
    sight.see("top", sight.pictures["main"], NOW_S)
    assert state_of(sight, NOW_S).level is Level.GOOD


def test_what_never_came_is_waited_for_and_what_went_silent_is_red() -> None:
    nothing = state_of(Sight(CAMERAS), NOW_S)
    assert (nothing.level, nothing.headline) == (Level.WAITING, "NO CONTROLLER")
    assert {camera.trouble for camera in nothing.cameras} == {"no picture yet"}
    assert "no status of the policy yet" in nothing.reason

    sight = all_well(NOW_S, at_s=NOW_S - 3.5)
    silent = state_of(sight, NOW_S)
    assert (silent.level, silent.headline) == (Level.ALARM, "NO CONTROLLER")
    sight = all_well(NOW_S)
    assert sight.policy is not None
    sight.policy = replace(sight.policy, at_s=NOW_S - 3.5)
    silent = state_of(sight, NOW_S)
    assert (silent.level, silent.policy, silent.chunk_rate) == (Level.ALARM, "silent", "-")


def test_a_policy_that_waits_says_why_and_a_failed_one_is_red() -> None:
    sight = all_well(NOW_S)
    assert sight.policy is not None
    sight.policy = replace(sight.policy, state="WAITING", reason="camera/top: stale")
    assert state_of(sight, NOW_S).level is Level.WAITING
    assert state_of(sight, NOW_S).reason == "policy WAITING: camera/top: stale"
    sight.policy = replace(sight.policy, state="FAILED")
    assert state_of(sight, NOW_S).level is Level.ALARM


def test_a_dry_run_says_so() -> None:
    state = state_of(all_well(NOW_S, dry_run=True), NOW_S)
    assert state.marks == ("DEMO", "DRY RUN")
    assert "[DRY RUN]" in film_lines(state)[0]


def test_a_chunk_is_drawn_over_the_demo_scene_only_and_until_it_ends() -> None:
    sight = all_well(NOW_S)
    assert sight.chunk_at(NOW_S + 0.9) is not None
    assert sight.chunk_at(NOW_S + 1.1) is None
    sight.of_scene = False
    assert sight.chunk_at(NOW_S) is None
    assert "the chunk is not drawn" in state_of(sight, NOW_S).note
