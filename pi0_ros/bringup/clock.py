"""Whose time the nodes of a bring-up follow: the wall clock's, or that of /clock."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pi0_ros.bringup.description import FROM_PARAMS_FILE, NodeSpec
from pi0_ros.bringup.robot_file import node_switch
from pi0_ros.core.errors import ConfigurationError

_PARAMETER = "use_sim_time"


def chosen_clock(values: Mapping[str, str]) -> dict[str, bool]:
    """The parameter of a node, where the argument leaves it not to the parameter file."""
    chosen = values[_PARAMETER]
    return {} if chosen == FROM_PARAMS_FILE else {_PARAMETER: chosen == "true"}


def follows_clock(spec: NodeSpec) -> bool:
    """Whether the node's time comes from /clock.

    Raises:
        ConfigurationError: its parameter file says neither true nor false.
    """
    return clock_in_force(spec.parameters, spec.params_file, spec.full_name)


def clock_in_force(parameters: Mapping[str, Any], params_file: Path, full_name: str) -> bool:
    """The same for a node with these parameters above its file."""
    if _PARAMETER in parameters:
        return bool(parameters[_PARAMETER])
    return node_switch(params_file, full_name, _PARAMETER)


def on_one_clock(*specs: NodeSpec) -> tuple[NodeSpec, ...]:
    """The same processes.

    Raises:
        ConfigurationError: some follow /clock and some do not; stamps of two times do not mix.
    """
    follows = {spec.name: follows_clock(spec) for spec in specs}
    if len(set(follows.values())) > 1:
        said = ", ".join(f"{str(value).lower()} for {name}" for name, value in follows.items())
        raise ConfigurationError(
            f"{specs[0].params_file}: {_PARAMETER} is {said}: it must be the same for all, so put "
            f"it into the block /**, or choose with the argument {_PARAMETER}"
        )
    return specs
