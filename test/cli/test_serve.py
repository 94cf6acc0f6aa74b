"""`pi0 serve` as a process: what it refuses at once, what it says, and how it ends."""

import argparse
import dataclasses
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pi0_ros.cli import serve as command
from pi0_ros.core.errors import PolicyError, PolicyUnavailable
from pi0_ros.core.observation import Observation
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.remote_config import RemoteConfig, default_key

STARTUP_S = 100.0
END_S = 20.0
CAMERAS = ("main", "side", "top")


class Serving:
    """The command in a process; its lines are read as they come."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-u", "-m", "pi0_ros.cli.main", "serve", *words],
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._new = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._new:
                self.lines.append(line)
                self._new.notify_all()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str, deadline_s: float = STARTUP_S) -> str:
        """The first line with `text` in it."""

        def found() -> str | None:
            return next((line for line in self.lines if text in line), None)

        with self._new:
            assert self._new.wait_for(found, deadline_s), self.output
            return found() or ""

    def url(self) -> str:
        line = self.wait_for("serving ")
        return next(word for word in line.split() if word.startswith("ws://")).rstrip(":")

    def status(self) -> int:
        status = self.process.wait(END_S)
        self._thread.join(END_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


@pytest.fixture
def serve() -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []

    def start(*words: str) -> Serving:
        started.append(Serving(*words))
        return started[-1]

    yield start
    for serving in started:
        if serving.process.poll() is None:
            serving.process.kill()
            serving.status()


@pytest.fixture
def seen() -> Observation:
    rng = np.random.default_rng(8)
    images = {name: rng.integers(0, 256, (480, 640, 3), dtype=np.uint8) for name in CAMERAS}
    return Observation(1, images, np.full(6, 0.1), "pick up the red block")


def config(url: str) -> PolicyConfig:
    return PolicyConfig(
        path=Path(),
        mode="demo",
        camera_features={name: default_key(name) for name in CAMERAS},
        joints=6,
        remote=RemoteConfig(url, call_timeout_s=5.0),
    )


def test_help_teaches_and_loads_nothing_heavy() -> None:
    program = (
        "import sys; from pi0_ros.cli import main\n"
        "try: main.main(['serve', '--help'])\nexcept SystemExit: pass\n"
        "print('loaded', [name for name in ('rclpy', 'torch', 'lerobot') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.endswith("loaded []\n")
    for text in ("--image-key", "ws://HOST:PORT", "ssh -N -L", "healthz", "Ctrl-C"):
        assert text in result.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--policy-path"),
        (("--policy-path", "/nowhere"), "--policy-path wants the folder"),
        (("--mode", "demo", "--image-key", "left=x"), "main, side, top"),
        (("--mode", "demo", "--image-key", "main="), "--image-key main"),
        (("--mode", "demo", "--port", "70000"), "--port"),
        (("--mode", "demo", "--noise-scale", "nan"), "noise_scale: expected 0 to 10"),
        (("--mode", "demo", "--engine", "lerobot", "--quantization", "int8"), "quantization"),
        (("--mode", "demo", "--state-key", "prompt"), "'prompt' is given to two values"),
    ],
)
def test_what_cannot_work_is_told_at_once_in_one_line(
    serve: Callable[..., Serving], words: tuple[str, ...], told: str
) -> None:
    serving = serve(*words)
    assert serving.status() == 1
    assert told in serving.output
    assert len(serving.lines) == 1
    assert serving.lines[0].startswith("pi0 serve: ")


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_options_of_the_computation_reach_the_policy() -> None:
    words = (
        "--mode demo --vision-precision bfloat16 --quantization int8 --tokenizer-path ~/words "
        "--inference-steps 4 --noise-scale 0.5"
    )
    made = command._policy_config(parsed(*words.split()))
    assert (made.vision_precision, made.quantization) == ("bfloat16", "int8")
    assert made.tokenizer_path == Path.home() / "words"
    assert (made.inference_steps, made.noise_scale) == (4, 0.5)


def test_what_is_not_given_is_as_the_policy_has_it() -> None:
    made = command._policy_config(parsed("--mode", "demo"))
    plain = PolicyConfig(made.path, made.mode, made.camera_features, made.joints, made.image_shape)
    assert made == plain


def test_everything_about_the_computation_is_an_option() -> None:
    # What the robot or the client decides, and what needs the arm's present motion.
    others = {"path", "camera_features", "joints", "image_shape", "allow_image_resize"}
    others |= {"rtc", "remote"}
    fields = {field.name for field in dataclasses.fields(PolicyConfig)}
    assert fields - others <= set(vars(parsed()))


def test_an_address_open_to_others_is_warned_of(serve: Callable[..., Serving]) -> None:
    serving = serve("--mode", "demo", "--host", "0.0.0.0", "--port", "0")
    warning = serving.wait_for("WARNING")
    assert "no authentication" in warning
    serving.process.send_signal(signal.SIGTERM)
    serving.process.wait(END_S)


@pytest.mark.timeout(300)
def test_serves_the_demo_dies_in_the_middle_and_is_found_again(
    serve: Callable[..., Serving], seen: Observation
) -> None:
    first = serve("--mode", "demo", "--port", "0", "--noise-seed", "3")
    url = first.url()
    policy = load_policy(config(url))
    assert policy.description.is_demo
    assert policy.description.policy_id.startswith(f"remote/{url.removeprefix('ws://')}/demo/")
    chunk = policy.infer(seen)
    assert chunk.shape == (50, 6)

    # Frozen and then killed while the client waits for its chunk.
    first.process.send_signal(signal.SIGSTOP)
    killer = threading.Timer(0.3, first.process.kill)
    killer.start()
    with pytest.raises(PolicyUnavailable, match="connection lost"):
        policy.infer(seen)
    killer.join()
    with pytest.raises(PolicyUnavailable, match="no policy server answers there"):
        policy.infer(seen)
    with pytest.raises(PolicyUnavailable, match="next attempt in"):
        policy.infer(seen)

    second = serve("--mode", "demo", "--port", url.rsplit(":", 1)[1], "--noise-seed", "3")
    second.wait_for("serving ")
    policy._not_before_s = 0.0  # type: ignore[attr-defined]
    assert np.array_equal(policy.infer(seen), chunk)

    second.process.send_signal(signal.SIGINT)
    assert second.status() == 0
    assert "ended" in second.lines[-1]
    assert "Traceback" not in second.output
    with pytest.raises(PolicyError):
        policy.infer(seen)
