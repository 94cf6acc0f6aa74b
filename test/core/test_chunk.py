"""A chunk is a table of positions with as many columns as names."""

import numpy as np
import pytest

from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.errors import InputRefused

from .arms import SIX_JOINTS, STEP_NS, chunk


def test_a_chunk_knows_when_its_last_row_is_due():
    made = chunk(np.zeros((50, 6)), stamp_ns=100)
    assert (made.horizon, made.end_ns) == (50, 100 + 49 * STEP_NS)


@pytest.mark.parametrize("shape", [(0, 6), (5, 0), (6,), (2, 3, 1)])
def test_positions_of_another_shape_are_refused(shape):
    with pytest.raises(InputRefused, match="shape") as caught:
        ActionChunk(0, STEP_NS, SIX_JOINTS, np.zeros(shape), sequence=1, epoch=1)
    assert caught.value.kind == "shape"


def test_names_and_columns_must_agree():
    with pytest.raises(InputRefused, match="2 joint names for 6 columns") as caught:
        chunk(np.zeros((5, 6)), joint_names=("a", "b"))
    assert caught.value.kind == "shape"


@pytest.mark.parametrize("step_ns", [0, -1])
def test_a_step_must_take_time(step_ns):
    with pytest.raises(InputRefused, match="above 0") as caught:
        chunk(np.zeros((5, 6)), step_ns=step_ns)
    assert caught.value.kind == "step"


def test_a_chunk_keeps_a_copy_that_nobody_changes():
    rows = np.zeros((5, 6))
    made = chunk(rows)
    rows[0, 0] = 9.0
    assert made.positions[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        made.positions[0, 0] = 1.0
