"""What the arm's controller says of itself is compared with what it is said to be."""

import pytest

from pi0_ros.core.arm_controller import expected_settings, wrong_setting

JTC = "/left/joint_trajectory_controller"


@pytest.mark.parametrize("claimed", [True, False])
def test_the_claim_is_expected_and_nothing_is_replaced(claimed):
    assert expected_settings(claimed) == {
        "interpolate_from_desired_state": claimed,
        "allow_trajectory_replacement": False,
    }


@pytest.mark.parametrize("value", [True, False])
def test_a_setting_as_expected_is_no_problem(value):
    for name in expected_settings(value):
        assert wrong_setting(JTC, name, value, value) == ""


def test_a_wrong_claim_names_both_parameters_and_both_values():
    assert wrong_setting(JTC, "interpolate_from_desired_state", False, True) == (
        f"{JTC}: its parameter interpolate_from_desired_state is false, and pi0_controller's "
        "parameter interpolate_from_desired_state says true: change one of them"
    )
    assert "is true, and pi0_controller's parameter interpolate_from_desired_state says false" in (
        wrong_setting(JTC, "interpolate_from_desired_state", True, False)
    )


def test_replacement_is_told_with_what_it_would_do():
    assert wrong_setting(JTC, "allow_trajectory_replacement", True, False) == (
        f"{JTC}: its parameter allow_trajectory_replacement is true, expected false: "
        "it would delay every trajectory"
    )
