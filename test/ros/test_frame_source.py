"""When there is a frame, and which check says why there is none."""

import array
from typing import Any

import numpy as np
import pytest
from std_msgs.msg import Float64MultiArray

from pi0_ros.core.errors import InputRefused, ObservationNotReady
from pi0_ros.ros import topics
from pi0_ros.ros.frame_source import FrameSource
from pi0_ros.ros.recording import problem_kind

from .recording_stage import CAMERAS, JOINTS, pixels_of, settings, state_of, trajectory

BEGIN_NS = 1_000_000_000_000
MOMENT_NS = 20_000_000


class Hands:
    """Moments 20 ms apart; nothing comes late."""

    def __init__(self, **changes: Any) -> None:
        self.source = FrameSource(settings(**changes))
        self.source.builder.set_instruction("go", BEGIN_NS)
        self.now_ns = BEGIN_NS

    def moment(self, number: int, cameras: tuple[str, ...] = CAMERAS) -> None:
        self.now_ns = BEGIN_NS + number * MOMENT_NS
        for camera in cameras:
            self.source.builder.add_image(
                camera, self.now_ns, pixels_of(number), self.now_ns, self.now_ns
            )
        self.source.builder.add_joint_state(
            self.now_ns, JOINTS, state_of(number), self.now_ns, self.now_ns
        )

    def command(self) -> None:
        self.source.take_command(trajectory(self.now_ns), self.now_ns)

    def frame(self) -> Any:
        return self.source.frame(self.now_ns, self.now_ns)

    def refusal(self) -> str:
        with pytest.raises(InputRefused) as refused:
            self.frame()
        return refused.value.kind


def test_a_frame_is_made_of_new_pictures_of_all_cameras() -> None:
    hands = Hands()
    hands.command()
    hands.moment(1)
    assert hands.frame()[0].stamp_ns == BEGIN_NS + MOMENT_NS
    assert hands.refusal() == "no new picture"
    # One camera alone leaves the capture time where it was.
    hands.moment(2, ("main",))
    assert hands.refusal() == "no new picture"
    hands.moment(3)
    assert hands.frame()[0].stamp_ns == BEGIN_NS + 3 * MOMENT_NS


def test_a_refused_frame_is_new_when_it_is_asked_for_again() -> None:
    hands = Hands()
    hands.moment(1)
    assert hands.refusal() == "no command"
    # It came late here, and was in force before these pictures.
    hands.source.take_command(trajectory(BEGIN_NS), hands.now_ns + 1)
    assert hands.frame()[0].stamp_ns == BEGIN_NS + MOMENT_NS


def test_before_a_command_there_is_no_frame() -> None:
    hands = Hands()
    hands.moment(1)
    assert hands.refusal() == "no command"
    # It came after these pictures.
    hands.now_ns += 1
    hands.command()
    assert hands.refusal() == "no command"
    hands.moment(2)
    hands.frame()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_arm_farther_from_its_command_than_the_tolerance_was_moved_otherwise(
    sign: float,
) -> None:
    hands = Hands(command_interface="forward_position", tracking_tolerance_rad=0.1)
    assert hands.source.command_topic is topics.POSITION_COMMANDS

    def told(offset: float) -> None:
        # The last joint alone is away.
        target = state_of(1) + np.array([0.0, sign * offset])
        message = Float64MultiArray(data=array.array("d", target.tolist()))
        hands.source.take_command(message, hands.now_ns)

    told(0.11)
    hands.moment(1)
    assert hands.refusal() == "not commanded"
    hands.now_ns = BEGIN_NS
    told(0.09)
    hands.moment(1 + 1)
    hands.frame()


def test_a_stale_stream_is_named() -> None:
    hands = Hands()
    hands.command()
    hands.moment(1)
    hands.now_ns += 6_000_000_000
    with pytest.raises(ObservationNotReady, match="camera/main: stale"):
        hands.frame()


def test_ages_and_counts_do_not_make_a_problem_another_one() -> None:
    assert problem_kind("camera/main: stale, 0.52 s old (at most 0.5 s)") == "camera/main: stale"
    more = "camera/main: {} more good pictures wanted after a gap"
    assert problem_kind(more.format(4)) == problem_kind(more.format(3)) == more.replace("{} ", "")
