"""One line for each kind, then silence for a while."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.instruction import checked_instruction
from pi0_ros.core.joints import JointOrder
from pi0_ros.ros import refusal_log
from pi0_ros.ros.refusal_log import RefusalLog


def test_each_kind_on_each_topic_is_written_once_in_five_seconds(monkeypatch: object) -> None:
    lines: list[str] = []
    now_s = 100.0
    monkeypatch.setattr(refusal_log.time, "monotonic", lambda: now_s)  # type: ignore[attr-defined]
    log = RefusalLog(lines.append)

    for topic in ("a", "b"):
        for kind in ("size", "step"):
            for _ in range(3):
                log.refused(topic, InputRefused(kind, "why"))
    assert len(lines) == 4
    assert lines[0] == "refused on a: why"

    now_s = 105.0
    log.refused("a", InputRefused("size", "why"))
    assert lines[4] == "refused on a: why (and 2 more like it)"


@given(st.text(st.characters(exclude_categories=())))
@example("\x1b[2J\n[FATAL] all is lost")
@example("joint " * 100_000)
def test_whatever_a_message_says_is_one_short_line_in_the_log(text: str) -> None:
    assume(text != "joint_1")
    lines: list[str] = []
    order = JointOrder(["joint_1"])
    log = RefusalLog(lines.append)
    for names in ([text], [text, text]):
        with pytest.raises(InputRefused) as caught:
            order.columns(names, "joint_states")
        log.refused("joint_states", caught.value)
    for refused in (text, f"{text}\x00"):
        try:
            checked_instruction(refused, 512)
        except InputRefused as refusal:
            log.refused("instruction", refusal)
    assert len(lines) >= 2
    assert all(line.isprintable() and len(line) < 400 for line in lines)
