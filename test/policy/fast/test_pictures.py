"""Pictures are shrunk as LeRobot shrinks them, on the host and on the device alike."""

import tracemalloc

import numpy as np
import pytest
import torch
from lerobot.policies.common.vla_utils import resize_with_pad_torch
from torch import Tensor

from pi0_ros.policy.fast.pictures import Letterbox

CPU = torch.device("cpu")


def shrunk(pictures: list[np.ndarray], side: int, upload: bool) -> Tensor:
    letterbox = Letterbox(len(pictures), pictures[0].shape[:2], side, CPU, upload)
    # The second call must leave nothing of the first.
    for batch in (pictures[::-1], pictures):
        letterbox.load(batch)
        squares = letterbox.shrink()
    return squares


@pytest.mark.parametrize("upload", [False, True])
@pytest.mark.parametrize(
    "size", [(480, 640), (640, 480), (56, 56), (55, 57), (30, 56), (9, 100), (1, 1), (112, 112)]
)
def test_equals_lerobots_own(size: tuple[int, int], upload: bool) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(2)]
    values = torch.stack([torch.from_numpy(picture) for picture in pictures]).float() / 255
    expected = resize_with_pad_torch(values, 56, 56) * 2.0 - 1.0
    torch.testing.assert_close(shrunk(pictures, 56, upload), expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("upload", [False, True])
def test_pictures_may_be_read_only_or_part_of_larger_ones(upload: bool) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8)
    part = whole[:, 10:70]
    assert not part.flags.c_contiguous
    alone = part.copy()
    alone.setflags(write=False)
    torch.testing.assert_close(shrunk([part], 28, upload), shrunk([alone], 28, upload))


@pytest.mark.parametrize(("padding", "copies"), [(0, 0), (64, 1)])
def test_a_picture_is_copied_only_where_its_rows_are_padded(padding: int, copies: int) -> None:
    height, row_bytes = 480, 640 * 3
    rows = np.zeros((height, row_bytes + padding), dtype=np.uint8)
    picture = rows[:, :row_bytes].reshape(height, 640, 3)
    assert np.shares_memory(picture, rows)
    letterbox = Letterbox(1, (height, 640), 56, CPU)
    letterbox.load([picture])
    tracemalloc.start()
    try:
        letterbox.load([picture])
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert round(most_bytes / picture.nbytes, 1) == copies
