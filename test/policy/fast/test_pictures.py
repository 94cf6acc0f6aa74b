"""Pictures are shrunk as LeRobot shrinks them, on the host and on the device alike."""

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
