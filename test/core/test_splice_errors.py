"""What is told of the splices, and which splices count."""

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.splice_errors import SpliceErrors

from .arms import STEP_NS
from .rig import Rig


def _moving(**config: object) -> Rig:
    rig = Rig(ControlConfig(**config))  # type: ignore[arg-type]
    rig.activate()
    rig.send(np.zeros((50, 6)))
    rig.run(5)
    return rig


def test_each_is_handed_out_once_and_the_peak_stays() -> None:
    errors = SpliceErrors()
    for error in (0.1, 0.3, 0.2):
        errors.add(error)
    assert (errors.newest, errors.peak) == (0.2, 0.3)
    assert errors.take() == (0.1, 0.3, 0.2)
    assert errors.take() == ()
    assert errors.peak == 0.3


@pytest.mark.parametrize("blend_s", [0.0, 0.2])
def test_it_is_the_distance_before_blending(blend_s: float) -> None:
    rig = _moving(blend_s=blend_s)
    rows = np.zeros((50, 6))
    rows[:, 2] = -0.05
    rig.send(rows)
    report = rig.loop.report()
    assert report.splice_error == pytest.approx(0.05)
    assert report.splice_error_peak == report.splice_error
    assert report.splice_errors == (report.splice_error,)
    assert rig.loop.report().splice_errors == ()


def test_a_chunk_that_goes_on_with_the_same_motion_has_none() -> None:
    rig = _moving()
    rows = np.linspace(0.0, 0.3, 100)[:, np.newaxis] * np.ones(6)
    first = rig.send(rows[:50])
    rig.run(10)
    rig.loop.report()
    rig.send(rows[6:56], stamp_ns=first.stamp_ns + 6 * STEP_NS)
    (error,) = rig.loop.report().splice_errors
    assert error < 1e-12


def test_what_replaces_no_chunk_of_the_same_epoch_counts_as_no_splice() -> None:
    rig = Rig()
    rig.activate()
    rig.send(np.full((50, 6), 0.1))
    assert rig.loop.report().splice_errors == ()
    rig.run(5)
    rig.send(np.full((50, 6), 0.2), epoch=2)
    assert rig.loop.report().splice_errors == ()


def test_a_new_activation_begins_anew() -> None:
    rig = _moving()
    rig.send(np.full((50, 6), 0.1))
    assert rig.loop.report().splice_error_peak > 0.0
    rig.loop.deactivate()
    rig.activate()
    report = rig.loop.report()
    assert report.splice_error == report.splice_error_peak == 0.0
