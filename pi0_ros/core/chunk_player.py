"""The chunk in play: admitted, counted, spliced in, and played at a speed that may be scaled."""

from collections import Counter

import numpy as np

from pi0_ros.core.admission import Admission, ArmNow
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.playback import Playback
from pi0_ros.core.shadow import Shadow
from pi0_ros.core.speed_scale import SpeedScale
from pi0_ros.core.splice_errors import SpliceErrors


class ChunkPlayer:
    """Follows the newest chunk that was admitted.

    Attributes:
        playback: None where no chunk is played.
        speed: of every chunk.
        shadow: compares chunks with the arm in a dry run, where nothing else plays them.
        accepted: chunks spliced in since the counters were restarted.
        rejected: reason -> chunks since then.
        splices: distances between a chunk and the one of the same epoch that it replaced.
    """

    def __init__(self, limits: ArmLimits, config: ControlConfig) -> None:
        self._limits = limits
        self._config = config
        self._admission = Admission(limits, config.max_start_distance_rad)
        self.playback: Playback | None = None
        self.speed = SpeedScale(config.speed_scale)
        self.shadow = Shadow(
            limits.joint_names, config.divergence_after_s, max_gap_s=config.joint_max_age_s
        )
        self.splices = SpliceErrors()
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

    def drop(self) -> None:
        """Follows no chunk any more."""
        self.playback = None

    def take(self, chunk: ActionChunk, now_ns: int, arm: ArmNow, afresh: bool = False) -> None:
        """Plays `chunk` from `arm.splice_ns` on.

        Args:
            afresh: motion begins at `arm.planned`, whatever was followed before.

        Raises:
            InputRefused: any kind of Admission.admit.
        """
        if self.playback is None:
            self.speed.settle(arm.splice_ns)
        admitted = self._admission.admit(chunk, now_ns, arm, self.scale_at(arm.splice_ns))
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
            speed=self.speed,
        )
        if replaces and self.playback.jump is not None:
            self.splices.add(float(np.abs(self.playback.jump).max()))
        self.accepted += 1

    def age_s(self, now_ns: int) -> float | None:
        """Since the capture of what the chunk in play was computed from; None without one."""
        return None if self.playback is None else (now_ns - self.playback.chunk.stamp_ns) / 1e9

    def scale_at(self, time_ns: int) -> float:
        """The speed scale in force; without a chunk nothing has to change slowly."""
        if self.playback is None:
            return self.speed.target
        return float(self.speed.at(np.array([time_ns], dtype=np.int64))[0])
