"""When the rows of a chunk are due, from how long chunks were seen to take."""

from dataclasses import dataclass

import numpy as np

from pi0_ros.core.chunk_supply import ChunkSupply
from pi0_ros.core.chunk_time import ChunkTime
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.play_clock import PlayClock
from pi0_ros.policy.chunk_delay import ChunkDelay

# The controller counts a chunk as run out a tick before it is, and pictures jitter.
_SPARE_NS = 40_000_000
_LONG_AGO_NS = -(2**62)


@dataclass(frozen=True, slots=True)
class TimingConfig:
    """
    Attributes:
        step_ns: time between two rows as the policy was trained.
        margin_ns: from a chunk's publishing until it decides the motion: transport, and what the
            controller has promised to the arm by then.
        stretch: chunks that are long in coming are to be played slowly enough to last until the
            next one; otherwise the arm stops between them.

    Raises:
        ConfigurationError: a value cannot work; the message names the parameter.
    """

    step_ns: int
    margin_ns: int = 50_000_000
    stretch: bool = True

    def __post_init__(self) -> None:
        if self.step_ns <= 0:
            raise ConfigurationError(f"action_rate: a step must be above 0, got {self.step_ns} ns")
        if not 0 <= self.margin_ns <= 10_000_000_000:
            raise ConfigurationError(
                f"takeover_margin: expected 0 to 10 s, got {self.margin_ns / 1e9:g}"
            )


class ChunkTimer:
    """Counts the rows that the arm plays as the controller does, from what is published alone.

    Where the arm is slower than that (a speed scale, limits, a hold of the controller's own), it
    counts too many.

    Attributes:
        stretch: of the newest chunk, what its step is longer than the policy's, >= 1.
    """

    def __init__(self, config: TimingConfig, horizon: int) -> None:
        """
        Args:
            horizon: rows of a chunk.
        """
        self._config = config
        self._horizon = horizon
        self._delay = ChunkDelay()
        self._supply = ChunkSupply()
        self._clock = PlayClock()
        self._epoch: int | None = None
        self._newest_ns = _LONG_AGO_NS
        self.stretch = 1.0

    def observed(self, stamp_ns: int) -> ChunkTime:
        """For the chunk of an observation captured at `stamp_ns`; before the one before it only
        where the clock was set back, and nothing counted is true any more.
        """
        if stamp_ns < self._newest_ns:
            self.forget()
        self._newest_ns = stamp_ns
        captured = float(self._clock.rows_at(np.array([stamp_ns], dtype=np.int64))[0])
        delay_ns = self._delay.expected_ns
        if delay_ns is None or self._clock.stands:
            return ChunkTime(captured, None)
        takeover_ns = stamp_ns + delay_ns + self._config.margin_ns
        return ChunkTime(captured, self._clock.between(stamp_ns, takeover_ns))

    def published(self, epoch: int, stamp_ns: int, now_ns: int) -> int:
        """The chunk of an observation captured at `stamp_ns` is there; the step of its rows, in ns.

        Args:
            now_ns: ROS time, as `stamp_ns`.
        """
        takeover_ns, step_ns = now_ns + self._config.margin_ns, self._config.step_ns
        length_ns = (self._horizon - 1) * step_ns
        if takeover_ns - stamp_ns >= length_ns:
            return self._refused(takeover_ns)
        self._delay.measured(epoch, now_ns - stamp_ns)
        # The first of an epoch may be slow for reasons of its own.
        self._supply.came(takeover_ns, counts=epoch == self._epoch)
        self._epoch = epoch
        delay_ns = self._delay.expected_ns
        if self._config.stretch and delay_ns is not None:
            left = self._horizon - 1 - self._clock.between(stamp_ns, takeover_ns)
            self.stretch = 1.0 / self._supply.lasting_rate(
                length_ns=length_ns,
                left_ns=left * step_ns,
                delay_ns=delay_ns + self._config.margin_ns,
                rate=None if self._clock.stands else 1.0 / self.stretch,
                spare_ns=_SPARE_NS,
            )
        stretched_ns = round(self.stretch * step_ns)
        self._clock.play(takeover_ns, 1e9 / stretched_ns)
        return stretched_ns

    def _refused(self, takeover_ns: int) -> int:
        """Older than it is long: not to be played slowly, but refused, and no measure of others."""
        self._supply.came(takeover_ns, counts=False)
        self._clock.stand(takeover_ns)
        self.stretch = 1.0
        return self._config.step_ns

    def interrupted(self, now_ns: int) -> None:
        """Nothing can be observed, and the controller holds the arm."""
        self._clock.stand(now_ns)
        self._supply.stopped()

    def forget(self) -> None:
        """The clock was set, or the arm is taken over anew: only the delays are still known."""
        self._clock.forget()
        self._supply.stopped()
        self._newest_ns = _LONG_AGO_NS
        self.stretch = 1.0
