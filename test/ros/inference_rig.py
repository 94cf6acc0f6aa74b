"""An inference thread with its input and whoever listens to it; without ROS."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from pi0_ros.core.errors import InputRefused, PolicyError
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.policy.chunk_timer import TimingConfig
from pi0_ros.ros.inference_listener import Inferred
from pi0_ros.ros.inference_thread import InferenceConfig, InferenceThread

SHAPE = (4, 6)
NAMES = tuple(f"joint_{number}" for number in range(1, 7))
STEP_NS = 1_000_000_000
PICTURE = np.zeros((*SHAPE, 3), dtype=np.uint8)


class Listener:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.chunks: list[Inferred] = []
        self.refused: list[str] = []
        self.failures: list[str] = []
        self.fatal: list[BaseException] = []
        self.beats = 0

    def _note(self, what: list[Any], value: object) -> None:
        with self.changed:
            what.append(value)
            self.changed.notify_all()

    def publish_chunk(self, inferred: Inferred) -> None:
        self._note(self.chunks, inferred)

    def beat(self) -> None:
        with self.changed:
            self.beats += 1
            self.changed.notify_all()

    def instruction_refused(self, refusal: InputRefused) -> None:
        self._note(self.refused, refusal.kind)

    def inference_failed(self, error: PolicyError) -> None:
        self._note(self.failures, str(error))

    def fail(self, error: BaseException) -> None:
        self._note(self.fatal, error)

    def until(self, condition: Callable[[], Any], what: str) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, 5.0), f"waited 5 s for {what}"


class Rig:
    def __init__(
        self, stub: Any, cameras: tuple[str, ...] = ("main",), rate_hz: float = 200.0
    ) -> None:
        self.stub = stub
        self.cameras = cameras
        self.listener = Listener()
        self.builder = ObservationBuilder(
            ObservationConfig(cameras, NAMES, SHAPE, camera_max_age_s=60.0, joint_max_age_s=60.0)
        )
        config = InferenceConfig(
            rate_hz=rate_hz,
            timing=TimingConfig(step_ns=STEP_NS, margin_ns=0),
            joint_names=NAMES,
            instruction_max_bytes=50,
        )
        self.thread = InferenceThread(stub, self.builder, config, time.time_ns, self.listener)
        self.thread.start()

    def observe(self, age_ns: int = 0) -> None:
        """Fresh input, which is what makes the next inference."""
        now_ns, steady_ns = time.time_ns() - age_ns, time.monotonic_ns()
        for camera in self.cameras:
            self.builder.add_image(camera, now_ns, PICTURE, now_ns, steady_ns)
        self.builder.add_joint_state(now_ns, NAMES, [0.1] * 6, now_ns, steady_ns)

    def next_chunk(self, age_ns: int = 0) -> Inferred:
        count = len(self.listener.chunks)
        self.observe(age_ns)
        self.listener.until(lambda: len(self.listener.chunks) > count, "a chunk")
        return self.listener.chunks[-1]

    def beat(self) -> None:
        beats = self.listener.beats
        self.listener.until(lambda: self.listener.beats > beats + 2, "beats")

    @property
    def problem(self) -> str:
        return self.thread.view(time.monotonic_ns()).problem
