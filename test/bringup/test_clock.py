"""Whose time the processes of a bring-up follow, by argument and by parameter file."""

from pathlib import Path

import pytest

from pi0_ros.bringup import DEMO, REAL, SIM, Bringup
from pi0_ros.bringup.clock import follows_clock
from pi0_ros.bringup.robot_file import find_robot_file
from pi0_ros.core.errors import ConfigurationError

EVERYBODYS_CLOCK = "/**/**: {ros__parameters: {use_sim_time: true}}"


def with_block(folder: Path, block: str) -> str:
    """The demo arm's file with another block at its end."""
    path = folder / "robot.yaml"
    path.write_text(f"{find_robot_file('demo_arm').read_text()}\n{block}\n")
    return str(path)


def test_the_clock_of_the_parameter_file_is_left_to_it(tmp_path: Path) -> None:
    file = with_block(tmp_path, EVERYBODYS_CLOCK)
    for bringup, more in ((DEMO, {}), (REAL, {"policy_path": "/checkpoints/mine"})):
        nodes = bringup.nodes({**more, "params_file": file})
        assert all("use_sim_time" not in node.parameters for node in nodes)
        assert all(follows_clock(node) for node in nodes)


def test_the_simulation_makes_the_time_that_the_parameter_file_has_the_others_follow(
    tmp_path: Path,
) -> None:
    file = with_block(tmp_path, EVERYBODYS_CLOCK)
    simulation, *others = SIM.nodes({"params_file": file, "real_time_factor": "2"})
    assert simulation.parameters["publish_clock"] is True
    assert not follows_clock(simulation)
    assert all(follows_clock(node) for node in others)


def test_a_clock_that_is_chosen_outranks_the_parameter_file(tmp_path: Path) -> None:
    file = with_block(tmp_path, EVERYBODYS_CLOCK)
    simulation, *others = SIM.nodes({"params_file": file, "use_sim_time": "false"})
    assert simulation.parameters["publish_clock"] is False
    assert not any(follows_clock(node) for node in (simulation, *others))


@pytest.mark.parametrize(
    ("bringup", "block", "message"),
    [
        (
            REAL,
            "/**/pi0_policy: {ros__parameters: {use_sim_time: true}}",
            "use_sim_time is true for pi0_policy, false for pi0_controller: .* the block /",
        ),
        (
            DEMO,
            "/**/mock_arm: {ros__parameters: {use_sim_time: true}}",
            "true for mock_arm, false for mock_cameras",
        ),
        (
            SIM,
            "/**/sim: {ros__parameters: {publish_clock: true}}",
            "publish_clock is true and use_sim_time is not",
        ),
        (
            REAL,
            "/**/**: {ros__parameters: {use_sim_time: 1}}",
            "use_sim_time: must be true or false, got 1",
        ),
    ],
)
def test_nodes_of_two_times_are_not_started_together(
    tmp_path: Path, bringup: Bringup, block: str, message: str
) -> None:
    policy = {"policy_path": "/checkpoints/mine", "mode": "real"}
    with pytest.raises(ConfigurationError, match=message):
        bringup.nodes({**policy, "params_file": with_block(tmp_path, block)})
