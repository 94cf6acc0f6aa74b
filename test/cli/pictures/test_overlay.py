"""Cameras side by side: their places, the chunk over them, lines that fit."""

import numpy as np
import pytest

from pi0_ros.cli.pictures.overlay import camera_grid, dimmed, side_by_side, with_lines
from pi0_ros.sim.demo_arm import HOME

CHUNK = np.linspace(HOME, HOME + 0.3, 10)


def grey(brightness: int, shape: tuple[int, int] = (480, 640)) -> np.ndarray:
    return np.full((*shape, 3), brightness, dtype=np.uint8)


def test_four_cameras_make_two_rows_in_their_order() -> None:
    grid = camera_grid({str(i): grey(50 * i) for i in range(1, 5)}, None, 240)
    assert grid.shape == (480, 960, 3)
    assert [grid[5, 5, 0], grid[5, 400, 0], grid[5, 800, 0], grid[300, 5, 0]] == [50, 100, 150, 200]


@pytest.mark.parametrize("shape", [(480, 640), (721, 1281), (31, 17)])
def test_pictures_of_any_shape_keep_it_and_are_even(shape: tuple[int, int]) -> None:
    picture = with_lines(camera_grid({"a": grey(9, shape)}, None, 360), ("x",))
    height, width = picture.shape[0] - 56, picture.shape[1]
    assert (height % 2, width % 2) == (0, 0)
    assert height <= min(360, shape[0])
    assert width / height == pytest.approx(shape[1] / shape[0], rel=0.1)


def test_the_chunk_is_drawn_over_the_demo_scenes_cameras_only() -> None:
    images = {"main": grey(0), "elsewhere": grey(0)}
    grid = camera_grid(images, CHUNK, 480)
    assert grid[:, :640].any()
    assert not grid[:, 640:].any()
    assert not images["main"].any()


def test_lines_that_are_too_long_are_cut_and_the_bar_can_be_red() -> None:
    plain, long = (side_by_side({"a": grey(0)}, None, (line,)) for line in ("x", "word " * 200))
    assert plain.shape == long.shape
    # A margin stays free at the right.
    assert (long[-56:, -10:] == plain[-56:, -10:]).all()
    red = with_lines(grey(0), ("x",), alarm=True)[-1, 0]
    assert red[0] > 150
    assert max(red[1:]) < 50


def test_what_is_not_live_is_grey_and_dark() -> None:
    colourful = np.zeros((4, 4, 3), dtype=np.uint8)
    colourful[..., 0] = 240
    dark = dimmed(colourful)
    assert dark.max() < 60
    assert (dark[..., 0] == dark[..., 2]).all()
