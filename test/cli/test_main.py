"""The `pi0` command: help that costs nothing, and errors of one line."""

import subprocess
import sys
import types

import pytest

from pi0_ros import __version__
from pi0_ros.cli import main as command
from pi0_ros.core.errors import ConfigurationError

HEAVY = ("rclpy", "torch", "lerobot", "yaml", "numpy")


def pi0(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pi0_ros.cli.main", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command_and_shows_examples() -> None:
    result = pi0("--help")
    assert result.returncode == 0
    for name in (*command.COMMANDS, "examples:", "pi0 demo --seconds 20"):
        assert name in result.stdout


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from pi0_ros.cli import main\n"
        "try: main.main(['--help'])\nexcept SystemExit: pass\n"
        f"print('loaded', [name for name in {HEAVY} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.endswith("loaded []\n")


def test_help_of_the_demo_has_all_options_and_loads_neither_ros_nor_torch() -> None:
    program = (
        "import sys; from pi0_ros.cli import main\n"
        "try: main.main(['demo', '--help'])\nexcept SystemExit: pass\n"
        "print('loaded', [name for name in ('rclpy', 'torch') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.endswith("loaded []\n")
    for option in ("--seconds", "--report", "--policy-path", "--mode", "--domain", "--namespace"):
        assert option in result.stdout
    for checkpoint in ("checkpoints/reach", "checkpoints/demo"):
        assert checkpoint in result.stdout


def test_version() -> None:
    assert pi0("--version").stdout == f"pi0_ros {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [(), ("dance",), ("demo", "--nonsense"), ("demo", "--seconds", "-1"), ("demo", "--mode", "x")],
)
def test_a_wrong_command_line_ends_with_2_and_says_what_is_wrong(words: tuple[str, ...]) -> None:
    result = pi0(*words)
    assert result.returncode == 2
    assert "error:" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("demo", "--params-file", "/none.yaml"), "params_file: no file /none.yaml"),
        (("demo", "--mode", "real"), "mode real needs policy_path"),
        (("demo", "--inference-rate", "0"), "inference_rate is '0'"),
        (("demo", "--domain", "1000"), "ROS domain is '1000'"),
        (("demo", "--report", "/none/r.json"), "--report /none/r.json"),
        (("demo", "--video", "/none/a.mp4"), "--video /none/a.mp4: cannot be written"),
        (("demo", "--video", "a.avi"), "ends in .mp4"),
    ],
)
def test_our_own_errors_are_one_line_and_status_1(words: tuple[str, ...], message: str) -> None:
    result = pi0(*words)
    assert result.returncode == 1
    assert result.stderr.startswith("pi0 demo: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_defect_of_ours_is_not_dressed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_arguments: object) -> int:
        raise ZeroDivisionError

    stand_in = types.SimpleNamespace(add_arguments=lambda parser: None, run=run)
    monkeypatch.setattr(command, "_module", lambda _name: stand_in)
    with pytest.raises(ZeroDivisionError):
        command.main(["doctor"])


def test_status_of_the_command_is_the_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = iter([0, 1])
    stand_in = types.SimpleNamespace(
        add_arguments=lambda parser: None, run=lambda _arguments: next(outcomes)
    )
    monkeypatch.setattr(command, "_module", lambda _name: stand_in)
    assert [command.main(["doctor"]), command.main(["doctor"])] == [0, 1]

    def refuse(_arguments: object) -> int:
        raise ConfigurationError("joint_limits.joint_6 is missing")

    stand_in.run = refuse
    assert command.main(["doctor"]) == 1
    assert capsys.readouterr().err == "pi0 doctor: joint_limits.joint_6 is missing\n"
