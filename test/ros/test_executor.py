"""Which executor serves nodes, and what is said where rclpy is too old for it."""

import subprocess
import sys

import pytest
from ros.conftest import World

from pi0_ros.cli.conformance.ear import Ear
from pi0_ros.cli.demo.monitor import DemoMonitor
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.executor import make_executor
from pi0_ros.sim.demo_arm import LIMITS

MODULE = "rclpy.experimental.events_executor"


@pytest.fixture
def old_rclpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As before 7.1.4, without the module."""
    monkeypatch.setitem(sys.modules, MODULE, None)


@pytest.mark.parametrize(
    ("variable", "kind"), [(None, "EventsExecutor"), ("single", "SingleThreadedExecutor")]
)
def test_the_environment_may_choose_the_other_one(
    world: World, monkeypatch: pytest.MonkeyPatch, variable: str | None, kind: str
) -> None:
    if variable is not None:
        monkeypatch.setenv("PI0_ROS_EXECUTOR", variable)
    executor = make_executor(world.context)
    assert type(executor).__name__ == kind
    assert executor.context is world.context
    executor.shutdown()


def test_what_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PI0_ROS_EXECUTOR", "multi")
    with pytest.raises(ConfigurationError, match="'multi': expected events or single"):
        make_executor()


@pytest.mark.parametrize(
    "listener",
    [
        pytest.param(lambda: DemoMonitor(""), id="demo"),
        pytest.param(lambda: Ear("", LIMITS, 20_000_000), id="conformance"),
    ],
)
@pytest.mark.usefixtures("old_rclpy")
def test_an_old_rclpy_is_an_error_with_a_cure_for_every_command(
    domain: int, monkeypatch: pytest.MonkeyPatch, listener: object
) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
    with pytest.raises(ConfigurationError, match=r"rclpy 7.1.4, so update ROS .*EXECUTOR=single"):
        listener()  # type: ignore[operator]


@pytest.mark.usefixtures("old_rclpy")
def test_an_old_rclpy_works_with_the_other_executor(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PI0_ROS_EXECUTOR", "single")
    executor = make_executor(world.context)
    executor.shutdown()


def test_a_node_on_an_old_rclpy_ends_with_status_1_and_one_line(domain: int) -> None:
    program = (
        f"import sys; sys.modules[{MODULE!r}] = None; from pi0_ros.ros import mock_cameras_node;"
        "mock_cameras_node.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-c", program],
        check=False,
        capture_output=True,
        text=True,
        timeout=60.0,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith("error: rclpy has no EventsExecutor")
