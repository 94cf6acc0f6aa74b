"""A case passes where its last attempt was in time, and every attempt is told."""

from pi0_ros.cli.conformance.case import Case
from pi0_ros.cli.conformance.finding import Attempt, Finding
from pi0_ros.cli.conformance.kills import KillRecord
from pi0_ros.cli.conformance.report import build_report

CASE = Case("camera_dropped", "camera dropped", "HOLD", 0.15, lambda stage: 0.1)


def test_in_time_is_up_to_the_deadline_and_not_beyond() -> None:
    assert Finding(CASE, (Attempt(0.15),)).passed
    assert not Finding(CASE, (Attempt(0.1501),)).passed
    assert not Finding(CASE, (Attempt(float("nan")),)).passed
    assert not Finding(CASE, ()).passed


def test_another_reaction_is_no_pass_and_is_said() -> None:
    finding = Finding(CASE, (Attempt(None, "left RUN"),))
    assert not finding.passed
    assert finding.entry()["problem"] == "left RUN"
    assert "FAIL" in finding.line()
    assert "left RUN" in finding.line()


def test_the_last_attempt_decides_and_the_others_stay_visible() -> None:
    finding = Finding(CASE, (Attempt(0.3), Attempt(0.12)))
    entry = finding.entry()
    assert entry["passed"]
    assert entry["detected_s"] == 0.12
    assert [attempt["detected_s"] for attempt in entry["attempts"]] == [0.3, 0.12]
    assert finding.line().splitlines()[0].startswith("LATE")
    assert not Finding(CASE, (Attempt(0.12), Attempt(0.3))).passed


def test_the_report_fails_with_a_single_finding_or_kill() -> None:
    good, bad = Finding(CASE, (Attempt(0.1),)), Finding(CASE, (Attempt(0.2),))
    kills = KillRecord(seed=1)
    assert build_report([good], [], kills, "stub")["passed"]
    assert not build_report([good, bad], [], kills, "stub")["passed"]
    kills.problems.append("SIGKILL of pi0_policy: a limit was broken")
    report = build_report([good], ["device_lost"], kills, "demo")
    assert not report["passed"]
    assert report["not_run"] == ["device_lost"]
    names = {"name", "passed", "reaction", "detected_s", "deadline_s"}
    assert names <= set(report["faults"][0])
