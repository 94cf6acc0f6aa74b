"""Demonstrations of an expert in the simulation, recorded faster than they would take."""

import sys
import time

from pi0_ros.core.errors import DatasetError
from pi0_ros.policy.dataset.layout import DatasetLayout, Pictures
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.policy.policy_config import default_feature
from pi0_ros.sim.demo_arm import JOINT_NAMES
from pi0_ros.sim.reach.scenes import drawn_scene
from pi0_ros.sim.reach.shown import Scenes, Starts, shown_reach
from pi0_ros.sim.scene import CAMERAS, IMAGE_HEIGHT, IMAGE_WIDTH

ROBOT = "pi0_ros demo arm"
# More failures than this a kept episode, and something is wrong with the expert.
_MOST_FAILURES_PER_EPISODE = 3
_LINE_EVERY_S = 1.0


def simulated_layout(fps: int, pictures: Pictures) -> DatasetLayout:
    """The demo arm and its three cameras, named as inference names them."""
    return DatasetLayout(
        fps=fps,
        camera_features={camera: default_feature(camera) for camera in CAMERAS},
        joint_names=JOINT_NAMES,
        image_shape=(IMAGE_HEIGHT, IMAGE_WIDTH),
        pictures=pictures,
        robot=ROBOT,
    )


def record_simulated(
    writer: DatasetWriter,
    episodes: int,
    seed: int,
    fps: int,
    scenes: Scenes = drawn_scene,
    starts: Starts | None = None,
) -> int:
    """Adds `episodes` successful demonstrations; returns how many failed and were left out.

    Ctrl-C ends it: the episode under way is discarded, the others stay.

    Raises:
        DatasetError: the dataset cannot be written, or nearly everything fails.
    """
    progress, failures, number, kept = _Progress(episodes), 0, 0, 0
    while kept < episodes:
        shown = shown_reach(seed, number, fps, scenes, starts)
        number += 1
        for frame in shown.frames():
            writer.add(frame.observation, frame.command)
            progress.frame(kept, writer.frames, failures)
        if shown.reached:
            writer.save_episode()
            kept += 1
            continue
        writer.discard_episode()
        failures += 1
        progress.say(f"demonstration {number} left out: {shown.outcome}")
        if failures > _MOST_FAILURES_PER_EPISODE * episodes:
            raise DatasetError(
                f"{writer.folder}: {failures} of {number} demonstrations failed; expected nearly "
                "none: the expert does not fit the scenes"
            )
    progress.end()
    return failures


class _Progress:
    """One line on standard error that is written over where it is a terminal's."""

    def __init__(self, episodes: int) -> None:
        self._episodes = episodes
        self._begin_s = self._said_s = time.monotonic()
        self._frames = 0
        self._live = sys.stderr.isatty()

    def frame(self, kept: int, in_episode: int, failures: int) -> None:
        self._frames += 1
        now_s = time.monotonic()
        if now_s - self._said_s < _LINE_EVERY_S:
            return
        self._said_s = now_s
        elapsed_s = now_s - self._begin_s
        left = "?" if kept == 0 else f"{elapsed_s / kept * (self._episodes - kept):.0f} s"
        self._line(
            f"episode {kept + 1}/{self._episodes}, frame {in_episode}; "
            f"{self._frames / elapsed_s:.0f} frames/s, {failures} left out, about {left} to go"
        )

    def say(self, text: str) -> None:
        self.end()
        print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _line(self, text: str) -> None:
        if self._live:
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)
