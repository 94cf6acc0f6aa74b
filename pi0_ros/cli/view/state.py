"""From what was seen to what is said about it: the state in words, and when it turns red."""

import math
from dataclasses import dataclass
from enum import StrEnum

from pi0_ros.cli.view.sight import ControllerHeard, PolicyHeard, Sight

# A picture that is older must not look live.
STALE_PICTURE_S = 1.0
# The slowest a controller may report, and a policy's status, is once a second.
_SILENT_S = 3.0
# Chunks that are stretched by less are no news.
_NEWS = 1.05
_CHUNK_NOT_DRAWN = (
    "the chunk is not drawn: where these cameras stand is not known, as it is of the demo scene's"
)


class Level(StrEnum):
    """How it stands: all well, not yet begun, or to be looked at."""

    GOOD = "good"
    WAITING = "waiting"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class CameraState:
    """One camera.

    Attributes:
        trouble: why its picture is not live; empty where it is.
        lost: one that was there or is refused, and not one that is still waited for.
    """

    name: str
    trouble: str
    lost: bool


@dataclass(frozen=True, slots=True)
class State:
    """All that is said beside the pictures.

    Attributes:
        headline: the controller's state, one word or two.
        reason: why it is not all well, in words; empty where it is.
        marks: "DEMO" for a demo checkpoint, "DRY RUN" where nothing is sent to the arm, "SLOWED x…"
            where chunks are long in coming.
        chunk_rate: chunks a second, in words.
        note: what the pictures cannot show; empty where they show all.
    """

    level: Level
    headline: str
    reason: str
    marks: tuple[str, ...]
    instruction: str
    policy: str
    policy_id: str
    chunk_rate: str
    inference: str
    note: str
    cameras: tuple[CameraState, ...]


def state_of(sight: Sight, now_s: float) -> State:
    cameras = tuple(_camera(sight, camera, age_s) for camera, age_s in sight.ages_s(now_s).items())
    level, headline, reasons = _controller(sight.controller, now_s)
    troubled = [camera for camera in cameras if camera.trouble]
    if troubled:
        lost = any(camera.lost for camera in troubled)
        level = _worse(level, Level.ALARM if lost else Level.WAITING)
        reasons.append(f"no live picture of {', '.join(camera.name for camera in troubled)}")
    policy = sight.policy
    policy_level, policy_words, policy_reasons = _policy(policy, now_s)
    level = _worse(level, policy_level)
    reasons += [reason for reason in policy_reasons if reason not in reasons]
    silent = policy is None or policy_words == "silent"
    return State(
        level=level,
        headline=headline,
        reason="; ".join(reasons),
        marks=_marks(sight),
        instruction=policy.instruction if policy else "",
        policy=policy_words,
        policy_id=policy.policy_id if policy else "",
        chunk_rate="-" if silent or policy is None else f"{policy.chunk_rate_hz:.1f}/s",
        inference="-" if silent or policy is None else _ms(policy.inference_s),
        note=_CHUNK_NOT_DRAWN if sight.of_scene is False else "",
        cameras=cameras,
    )


def film_lines(state: State) -> tuple[str, str]:
    """The same in two lines below the pictures of a film."""
    marks = "".join(f"  [{mark}]" for mark in state.marks)
    return (
        f'{state.headline}{marks}  "{state.instruction}"  chunks {state.chunk_rate}',
        state.reason or state.note or f"policy {state.policy}  {state.policy_id}",
    )


def _camera(sight: Sight, camera: str, age_s: float) -> CameraState:
    refused = sight.refused.get(camera)
    if refused is not None:
        return CameraState(camera, f"refused: {refused.reason}", lost=True)
    if math.isinf(age_s):
        return CameraState(camera, "no picture yet", lost=False)
    stale = age_s > STALE_PICTURE_S
    return CameraState(camera, f"no picture for {age_s:.0f} s" if stale else "", lost=stale)


def _controller(heard: ControllerHeard | None, now_s: float) -> tuple[Level, str, list[str]]:
    if heard is None:
        return Level.WAITING, "NO CONTROLLER", ["no report of the controller yet"]
    age_s = now_s - heard.at_s
    if age_s > _SILENT_S:
        return Level.ALARM, "NO CONTROLLER", [f"no report for {age_s:.0f} s"]
    reasons = [heard.reason] if heard.reason else []
    if heard.state == "RUN":
        return Level.GOOD, heard.state, reasons
    level = Level.WAITING if heard.state == "INACTIVE" else Level.ALARM
    return level, heard.state, reasons


def _policy(heard: PolicyHeard | None, now_s: float) -> tuple[Level, str, list[str]]:
    if heard is None:
        return Level.WAITING, "-", ["no status of the policy yet"]
    age_s = now_s - heard.at_s
    if age_s > _SILENT_S:
        return Level.ALARM, "silent", [f"no status of the policy for {age_s:.0f} s"]
    if heard.state == "RUNNING":
        return Level.GOOD, "RUNNING", []
    level = Level.ALARM if heard.state == "FAILED" else Level.WAITING
    return (
        level,
        heard.state,
        [f"policy {heard.state}" + (f": {heard.reason}" * bool(heard.reason))],
    )


def _marks(sight: Sight) -> tuple[str, ...]:
    demo = sight.policy is not None and sight.policy.mode == "DEMO"
    dry_run = sight.controller is not None and sight.controller.dry_run
    stretch = 1.0 if sight.policy is None else sight.policy.stretch
    slowed = (f"SLOWED x{stretch:.2f}",) if stretch > _NEWS else ()
    return ("DEMO",) * demo + ("DRY RUN",) * dry_run + slowed


def _worse(one: Level, other: Level) -> Level:
    order = list(Level)
    return max(one, other, key=order.index)


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.0f} ms" if seconds > 0.0 else "-"
