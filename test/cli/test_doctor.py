"""The doctor finds each fault and says what to change."""

import argparse
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from pi0_ros.bringup.robot_file import find_robot_file
from pi0_ros.cli import doctor, doctor_checks
from pi0_ros.cli.doctor_outcome import Check, Outcome, Result
from pi0_ros.core.errors import CheckpointError

DEMO = find_robot_file("demo_arm.yaml")


class Usage(NamedTuple):
    """What shutil.disk_usage returns."""

    total: int
    used: int
    free: int


def test_python_rclpy_messages_and_the_shipped_robot_file_are_ok() -> None:
    for outcome, detail in (
        doctor_checks.python(),
        doctor_checks.rclpy_imports({"ROS_DISTRO": "jazzy"}),
        doctor_checks.messages(),
        doctor_checks.robot_file("demo_arm.yaml"),
        doctor_checks.robot_file("ur5e.yaml"),
        doctor_checks.lerobot(),
    ):
        assert outcome is Outcome.OK, detail


def test_an_unset_release_is_a_warning() -> None:
    assert doctor_checks.rclpy_imports({})[0] is Outcome.WARNING


def test_an_rmw_that_was_not_loaded_is_a_failure() -> None:
    outcome, detail = doctor_checks.rmw({"RMW_IMPLEMENTATION": "rmw_other_cpp"})
    assert outcome is Outcome.FAILURE
    assert "rmw_other_cpp" in detail


def test_a_users_own_profile_is_a_warning() -> None:
    users = {"ROS_DISTRO": "jazzy", "FASTRTPS_DEFAULT_PROFILES_FILE": "/mine.xml"}
    assert doctor_checks.transport(users)[0] is Outcome.WARNING
    assert doctor_checks.transport({"ROS_DISTRO": "jazzy"})[0] is Outcome.OK


def test_little_shared_memory_is_a_failure_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fastrtps_0123").write_bytes(bytes(2**20))
    monkeypatch.setattr(doctor_checks, "_SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(64 << 20, 0, 64 << 20))
    outcome, detail = doctor_checks.shared_memory()
    assert outcome is Outcome.FAILURE
    assert "uses 1 MiB in 1 files" in detail
    assert "--shm-size" in detail


@pytest.mark.parametrize("value", ["abc", "-1", "233"])
def test_an_impossible_domain_is_a_failure(value: str) -> None:
    assert doctor_checks.domain({"ROS_DOMAIN_ID": value})[0] is Outcome.FAILURE


def test_domains_that_can_work_are_ok() -> None:
    assert doctor_checks.domain({"ROS_DOMAIN_ID": "7"}) == (
        Outcome.OK,
        "ROS_DOMAIN_ID=7, discovery SUBNET",
    )
    assert "would take" in doctor_checks.domain({})[1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("control_rate: 50.0", "control_rate: 0.0", "pi0_controller: control_rate"),
        ("control_rate: 50.0", "controll_rate: 50.0", "controll_rate"),
        ("image_width: 640", "image_width: wide", "pi0_policy: image_width"),
    ],
)
def test_a_parameter_that_cannot_work_is_a_failure_that_names_node_and_parameter(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    file = tmp_path / "robot.yaml"
    file.write_text(DEMO.read_text().replace(old, new))
    outcome, detail = doctor_checks.robot_file(str(file))
    assert outcome is Outcome.FAILURE
    assert message in detail


def test_without_a_robot_file_that_of_the_demo_arm_is_checked() -> None:
    checks = dict(doctor_checks.all_checks(None, "/somewhere", {}))
    assert "demo_arm.yaml (6 joints)" in checks["robot file"]()[1]


def run_with(monkeypatch: pytest.MonkeyPatch, *checks: tuple[str, Check]) -> int:
    monkeypatch.setattr(doctor, "all_checks", lambda *_: checks)
    return doctor.run(argparse.Namespace(params_file="", policy_path=None))


def test_every_check_is_a_line_and_one_failure_is_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Result:
        raise CheckpointError("no weights")

    checks = (
        ("fine", lambda: (Outcome.OK, "1.0")),
        ("meagre", lambda: (Outcome.WARNING, "slow")),
        ("broken", broken),
        ("last", lambda: (Outcome.OK, "2.0\nand more")),
    )
    assert run_with(monkeypatch, *checks) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines.pop() == " " * lines[-1].index("2.0") + "and more"
    assert [line.split() for line in lines] == [
        ["ok", "fine", "1.0"],
        ["warn", "meagre", "slow"],
        ["FAIL", "broken", "no", "weights"],
        ["ok", "last", "2.0"],
    ]


def test_warnings_alone_are_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_with(monkeypatch, ("meagre", lambda: (Outcome.WARNING, "slow"))) == 0
