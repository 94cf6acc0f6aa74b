"""A controller in a dry run beside an arm that something else drives tells how the two differ."""

from typing import Any

import numpy as np
import pytest
from pi0_ros.msg import SafetyReport
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pi0_ros.ros import topics
from pi0_ros.ros.conversions import duration_message, nanoseconds
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES

from .controller_rig import STEP_NS, Rig, sway

AFTER_NS = 300_000_000


@pytest.fixture
def rig(world: Any, limits: dict[str, Any]) -> Rig:
    return Rig(world, {**limits, "dry_run": True, "divergence_after": AFTER_NS / 1e9})


def drive(rig: Rig, goal: np.ndarray, seconds: float) -> None:
    """As a person would, with a controller of their own."""
    point = JointTrajectoryPoint(
        positions=goal.tolist(), time_from_start=duration_message(round(seconds * 1e9))
    )
    rig.world.publisher(topics.JOINT_TRAJECTORY).publish(
        JointTrajectory(joint_names=list(JOINT_NAMES), points=[point])
    )


def compared(rig: Rig, chunks: int) -> SafetyReport:
    def found() -> SafetyReport | None:
        newest = rig.reports[-1] if rig.reports else None
        return newest if newest and newest.divergence_chunks >= chunks else None

    report: SafetyReport = rig.world.until(found, f"{chunks} chunks compared")
    assert report.divergence_chunks == chunks
    return report


def expected(rig: Rig, stamp_ns: int, rows: np.ndarray) -> np.ndarray:
    """From what the arm itself said: the first state that is old enough, and the rows then."""
    state: JointState = next(
        state for state in rig.states if nanoseconds(state.header.stamp) >= stamp_ns + AFTER_NS
    )
    assert list(state.name) == list(JOINT_NAMES)
    at_row = (nanoseconds(state.header.stamp) - stamp_ns) / STEP_NS
    wanted = [np.interp(at_row, np.arange(len(rows)), column) for column in rows.T]
    return np.abs(np.array(wanted) - np.array(state.position))


def test_chunks_admitted_and_rejected_are_compared_with_the_arm(rig: Rig, world: Any) -> None:
    diagnostics = world.hear(topics.DIAGNOSTICS)
    drive(rig, HOME - 0.2, seconds=2.0)
    world.until(
        lambda: rig.states and np.ptp([s.position for s in rig.states], axis=0).min() > 0.01,
        "an arm in motion",
    )
    near, near_ns = sway(rows=45, reach=0.4), rig.node.now_ns()
    rig.send(near, stamp_ns=near_ns)
    first = compared(rig, 1)
    assert first.dry_run
    assert first.divergence_after_s == pytest.approx(0.3)
    difference = expected(rig, near_ns, near)
    assert difference.max() > 0.01
    assert list(first.divergence) == pytest.approx(difference)
    assert list(first.divergence_rms) == pytest.approx(difference)

    far, far_ns = np.tile(HOME + 0.55, (45, 1)), rig.node.now_ns()
    rig.send(far, stamp_ns=far_ns)
    both = compared(rig, 2)
    assert dict(zip(both.rejected_reasons, both.rejected_counts, strict=True)) == {
        "start distance": 1
    }
    other = expected(rig, far_ns, far)
    assert list(both.divergence) == pytest.approx(other)
    assert list(both.divergence_rms) == pytest.approx(np.sqrt((difference**2 + other**2) / 2))

    def shown() -> bool:
        values = {v.key: v.value for entry in diagnostics for s in entry.status for v in s.values}
        return (
            values.get("divergence: chunks compared") == "2"
            and values["divergence after"] == "0.300 s"
            and values["joint_6 divergence / rms"].startswith(f"{other[5]:.3f} / ")
        )

    world.until(shown, "the divergence in the diagnostics")


def test_a_chunk_that_cannot_be_compared_is_in_the_diagnostics(rig: Rig, world: Any) -> None:
    diagnostics = world.hear(topics.DIAGNOSTICS)
    rig.send(sway(rows=5))
    key = "divergence: chunks not compared: shorter than divergence_after"
    world.until(
        lambda: any(
            value.key == key and value.value == "1"
            for entry in diagnostics
            for status in entry.status
            for value in status.values
        ),
        "the reason",
    )
    assert rig.reports[-1].divergence_chunks == 0


def test_outside_a_dry_run_nothing_is_compared(world: Any, limits: dict[str, Any]) -> None:
    rig = Rig(world, {**limits, "divergence_after": 0.1})
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)
    # The chunk lasts a second: long past the time of comparison.
    ended = rig.wait_for_state(SafetyReport.STATE_HOLD)
    assert not ended.divergence
    assert not ended.divergence_rms
    assert ended.divergence_chunks == 0
