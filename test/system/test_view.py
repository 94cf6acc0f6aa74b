"""`pi0 view` as a process beside mock cameras: it sees them, notices their end, and ends well."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
from system.harness import Command, wait_until
from websockets.sync.client import ClientConnection, connect

from pi0_ros.bringup import DEMO
from pi0_ros.cli.demo.processes import Processes
from pi0_ros.cli.domain import reserve_domain

CAMERAS = ("main", "side", "top")
TOPICS = [f"camera/{camera}/image_raw" for camera in CAMERAS]


def state_when(socket: ClientConnection, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first state that `holds`."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        message = socket.recv(timeout=10.0)
        if isinstance(message, str) and holds(state := json.loads(message)):
            found.append(state)
        return bool(found)

    wait_until(look, "such a state", 30.0)
    return found[0]


def test_it_shows_and_films_mock_cameras_and_turns_red_when_they_die(
    pi0: Callable[..., Command], tmp_path: Path
) -> None:
    video = tmp_path / "a.mp4"
    nodes = [spec for spec in DEMO.nodes({"namespace": "left"}) if spec.name.startswith("mock")]
    with reserve_domain() as domain:
        number = str(domain.domain)
        mocks = Processes(nodes, os.environ | {"ROS_DOMAIN_ID": number}, tmp_path)
        try:
            # From another namespace, as for drivers that have names of their own.
            remap = " ".join(f"{name}:=/left/{name}" for name in TOPICS)
            words = ("--domain", number, "--namespace", "right", "--video", str(video))
            command = pi0("view", *words, "--remap", remap, "--no-browser")
            command.wait_for("http://")
            port = re.search(r"http://127\.0\.0\.1:(\d+)/", command.output)
            assert port is not None
            # No compression: frames of a megabyte would take their time.
            with connect(f"ws://127.0.0.1:{port[1]}/frames", compression=None) as socket:
                seen = state_when(socket, lambda s: not any(c["trouble"] for c in s["cameras"]))
                assert [camera["name"] for camera in seen["cameras"]] == list(CAMERAS)
                assert seen["level"] == "waiting"
                assert seen["headline"] == "NO CONTROLLER"
                # The mocks draw the demo's scene.
                state_when(socket, lambda s: s["note"] == "")
                os.kill(mocks.pids["mock_cameras"], signal.SIGKILL)
                # One after the other: their newest pictures are not of one age.
                none = "no live picture of main, side, top"
                dead = state_when(socket, lambda s: none in s["reason"])
                assert dead["level"] == "alarm"
                # A browser is still connected.
                command.process.send_signal(signal.SIGINT)
                assert command.status(10.0) == 0, command.output
        finally:
            mocks.stop()
    assert "Traceback" not in command.output
    assert f"video: {video}, " in command.output
    with av.open(str(video)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert pictures[0].shape == (416, 1440, 3)
    bright = [picture[:360].mean() for picture in (pictures[0], pictures[-1])]
    assert bright[0] > 100 > bright[1]


def test_a_video_without_a_picture_is_a_failure(
    pi0: Callable[..., Command], tmp_path: Path
) -> None:
    with reserve_domain() as domain:
        words = ("--domain", str(domain.domain), "--video", str(tmp_path / "a.mp4"))
        command = pi0("view", *words, "--no-page", "--seconds", "0.5")
        assert command.status(20.0) == 1
    assert "not written, since no picture came" in command.output
    assert list(tmp_path.glob("*.mp4")) == []
