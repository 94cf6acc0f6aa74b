"""Pictures have the promised form, show the arm move and the blocks where they are."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import HOME, forward, pointing_down
from pi0_ros.sim.expert import expert_over
from pi0_ros.sim.renderer import SceneRenderer
from pi0_ros.sim.scene import BLOCKS, CAMERAS

CAMERA_NAMES = ("main", "side", "top")


@pytest.fixture(scope="module")
def renderer() -> SceneRenderer:
    return SceneRenderer()


def _at(picture: NDArray[np.uint8], camera: str, point: object) -> NDArray[np.int64]:
    """The mean colour of the 3x3 pixels around a projected point."""
    pixel, _ = CAMERAS[camera].project(point)
    column, row = (round(value) for value in pixel.tolist())
    colour: NDArray[np.int64] = picture[row - 1 : row + 2, column - 1 : column + 2].mean((0, 1))
    return colour.astype(int)


def test_three_rgb_pictures_of_the_cameras_size(renderer: SceneRenderer) -> None:
    pictures = renderer.render(HOME)
    assert tuple(pictures) == renderer.cameras == CAMERA_NAMES
    for picture in pictures.values():
        assert picture.shape == (480, 640, 3)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous


@pytest.mark.parametrize("camera", CAMERA_NAMES)
def test_each_block_shows_its_colour_where_it_is_projected(
    renderer: SceneRenderer, camera: str
) -> None:
    picture = renderer.render_view(camera, HOME)
    for name, strong, weak in (("red", 0, 2), ("blue", 2, 0)):
        block = BLOCKS[name]
        colour = _at(picture, camera, [*block.centre, block.edge_m])
        assert colour[strong] > 180, (name, colour)
        assert colour[strong] > 2 * colour[weak], (name, colour)
        assert colour[strong] > 1.5 * colour[1], (name, colour)


@pytest.mark.parametrize("camera", CAMERA_NAMES)
@pytest.mark.parametrize("joint", range(6))
def test_every_joint_moves_pixels_in_every_view(
    renderer: SceneRenderer, camera: str, joint: int
) -> None:
    start = expert_over("red").cycle(1.0)
    moved = start.copy()
    moved[joint] += 0.15
    before = renderer.render_view(camera, start).astype(int)
    after = renderer.render_view(camera, moved).astype(int)
    assert np.count_nonzero(np.abs(after - before).max(axis=2) > 20) > 15


@pytest.mark.parametrize("camera", ["main", "side"])
def test_the_tip_is_drawn_where_the_kinematics_put_it(renderer: SceneRenderer, camera: str) -> None:
    pose = expert_over("blue").cycle(2.0)
    colour = _at(renderer.render_view(camera, pose), camera, forward(pose).tip)
    # Tip and fingers are the only things in amber and teal; the table is grey.
    assert np.ptp(colour) > 45
    assert colour[2] < colour[1]


def test_a_block_hides_what_is_behind_it_and_not_what_is_before_it(
    renderer: SceneRenderer,
) -> None:
    camera, block = CAMERAS["main"], BLOCKS["red"]
    behind, before = ((0.255, 0.215, 0.02), (0.375, 0.19, 0.035))
    outline = cv2.convexHull(camera.project(block.corners)[0].astype(np.float32))
    for tip in (behind, before):
        pixel = tuple(camera.project(tip)[0].tolist())
        assert cv2.pointPolygonTest(outline, pixel, measureDist=True) > 3.0
    without = renderer.render_view("main", HOME)
    hidden = renderer.render_view("main", pointing_down(behind))
    np.testing.assert_array_equal(_at(hidden, "main", behind), _at(without, "main", behind))
    shown = renderer.render_view("main", pointing_down(before))
    assert np.abs(_at(shown, "main", before) - _at(without, "main", before)).max() > 50


def test_drawing_twice_is_the_same_and_keeps_nothing(renderer: SceneRenderer) -> None:
    first = renderer.render(HOME)
    kept = {name: picture.copy() for name, picture in first.items()}
    second = renderer.render(expert_over("red").hover)
    third = renderer.render(HOME)
    for name, picture in first.items():
        assert not np.shares_memory(picture, second[name])
        np.testing.assert_array_equal(picture, kept[name])
        np.testing.assert_array_equal(picture, third[name])


def test_draws_into_the_callers_buffer(renderer: SceneRenderer) -> None:
    data = bytearray(480 * 640 * 3)
    buffer = np.frombuffer(data, dtype=np.uint8).reshape(480, 640, 3)
    assert renderer.render_view("side", HOME, out=buffer) is buffer
    assert bytes(data) == renderer.render_view("side", HOME).tobytes()


@pytest.mark.parametrize(
    "buffer",
    [
        np.zeros((640, 480, 3), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.zeros((480, 1280, 3), np.uint8)[:, ::2],
        np.frombuffer(bytes(480 * 640 * 3), np.uint8).reshape(480, 640, 3),
    ],
    ids=["shape", "dtype", "not contiguous", "read-only"],
)
def test_a_buffer_that_does_not_fit_is_refused(
    renderer: SceneRenderer, buffer: NDArray[np.uint8]
) -> None:
    with pytest.raises(ConfigurationError, match="`out`"):
        renderer.render_view("main", HOME, out=buffer)


def test_unknown_camera_and_bad_positions_are_refused(renderer: SceneRenderer) -> None:
    with pytest.raises(ConfigurationError, match="wrist"):
        renderer.render_view("wrist", HOME)
    with pytest.raises(ConfigurationError, match="finite"):
        renderer.render([0.0, 0.0, float("nan"), 0.0, 0.0, 0.0])
    with pytest.raises(ConfigurationError, match="6 finite"):
        renderer.render([0.0] * 5)


def test_arms_anywhere_in_joint_space_can_be_drawn(renderer: SceneRenderer) -> None:
    rng = np.random.default_rng(5)
    for pose in rng.uniform(-3.0, 3.0, (60, 6)):
        renderer.render(pose)
