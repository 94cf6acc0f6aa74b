"""The page: what it is made of, the newest frame for everyone who looks, and who may look."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from pi0_ros.cli.view.frame import Frame
from pi0_ros.core.errors import ConfigurationError

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PAGE = Path(__file__).with_name("page.html")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A browser that does not take its pictures is let go after so long, and at the end after much less.
_HEARTBEAT_S = 10.0
_END_S = 0.3
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'; "
    "frame-ancestors 'none'",
}


class Feed:
    """The newest frame. Who is slow misses some; nobody waits for anybody."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._came = asyncio.Event()
        self._ended = False

    def show(self, frame: Frame) -> None:
        self._frame = frame
        self._wake()

    def end(self) -> None:
        self._ended = True
        self._wake()

    async def newest(self) -> Frame | None:
        """The next frame that comes; None at the end."""
        if not self._ended:
            await self._came.wait()
        return None if self._ended else self._frame

    def _wake(self) -> None:
        self._came.set()
        self._came = asyncio.Event()


@asynccontextmanager
async def served(feed: Feed, host: str, port: int) -> AsyncIterator[str]:
    """The page's address, for as long as the page is served.

    Raises:
        ConfigurationError: it cannot be served there.
    """
    app = web.Application(middlewares=[_only_ours(host)])
    app.router.add_get("/", _page)
    app.router.add_get("/frames", _frames(feed))
    app.router.add_get("/picture.jpg", _picture(feed))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_END_S)
    await runner.setup()
    try:
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
        except OSError as error:
            raise ConfigurationError(
                f"--port {port}, --host {host}: {error.strerror or error} (--port 0: a free one)"
            ) from error
        yield _address(host, runner.addresses[0][1])
    finally:
        feed.end()
        await runner.cleanup()


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def is_loopback(host: str) -> bool:
    return host in _LOOPBACK


def _only_ours(host: str) -> Middleware:
    """Pages of other sites, open in the same browser, must not see the cameras."""

    @web.middleware
    async def check(request: web.Request, handler: _Handler) -> web.StreamResponse:
        asked = urlsplit(f"//{request.host}").hostname
        # Another name that leads here is a site that had its name lead to this machine.
        if is_loopback(host) and not is_loopback(asked or ""):
            raise web.HTTPForbidden(text=f"this page is not at {request.host}\n")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text=f"not for pages of {origin}\n")
        return await handler(request)

    return check


async def _page(_: web.Request) -> web.Response:
    return web.Response(
        text=_PAGE.read_text(encoding="utf-8"), content_type="text/html", headers=_HEADERS
    )


def _picture(feed: Feed) -> _Handler:
    async def answer(_: web.Request) -> web.Response:
        frame = await feed.newest()
        if frame is None:
            raise web.HTTPServiceUnavailable
        return web.Response(body=frame.jpeg, content_type="image/jpeg", headers=_HEADERS)

    return answer


def _frames(feed: Feed) -> _Handler:
    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, timeout=_END_S, compress=False)
        await socket.prepare(request)
        listening = asyncio.ensure_future(_until_it_goes(socket))
        try:
            while not socket.closed and (frame := await feed.newest()) is not None:
                await socket.send_str(frame.words)
                await socket.send_bytes(frame.jpeg)
        except ConnectionError:
            # It went away between two frames.
            return socket
        finally:
            listening.cancel()
            await socket.close()
        return socket

    return answer


async def _until_it_goes(socket: web.WebSocketResponse) -> None:
    """Takes what the browser says, which is nothing but farewells and answers to heartbeats."""
    async for _ in socket:
        pass
