"""The live table: loud about mode and state, and never wider than the terminal."""

import re

from cli.demo.views import (
    dry_safety_view,
    new_record,
    policy_view,
    safety_view,
    steady_dry_record,
    steady_record,
)

from pi0_ros.cli.demo.table import status_line, table

COLOURS = re.compile("\x1b\\[[0-9;]*m")
LONG = "a reason that goes on and on " * 10


def shown(record, columns: int = 80) -> str:
    return COLOURS.sub("", "\n".join(table(record, 12.3, columns, "look in")))


def test_mode_policy_state_and_every_stream_and_joint_are_there() -> None:
    text = shown(steady_record())
    for expected in ("mode DEMO", "demo/pi0_tiny", "RUN", "camera/top", "joint_states", "look in"):
        assert expected in text


def test_speed_stands_beside_its_limit_with_a_bar() -> None:
    line = next(line for line in shown(steady_record()).splitlines() if "joint_6" in line)
    assert line.split() == ["joint_6", "0.200", "0.900", "1.000", "##################..", "90%"]


def test_reasons_are_cut_to_the_width_of_the_terminal() -> None:
    record = steady_record()
    record.add_policy(policy_view(103.0, state="WAITING", reason=LONG, instruction=LONG))
    record.add_safety(safety_view(103.0, 3, state="LATCHED", reason=LONG))
    text = shown(record)
    assert "LATCHED" in text
    assert "WAITING" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_before_anything_is_heard_it_waits() -> None:
    assert shown(new_record()) == "waiting"
    assert status_line(new_record(), 0.0) == "waiting"


def test_line_for_a_log_has_mode_state_reason_and_the_fastest_joint() -> None:
    record = steady_record()
    record.add_safety(safety_view(103.0, 3, state="HOLD", reason="chunk 2 ran out"))
    line = status_line(record, 12.3)
    assert "mode DEMO  HOLD (chunk 2 ran out)" in line
    assert "frames lost 3/90" in line
    assert line.endswith("fastest joint_6 90%")


def test_chunks_that_are_long_in_coming_are_told() -> None:
    record = steady_record()
    assert "late" not in status_line(record, 12.3)
    record.add_policy(policy_view(103.0, stretch=1.5))
    record.add_safety(safety_view(103.0, 3, slow_down=2.0))
    assert "chunks 8.0/s (late: stretched x1.50)" in status_line(record, 12.3)
    assert "slowed x3.00" in shown(record)


def test_a_dry_run_is_loud_and_shows_the_divergence_of_each_joint() -> None:
    text = shown(steady_dry_record())
    assert "DRY RUN      nothing is sent to the arm" in text
    assert "0.50 s after the pictures, 7 chunks: newest / rms, rad" in text
    assert "joint_1    0.125 / 0.062  joint_6    0.250 / 0.500" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    line = status_line(steady_dry_record(), 12.3)
    assert "DRY RUN, divergence joint_6 0.500 rad rms of 7 chunks" in line


def test_many_joints_with_a_divergence_fit_the_terminal() -> None:
    record = steady_dry_record()
    names = tuple(f"a_long_name_{number}" for number in range(7))
    sevens = {key: [1.0] * 7 for key in ("position", "velocity", "velocity_limit")}
    sevens |= {"divergence": [0.1] * 7, "divergence_rms": [0.2] * 7}
    record.add_safety(dry_safety_view(103.0, 3, joint_names=names, **sevens))
    text = shown(record)
    assert text.count("0.100 / 0.200") == 7
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_dry_run_without_a_comparison_says_so() -> None:
    record = steady_dry_record()
    nothing = {"divergence": [], "divergence_rms": [], "divergence_chunks": 0}
    record.add_safety(dry_safety_view(103.0, 3, **nothing))
    assert "0 chunks" in shown(record)
    assert "divergence not known yet" in status_line(record, 12.3)


def test_any_other_run_mentions_no_dry_run() -> None:
    assert "DRY RUN" not in shown(steady_record()) + status_line(steady_record(), 1.0)
    assert "divergence" not in shown(steady_record())
