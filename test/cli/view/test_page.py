"""The page over loopback: what comes, who may see it, and that nobody holds up its end."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from cli.view.scenes import CAMERAS, SHAPE, all_well

from pi0_ros.cli.view.frame import Frame
from pi0_ros.cli.view.page import Feed, served
from pi0_ros.core.errors import ConfigurationError

DEADLINE_S = 10.0
Check = Callable[[Feed, str, aiohttp.ClientSession], Awaitable[None]]


def frame(age_s: float = 0.0) -> Frame:
    """Of pictures so old."""
    return Frame(all_well(100.0), SHAPE, 100.0 + age_s)


def with_page(check: Check, shown: Frame | None = None) -> None:
    """Runs `check` against a page that shows `shown` ten times a second."""

    async def run() -> None:
        feed = Feed()

        async def show() -> None:
            while True:
                feed.show(shown or frame())
                await asyncio.sleep(0.1)

        async with (
            asyncio.timeout(DEADLINE_S),
            served(feed, "127.0.0.1", 0) as address,
            aiohttp.ClientSession() as session,
        ):
            showing = asyncio.ensure_future(show())
            await check(feed, address, session)
            showing.cancel()

    asyncio.run(run())


async def next_frame(socket: aiohttp.ClientWebSocketResponse) -> tuple[dict[str, Any], np.ndarray]:
    words = json.loads(await socket.receive_str())
    pixels = cv2.imdecode(np.frombuffer(await socket.receive_bytes(), np.uint8), 1)
    return words, pixels


def test_the_page_is_one_file_that_asks_nobody_else() -> None:
    async def check(_: Feed, address: str, session: aiohttp.ClientSession) -> None:
        async with session.get(address) as answer:
            text = await answer.text()
            assert answer.status == 200
            assert answer.content_type == "text/html"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert re.findall(r"""(?:src|href)=["']?([^"' >]+)""", text) == ["data:,"]
        assert "//" not in text.replace("ws://${location.host}", "").split("<script>")[0]
        # Read-only: nothing to press or to fill in.
        assert not re.search(r"<(button|input|form|a)\b", text)
        async with session.post(address) as answer:
            assert answer.status == 405

    with_page(check)


def test_frames_arrive_with_state_and_picture() -> None:
    async def check(_: Feed, address: str, session: aiohttp.ClientSession) -> None:
        async with session.ws_connect(f"{address}frames") as socket:
            for _ in range(3):
                words, pixels = await next_frame(socket)
        assert words["level"] == "good"
        assert words["headline"] == "RUN"
        assert words["instruction"] == "move to the red block"
        assert [camera["name"] for camera in words["cameras"]] == list(CAMERAS)
        assert pixels.shape == (360, 3 * 480, 3)
        # Brightness tells that each camera is in its place.
        assert [int(pixels[5, 240 + 480 * i].mean()) for i in range(3)] == pytest.approx(
            [60, 120, 180], abs=4
        )
        async with session.get(f"{address}picture.jpg") as answer:
            assert (await answer.read()).startswith(b"\xff\xd8")

    with_page(check)


def test_pictures_that_are_old_arrive_red_and_dark() -> None:
    async def check(_: Feed, address: str, session: aiohttp.ClientSession) -> None:
        async with session.ws_connect(f"{address}frames") as socket:
            words, pixels = await next_frame(socket)
        assert words["level"] == "alarm"
        assert {camera["trouble"] for camera in words["cameras"]} == {"no picture for 2 s"}
        assert pixels[5, -240].mean() < 70.0

    with_page(check, frame(age_s=2.0))


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}]
)
def test_pages_of_others_see_nothing(headers: dict[str, str]) -> None:
    async def check(_: Feed, address: str, session: aiohttp.ClientSession) -> None:
        for path in ("", "frames", "picture.jpg"):
            async with session.get(f"{address}{path}", headers=headers) as answer:
                assert answer.status == 403
        own = {"Origin": address.rstrip("/")}
        async with session.ws_connect(f"{address}frames", headers=own) as socket:
            assert (await next_frame(socket))[0]["level"] == "good"

    with_page(check)


def test_it_ends_at_once_while_browsers_are_connected_and_one_of_them_is_stuck() -> None:
    async def run() -> None:
        feed = Feed()
        session = aiohttp.ClientSession()
        async with served(feed, "127.0.0.1", 0) as address:
            port = int(address.rsplit(":", 1)[1].rstrip("/"))
            socket = await session.ws_connect(f"{address}frames")
            # One that never reads: its pictures fill every buffer on the way.
            _, stuck = await asyncio.open_connection("127.0.0.1", port, limit=1)
            stuck.write(
                b"GET /frames HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Version: 13\r\n\r\n"
            )
            noisy = all_well(100.0)
            rng = np.random.default_rng(0)
            for camera in CAMERAS:
                noisy.see(camera, rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8), 100.0)
            for _ in range(20):
                feed.show(Frame(noisy, SHAPE, 100.0))
                await next_frame(socket)
        stuck.close()
        await session.close()

    # Its own patience is a third of a second; without it, aiohttp's is a minute.
    asyncio.run(asyncio.wait_for(run(), 30.0))


def test_a_port_that_is_taken_is_named() -> None:
    async def check(_: Feed, address: str, session: aiohttp.ClientSession) -> None:
        port = int(address.rsplit(":", 1)[1].rstrip("/"))
        with pytest.raises(ConfigurationError, match=f"--port {port}"):
            async with served(Feed(), "127.0.0.1", port):
                pass

    with_page(check)
