"""One line for each kind, then silence for a while."""

from pi0_ros.core.errors import InputRefused
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
