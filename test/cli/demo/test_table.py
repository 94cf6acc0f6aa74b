"""The live table: loud about mode and state, and never wider than the terminal."""

import re

from cli.demo.views import new_record, policy_view, safety_view, steady_record

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
