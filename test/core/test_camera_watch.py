"""Pictures are the same only byte for byte."""

import numpy as np

from pi0_ros.core.camera_watch import same

PICTURE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def test_equal_bytes_are_the_same_picture() -> None:
    assert same(PICTURE, PICTURE.copy())


def test_one_byte_makes_another_picture_wherever_it_is() -> None:
    for place in ((0, 0, 0), (2, 3, 1), (3, 5, 2)):
        other = PICTURE.copy()
        other[place] += 1
        assert not same(PICTURE, other)


def test_another_size_is_another_picture() -> None:
    assert not same(PICTURE, PICTURE[:3])
    assert not same(PICTURE, PICTURE[:, :5])
