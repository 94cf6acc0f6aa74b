"""The JSON summary: its keys, and that they hold the steady part only."""

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

from pi0_ros.cli.demo.report import build_report

SPREAD = {"p50", "p99", "max"}
JOINT_KEYS = {
    "peak_velocity_command",
    "peak_velocity_measured",
    "velocity_limit",
    "peak_acceleration_command",
    "acceleration_limit",
}


def finished_record():
    record = steady_record()
    for n in range(10):
        record.add_position(np.array([0.0004 * n, 0.0]))
    record.add_chunk(1, 0.05)
    record.add_chunk(2, 0.07)
    record.add_joint_velocity(np.array([0.3, -0.8]))
    record.add_safety(safety_view(103.0, 3, state="HOLD", reason="chunk 2 ran out"))
    record.add_safety(safety_view(104.0, 4))
    record.add_policy(policy_view(112.0, received=330))
    return record


def test_report_has_the_promised_keys() -> None:
    report = build_report(finished_record(), 10.0, 0, [])
    for key in ("inference_ms", "tick_ms", "action_age_ms", "splice_error_rad"):
        assert set(report[key]) == SPREAD
    assert set(report["cameras"]) == {"main", "side", "top"}
    assert set(report["joints"]) == {"joint_1", "joint_6"}
    assert set(report["joints"]["joint_6"]) >= JOINT_KEYS
    assert set(report["holds"][0]) == {"at_s", "reason"}
    assert {"mode", "seconds", "chunks", "exit"} <= set(report)


def test_report_counts_the_steady_part_only() -> None:
    report = build_report(finished_record(), 10.0, 0, [])
    assert report["mode"] == "demo"
    assert report["seconds"] == 10.0
    assert report["chunks"] == 2
    assert report["inference_ms"]["max"] == 70.0
    assert report["tick_ms"] == {"p50": 20.5, "p99": 21.0, "max": 21.0}
    # Reports 3 and 4; those before the steady part are not in.
    assert report["splice_error_rad"] == {"p50": 0.0035, "p99": 0.00399, "max": 0.004}
    assert report["cameras"]["main"] == {"received": 300, "dropped": 0}
    assert report["holds"] == [{"at_s": 1.0, "reason": "HOLD: chunk 2 ran out"}]
    joint = report["joints"]["joint_6"]
    assert joint["peak_velocity_measured"] == 0.8
    assert joint["velocity_limit"] == 1.0
    assert report["joints"]["joint_1"]["peak_velocity_command"] == pytest.approx(0.02)
    assert report["limiter"]["limited_ticks"] == {"joint_1": 2, "joint_6": 0}


def test_counters_that_restarted_are_taken_as_they_are() -> None:
    record = steady_record()
    record.add_policy(policy_view(112.0, received=20))
    assert build_report(record, 10.0, 0, [])["cameras"]["top"]["received"] == 20


def test_a_run_that_never_got_going_has_the_same_keys_and_says_why() -> None:
    report = build_report(new_record(), 0.0, 1, ["pi0_policy ended"])
    assert report["chunks"] == 0
    assert report["tick_ms"] == {"p50": None, "p99": None, "max": None}
    assert report["exit"] == 1
    assert report["problems"] == ["pi0_policy ended"]
    assert set(report["joints"]["joint_6"]) >= JOINT_KEYS


def test_a_dry_run_says_so_and_how_far_the_policy_is_from_the_arm() -> None:
    report = build_report(steady_dry_record(), 10.0, 0, [])
    assert report["dry_run"] is True
    assert report["divergence"] == {
        "after_s": 0.5,
        "chunks": 7,
        "joints": {
            "joint_1": {"newest": 0.125, "rms": 0.0625},
            "joint_6": {"newest": 0.25, "rms": 0.5},
        },
    }


def test_a_dry_run_without_a_comparison_has_no_figures() -> None:
    record = steady_dry_record()
    nothing = {"divergence": [], "divergence_rms": [], "divergence_chunks": 0}
    record.add_safety(dry_safety_view(103.0, 3, **nothing))
    assert build_report(record, 10.0, 0, [])["divergence"] == {
        "after_s": 0.5,
        "chunks": 0,
        "joints": {},
    }


def test_any_other_run_has_no_divergence() -> None:
    report = build_report(finished_record(), 10.0, 0, [])
    assert report["dry_run"] is False
    assert report["divergence"] == {}
