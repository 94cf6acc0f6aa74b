"""A policy that computes nonsense, is late, hangs or is lost, and checkpoints not to be trusted."""

import time
from collections.abc import Callable
from typing import Any

from pi0_ros.cli.conformance.case import Case, CaseFailed, Setting
from pi0_ros.cli.conformance.stage import HOLD, LATCHED, POLICY, RUN, Stage
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds

# The scripted policy's chunks.
_BUFFER_S = 50 / 30.0
_INFERENCE_PERIOD_S = 1.0 / 8.0
_TWO_INFERENCES_S = 2.0 * _INFERENCE_PERIOD_S + 0.05
_SLOW_S = 0.4
_SPIKE_S = 0.8
_TIMEOUT_S = 3.0
_LOADING_S = 60.0

_OUTPUT = "NaN or Inf in the model's output"
_LATE = "inference slower than its period, or hung"
_MODEL = "model missing, wrong hash, missing weights"


def _fails_twice(fault: str, words: str) -> Callable[[Stage], float]:
    def act(stage: Stage) -> float:
        began_ns = stage.fault(POLICY, fault)
        latched = stage.report(LATCHED, words, began_ns)
        stage.at_rest()
        good_ns = stage.fault(POLICY, "")
        stage.reset()
        stage.report(RUN, "", good_ns)
        stage.published_nothing_bad()
        return stage.seconds(latched, began_ns)

    return act


def _fails_once(stage: Stage) -> float:
    """The chunk is dropped and the next one is played; nothing stops."""
    began_ns = stage.fault(POLICY, "not_a_number_once")

    def following() -> Any:
        chunks = stage.ear.of(topics.ACTION_CHUNK)
        return next((c for c in chunks if nanoseconds(c.header.stamp) > began_ns), None)

    next_chunk = stage.until(following, "the next chunk")
    stage.stays_in_run(1.0)
    stage.published_nothing_bad()
    stage.fault(POLICY, "")
    return stage.seconds(next_chunk, began_ns)


def _rejected(fault: str, kind: str) -> Callable[[Stage], float]:
    """The controller plays none of it, plays out what it has, and holds."""

    def act(stage: Stage) -> float:
        began_ns = stage.fault(POLICY, fault)
        rejected = stage.rejected(kind, began_ns)
        stage.report(HOLD, "ran out", began_ns)
        stage.at_rest()
        good_ns = stage.fault(POLICY, "")
        stage.report(RUN, "", good_ns)
        return stage.seconds(rejected, began_ns)

    return act


def _late(fault: str, at_least_s: float) -> Callable[[Stage], float]:
    """Chunks come late, and the arm goes on with what it has."""

    def act(stage: Stage) -> float:
        began_ns = stage.fault(POLICY, fault)

        def found() -> object:
            return next(
                (
                    chunk
                    for chunk in stage.ear.of(topics.ACTION_CHUNK)
                    if nanoseconds(chunk.header.stamp) > began_ns - 1_000_000_000
                    and nanoseconds(chunk.inference_time) >= at_least_s * 1e9
                ),
                None,
            )

        chunk = stage.until(found, "a late chunk")
        stage.stays_in_run(1.5)
        stage.fault(POLICY, "")
        late_s = nanoseconds(chunk.inference_time) / 1e9
        return max(0.0, stage.seconds(chunk, began_ns) + late_s)

    return act


def _hung(stage: Stage) -> float:
    began_ns = stage.fault(POLICY, "hung")
    held = stage.report(HOLD, "ran out", began_ns)
    stage.at_rest()
    if stage.ended(POLICY) != 1:
        raise CaseFailed("the process of a policy that hangs must end with status 1")
    return stage.seconds(held, began_ns)


def _lost(stage: Stage) -> float:
    began_ns = stage.fault(POLICY, "lost")
    latched = stage.report(LATCHED, "the device is lost", began_ns)
    if stage.ended(POLICY) != 1:
        raise CaseFailed("the process of a policy whose device is lost must end with status 1")
    stage.at_rest()
    return stage.seconds(latched, began_ns)


def _not_configured(words: str) -> Callable[[Stage], float]:
    """The reason is said, the process ends with status 1, nothing was ever published."""

    def act(stage: Stage) -> float:
        began_s = time.monotonic()
        if stage.ended(POLICY, _LOADING_S) != 1:
            raise CaseFailed("a policy that cannot be configured must end with status 1")
        seconds = time.monotonic() - began_s
        if words not in stage.cast.output_of(POLICY):
            raise CaseFailed(f"it does not say {words!r}")
        if stage.ear.of(topics.ACTION_CHUNK):
            raise CaseFailed("a chunk was published")
        return seconds

    return act


CASES = (
    *(
        Case(
            f"policy_output_{fault}",
            _OUTPUT,
            "chunk never published; LATCHED from the second in a row on",
            _TWO_INFERENCES_S,
            _fails_twice(fault, "not finite"),
            needs="scripted",
        )
        for fault in ("not_a_number", "infinite")
    ),
    Case(
        "policy_output_not_a_number_once",
        _OUTPUT,
        "chunk never published, motion goes on with the next one",
        _TWO_INFERENCES_S,
        _fails_once,
        needs="scripted",
    ),
    Case(
        "policy_output_wrong_shape",
        "chunk of another shape",
        "chunk never published; LATCHED from the second in a row on",
        _TWO_INFERENCES_S,
        _fails_twice("wrong_shape", "shape"),
        needs="scripted",
    ),
    Case(
        "policy_failing",
        "inference fails",
        "LATCHED from the second in a row on",
        _TWO_INFERENCES_S,
        _fails_twice("failing", "it fails on purpose"),
        needs="scripted",
    ),
    Case(
        "policy_output_absurd",
        "chunk outside limits",
        "rejected by the controller and counted, HOLD when the last good one has ended",
        _TWO_INFERENCES_S,
        _rejected("absurd", "position"),
        needs="scripted",
    ),
    Case(
        "policy_output_far_from_the_arm",
        "chunk far from the plan",
        "rejected by the controller and counted, HOLD when the last good one has ended",
        _TWO_INFERENCES_S,
        _rejected("far", "start distance"),
        needs="scripted",
    ),
    Case(
        "inference_slow",
        _LATE,
        "the buffer is played, motion goes on",
        _BUFFER_S,
        _late("slow", _SLOW_S),
        needs="scripted",
    ),
    Case(
        "inference_spikes",
        _LATE,
        "the buffer is played, motion goes on",
        2 * _BUFFER_S,
        _late("spikes", _SPIKE_S),
        needs="scripted",
    ),
    Case(
        "inference_hung",
        _LATE,
        "the buffer is played, then HOLD; the process ends with status 1",
        _BUFFER_S,
        _hung,
        Setting({POLICY: {"inference_timeout": _TIMEOUT_S}}),
        needs="scripted",
        spends=True,
    ),
    Case(
        "device_lost",
        "CUDA out of memory, device lost",
        "LATCHED, the process ends with status 1",
        _BUFFER_S,
        _lost,
        needs="scripted",
        spends=True,
    ),
    *(
        Case(
            f"model_{damage}",
            _MODEL,
            "no configuration, the reason said, status 1, nothing published",
            _LOADING_S,
            _not_configured(words),
            Setting(checkpoint=damage, starts_running=False),
            needs="scripted",
            spends=True,
        )
        for damage, words in (
            ("missing", "no such folder"),
            ("wrong_hash", "SHA-256"),
            ("missing_weights", "missing"),
        )
    ),
)
