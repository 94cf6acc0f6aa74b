"""The chunk in play: admitted, counted, spliced in, and played at a speed that may be scaled."""

from collections import Counter

import numpy as np

from pi0_ros.core.admission import Admission, ArmNow
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.play_clock import PlayClock
from pi0_ros.core.playback import Playback
from pi0_ros.core.shadow import Shadow
from pi0_ros.core.speed_scale import SpeedScale
from pi0_ros.core.splice_errors import SpliceErrors


class ChunkPlayer:
    """Follows the newest chunk that was admitted.

    Attributes:
        playback: None where no chunk is played.
        speed: what the operator allows.
        shadow: compares chunks with the arm in a dry run, where nothing else plays them.
        accepted: chunks spliced in since the counters were restarted.
        rejected: reason -> chunks since then.
        splices: distances between a chunk and the one of the same epoch that it replaced.
    """

    def __init__(self, limits: ArmLimits, config: ControlConfig) -> None:
        self._limits = limits
        self._config = config
        self._admission = Admission(limits, config.max_start_distance_rad)
        self._clock = PlayClock()
        self.playback: Playback | None = None
        self.speed = SpeedScale(config.speed_scale)
        self.shadow = Shadow(
            limits.joint_names, config.divergence_after_s, max_gap_s=config.joint_max_age_s
        )
        self.splices = SpliceErrors()
        self.restart_counters()

    def restart(self) -> None:
        """Counts anew, and takes chunks of any epoch."""
        self._admission.restart()
        self.restart_counters()

    def restart_counters(self) -> None:
        self.accepted = 0
        self.rejected: Counter[str] = Counter()
        self.splices.restart()
        self.shadow.restart()

    def refuse(self, refusal: InputRefused) -> None:
        """Counts a chunk that is not played."""
        self.rejected[refusal.kind] += 1

    def tighten(self, limits: ArmLimits) -> None:
        """Judges and plays the chunks to come by other limits of the same joints."""
        self._limits = limits
        self._admission.tighten(limits)

    def forget_stamps(self) -> None:
        self._admission.forget()
        self.shadow.forget()
        self._clock.forget()

    def drop(self) -> None:
        """Follows no chunk any more."""
        self.playback = None

    def stand_if_idle(self, time_ns: int, braking_s: float = 0.0) -> None:
        """Where no chunk is played, the arm brakes from `time_ns` on and comes no further."""
        if self.playback is None:
            self._clock.stand(time_ns, braking_s)

    def take(self, chunk: ActionChunk, now_ns: int, arm: ArmNow, afresh: bool = False) -> None:
        """Plays `chunk` from `arm.splice_ns` on.

        Args:
            afresh: motion begins at `arm.planned`, whatever was followed before.

        Raises:
            InputRefused: any kind of Admission.admit.
        """
        if self.playback is None:
            self.stand_if_idle(arm.splice_ns)
            self.speed.settle(arm.splice_ns)
        past = self._clock.between(chunk.stamp_ns, arm.splice_ns)
        admitted = self._admission.admit(chunk, now_ns, arm, past)
        # What the arm was following is left smoothly; an older instruction is no longer followed,
        # so motion then starts from the plan, as it does out of a hold.
        followed, before = arm.planned, None if afresh else self.playback
        replaces = before is not None and before.chunk.epoch == admitted.epoch
        if before is not None and replaces:
            followed = before.targets(np.array([arm.splice_ns], dtype=np.int64))[0]
        self.playback = Playback(
            self._limits,
            admitted,
            arm.splice_ns,
            followed,
            blend_ns=round(self._config.blend_s * 1e9),
            path_tolerance=self._config.path_tolerance_rad,
            clock=self._clock,
        )
        self._count_rows(self.playback, arm.splice_ns)
        if replaces and self.playback.jump is not None:
            self.splices.add(float(np.abs(self.playback.jump).max()))
        self.accepted += 1

    def change_speed(self, scale: float, time_ns: int) -> None:
        """Begins to approach a share of full speed at `time_ns`, which is not decided yet.

        Raises:
            ConfigurationError: `scale` is not above 0 and at most 1.
        """
        self.speed.change(scale, time_ns)
        if self.playback is not None:
            self._count_rows(self.playback, time_ns)

    def _count_rows(self, playback: Playback, time_ns: int) -> None:
        rows_per_s = 1e9 / playback.chunk.step_ns
        self._clock.play(time_ns, rows_per_s, self.speed.target, playback.slow_down)

    def age_s(self, now_ns: int) -> float | None:
        """Since the capture of what the chunk in play was computed from; None without one."""
        return None if self.playback is None else (now_ns - self.playback.chunk.stamp_ns) / 1e9

    def scale_at(self, time_ns: int) -> float:
        """The speed scale in force; without a chunk nothing has to change slowly."""
        if self.playback is None:
            return self.speed.target
        return float(self.speed.at(np.array([time_ns], dtype=np.int64))[0])
