"""`pi0 demo` with real processes: its report, its end, and its failures."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from contracts.listener import Listener
from rclpy.duration import Duration
from std_msgs.msg import Float64MultiArray
from system.harness import Command, alive, segments_of, wait_until

from pi0_ros.bringup.robot_file import find_robot_file
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.ros import topics
from pi0_ros.ros.entities import publisher
from pi0_ros.share import share_directory
from pi0_ros.sim.demo_arm import HOME

Start = Callable[..., Command]
NODES = {"mock_arm_node", "mock_cameras_node", "policy_node", "controller_node"}


def all_started(command: Command, *others: str) -> dict[str, int]:
    command.wait_for("started ")
    wait_until(lambda: set(command.children()) == {*NODES, *others}, "all processes")
    return command.children()


def test_report_of_a_short_run(pi0: Start, tmp_path: Path) -> None:
    """With the other kinds of pictures and commands, in a namespace, and a video of it."""
    file, video = tmp_path / "report.json", tmp_path / "arm.mp4"
    words = ("--seconds", "3", "--report", str(file), "--namespace", "left", "--video", str(video))
    command = pi0(
        "demo",
        "--arm",
        "mock",
        *words,
        "--transport",
        "compressed",
        "--command-interface",
        "forward_position",
    )
    assert command.status() == 0, command.output
    report = json.loads(file.read_text())
    assert report["mode"] == "demo"
    assert report["exit"] == 0
    assert report["seconds"] >= 3.0
    assert report["chunks"] > 0
    assert report["limits_broken"] == []
    assert report["lost_reports"] == 0
    for camera in ("main", "side", "top"):
        assert report["cameras"][camera]["received"] > 0
    for joint, figures in report["joints"].items():
        assert figures["peak_velocity_command"] > 0.0, joint
        assert figures["peak_velocity_command"] <= figures["velocity_limit"] * (1 + 1e-6), joint
        assert figures["peak_acceleration_command"] <= figures["acceleration_limit"] * (1 + 1e-6)
    assert f"video: {video}, " in command.output
    with av.open(str(video)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert pictures[0].shape == (360 + 56, 3 * 480, 3)
    # The table is bright; a camera that is not seen is dark.
    assert all(pictures[0][:360, 480 * i : 480 * (i + 1)].mean() > 100 for i in range(3))


def test_a_dry_run_runs_steadily_moves_nothing_and_reports_the_divergence(
    pi0: Start, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    command = pi0("demo", "--arm", "mock", "--dry-run", "--seconds", "3", "--report", str(file))
    assert command.status() == 0, command.output
    assert "DRY RUN, divergence joint_" in command.output
    report = json.loads(file.read_text())
    assert report["dry_run"] is True
    assert report["commands_judged"] == 0
    assert report["chunks"] > 0
    assert report["limiter"]["chunks_accepted"] > 0
    assert report["divergence"]["after_s"] == 0.5
    assert report["divergence"]["chunks"] > 0
    assert len(report["divergence"]["joints"]) == 6
    for joint, figures in report["joints"].items():
        assert figures["peak_velocity_measured"] == 0.0, joint
    # The arm stands and the policy wants to go: somewhere they differ.
    assert max(joint["rms"] for joint in report["divergence"]["joints"].values()) > 0.01


def test_a_command_heard_in_a_dry_run_is_a_failure(pi0: Start, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    command = pi0("demo", "--arm", "mock", "--dry-run", "--report", str(file))
    command.wait_for("running steadily")
    domain = int(command.output.split("ROS domain ")[1].split(";")[0])
    with Listener(domain, pictures=False) as someone:
        sender = publisher(someone.node, topics.POSITION_COMMANDS)
        wait_until(lambda: sender.get_subscription_count() >= 3, "all who listen")
        sender.publish(Float64MultiArray(data=HOME.tolist()))
        assert sender.wait_for_all_acked(Duration(seconds=5))
        # The demo takes what has arrived before it says its next line but one.
        said = len(command.output.splitlines())
        wait_until(lambda: len(command.output.splitlines()) >= said + 2, "two more lines")
        command.process.send_signal(signal.SIGINT)
        assert command.status(10.0) == 1, command.output
    assert "1 commands to the arm were heard in a dry run" in command.output
    assert json.loads(file.read_text())["exit"] == 1


def test_ctrl_c_of_a_running_demo_ends_everything_with_status_0(pi0: Start) -> None:
    """Also where its viewer was lost on the way, which stops no arm."""
    command = pi0("demo", "--arm", "mock", "--view")
    pids = all_started(command, "view")
    command.wait_for("view: http://127.0.0.1:")
    os.kill(pids["view"], signal.SIGKILL)
    command.wait_for("view was ended by SIGKILL")
    command.wait_for("running steadily")
    segments = {path for pid in (command.process.pid, *pids.values()) for path in segments_of(pid)}
    command.process.send_signal(signal.SIGINT)
    assert command.status(5.0) == 0, command.output
    assert "Traceback" not in command.output
    assert "mode DEMO" in command.output.splitlines()[-1]
    assert not any(alive(pid) for pid in pids.values())
    # Leftovers fill the shared memory until nothing starts any more.
    assert {path for path in segments if path.exists()} == set()
    for log in command.folder.rglob("*.log"):
        assert "Traceback" not in log.read_text(), log


def test_ctrl_c_while_it_still_loads_ends_everything(pi0: Start) -> None:
    command = pi0("demo", "--arm", "mock")
    pids = all_started(command)
    command.process.send_signal(signal.SIGINT)
    assert command.status(5.0) == 0, command.output
    assert not any(alive(pid) for pid in pids.values())


def test_no_process_outlives_a_killed_demo(pi0: Start) -> None:
    command = pi0("demo", "--arm", "mock")
    pids = all_started(command)
    command.process.kill()
    wait_until(lambda: not any(alive(pid) for pid in pids.values()), "the end of all processes")


@pytest.mark.parametrize("node", ["mock_cameras_node", "controller_node"])
def test_a_dead_node_ends_the_demo_and_is_named(pi0: Start, tmp_path: Path, node: str) -> None:
    file = tmp_path / "report.json"
    command = pi0("demo", "--arm", "mock", "--report", str(file))
    pids = all_started(command)
    os.kill(pids[node], signal.SIGKILL)
    assert command.status(10.0) == 1
    name = {"controller_node": "pi0_controller"}.get(node, node.removesuffix("_node"))
    assert f"{name} was ended by SIGKILL" in command.output
    assert json.loads(file.read_text())["exit"] == 1
    assert not any(alive(pid) for pid in pids.values())


def test_two_demos_on_one_arm_are_refused(pi0: Start) -> None:
    first = pi0("demo", "--arm", "mock")
    first.wait_for("started ")
    domain = first.output.split("ROS domain ")[1].split(";")[0]
    second = pi0("demo", "--arm", "mock", "--domain", domain)
    assert second.status() == 1
    assert "choose --domain or --namespace" in second.output


def test_a_demo_beside_an_arm_in_the_same_domain_is_refused(pi0: Start) -> None:
    with reserve_domain() as domain, Listener(domain.domain, pictures=False) as arm:
        # A listener subscribes as an arm does.
        command = pi0("demo", "--arm", "mock", ROS_DOMAIN_ID=str(domain.domain))
        assert command.status() == 1
        assert f"is in use by {arm.node.get_name()} in this ROS domain" in command.output
        assert "choose --domain or --namespace" in command.output


@pytest.mark.parametrize("words", [(), ("--policy", "external")], ids=["stub", "external"])
def test_conformance_in_the_domain_of_an_arm_is_refused_before_anything_starts(
    pi0: Start, words: tuple[str, ...]
) -> None:
    with reserve_domain() as domain, Listener(domain.domain, pictures=False) as arm:
        number = str(domain.domain)
        command = pi0("conformance", "--only", "camera_dropped", *words, "--domain", number)
        assert command.status() == 1
        assert f"is in use by {arm.node.get_name()} in this ROS domain" in command.output
        assert "cases; logs in" not in command.output


def test_a_demo_that_does_not_get_going_says_what_it_waits_for_and_that_there_is_no_video(
    pi0: Start, tmp_path: Path
) -> None:
    video = str(tmp_path / "arm.mp4")
    command = pi0("demo", "--arm", "mock", "--startup-timeout", "1", "--video", video)
    assert command.status(20.0) == 1
    assert f"--video {video}: missing or not complete" in command.output
    assert "no steady running after 1 s, still waiting for" in command.output


def test_a_missing_checkpoint_is_a_clear_error(pi0: Start) -> None:
    command = pi0("demo", "--arm", "mock", "--mode", "real", "--policy-path", "/no/such/folder")
    assert command.status() == 1
    assert "policy_path /no/such/folder: no such folder" in command.output
    assert "Traceback" not in command.output


def test_a_corrupt_checkpoint_is_a_clear_error(pi0: Start, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(share_directory() / "checkpoints" / "demo", folder)
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    command = pi0("demo", "--arm", "mock", "--policy-path", str(folder))
    assert command.status() == 1
    assert f"{weights}: differs from what" in command.output
    assert "Traceback" not in command.output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("control_rate: 50.0", "control_rate: 0.0", "control_rate"),
        ("max_velocity: 2.5", "max_velocity: -2.5", "joint_6"),
        ("joint_6:", "joint_9:", "joint_limits.joint_6"),
        ("inference_rate: 24.0", "inference_rate: 0.0", "inference_rate"),
    ],
)
def test_impossible_parameters_are_named(
    pi0: Start, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = find_robot_file("demo_arm.yaml").read_text()
    assert text.count(old) == 1
    file = tmp_path / "robot.yaml"
    file.write_text(text.replace(old, new))
    command = pi0("demo", "--arm", "mock", "--params-file", str(file))
    assert command.status() == 1
    assert message in command.output
    assert "Traceback" not in command.output
