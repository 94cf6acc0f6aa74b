"""Joint states that lie, and an arm that does not do what it is told."""

from collections.abc import Callable

import numpy as np

from pi0_ros.cli.conformance.case import Case, CaseFailed, Setting
from pi0_ros.cli.conformance.stage import ARM, CONTROLLER, HOLD, LATCHED, RUN, Stage
from pi0_ros.msg import SafetyReport
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS

_STATE_PERIOD_S = 0.01
_TICK_S = 0.02
_STALE_S = 0.1
_TRACKING_RAD = 0.2
_SLIGHTLY_RAD = 0.01
# Many commands long.
_COMES_BACK_S = 0.5
_STANDS_RAD = 1e-3
_JOINT_6 = JOINT_NAMES.index("joint_6")

_NOT_FINITE = "NaN or Inf in joint state"
_NAMES = "joints reordered, missing, duplicated"
_STAMPS = "stamp in the future, duplicate, older than the newest"
_OUTSIDE = "state outside limits"
_ABSENT = "controller absent or deactivated"


def _silenced(fault: str, kind: str = "") -> Callable[[Stage], float]:
    """Messages are dropped, so the stream goes stale: HOLD, and RUN again afterwards."""

    def act(stage: Stage) -> float:
        began_ns = stage.fault(ARM, fault)
        held = stage.report(HOLD, "joint_states", began_ns)
        if kind:
            stage.refused(f"joint_states: {kind}", began_ns)
        good_ns = stage.fault(ARM, "")
        stage.report(RUN, "", good_ns)
        return stage.seconds(held, began_ns)

    return act


def _refused(fault: str, kind: str) -> Callable[[Stage], float]:
    """The same, judged by the first message that is refused."""

    def act(stage: Stage) -> float:
        began_ns = stage.fault(ARM, fault)
        refused = stage.refused(f"joint_states: {kind}", began_ns)
        stage.report(HOLD, "joint_states", began_ns)
        good_ns = stage.fault(ARM, "")
        stage.report(RUN, "", good_ns)
        return stage.seconds(refused, began_ns)

    return act


def _reordered(stage: Stage) -> float:
    """Mapped by name: motion goes on, and every joint stays on its own plan."""
    began_ns = stage.fault(ARM, "reordered")
    mapped = stage.report(RUN, "", began_ns)
    stage.stays_in_run(1.0)
    error = max(error for stamp_ns, error in stage.planned_error() if stamp_ns > began_ns)
    if error > _TRACKING_RAD:
        raise CaseFailed(f"a joint is {error:.3f} rad from its plan: mapped to another one")
    stage.fault(ARM, "")
    return stage.seconds(mapped, began_ns)


def _far_outside_while_active(stage: Stage) -> float:
    began_ns = stage.fault(ARM, "far_beyond joint_6")
    latched = stage.report(LATCHED, "joint_6 is at", began_ns)
    stage.fault(ARM, "")
    stage.at_rest()
    stage.reset()
    stage.report(RUN, "", nanoseconds(latched.header.stamp))
    return stage.seconds(latched, began_ns)


def _far_outside_at_activation(stage: Stage) -> float:
    def inactive(words: str) -> SafetyReport:
        return stage.report(SafetyReport.STATE_INACTIVE, words, 0)

    configured, named = inactive(""), inactive("joint_6 is at")
    if stage.ear.of(topics.JOINT_TRAJECTORY):
        raise CaseFailed("a command was sent although the arm is outside its limits")
    good_ns = stage.fault(ARM, "")
    stage.report(HOLD, "", good_ns)
    return stage.seconds(named, 0) - stage.seconds(configured, 0)


def _slightly_outside(stage: Stage) -> float:
    """Only inward motion, until the arm is inside."""
    stage.report(RUN, "", 0)
    stage.fault(ARM, "")
    stage.stays_in_run(1.0)
    upper = float(LIMITS.upper[_JOINT_6])
    for message in stage.ear.of(topics.JOINT_TRAJECTORY):
        column = stage.ear.curve(message)[1][:, _JOINT_6]
        if np.any((np.diff(column) > 1e-12) & (column[1:] > upper)):
            raise CaseFailed("joint_6 was sent outwards beyond its limit")
    stage.forgive("joint_6", "position", upper + _SLIGHTLY_RAD)
    activated = stage.report(HOLD, "", 0)
    first = stage.ear.of(topics.JOINT_TRAJECTORY)[0]
    return max(0.0, stage.seconds(first, 0) - stage.seconds(activated, 0))


def _stuck(stage: Stage) -> float:
    """Judged from the moment the distance is more than the tolerance."""
    began_ns = stage.fault(ARM, "stuck joint_6")
    latched = stage.report(LATCHED, "joint_6 is", began_ns)
    stage.at_rest()
    beyond = [t for t, error in stage.planned_error() if t > began_ns and error > _TRACKING_RAD]
    stage.fault(ARM, "")
    stage.reset()
    stage.report(RUN, "", nanoseconds(latched.header.stamp))
    if not beyond:
        raise CaseFailed("latched, but no joint state was beyond the tolerance")
    return max(0.0, stage.seconds(latched, beyond[0]))


def _deaf(stage: Stage) -> float:
    began_ns = stage.fault(ARM, "deaf")
    latched = stage.report(LATCHED, "nobody subscribes to", began_ns)
    stage.fault(ARM, "")
    stage.at_rest()
    stage.reset()
    stage.report(RUN, "", nanoseconds(latched.header.stamp))
    return stage.seconds(latched, began_ns)


def _inert(stage: Stage) -> float:
    """As `_stuck`, and whoever comes back is not sent to where the plan has come meanwhile."""
    began_ns = stage.fault(ARM, "inert")
    latched = stage.report(LATCHED, "from its command", began_ns)
    stage.at_rest(nanoseconds(latched.header.stamp))
    beyond = [t for t, error in stage.planned_error() if t > began_ns and error > _TRACKING_RAD]
    if not beyond:
        raise CaseFailed("latched, but no joint state was beyond the tolerance")
    stands = stage.newest(topics.JOINT_STATES)
    back_ns = stage.fault(ARM, "")
    stage.wait(_COMES_BACK_S)
    moved = max(
        float(np.abs(np.subtract(state.position, stands.position)).max())
        for state in stage.ear.of(topics.JOINT_STATES)
        if nanoseconds(state.header.stamp) > back_ns
    )
    if moved > _STANDS_RAD:
        raise CaseFailed(f"the arm moved by {moved:.3f} rad when its controller came back")
    stage.reset()
    stage.report(RUN, "", back_ns)
    return max(0.0, stage.seconds(latched, beyond[0]))


def _deaf_from_the_start(stage: Stage) -> float:
    def inactive(words: str) -> SafetyReport:
        return stage.report(SafetyReport.STATE_INACTIVE, words, 0)

    configured, named = inactive(""), inactive("nobody subscribes to")
    stage.fault(ARM, "")
    stage.running()
    return stage.seconds(named, 0) - stage.seconds(configured, 0)


_NEAR_LIMIT = [*HOME.tolist()[:_JOINT_6], float(LIMITS.upper[_JOINT_6]) - 0.001]

CASES = (
    *(
        Case(
            f"joint_state_{fault}",
            _NOT_FINITE,
            "message dropped, HOLD by staleness",
            _STALE_S,
            _silenced(f"{fault} joint_6", "not finite"),
        )
        for fault in ("not_a_number", "infinite")
    ),
    Case(
        "joint_states_silent",
        "joint states dropped",
        "HOLD, RUN again when they are back",
        _STALE_S,
        _silenced("silent"),
    ),
    Case(
        "joint_states_late",
        "joint states late",
        "HOLD, RUN again when they are on time",
        _STALE_S,
        _silenced("late"),
    ),
    Case(
        "joints_reordered",
        _NAMES,
        "mapped by name, motion goes on",
        0.2,
        _reordered,
    ),
    *(
        Case(
            f"joint_{fault}",
            _NAMES,
            "message refused and counted, HOLD by staleness",
            # The policy tells it a little after the message that it refuses.
            _STATE_PERIOD_S + _TICK_S,
            _refused(f"{fault} joint_6", f"joint {fault}"),
        )
        for fault in ("missing", "doubled")
    ),
    *(
        Case(
            f"joint_state_stamp_{fault}",
            _STAMPS,
            "message refused and counted, HOLD by staleness",
            _STATE_PERIOD_S + _TICK_S,
            _refused(fault, fault),
        )
        for fault in ("future", "duplicate", "older")
    ),
    Case(
        "joint_6_far_outside_limits",
        _OUTSIDE,
        "LATCHED until reset",
        _STATE_PERIOD_S + _TICK_S,
        _far_outside_while_active,
    ),
    Case(
        "joint_6_far_outside_at_activation",
        _OUTSIDE,
        f"no activation of {CONTROLLER}, the joint named",
        1.0,
        _far_outside_at_activation,
        Setting({ARM: {"fault": "far_beyond joint_6"}}, starts_running=False),
    ),
    Case(
        "joint_6_slightly_outside_limits",
        _OUTSIDE,
        "only inward motion",
        1.0,
        _slightly_outside,
        Setting(
            {ARM: {"fault": "beyond joint_6", "initial_positions": _NEAR_LIMIT}},
            starts_running=False,
        ),
        # Another one may want to be elsewhere.
        needs="scripted",
    ),
    Case(
        "joint_6_stuck",
        "tracking error over 0.2 rad",
        "LATCHED until reset, re-anchored at rest",
        0.1,
        _stuck,
    ),
    Case(
        "arm_controller_inert",
        _ABSENT,
        "with no controller manager to ask: LATCHED until reset, at over 0.2 rad",
        0.1,
        _inert,
    ),
    Case(
        "arm_controller_stopped",
        _ABSENT,
        "LATCHED until reset",
        0.5,
        _deaf,
        Setting(hear_commands=False),
    ),
    Case(
        "arm_controller_absent",
        _ABSENT,
        f"no activation of {CONTROLLER}, the topic named",
        1.0,
        _deaf_from_the_start,
        Setting({ARM: {"fault": "deaf"}}, hear_commands=False, starts_running=False),
    ),
)
