"""Whether pi0_policy would load a checkpoint for a robot, as far as that is known before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pi0_ros.bringup import Bringup
from pi0_ros.bringup.parameter_file import in_force, read_blocks
from pi0_ros.bringup.robot_file import dotted_parameters, find_robot_file
from pi0_ros.cli.doctor_outcome import Outcome, Result
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.manifest import CONFIG_FILE, WEIGHTS_FILE
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.preflight import Examined, examine, unfit
from pi0_ros.ros.parameter_check import checked_parameters
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.policy_parameters import POLICY
from pi0_ros.ros.policy_settings import policy_config

_NODE = "pi0_policy"
_ONLY_LOADING = (
    "only loading it tells whether its tensors and its processors' steps are the model's own"
)


def shipped_checkpoint(bringup: Bringup) -> Result:
    """The one that a bring-up starts where none is named, with the parameters that it starts."""
    spec = next(node for node in bringup.nodes({}) if node.name == _NODE)
    given = in_force(read_blocks(spec.params_file), spec.full_name) | dict(spec.parameters)
    values = checked_parameters(POLICY, given).require()
    return _compared(values, policy_config(values), True, spec.params_file.name, ())


def users_checkpoint(folder: Path, params_file: str | None) -> Result:
    """
    Args:
        params_file: the robot's, a path or a name in config/; None: no robot to compare with.
    """
    if params_file is None:
        found = examine(folder.expanduser(), None)
        alone = "not compared with a robot: --params-file FILE does that"
        return _result(found, [str(error) for error in found.problems], (), (alone, _ONLY_LOADING))
    try:
        file = find_robot_file(params_file)
        given = dotted_parameters(file, "", _NODE) | {"policy_path": str(folder)}
        values = checked_parameters(POLICY, given).require()
        config = policy_config(values)
    except ConfigurationError as error:
        found = examine(folder.expanduser(), None)
        broken = f"not compared with the robot, whose parameters cannot be used: {error}"
        return _result(found, [*(str(problem) for problem in found.problems), broken], (), ())
    return _compared(values, config, "mode" in given, file.name, (_ONLY_LOADING,))


def _compared(
    values: ParameterValues,
    config: PolicyConfig,
    names_mode: bool,
    robot: str,
    remarks: Sequence[str],
) -> Result:
    found = examine(config.path, config.tokenizer_path)
    warnings = list(_unlike_training(found, values))
    if not names_mode and found.is_demo:
        # Usually an argument of the launch file says which is wanted.
        config = replace(config, mode="demo")
        warnings.append(
            "a demo checkpoint, made for the demo arm: pi0_policy takes it with mode:=demo only"
        )
    problems = [str(error) for error in (*found.problems, *unfit(found, config))]
    problems += _without_device(config.device)
    height, width = config.image_shape
    agreed = (
        f"agrees with {robot} on {config.joints} joints and pictures of {width}x{height} from "
        f"{', '.join(config.camera_features)}"
    )
    return _result(found, problems, warnings, (agreed, *remarks))


def _unlike_training(found: Examined, values: ParameterValues) -> Iterator[str]:
    """What `pi0 train` noted of the demonstrations, and pi0_policy takes from the robot's file."""
    made: Mapping[str, Any] = {} if found.manifest is None else found.manifest.made
    rate, given_rate = made.get("action_rate_hz"), values.number("action_rate")
    if isinstance(rate, int | float) and rate != given_rate:
        yield (
            f"action_rate is {given_rate:g} Hz, but the checkpoint was trained at {rate:g}: its "
            "motion would be played at another speed"
        )
    names, given_names = made.get("joint_names"), list(values.texts("joint_names"))
    if isinstance(names, list) and names and names != given_names:
        yield (
            f"joint_names are {', '.join(given_names)}, but the checkpoint was trained with "
            f"{', '.join(map(str, names))}, in this order"
        )


def _without_device(name: str) -> Iterator[str]:
    if name in ("auto", "cpu"):
        return
    # Imports torch.
    from pi0_ros.policy.device import choose_device

    try:
        choose_device(name)
    except ConfigurationError as error:
        yield str(error)


def _result(
    found: Examined, problems: Sequence[str], warnings: Sequence[str], remarks: Sequence[str]
) -> Result:
    if problems:
        count = _counted(problems, "problem")
        if warnings:
            count += f", {_counted(warnings, 'warning')}"
        if found.stated is None:
            count += f"; what else is wrong can be told once {CONFIG_FILE} is right"
        return Outcome.FAILURE, "\n".join((f"{found.folder}: {count}", *problems, *warnings))
    assert found.stated is not None
    size = (found.folder / WEIGHTS_FILE).stat().st_size / 2**20
    hashes = "no manifest to compare hashes with" if found.manifest is None else "hashes match"
    summary = (
        f"{found.folder}: {found.stated.type}, {len(found.header)} tensors, {size:.1f} MiB, "
        f"{hashes}"
    )
    outcome = Outcome.WARNING if warnings else Outcome.OK
    return outcome, "\n".join((summary, *warnings, *remarks))


def _counted(sentences: Sequence[str], what: str) -> str:
    return f"{len(sentences)} {what}{'s' if len(sentences) > 1 else ''}"
