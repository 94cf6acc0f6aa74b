"""Figures for reports."""

import pytest

from pi0_ros.core.statistics import Spread, spread


def test_no_samples_no_figures():
    assert spread([]) is None


def test_one_sample_is_all_of_them():
    assert spread([2.5]) == Spread(2.5, 2.5, 2.5)


def test_figures_of_many_samples_in_any_order():
    figures = spread(float(number) for number in reversed(range(101)))
    assert figures.p50 == pytest.approx(50.0)
    assert figures.p99 == pytest.approx(99.0)
    assert figures.max == 100.0
