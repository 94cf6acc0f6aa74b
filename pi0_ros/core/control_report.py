"""Gathers what the parts of the control loop know into one report."""

from dataclasses import replace

from pi0_ros.core.chunk_player import ChunkPlayer
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import ControlReport, ControlState
from pi0_ros.core.planner import Planner


def control_report(
    state: ControlState, reason: str, config: ControlConfig, planner: Planner, player: ChunkPlayer
) -> ControlReport:
    """What happened; takes out the entries since the report before: timing, splices."""
    record, limits = planner.record, planner.limits
    tick_periods_s, action_ages_s = record.take_timing()
    playback, scale = player.playback, player.scale_at(planner.promised_ns)
    if scale < 1.0:
        limits = replace(limits, velocity=scale * limits.velocity)
    return ControlReport(
        state=state,
        reason=reason,
        limits=limits,
        position=planner.commanded_position,
        velocity=record.velocity,
        acceleration=record.acceleration,
        peak_velocity=record.peak_velocity,
        peak_acceleration=record.peak_acceleration,
        slow_down=1.0 if playback is None else playback.slow_down / scale,
        speed_scale=scale,
        dry_run=config.dry_run,
        displacement=record.displacement,
        limited_ticks=tuple(record.limited_ticks.tolist()),
        chunks_accepted=player.accepted,
        rejected=dict(player.rejected),
        chunk_sequence=0 if playback is None else playback.chunk.sequence,
        epoch=0 if playback is None else playback.chunk.epoch,
        splice_error=player.splices.newest,
        splice_error_peak=player.splices.peak,
        splice_errors=player.splices.take(),
        divergence=player.shadow.figures(),
        tick_periods_s=tick_periods_s,
        action_ages_s=action_ages_s,
    )
