"""An impossible configuration is refused and the parameter named."""

import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.errors import ConfigurationError

NAN = float("nan")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"control_rate_hz": 0.0}, "control_rate"),
        ({"control_rate_hz": -50.0}, "control_rate"),
        ({"control_rate_hz": 1001.0}, "control_rate"),
        ({"control_rate_hz": NAN}, "control_rate"),
        ({"command_interface": "velocity"}, "command_interface"),
        ({"lead_ticks": 0}, "lead_ticks"),
        ({"lead_ticks": 51}, "lead_ticks"),
        ({"lookahead_ticks": 0}, "lookahead_ticks"),
        ({"lookahead_ticks": 51}, "lookahead_ticks"),
        ({"joint_max_age_s": 0.0}, "joint_max_age_s"),
        ({"tracking_tolerance_rad": -0.1}, "tracking_tolerance_rad"),
        ({"max_start_distance_rad": float("inf")}, "max_start_distance_rad"),
        ({"rest_speed_rad_s": NAN}, "rest_speed_rad_s"),
        ({"blend_s": -0.1}, "blend"),
        ({"blend_s": 10.1}, "blend"),
        ({"path_tolerance_rad": -0.001}, "path_tolerance"),
        ({"path_tolerance_rad": 0.2}, "path_tolerance"),
        ({"speed_scale": 0.0}, "speed_scale"),
        ({"speed_scale": 1.1}, "speed_scale"),
        ({"speed_scale": NAN}, "speed_scale"),
        ({"divergence_after_s": 0.0}, "divergence_after"),
        ({"divergence_after_s": 10.1}, "divergence_after"),
        ({"divergence_after_s": NAN}, "divergence_after"),
    ],
)
def test_an_impossible_parameter_is_named(changes, named):
    with pytest.raises(ConfigurationError, match=named):
        ControlConfig(**changes)


def test_a_tick_is_a_whole_number_of_nanoseconds():
    config = ControlConfig(control_rate_hz=30.0)
    assert config.tick_ns == 33_333_333
    assert config.tick_s == 0.033333333


def test_nothing_is_promised_ahead_to_a_forward_position_controller():
    assert ControlConfig(lead_ticks=3).promised_ticks == 3
    assert ControlConfig(lead_ticks=3, command_interface="forward_position").promised_ticks == 0
