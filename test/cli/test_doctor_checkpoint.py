"""The doctor finds what keeps a checkpoint from being loaded, and what keeps it from this robot."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pi0_ros.bringup import DEMO, SIM
from pi0_ros.bringup.robot_file import find_robot_file
from pi0_ros.cli import doctor_checks
from pi0_ros.cli.doctor_checkpoint import shipped_checkpoint, users_checkpoint
from pi0_ros.cli.doctor_outcome import Outcome
from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.manifest import MANIFEST_FILE
from pi0_ros.share import share_directory

ARM = find_robot_file("demo_arm.yaml")
SHIPPED = share_directory() / "checkpoints"
CONFIG, BEFORE, AFTER = "config.json", "policy_preprocessor.json", "policy_postprocessor.json"
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A checkpoint without a manifest, as a user's comes; it may be damaged."""
    folder = Path(shutil.copytree(SHIPPED / "demo", tmp_path / "own"))
    (folder / MANIFEST_FILE).unlink()
    return folder


@pytest.fixture
def robot(tmp_path: Path) -> Callable[..., str]:
    """The demo arm's file with texts replaced."""

    def make(*replaced: tuple[str, str]) -> str:
        text = ARM.read_text()
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "my_arm.yaml"
        file.write_text(text)
        return str(file)

    return make


def edit(path: Path, change: Edit) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def problems(folder: Path, params_file: str | None = str(ARM)) -> list[str]:
    outcome, detail = users_checkpoint(folder, params_file)
    assert outcome is Outcome.FAILURE, detail
    summary, *found = detail.splitlines()
    assert summary.startswith(f"{folder}: {len(found)} problem")
    return found


def test_a_checkpoint_for_this_robot_is_ok_and_what_stays_unknown_is_said(own: Path) -> None:
    outcome, detail = users_checkpoint(own, str(ARM))
    assert outcome is Outcome.OK, detail
    for words in (
        "pi0_tiny, 90 tensors, 1.6 MiB, no manifest",
        "agrees with demo_arm.yaml on 6 joints and pictures of 640x480 from main, side, top",
        "only loading it tells",
    ):
        assert words in detail


def test_without_a_robot_file_it_is_compared_with_none(own: Path) -> None:
    edit(own / CONFIG, lambda content: content["input_features"].popitem())
    outcome, detail = users_checkpoint(own, None)
    assert outcome is Outcome.OK
    assert "--params-file FILE" in detail
    (own / AFTER).unlink()
    (problem,) = problems(own, None)
    assert AFTER in problem


@pytest.mark.parametrize(("bringup", "name"), [(SIM, "reach"), (DEMO, "demo")])
def test_what_the_demo_starts_is_ok(bringup: Any, name: str) -> None:
    outcome, detail = shipped_checkpoint(bringup)
    assert outcome is Outcome.OK, detail
    assert f"{SHIPPED / name}: pi0_tiny" in detail
    assert "hashes match" in detail
    assert "agrees with demo_arm.yaml" in detail


def test_without_a_path_both_checkpoints_of_the_package_are_checked() -> None:
    checks = doctor_checks.policy(None, None)
    details = [check()[1] for name, check in checks if name == "checkpoint"]
    assert [Path(detail.partition(":")[0]).name for detail in details] == ["reach", "demo"]


def test_a_path_is_a_users_checkpoint_and_compared_with_the_robot(own: Path) -> None:
    ((name, check),) = doctor_checks.policy(str(own), "ur5e.yaml")
    assert name == "checkpoint"
    assert "agrees with ur5e.yaml" in check()[1]


def test_no_folder_is_named_with_the_parameter(tmp_path: Path) -> None:
    for params_file in (None, str(ARM)):
        with pytest.raises(CheckpointError, match=f"policy_path {tmp_path}/none: no such folder"):
            users_checkpoint(tmp_path / "none", params_file)


def test_weights_alone_lack_everything_else(own: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(own / "model.safetensors", bare)
    found = problems(bare)
    assert [Path(problem.partition(":")[0]).name for problem in found] == [CONFIG, BEFORE, AFTER]
    assert "once config.json is right" in users_checkpoint(bare, str(ARM))[1]


def cut_short(folder: Path) -> None:
    text = (folder / CONFIG).read_text()
    (folder / CONFIG).write_text(text[: len(text) // 2])


def of_another_type(folder: Path) -> None:
    edit(folder / CONFIG, lambda content: content.update(type="diffusion"))


def trained_with_paligemma(folder: Path) -> None:
    shutil.rmtree(folder / "tokenizer")

    def rename(content: dict[str, Any]) -> None:
        (step,) = (s for s in content["steps"] if s["registry_name"] == "tokenizer_processor")
        step["config"]["tokenizer_name"] = "google/paligemma-3b-pt-224"

    edit(folder / BEFORE, rename)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut_short, (CONFIG, "damaged")),
        (lambda folder: (folder / CONFIG).unlink(), (CONFIG, "no such file")),
        (of_another_type, (CONFIG, "'diffusion'; expected act or pi0")),
        (lambda folder: (folder / BEFORE).unlink(), (BEFORE, "no such file")),
        (lambda folder: (folder / AFTER).unlink(), (AFTER, "no such file")),
        (trained_with_paligemma, ("/tokenizer", " hf download google/paligemma-3b-pt-224 ")),
        (lambda folder: shutil.rmtree(folder / "tokenizer"), ("/tokenizer", "copy it again")),
    ],
)
def test_what_is_missing_or_damaged_is_named(
    own: Path, damage: Callable[[Path], object], words: tuple[str, ...]
) -> None:
    damage(own)
    (problem,) = problems(own)
    assert all(word in problem for word in words), problem


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        (("[main, side, top]", "[main, side]"), "camera_names and cameras.<name>.feature"),
        (
            ("camera_transport: raw", "cameras.top.feature: observation.images.wrist"),
            "top -> observation.images.wrist",
        ),
        (("image_width: 640", "image_width: 320"), "image_width"),
        (("image_height: 480", "image_height: 240"), "allow_image_resize"),
        (("device: auto", "mode: demo"), "mode is 'demo'"),
        (("device: auto", "precision: float16"), "precision: must be one of"),
        (("device: auto", "rtc: identity\n    engine: lerobot"), "rtc: 'identity' needs"),
        (("device: auto", "rtc: identity\n    rtc_execution_horizon: 51"), "chunks have 50"),
        (("image_width: 640", "image_width: wide"), "image_width: must be a whole number"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(
    own: Path, robot: Callable[..., str], replaced: tuple[str, str], words: str
) -> None:
    found = problems(own, robot(replaced))
    assert all(words in problem for problem in found), found


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_named(own: Path, robot: Callable[..., str]) -> None:
    (problem,) = problems(own, robot(("device: auto", "device: cuda:1")))
    assert problem.startswith("device: cuda:1 is not there")


def test_pictures_that_may_be_resized_are_no_problem(own: Path, robot: Callable[..., str]) -> None:
    file = robot(("image_width: 640", "image_width: 320\n    allow_image_resize: true"))
    assert users_checkpoint(own, file)[0] is Outcome.OK


def test_another_number_of_joints_is_told_of_state_and_action(
    own: Path, robot: Callable[..., str]
) -> None:
    file = robot((", joint_6]", "]"), ("      joint_6:", "      joint_5:"))
    state, action = problems(own, file)
    assert "observation.state has shape [6], but the robot has 5 joints" in state
    assert "action has shape [6], but the robot has 5 joints (parameter joint_names)" in action


def as_act(content: dict[str, Any]) -> None:
    content["type"] = "act"


def test_act_needs_another_engine_but_no_tokenizer(own: Path, robot: Callable[..., str]) -> None:
    edit(own / CONFIG, as_act)
    shutil.rmtree(own / "tokenizer")
    (problem,) = problems(own)
    assert "set the parameter engine to 'lerobot'" in problem
    outcome, detail = users_checkpoint(own, robot(("device: auto", "engine: lerobot")))
    assert outcome is Outcome.OK, detail


def test_everything_is_listed_at_once(own: Path, robot: Callable[..., str]) -> None:
    (own / AFTER).unlink()
    shutil.rmtree(own / "tokenizer")
    file = robot(("[main, side, top]", "[main]"), ("device: auto", "mode: demo"))
    found = problems(own, file)
    for words in (AFTER, "/tokenizer", "main -> observation.images.main;", "mode is 'demo'"):
        assert sum(words in problem for problem in found) == 1, (words, found)
    assert len(found) == 4


def test_a_robot_file_that_cannot_be_used_hides_no_problem_of_the_checkpoint(own: Path) -> None:
    (own / AFTER).unlink()
    ours, robots = problems(own, "nowhere.yaml")
    assert AFTER in ours
    assert "nowhere.yaml" in robots


def test_a_file_that_differs_from_the_manifest_is_named_beside_warnings(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED / "demo", tmp_path / "demo"))
    (folder / "tokenizer" / "tokenizer_config.json").write_text("{}")
    outcome, detail = users_checkpoint(folder, str(ARM))
    assert outcome is Outcome.FAILURE
    summary, problem, warning = detail.splitlines()
    assert summary.endswith(": 1 problem, 1 warning")
    assert "tokenizer_config.json: differs" in problem
    assert "mode:=demo" in warning


def test_the_demo_checkpoint_on_a_users_robot_is_a_warning_and_in_mode_real_a_failure(
    robot: Callable[..., str],
) -> None:
    outcome, detail = users_checkpoint(SHIPPED / "demo", "ur5e.yaml")
    assert outcome is Outcome.WARNING
    assert "with mode:=demo only" in detail
    (problem,) = problems(SHIPPED / "demo", robot(("device: auto", "mode: real")))
    assert "the parameter mode is 'real'" in problem


def test_joints_and_rate_unlike_those_of_the_training_are_warnings() -> None:
    outcome, detail = users_checkpoint(SHIPPED / "reach", "ur5e.yaml")
    assert outcome is Outcome.WARNING
    assert "joint_names are shoulder_pan_joint, " in detail
    assert "action_rate is 30 Hz, but the checkpoint was trained at 10" in detail


def test_lerobot_and_torch_are_not_imported(own: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from pi0_ros.cli.doctor_checkpoint import users_checkpoint\n"
        f"print(users_checkpoint(Path({str(own)!r}), 'ur5e.yaml')[0].name)\n"
        "print([name for name in ('torch', 'lerobot', 'rclpy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout == "OK\n[]\n"
