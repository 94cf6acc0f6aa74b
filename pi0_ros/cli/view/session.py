"""The loop of a view: take what has come, show it, film it, until the end."""

import asyncio
import contextlib
import os
import threading
import time
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2

from pi0_ros.cli.view.frame import Frame
from pi0_ros.cli.view.page import Feed, is_loopback, served
from pi0_ros.cli.view.sight import Sight
from pi0_ros.cli.view.tap import Tap, Watched
from pi0_ros.cli.view.video import Video
from pi0_ros.core.errors import Pi0RosError
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros.process import keep_freed_memory

# A signal is seen after at most this long.
_SLEEP_S = 0.05
# Whoever watches stands back where the machine is busy.
_NICENESS = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made of what is seen.

    Attributes:
        fps: pictures a second.
        seconds: after which it ends.
        page: (host, port); None for no page.
        video: None for none.
        video_from_run: the video waits until the controller runs for the first time.
    """

    fps: int
    seconds: float
    page: tuple[str, int] | None
    browser: bool
    video: Path | None
    video_from_run: bool


def show(watched: Watched, wanted: Wanted, stop: StopRequest) -> None:
    """Shows until `stop` or the time is up.

    Raises:
        ConfigurationError: the page or the namespace cannot be had.
        Pi0RosError: the video cannot be written.
    """
    os.nice(_NICENESS)
    keep_freed_memory()
    cv2.setNumThreads(1)
    tap = Tap(watched)
    try:
        with contextlib.ExitStack() as stack:
            video = None
            if wanted.video is not None:
                video = stack.enter_context(Video(wanted.video, wanted.fps))
            asyncio.run(_show(tap, watched, wanted, video, stop))
    finally:
        tap.close()
    if video is not None:
        if not video.pictures:
            began = "the controller never ran" if wanted.video_from_run else "no picture came"
            raise Pi0RosError(f"--video {wanted.video}: not written, since {began}")
        print(f"video: {wanted.video}, {video.seconds():.1f} s", flush=True)


async def _show(
    tap: Tap, watched: Watched, wanted: Wanted, video: Video | None, stop: StopRequest
) -> None:
    feed = Feed()
    async with _page(feed, wanted):
        sight = Sight(tuple(watched.transports))
        started_s = time.monotonic()
        due_s = started_s
        filming = False
        while not stop.requested and time.monotonic() - started_s < wanted.seconds:
            now_s = time.monotonic()
            if now_s >= due_s:
                tap.take(sight, now_s)
                frame = Frame(sight, watched.image_shape, now_s)
                feed.show(frame)
                filming = filming or _may_begin(sight, wanted.video_from_run)
                if video is not None and filming:
                    video.add(frame.film_picture, now_s)
                # Missed ones are left out.
                due_s = max(due_s + 1.0 / wanted.fps, now_s)
            await asyncio.sleep(min(_SLEEP_S, max(0.0, due_s - time.monotonic())))


def _may_begin(sight: Sight, from_run: bool) -> bool:
    runs = sight.controller is not None and sight.controller.state == "RUN"
    return all(camera in sight.pictures for camera in sight.cameras) and (runs or not from_run)


@asynccontextmanager
async def _page(feed: Feed, wanted: Wanted) -> AsyncIterator[None]:
    if wanted.page is None:
        print("filming; Ctrl-C ends it", flush=True)
        yield
        return
    host, port = wanted.page
    async with served(feed, host, port) as address:
        print(f"{address}  (Ctrl-C ends it)", flush=True)
        if not is_loopback(host):
            print(f"note: everyone who reaches {host} sees the cameras", flush=True)
        if wanted.browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            # It may take its time, which no end has to wait for.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        yield
