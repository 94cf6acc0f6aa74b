"""SafetyReport from what the control loop tells."""

import array
from collections.abc import Mapping

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.control_state import ControlReport, ControlState
from pi0_ros.msg import SafetyReport
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.diagnostics import Level

LEVELS = {
    ControlState.INACTIVE: Level.WARN,
    ControlState.RUN: Level.OK,
    ControlState.HOLD: Level.WARN,
    ControlState.LATCHED: Level.ERROR,
}


def safety_message(report: ControlReport, sequence: int, now_ns: int) -> SafetyReport:
    message = SafetyReport(
        state=int(report.state),
        reason=report.reason,
        sequence=sequence,
        joint_names=list(report.limits.joint_names),
        position=_doubles(report.position),
        velocity=_doubles(report.velocity),
        acceleration=_doubles(report.acceleration),
        lower_limit=_doubles(report.limits.lower),
        upper_limit=_doubles(report.limits.upper),
        velocity_limit=_doubles(report.limits.velocity),
        acceleration_limit=_doubles(report.limits.acceleration),
        peak_velocity=_doubles(report.peak_velocity),
        peak_acceleration=_doubles(report.peak_acceleration),
        slow_down=report.slow_down,
        speed_scale=report.speed_scale,
        dry_run=report.dry_run,
        displacement=_doubles(report.displacement),
        limited_ticks=list(report.limited_ticks),
        chunks_accepted=report.chunks_accepted,
        rejected_reasons=list(report.rejected),
        rejected_counts=list(report.rejected.values()),
        chunk_sequence=report.chunk_sequence,
        epoch=report.epoch,
        splice_error=report.splice_error,
        splice_error_peak=report.splice_error_peak,
        splice_errors=array.array("d", report.splice_errors),
        divergence_after_s=report.divergence.after_s,
        divergence=_doubles(report.divergence.newest),
        divergence_rms=_doubles(report.divergence.rms),
        divergence_chunks=report.divergence.chunks,
        tick_periods_s=array.array("d", report.tick_periods_s),
        action_ages_s=array.array("d", report.action_ages_s),
    )
    message.header.stamp = time_message(now_ns)
    return message


def diagnostic_values(message: SafetyReport, not_compared: Mapping[str, int]) -> dict[str, object]:
    """The figures of a report by name.

    Args:
        not_compared: why chunks are not part of the divergence -> how many.
    """
    values: dict[str, object] = {
        "chunks accepted": message.chunks_accepted,
        "slow-down": f"{message.slow_down:.3f}",
        "speed scale": f"{message.speed_scale:.3f}",
        "dry run": message.dry_run,
        "splice error / peak": f"{message.splice_error:.4f} / {message.splice_error_peak:.4f}",
    }
    for kind, count in zip(message.rejected_reasons, message.rejected_counts, strict=True):
        values[f"chunks rejected: {kind}"] = count
    for name, now, rms in zip(
        message.joint_names if message.divergence else (),
        message.divergence,
        message.divergence_rms,
        strict=True,
    ):
        values[f"{name} divergence / rms"] = f"{now:.3f} / {rms:.3f}"
    if message.dry_run:
        values["divergence after"] = f"{message.divergence_after_s:.3f} s"
        values["divergence: chunks compared"] = message.divergence_chunks
        for kind, count in not_compared.items():
            values[f"divergence: chunks not compared: {kind}"] = count
    for name, peak, limit in zip(
        message.joint_names, message.peak_velocity, message.velocity_limit, strict=True
    ):
        values[f"{name} peak velocity / limit"] = f"{peak:.3f} / {limit:.3f}"
    return values


def _doubles(values: FloatArray) -> "array.array[float]":
    return array.array("d", values.tolist())
