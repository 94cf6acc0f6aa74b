"""A chunk is played as it is or rejected with a reason; nothing is repaired."""

import numpy as np
import pytest

from pi0_ros.core.admission import Admission, ArmNow
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.limits import ArmLimits

from .arms import SIX_JOINTS, STEP_NS, chunk, six_joints

NOW_NS = 10_000_000_000
ARM = ArmNow(np.zeros(6), splice_ns=NOW_NS + 40_000_000, not_before_ns=0)
STILL = np.zeros((50, 6))


def _admission() -> Admission:
    return Admission(six_joints(), max_start_distance_rad=0.5)


def _refused(rows, *, admission=None, arm=ARM, **changes) -> InputRefused:
    made = chunk(rows, **{"stamp_ns": NOW_NS, **changes})
    with pytest.raises(InputRefused) as caught:
        (admission or _admission()).admit(made, NOW_NS, arm)
    return caught.value


def _ramp(per_row: float, joint: int) -> np.ndarray:
    rows = STILL.copy()
    rows[:, joint] = per_row * np.arange(50)
    return rows


def test_a_good_chunk_is_admitted_unchanged():
    made = chunk(STILL, stamp_ns=NOW_NS, sequence=7, epoch=3)
    admitted = _admission().admit(made, NOW_NS, ARM)
    assert np.array_equal(admitted.positions, STILL)
    assert (admitted.stamp_ns, admitted.sequence, admitted.epoch) == (NOW_NS, 7, 3)


def test_columns_are_mapped_by_name():
    rows = STILL + 0.01 * np.arange(6)
    names = tuple(reversed(SIX_JOINTS))
    admitted = _admission().admit(
        chunk(rows[:, ::-1], stamp_ns=NOW_NS, joint_names=names), NOW_NS, ARM
    )
    assert admitted.joint_names == SIX_JOINTS
    assert np.array_equal(admitted.positions, rows)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (25, 2), (49, 5)])
def test_a_value_that_is_not_finite_rejects_the_chunk(bad, place):
    rows = STILL.copy()
    rows[place] = bad
    assert _refused(rows).kind == "not finite"


@pytest.mark.parametrize("joint", range(6))
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_positions_beyond_a_limit_and_its_tolerance_are_rejected(joint, side):
    arm = six_joints()
    outward = 1.0 if side == "upper" else -1.0
    limit = getattr(arm, side)[joint]
    planned = np.zeros(6)
    planned[joint] = limit
    near = ArmNow(planned, ARM.splice_ns, 0)
    rows = np.tile(planned, (50, 1))
    rows[40, joint] = limit + outward * 0.0099
    _admission().admit(chunk(rows, stamp_ns=NOW_NS), NOW_NS, near)
    rows[40, joint] = limit + outward * 0.0101
    refusal = _refused(rows, arm=near)
    assert refusal.kind == "position"
    assert f"joint_{joint + 1}" in str(refusal)


@pytest.mark.parametrize("joint", range(6))
def test_absurd_speed_is_rejected_and_less_is_left_to_the_limiter(joint):
    allowed = 3.0 * six_joints().velocity[joint] * STEP_NS / 1e9
    # A zigzag, so that no position limit is met.
    zigzag = STILL.copy()
    zigzag[10::2, joint] = allowed * (1.0 - 1e-10)
    _admission().admit(chunk(zigzag, stamp_ns=NOW_NS), NOW_NS, ARM)
    zigzag[10::2, joint] = allowed * (1.0 + 1e-10)
    refusal = _refused(zigzag)
    assert refusal.kind == "speed"
    assert f"joint_{joint + 1}" in str(refusal)


def test_start_distance_is_judged_at_the_row_that_is_due_at_the_splice():
    # 0.01 rad a row: 49 rows after the capture joint_1 is 0.49 away.
    rows = _ramp(0.01, 0)
    late = ArmNow(np.zeros(6), NOW_NS + 48 * STEP_NS, 0)
    _admission().admit(chunk(rows, stamp_ns=NOW_NS), NOW_NS, late)
    farther = ArmNow(np.array([-0.1, 0, 0, 0, 0, 0]), NOW_NS + 48 * STEP_NS, 0)
    refusal = _refused(rows, arm=farther)
    assert refusal.kind == "start distance"
    assert "max_start_distance" in str(refusal)
    early = ArmNow(np.array([-0.1, 0, 0, 0, 0, 0]), NOW_NS, 0)
    _admission().admit(chunk(rows, stamp_ns=NOW_NS), NOW_NS, early)


def test_the_due_row_is_that_of_the_time_since_the_capture_unless_told_otherwise():
    # 24 steps after the capture joint_1 is at 0.72, after half of them at 0.36.
    made = chunk(_ramp(0.03, 0), stamp_ns=NOW_NS)
    arm = ArmNow(np.array([0.72, 0, 0, 0, 0, 0]), NOW_NS + 24 * STEP_NS, 0)
    _admission().admit(made, NOW_NS, arm)
    arm = ArmNow(np.array([-0.1, 0, 0, 0, 0, 0]), NOW_NS + 24 * STEP_NS, 0)
    _admission().admit(made, NOW_NS, arm, past=12.0)
    # At the capture the first row is due.
    arm = ArmNow(np.array([-0.49, 0, 0, 0, 0, 0]), NOW_NS, 0)
    _admission().admit(made, NOW_NS, arm)


@pytest.mark.parametrize(("past", "stale"), [(28.9, False), (29.0, True), (400.0, True)])
def test_a_chunk_of_which_every_row_is_past_is_stale_however_young(past, stale):
    made = chunk(np.zeros((30, 6)), stamp_ns=NOW_NS)
    arm = ArmNow(np.zeros(6), NOW_NS + STEP_NS, 0)
    if stale:
        with pytest.raises(InputRefused) as caught:
            _admission().admit(made, NOW_NS, arm, past)
        assert caught.value.kind == "stale"
    else:
        _admission().admit(made, NOW_NS, arm, past)


def test_what_is_exactly_at_a_bound_is_admitted():
    arm = six_joints()
    for edge in (arm.lower - 0.01, arm.upper + 0.01):
        near = ArmNow(edge, ARM.splice_ns, 0)
        _admission().admit(chunk(np.tile(edge, (50, 1)), stamp_ns=NOW_NS), NOW_NS, near)
    _admission().admit(chunk(STILL, stamp_ns=NOW_NS), NOW_NS, ArmNow(np.full(6, 0.5), NOW_NS, 0))
    # 4.5 rad in one second at 1.5 rad/s.
    fast = np.zeros((2, 6))
    fast[:, 0] = -2.25, 2.25
    start = ArmNow(fast[0], NOW_NS, 0)
    _admission().admit(chunk(fast, stamp_ns=NOW_NS, step_ns=10**9), NOW_NS, start)


def test_the_first_chunk_may_be_the_very_first():
    _admission().admit(chunk(STILL, stamp_ns=NOW_NS, sequence=0, epoch=0), NOW_NS, ARM)


def test_a_stamp_up_to_fifty_milliseconds_ahead_is_clock_skew():
    stamp = NOW_NS + 50_000_000
    _admission().admit(chunk(STILL, stamp_ns=stamp), NOW_NS, ARM)
    assert _refused(STILL, stamp_ns=stamp + 1).kind == "future"


def test_a_chunk_whose_last_row_was_due_before_the_splice_is_stale():
    stamp = ARM.splice_ns - 49 * STEP_NS
    _admission().admit(chunk(STILL, stamp_ns=stamp + 1), NOW_NS, ARM)
    assert _refused(STILL, stamp_ns=stamp).kind == "stale"


def test_a_chunk_captured_before_a_hold_is_rejected():
    held = ArmNow(np.zeros(6), ARM.splice_ns, not_before_ns=NOW_NS - 100)
    _admission().admit(chunk(STILL, stamp_ns=NOW_NS - 100), NOW_NS, held)
    assert _refused(STILL, arm=held, stamp_ns=NOW_NS - 101).kind == "before hold"


def _after_one() -> Admission:
    admission = _admission()
    admission.admit(chunk(STILL, stamp_ns=NOW_NS, sequence=5, epoch=2), NOW_NS, ARM)
    return admission


def test_duplicates_and_older_sequences_of_one_epoch_are_out_of_order():
    for sequence in (1, 4, 5):
        refusal = _refused(STILL, admission=_after_one(), sequence=sequence, epoch=2)
        assert refusal.kind == "out of order"


def test_chunks_of_an_older_epoch_are_rejected_whatever_their_sequence():
    assert _refused(STILL, admission=_after_one(), sequence=9, epoch=1).kind == "old epoch"


def test_a_new_epoch_may_begin_its_sequence_anew():
    _after_one().admit(chunk(STILL, stamp_ns=NOW_NS, sequence=1, epoch=3), NOW_NS, ARM)


def test_a_chunk_observed_earlier_than_the_one_before_is_rejected():
    refusal = _refused(STILL, admission=_after_one(), sequence=6, epoch=2, stamp_ns=NOW_NS - 1)
    assert refusal.kind == "older"


def test_stamps_are_forgotten_with_the_clock_but_sequences_are_not():
    admission = _after_one()
    admission.forget()
    earlier = {"admission": admission, "epoch": 2, "stamp_ns": NOW_NS - 1}
    assert _refused(STILL, sequence=5, **earlier).kind == "out of order"
    made = chunk(STILL, stamp_ns=NOW_NS - 1, sequence=6, epoch=2)
    admission.admit(made, NOW_NS, ARM)


def test_after_a_restart_any_epoch_sequence_and_stamp_may_come():
    admission = _after_one()
    admission.restart()
    earlier = chunk(STILL, stamp_ns=NOW_NS - 1, sequence=0, epoch=0)
    admission.admit(earlier, NOW_NS, ARM)
    assert _refused(STILL, admission=admission, sequence=0, epoch=0).kind == "out of order"


def test_a_rejected_chunk_does_not_count_as_the_newest():
    admission = _after_one()
    bad = np.full((50, 6), np.nan)
    assert _refused(bad, admission=admission, sequence=9, epoch=9).kind == "not finite"
    admission.admit(chunk(STILL, stamp_ns=NOW_NS, sequence=6, epoch=2), NOW_NS, ARM)


def test_tightened_limits_are_judged_by_and_the_newest_chunk_stays_known():
    admission = _after_one()
    old = six_joints()
    admission.tighten(
        ArmLimits(SIX_JOINTS, old.lower, np.full(6, 0.1), old.velocity, old.acceleration)
    )
    later = {"admission": admission, "epoch": 2}
    assert _refused(STILL, sequence=5, **later).kind == "out of order"
    assert _refused(STILL + 0.2, sequence=6, **later).kind == "position"


def test_joints_are_missing_doubled_or_unknown():
    names = ("joint_1", "joint_2", "joint_3", "joint_4", "joint_5", "elbow")
    assert _refused(STILL, joint_names=names).kind == "joint missing"
    assert str(_refused(STILL, joint_names=names)).startswith("chunk: ")
    names = ("joint_1", "joint_2", "joint_3", "joint_4", "joint_5", "joint_5")
    assert _refused(STILL, joint_names=names).kind == "joint doubled"
    refusal = _refused(np.zeros((50, 7)), joint_names=(*SIX_JOINTS, "gripper"))
    assert refusal.kind == "joint unknown"
    assert "gripper" in str(refusal)


def _beyond(joint: int, value: float) -> np.ndarray:
    rows = STILL.copy()
    rows[40:, joint] = value
    return rows


ANEW = "if its policy was started anew, deactivate and activate pi0_controller"
HELD = ArmNow(np.zeros(6), ARM.splice_ns, not_before_ns=NOW_NS)
FAR = ArmNow(np.array([0.0, 0.6, 0.0, 0.0, -0.6, 0.0]), ARM.splice_ns, 0)


@pytest.mark.parametrize(
    ("rows", "changes", "sentence"),
    [
        (STILL, {"epoch": 1}, f"chunk of epoch 1, newest is 2; {ANEW}"),
        (STILL, {"sequence": 4}, f"chunk 4 after chunk 5; {ANEW}"),
        (STILL, {"stamp_ns": NOW_NS + 10**15}, "chunk stamp is 1000000.000 s in the future"),
        (STILL, {"stamp_ns": NOW_NS - 1}, "chunk observed earlier than the one before it"),
        (
            STILL,
            {"admission": _admission(), "arm": HELD, "stamp_ns": NOW_NS - 1},
            "chunk observed before the last hold or reset",
        ),
        (
            STILL,
            {"arm": ArmNow(np.zeros(6), NOW_NS + 49 * STEP_NS + 10**15, 0)},
            "chunk's last row was due 1000000.000 s ago",
        ),
        (
            np.zeros((50, 8)),
            {"joint_names": (*SIX_JOINTS, "rail", "gripper")},
            "chunk moves gripper, rail; see the parameter joint_names",
        ),
        (_beyond(3, np.nan), {}, "chunk has values that are not finite"),
        (_beyond(1, 3.0), {}, "chunk: joint_2 outside its position limits"),
        (
            _beyond(0, 2.0) + _beyond(5, 2.0),
            {},
            "chunk: joint_1, joint_6 asked to move at over 3 times its velocity limit",
        ),
        (
            STILL,
            {"arm": FAR},
            "chunk: joint_2, joint_5 over 0.5 rad from where the arm is; "
            "see the parameter max_start_distance",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_refusal_says_what_is_wrong(rows, changes, sentence):
    given = {"admission": _after_one(), "sequence": 6, "epoch": 2, **changes}
    assert str(_refused(rows, **given)) == sentence
