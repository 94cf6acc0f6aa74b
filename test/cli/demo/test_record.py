"""When steady running begins, and what is counted in it."""

import numpy as np
import pytest
from cli.demo.views import (
    dry_safety_view,
    new_record,
    policy_view,
    safety_view,
    steady_dry_record,
    steady_record,
)


def test_steady_running_begins_at_a_status_once_run_has_lasted_a_second() -> None:
    record = new_record()
    record.add_position(np.zeros(2))
    record.add_joint_velocity(np.zeros(2))
    record.add_safety(safety_view(100.0, 1))
    record.add_policy(policy_view(100.5))
    assert record.steady is None
    record.add_safety(safety_view(101.5, 2))
    assert record.steady is None
    record.add_policy(policy_view(102.0))
    assert record.steady is not None
    assert record.steady_s(105.0) == 3.0


def test_a_hold_during_start_up_starts_the_second_anew() -> None:
    record = new_record()
    record.add_position(np.zeros(2))
    record.add_joint_velocity(np.zeros(2))
    record.add_safety(safety_view(100.0, 1))
    record.add_safety(safety_view(101.0, 2, state="HOLD", reason="no chunk"))
    record.add_safety(safety_view(101.5, 3))
    record.add_policy(policy_view(102.0))
    assert record.steady is None


@pytest.mark.parametrize(
    ("view", "phrase"),
    [
        (policy_view(100.0, state="WAITING", reason="camera/top: stale"), "camera/top: stale"),
        (policy_view(100.0, state="FAILED", reason="no such folder"), "FAILED.*no such folder"),
        (policy_view(100.0), "controller's first report"),
    ],
)
def test_what_is_waited_for_is_said_in_the_nodes_own_words(view, phrase: str) -> None:
    record = new_record()
    assert "loads torch" in record.waiting_for()
    record.add_policy(view)
    with pytest.raises(AssertionError, match=phrase):
        raise AssertionError(record.waiting_for())


def test_a_stream_that_never_came_is_waited_for_by_name() -> None:
    record = new_record()
    streams = policy_view(0.0).streams
    never = tuple(
        type(stream)(stream.name, -1.0 if stream.name == "camera/side" else 0.01, 0, 0, 0)
        for stream in streams
    )
    record.add_policy(policy_view(100.0, streams=never))
    assert record.waiting_for() == "the streams camera/side"


def test_start_up_is_not_in_the_figures() -> None:
    record = steady_record()
    assert record.steady is not None
    assert record.steady.tick_periods_s == []
    assert record.peak_velocity_measured.tolist() == [0.0, 0.0]
    record.add_safety(safety_view(102.1, 3))
    record.add_chunk(5, 0.05)
    record.add_joint_velocity(np.array([-0.4, 0.2]))
    assert record.steady.tick_periods_s == [0.02, 0.021]
    assert record.steady.inference_s == [0.05]
    assert record.peak_velocity_measured.tolist() == [0.4, 0.2]


def test_a_gap_in_sequence_is_a_lost_report() -> None:
    record = steady_record()
    record.add_safety(safety_view(102.1, 3))
    assert record.lost_reports == 0
    record.add_safety(safety_view(102.2, 6))
    assert record.lost_reports == 2


def test_a_gap_between_chunks_is_counted() -> None:
    record = steady_record()
    for sequence in (1, 2, 5):
        record.add_chunk(sequence, 0.05)
    assert record.lost_chunks == 2


def test_each_hold_is_noted_once_with_its_time_and_reason() -> None:
    record = steady_record()
    for at_s, sequence, state, reason in (
        (103.0, 3, "HOLD", "chunk 7 ran out"),
        (103.1, 4, "HOLD", "chunk 7 ran out"),
        (104.0, 5, "RUN", ""),
        (105.0, 6, "LATCHED", "joint_6 is off"),
    ):
        record.add_safety(safety_view(at_s, sequence, state=state, reason=reason))
    assert record.steady is not None
    assert [(hold.at_s, hold.reason) for hold in record.steady.holds] == [
        (1.0, "HOLD: chunk 7 ran out"),
        (3.0, "LATCHED: joint_6 is off"),
    ]


def test_stream_rate_comes_from_two_statuses() -> None:
    record = steady_record()
    record.add_policy(policy_view(103.0, received=60))
    assert record.stream_rate_hz(0) == 30.0


def test_a_dry_run_is_steady_without_a_command() -> None:
    assert steady_dry_record().steady is not None


@pytest.mark.parametrize(
    ("record", "view", "phrase"),
    [
        (new_record(dry_run=True), safety_view(100.0, 1), "dry_run true"),
        (new_record(), dry_safety_view(100.0, 1), "dry_run false"),
        (new_record(), safety_view(100.0, 1), "the first command to the arm"),
    ],
)
def test_a_controller_that_differs_about_the_dry_run_is_waited_for(record, view, phrase) -> None:
    record.add_joint_velocity(np.zeros(2))
    record.add_safety(view)
    record.add_policy(policy_view(102.0))
    assert phrase in record.waiting_for()
