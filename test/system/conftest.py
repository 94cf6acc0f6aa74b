"""Real processes over real DDS, each test session in ROS domains of its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contracts.listener import Listener
from contracts.velocity_limits import a_circle_is_recorded
from system.harness import STARTUP_S, Command, RunningDemo, all_segments, remove_orphans

from pi0_ros.bringup import DEMO, process_environment
from pi0_ros.cli.demo.processes import Processes
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.share import share_directory


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.ros)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def isolated() -> Iterator[None]:
    """This process takes part in DDS as the demo's processes do."""
    before = dict(os.environ)
    for name in ("ROS_DOMAIN_ID", "ROS_LOCALHOST_ONLY"):
        os.environ.pop(name, None)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.update(process_environment(share_directory(), os.environ).variables())
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def demo(isolated: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo with its default arguments, running steadily; shared by all tests that want it.

    Tests leave it as they found it: running.
    """
    folder = tmp_path_factory.mktemp("demo")
    with reserve_domain() as domain:
        environment = os.environ | {"ROS_DOMAIN_ID": str(domain.domain)}
        with Listener(domain.domain) as listener:
            processes = Processes(DEMO.nodes({}), environment, folder)
            try:
                first = listener.until(
                    a_circle_is_recorded, STARTUP_S, "a circling arm", alive=processes.deaths
                )
                listener.restart()
                yield RunningDemo(listener, processes, domain.domain, first)
            finally:
                processes.stop()


@pytest.fixture
def pi0(isolated: None, tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts `pi0 WORDS...`; at the end of the test it is gone."""
    started: list[Command] = []
    segments_before = all_segments()

    def start(*words: str, **variables: str) -> Command:
        folder = tmp_path / f"run{len(started)}"
        folder.mkdir()
        environment = os.environ | {"ROS_LOG_DIR": str(folder / "log")} | variables
        command = Command(words, environment, folder)
        started.append(command)
        return command

    yield start
    for command in started:
        command.end()
    remove_orphans(all_segments() - segments_before)
