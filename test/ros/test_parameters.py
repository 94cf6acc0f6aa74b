"""The tables themselves."""

import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.core.stamps import SLOWEST_SIMULATION
from pi0_ros.ros.controller_settings import control_config
from pi0_ros.ros.parameter import Parameter
from pi0_ros.ros.parameter_check import checked_value
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.parameters import EXTRA, NODES
from pi0_ros.ros.policy_settings import observation_config

EVERY = [
    pytest.param(parameter, id=f"{node}-{parameter.name}")
    for node, table in {**NODES, **EXTRA}.items()
    for parameter in table
]


@pytest.mark.parametrize("parameter", EVERY)
def test_every_default_passes_its_own_check(parameter: Parameter) -> None:
    if parameter.default is not None:
        assert checked_value(parameter.name, parameter, parameter.default) == parameter.default


@pytest.mark.parametrize("parameter", EVERY)
def test_every_number_has_a_unit_or_needs_none(parameter: Parameter) -> None:
    if parameter.type == "double" and not parameter.unit:
        assert parameter.name in ("noise_scale", "rtc_max_guidance_weight")


@pytest.mark.parametrize("parameter", EVERY)
def test_every_description_is_a_sentence(parameter: Parameter) -> None:
    assert parameter.description[0].isupper()
    assert parameter.description.endswith(".")


@pytest.mark.parametrize("table", NODES.values(), ids=NODES)
def test_no_name_occurs_twice(table: tuple[Parameter, ...]) -> None:
    names = [parameter.name for parameter in table]
    assert len(set(names)) == len(names)


def defaults(node: str) -> ParameterValues:
    return ParameterValues(
        {
            parameter.name: parameter.default
            for parameter in NODES[node]
            if parameter.default is not None
        }
    )


def test_the_controllers_defaults_are_those_of_the_core() -> None:
    assert control_config(defaults("pi0_controller")) == ControlConfig()


def test_only_on_simulated_time_inputs_may_be_slow() -> None:
    controller, policy = defaults("pi0_controller"), defaults("pi0_policy")
    assert control_config(controller, simulated_time=True).slowest_clock == SLOWEST_SIMULATION
    assert observation_config(policy, simulated_time=True).slowest_clock == SLOWEST_SIMULATION
    assert SLOWEST_SIMULATION < 1.0


def test_the_policys_defaults_are_those_of_the_core() -> None:
    values = defaults("pi0_policy")
    core = ObservationConfig(values.texts("camera_names"), values.texts("joint_names"))
    assert observation_config(values) == core
