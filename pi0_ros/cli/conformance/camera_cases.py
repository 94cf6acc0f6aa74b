"""Cameras that fail."""

from collections.abc import Callable

from pi0_ros.cli.conformance.case import Case, CaseFailed, Setting
from pi0_ros.cli.conformance.stage import CAMERAS, HOLD, LATCHED, POLICY, RUN, Stage
from pi0_ros.msg import PolicyStatus
from pi0_ros.ros import topics

_PERIOD_S = 1.0 / 30.0
_STALE_S = max(3.0 * _PERIOD_S, 0.15)
# Five pictures are four periods apart; their stamps waver a little.
_RESUMED_AFTER_S = 3.5 * _PERIOD_S

_LOST = "camera dropped or late"
_UNUSABLE = "wrong encoding, size, step, or too little data"
_STAMPS = "stamp in the future, duplicate, older than the newest"


def _blinded(fault: str) -> Callable[[Stage], float]:
    """HOLD while the camera fails, RUN after five good pictures."""

    def act(stage: Stage) -> float:
        began_ns = stage.fault(CAMERAS, f"{fault} main")
        held = stage.report(HOLD, "camera/main", began_ns)
        stage.at_rest()
        _resumes(stage)
        return stage.seconds(held, began_ns)

    return act


def _unusable(fault: str, kind: str) -> Callable[[Stage], float]:
    """The first bad picture is refused and counted; staleness and HOLD follow."""

    def act(stage: Stage) -> float:
        began_ns = stage.fault(CAMERAS, f"{fault} main")
        refused = stage.refused(f"camera/main: {kind}", began_ns)
        stage.report(HOLD, "camera/main", began_ns)
        _resumes(stage)
        return stage.seconds(refused, began_ns)

    return act


def _resumes(stage: Stage) -> None:
    good_ns = stage.fault(CAMERAS, "")
    seconds = stage.seconds(stage.report(RUN, "", good_ns), good_ns)
    if seconds < _RESUMED_AFTER_S:
        raise CaseFailed(f"RUN {seconds:.3f} s after the first good picture: fewer than five")


def _frozen(stage: Stage) -> float:
    began_ns = stage.fault(CAMERAS, "frozen main")
    latched = stage.report(LATCHED, "camera/main: frozen", began_ns)
    stage.at_rest()
    good_ns = stage.fault(CAMERAS, "")
    stage.reset()
    stage.report(RUN, "", good_ns)
    return stage.seconds(latched, began_ns)


def _never_seen(stage: Stage) -> float:
    def inactive(words: str) -> Callable[[PolicyStatus], bool]:
        return lambda status: status.state == PolicyStatus.STATE_INACTIVE and words in status.reason

    configured = stage.status(inactive(""), "an inactive policy", 0)
    words = "camera/top: nothing valid received yet"
    named = stage.status(inactive(words), f"the reason {words!r}", 0)
    if stage.ear.of(topics.ACTION_CHUNK):
        raise CaseFailed("a chunk was published although a camera was never seen")
    return stage.seconds(named, 0) - stage.seconds(configured, 0)


CASES = (
    *(
        Case(
            f"camera_{fault}",
            _LOST,
            "HOLD, RUN again after 5 good pictures",
            _STALE_S,
            _blinded(fault),
        )
        for fault in ("dropped", "late")
    ),
    Case(
        "camera_frozen",
        "frozen camera: new stamps, identical bytes while the arm moves",
        "LATCHED until reset",
        1.0,
        _frozen,
    ),
    Case(
        "camera_swapped",
        "cameras swapped while running",
        "pictures refused and counted, HOLD",
        _PERIOD_S,
        _unusable("swapped", "frame"),
    ),
    *(
        Case(
            f"camera_{fault}",
            _UNUSABLE,
            "picture refused and counted, HOLD by staleness",
            _PERIOD_S,
            _unusable(fault, kind),
        )
        for fault, kind in (
            ("wrong_size", "size"),
            ("wrong_encoding", "encoding"),
            ("wrong_step", "step"),
            ("truncated", "length"),
        )
    ),
    *(
        Case(
            f"camera_stamp_{fault}",
            _STAMPS,
            "picture refused and counted, HOLD by staleness",
            _PERIOD_S,
            _unusable(fault, fault),
        )
        for fault in ("future", "duplicate", "older")
    ),
    Case(
        "camera_never_seen",
        "camera never seen",
        f"no activation of {POLICY}, the stream named",
        1.0,
        _never_seen,
        Setting({CAMERAS: {"camera_names": ["main", "side"]}}, starts_running=False),
        needs="process",
    ),
)
