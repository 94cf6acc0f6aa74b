"""The JSON summary of a demo."""

import os
import platform
from collections.abc import Sequence
from typing import Any

from pi0_ros import __version__
from pi0_ros.cli.demo.record import DemoRecord, PolicyView
from pi0_ros.core.statistics import spread

# Of floats in the file: a microsecond in ms, a nanoradian per second.
_DIGITS = 9


def build_report(
    record: DemoRecord, seconds: float, status: int, problems: Sequence[str]
) -> dict[str, Any]:
    """What the steady part of the run was like.

    Args:
        seconds: of steady running.
        status: exit status of the demo.
        problems: why it is not 0, in words.
    """
    steady, policy = record.steady, record.policy
    inference = steady.inference_s if steady else []
    report: dict[str, Any] = {
        "mode": policy.mode if policy else "unknown",
        "dry_run": record.dry_run,
        "seconds": round(seconds, 3),
        "chunks": len(inference),
        "chunks_per_s": round(len(inference) / seconds, 3) if seconds > 0.0 else 0.0,
        "inference_ms": _spread_ms(inference),
        "tick_ms": _spread_ms(steady.tick_periods_s if steady else []),
        "action_age_ms": _spread_ms(steady.action_ages_s if steady else []),
        "splice_error_rad": _spread(steady.splice_errors if steady else []),
        "cameras": _cameras(record),
        "joints": _joints(record),
        "holds": [
            {"at_s": round(hold.at_s, 3), "reason": hold.reason}
            for hold in (steady.holds if steady else [])
        ],
        "exit": status,
        "problems": list(problems),
        "limits_broken": [str(violation) for violation in record.oracle.violations],
        "commands_judged": record.oracle.messages,
        "lost_reports": record.lost_reports,
        "lost_chunks": record.lost_chunks,
        "limiter": _limiter(record),
        "divergence": _divergence(record),
        "refused_inputs": dict(policy.refused) if policy else {},
        "policy_id": policy.policy_id if policy else "",
        "device": policy.device if policy else "",
        "instruction": policy.instruction if policy else "",
        "reach": _reach(record),
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "system": platform.platform(),
        },
        "versions": {
            "pi0_ros": __version__,
            "python": platform.python_version(),
            "ros": os.environ.get("ROS_DISTRO", ""),
            "rmw": os.environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp"),
        },
    }
    return report


def _spread_ms(samples_s: Sequence[float]) -> dict[str, float | None]:
    return _spread([1e3 * sample for sample in samples_s], digits=3)


def _spread(samples: Sequence[float], digits: int = _DIGITS) -> dict[str, float | None]:
    result = spread(samples)
    if result is None:
        return {"p50": None, "p99": None, "max": None}
    return {
        "p50": round(result.p50, digits),
        "p99": round(result.p99, digits),
        "max": round(result.max, digits),
    }


def _cameras(record: DemoRecord) -> dict[str, dict[str, int]]:
    if record.steady is None or record.policy is None:
        return {}
    first, last = _counts(record.steady.first_policy), _counts(record.policy)
    cameras = {}
    for name, (received, dropped) in last.items():
        before = first.get(name, (0, 0))
        if received < before[0]:
            # The policy was activated anew, which restarts its counters.
            before = (0, 0)
        cameras[name] = {"received": received - before[0], "dropped": dropped - before[1]}
    return cameras


def _counts(policy: PolicyView) -> dict[str, tuple[int, int]]:
    prefix = "camera/"
    return {
        stream.name.removeprefix(prefix): (stream.received, stream.dropped)
        for stream in policy.streams
        if stream.name.startswith(prefix)
    }


def _joints(record: DemoRecord) -> dict[str, dict[str, float]]:
    oracle = record.oracle
    columns = {
        "peak_velocity_command": oracle.peak_velocity,
        "peak_velocity_measured": record.peak_velocity_measured,
        "velocity_limit": oracle.limits.velocity,
        "peak_acceleration_command": oracle.peak_acceleration,
        "acceleration_limit": oracle.limits.acceleration,
    }
    return {
        name: {key: round(float(values[index]), _DIGITS) for key, values in columns.items()}
        for index, name in enumerate(oracle.limits.joint_names)
    }


def _limiter(record: DemoRecord) -> dict[str, Any]:
    if record.steady is None or record.safety is None:
        return {}
    first, last = record.steady.first_safety, record.safety
    return {
        "chunks_accepted": last.chunks_accepted - first.chunks_accepted,
        "chunks_rejected": dict(last.rejected),
        "limited_ticks": {
            name: after - before
            for name, before, after in zip(
                last.joint_names, first.limited_ticks, last.limited_ticks, strict=True
            )
        },
        "slow_down": round(last.slow_down, 3),
    }


def _divergence(record: DemoRecord) -> dict[str, Any]:
    """Since the controller's activation, in rad; empty outside a dry run."""
    if not record.dry_run or record.safety is None:
        return {}
    safety = record.safety
    # Before the first comparison there is no figure for any joint.
    names = safety.joint_names if safety.divergence_chunks else ()
    figures = zip(names, safety.divergence, safety.divergence_rms, strict=True)
    return {
        "after_s": safety.divergence_after_s,
        "chunks": safety.divergence_chunks,
        "joints": {
            name: {"newest": round(newest, _DIGITS), "rms": round(rms, _DIGITS)}
            for name, newest, rms in figures
        },
    }


def _reach(record: DemoRecord) -> dict[str, Any] | None:
    """What the simulated arm got to; None where no arm was simulated."""
    if record.reaching is None:
        return None
    tries = record.reaching.tries
    return {
        "scenes": len(tries),
        "reached": sum(each.reached for each in tries),
        "tries": [
            {"asked": each.asked, "touched": each.touched, "seconds": round(each.seconds, 3)}
            for each in tries
        ],
    }
