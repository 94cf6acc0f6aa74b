"""Which row of a chunk is due when it takes over: how far the arm came since its capture."""

import numpy as np
import pytest

from pi0_ros.core.admission import ArmNow
from pi0_ros.core.chunk_player import ChunkPlayer
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.limits import ArmLimits

from .arms import SIX_JOINTS, STEP_NS, chunk

ARM = ArmLimits(SIX_JOINTS[:1], [-1e6], [1e6], [1.0], [1e4])
BEGIN_NS = 5_000_000_000


class Player:
    """A player and its chunks, numbered; times in rows since the first chunk took over."""

    def __init__(self, **config: object) -> None:
        self.player = ChunkPlayer(ARM, ControlConfig(**config))  # type: ignore[arg-type]
        self.sequence = 0

    def take(self, captured: float, splice: float, speed: float = 0.5) -> float:
        """A straight line at `speed` of the limit; returns the row that is due at the splice."""
        self.sequence += 1
        rows = np.arange(60)[:, np.newaxis] * speed * STEP_NS / 1e9
        stamp_ns, splice_ns = at(captured), at(splice)
        made = chunk(rows, stamp_ns=stamp_ns, sequence=self.sequence)
        self.player.take(made, splice_ns, ArmNow(np.zeros(1), splice_ns, 0))
        return self.row(splice)

    def row(self, time: float) -> float:
        assert self.player.playback is not None
        return float(self.player.playback.row_at(np.array([at(time)]))[0])


def at(row: float) -> int:
    return BEGIN_NS + round(row * STEP_NS)


def test_before_the_first_chunk_nothing_is_past():
    player = Player()
    assert player.take(-20.0, 0.0) == 0.0
    assert player.row(7.0) == pytest.approx(7.0)


def test_in_motion_what_the_arm_played_since_the_capture_is_past():
    player = Player()
    player.take(-20.0, 0.0)
    assert player.take(-3.0, 4.0) == pytest.approx(4.0)
    assert player.take(2.0, 6.0) == pytest.approx(4.0)


def test_of_a_chunk_that_is_slowed_down_fewer_rows_are_past():
    player = Player()
    player.take(0.0, 0.0, speed=2.0)
    assert player.take(2.0, 8.0) == pytest.approx(3.0)
    # From there on at its own speed.
    assert player.row(10.0) == pytest.approx(5.0)


def test_at_a_scaled_speed_fewer_rows_are_past_and_a_change_is_in_force_at_once():
    player = Player(speed_scale=0.5)
    player.take(0.0, 0.0)
    player.player.change_speed(0.25, at(4.0))
    # A quarter of the speed less takes a quarter of a second.
    changing = 0.25e9 / STEP_NS
    played = 2.0 + 0.375 * changing + 0.25 * (16.0 - changing)
    assert player.row(20.0) == pytest.approx(played)


@pytest.mark.parametrize("told", [True, False])
def test_an_arm_that_holds_comes_no_further(told):
    """Told in a tick; one that was dropped and taken up between two ticks stood for no time."""
    player = Player()
    player.take(0.0, 0.0)
    player.player.drop()
    if told:
        player.player.stand_if_idle(at(4.0))
    assert player.take(1.0, 30.0) == pytest.approx(3.0 if told else 29.0)


def test_after_the_clock_was_set_back_a_chunk_is_played():
    player = Player()
    player.take(0.0, 0.0)
    player.player.drop()
    player.player.forget_stamps()
    assert player.take(-90.0, -80.0) == 0.0
    assert player.row(-70.0) == pytest.approx(10.0)
