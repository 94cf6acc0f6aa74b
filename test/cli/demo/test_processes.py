"""Processes are watched, stopped in order, and never outlive their parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pi0_ros.bringup import NodeSpec
from pi0_ros.bringup.security import Enclave
from pi0_ros.cli.demo.processes import Processes, failures

# Stand-ins for nodes: what they do is in their name.
PROGRAMS = {
    "obedient": "import signal, sys\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(0))\n",
    "stubborn": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
    "broken": "print('the camera is missing', flush=True)\nraise SystemExit(3)\n",
}


def spec(name: str) -> NodeSpec:
    return NodeSpec(
        executable=name,
        name=name,
        namespace="",
        params_file=Path("/robot.yaml"),
        parameters={"mode": "demo"},
        log_level="info",
    )


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Processes]]:
    """Starts programs of PROGRAMS as if they were nodes, and waits until they run."""
    package = tmp_path / "modules"
    package.mkdir()
    for name, text in PROGRAMS.items():
        ready = package / f"{name}.ready"
        (package / f"{name}.py").write_text(
            f"import sys, signal\n{text}open({str(ready)!r}, 'w').close()\n"
            "while True: signal.pause()\n"
        )
    monkeypatch.setattr("pi0_ros.cli.demo.processes._MODULES", "")
    environment = os.environ | {
        "PYTHONPATH": f"{package}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    }
    started = []

    def starter(*names: str, enclave: Enclave | None = None, **variables: str) -> Processes:
        specs = [replace(spec(name), enclave=enclave) for name in names]
        processes = Processes(specs, environment | variables, tmp_path)
        started.append(processes)
        for name in names:
            if name != "broken":
                wait_until((package / f"{name}.ready").exists)
        return processes

    yield starter
    for processes in started:
        processes.kill()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def test_stopping_ends_all_with_status_0(start) -> None:
    processes = start("obedient")
    assert processes.deaths() == ""
    pids = list(processes.pids.values())
    processes.stop()
    assert failures(processes.ended) == []
    assert not any(alive(pid) for pid in pids)


def test_one_that_ignores_every_request_is_killed_within_five_seconds(start) -> None:
    processes = start("stubborn")
    began = time.monotonic()
    processes.stop()
    assert time.monotonic() - began < 5.0
    assert failures(processes.ended) == ["stubborn was ended by SIGKILL"]


def test_a_death_is_reported_with_name_status_and_last_words(start) -> None:
    processes = start("obedient", "broken")
    wait_until(processes.deaths)
    text = processes.deaths()
    assert text.startswith("broken ended with exit status 3")
    assert "the camera is missing" in text


def test_each_process_leads_a_group_of_its_own(start) -> None:
    (pid,) = start("obedient").pids.values()
    assert os.getpgid(pid) == pid


def test_parameters_are_written_for_the_node(start, tmp_path: Path) -> None:
    start("obedient")
    content = yaml.safe_load((tmp_path / "obedient.params.yaml").read_text())
    assert content == {"/obedient": {"ros__parameters": {"mode": "demo"}}}


def test_an_enclave_is_enforced_whatever_the_environment_says(start, tmp_path: Path) -> None:
    enclave = Enclave(tmp_path / "keys", "/obedient")
    processes = start(
        "obedient", enclave=enclave, ROS_SECURITY_ENABLE="false", ROS_SECURITY_STRATEGY="Permissive"
    )
    (pid,) = processes.pids.values()
    given = Path(f"/proc/{pid}/environ").read_text().split("\0")
    assert {f"{name}={value}" for name, value in enclave.variables().items()} <= set(given)
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    assert words[words.index("--enclave") + 1] == "/obedient"


def test_a_tethered_process_dies_with_a_killed_parent(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import os, signal, sys\nprint(os.getpid(), flush=True)\nsignal.pause()\n"
    )
    parent_program = (
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'pi0_ros.cli.tethered', str(os.getpid()),"
        " 'sleeper'])\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_program],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ
        | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    wait_until(lambda: not alive(child))
