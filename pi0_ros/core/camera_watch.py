"""Whether pictures may be believed: those of a frozen camera, and those that come after a gap."""

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.images import RgbImage

# A camera that failed must show so many good pictures in a row before it counts again.
FRESH_PICTURES = 5
# Less is encoder noise, not travel.
_STEP_RAD = 0.02
# Travel slower than a step in this time counts as this much motion only.
_SLOWEST_STEP_NS = 100_000_000
# An arm without a step for so long is at rest, and a still picture is what a good camera shows.
_REST_NS = 1_000_000_000


class MotionClock:
    """Runs while the arm moves, by the stamps of its joint states."""

    def __init__(self) -> None:
        self.moved_ns = 0
        self._anchor: tuple[int, FloatArray] | None = None

    def forget(self) -> None:
        """As before the first joint state, but what moved has moved."""
        self._anchor = None

    def take(self, stamp_ns: int, positions: FloatArray) -> None:
        """Takes note of a joint state, shape (joints,)."""
        if self._anchor is None:
            self._anchor = stamp_ns, positions
            return
        since_ns, before = self._anchor
        if float(np.max(np.abs(positions - before))) >= _STEP_RAD:
            self.moved_ns += min(stamp_ns - since_ns, _SLOWEST_STEP_NS)
            self._anchor = stamp_ns, positions

    def at_rest(self, stamp_ns: int) -> bool:
        """Whether the arm has not moved for a second."""
        return self._anchor is None or stamp_ns - self._anchor[0] >= _REST_NS


class CameraWatch:
    """Judges one camera.

    Args:
        frozen_after_s: identical pictures are a fault once the arm moved for so long; 0 for never.
    """

    def __init__(self, frozen_after_s: float) -> None:
        self._frozen_after_ns = round(frozen_after_s * 1e9)
        self._newest: RgbImage | None = None
        self._same_since_ns = 0
        self.frozen = False
        self.missing_pictures = 0

    def forget(self) -> None:
        """As before the first picture."""
        self._newest, self.frozen, self.missing_pictures = None, False, 0

    def lost(self) -> None:
        """The camera is stale, or sent what cannot be used after it was stale."""
        self.missing_pictures = FRESH_PICTURES

    def refused(self) -> None:
        """A picture that cannot be used begins the count of good ones anew."""
        if self.missing_pictures:
            self.lost()

    def take(self, stamp_ns: int, pixels: RgbImage, motion: MotionClock) -> None:
        """Takes note of a good picture, which is kept until the next one."""
        self.missing_pictures = max(0, self.missing_pictures - 1)
        before, self._newest = self._newest, pixels
        if before is None or motion.at_rest(stamp_ns) or not same(before, pixels):
            self._same_since_ns, self.frozen = motion.moved_ns, False
        elif 0 < self._frozen_after_ns <= motion.moved_ns - self._same_since_ns:
            self.frozen = True


def same(one: RgbImage, other: RgbImage) -> bool:
    """Whether two pictures are equal byte for byte; the noise of a real camera shows at once."""
    if one.shape != other.shape:
        return False
    middle = len(one) // 2
    return np.array_equal(one[middle], other[middle]) and np.array_equal(one, other)
