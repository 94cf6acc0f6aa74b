"""How a node's process ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DEADLINE_S = 30.0


@pytest.fixture
def started(domain: int) -> Iterator[object]:
    processes: list[subprocess.Popen[str]] = []

    def start(node: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"pi0_ros.ros.{node}", "--ros-args", *arguments],
            env={**os.environ, "ROS_DOMAIN_ID": str(domain)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for_line(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    end_s = time.monotonic() + DEADLINE_S
    seen = ""
    while time.monotonic() < end_s and (line := process.stdout.readline()):
        seen += line
        if words in line:
            return line
    raise AssertionError(f"no line with {words!r} in:\n{seen}")


@pytest.mark.parametrize(
    ("node", "words", "number"),
    [
        ("mock_cameras_node", "drawing", signal.SIGINT),
        ("controller_node", "cannot be activated yet", signal.SIGTERM),
    ],
)
def test_a_signal_ends_it_with_status_0_and_not_a_word(
    started: object, robot_file: Path, node: str, words: str, number: signal.Signals
) -> None:
    parameters = ["--params-file", str(robot_file)]
    if node == "controller_node":
        parameters += ["-p", "autostart:=true"]
    process = started(node, *parameters)  # type: ignore[operator]
    wait_for_line(process, words)
    process.send_signal(number)

    rest, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert rest == ""


def test_a_signal_while_modules_are_imported_ends_it_with_status_0(started: object) -> None:
    process = started("mock_cameras_node")  # type: ignore[operator]
    # The handlers are there as soon as the process has opened its first shared library of ROS.
    end_s = time.monotonic() + DEADLINE_S
    maps = Path(f"/proc/{process.pid}/maps")
    while "_rclpy_pybind11" not in maps.read_text(encoding="utf-8"):
        assert time.monotonic() < end_s
    process.send_signal(signal.SIGINT)

    rest, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_what_cannot_work_ends_it_with_status_1_and_one_line(started: object) -> None:
    process = started("mock_arm_node", "-p", "state_rate:=0.0")  # type: ignore[operator]
    text, _ = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 1
    assert "state_rate: must be from 1 to 1000 Hz, got 0.0" in text
    assert "joint_limits.joint_6.max_velocity is missing" in text
    assert len(text.strip().splitlines()) == 1


def test_a_lifecycle_node_that_starts_by_itself_and_cannot_ends_with_status_1(
    started: object, robot_file: Path
) -> None:
    process = started(  # type: ignore[operator]
        "controller_node",
        *("--params-file", str(robot_file)),
        *("-p", "autostart:=true", "-p", "control_rate:=0.0"),
    )
    text, _ = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 1
    assert "control_rate: must be from 1 to 1000 Hz, got 0.0" in text
    assert "Traceback" not in text
