"""A policy server that answers whatever a test tells it to."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from pi0_ros.policy.remote.announcement import Announcement
from pi0_ros.policy.remote.wire import pack

JOINTS, ROWS, PICTURE = 3, 4, (6, 8)
CHUNK = np.arange(ROWS * JOINTS, dtype=np.float64).reshape(ROWS, JOINTS) / 100.0
GOOD = pack({"actions": CHUNK})
DEADLINE_S = 10.0

ANNOUNCED = Announcement(
    policy_id="own-0123456789ab",
    demo=False,
    horizon=ROWS,
    joints=JOINTS,
    image_height=PICTURE[0],
    image_width=PICTURE[1],
    pictures=("observation/main", "images>side"),
    state="observation/state",
    prompt="prompt",
    actions="actions",
)

# Told by an answer: send nothing, a text that is not UTF-8, or end the connection.
SILENCE = object()
BROKEN_TEXT = object()
HANG_UP = object()


def announced(**changes: Any) -> bytes:
    message = ANNOUNCED.message()
    message["pi0_ros"] |= changes
    return pack(message)


class Puppet:
    """
    Attributes:
        greeting: sent on connect.
        answer: what is sent for the request with this number, from 0; a list is sent one by one.
        requests: what came.
        connections: how often somebody connected.
        sent: messages that were sent, greetings included.
        goodbyes: with which code each connection ended.
    """

    def __init__(self) -> None:
        self.greeting: Any = pack({})
        self.answer: Callable[[int], Any] = lambda number: GOOD
        self.requests: list[bytes] = []
        self.connections = 0
        self.sent = 0
        self.goodbyes: list[int | None] = []
        self.port = 0
        self._open: set[ServerConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._server: Any = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def clients(self) -> int:
        return len(self._open)

    def start(self) -> None:
        """Listens, on the same port as before."""

        async def listen() -> Any:
            return await serve(self._handle, "127.0.0.1", self.port, compression=None)

        self._server = self._do(listen())
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    def stop(self) -> None:
        """Nobody listens any more, and every connection is cut."""

        async def end() -> None:
            self._server.close(close_connections=False)
            for connection in self._open:
                connection.transport.abort()
            await self._server.wait_closed()

        if self._server is not None:
            self._do(end())
        self._server = None

    async def _handle(self, connection: ServerConnection) -> None:
        self.connections += 1
        self._open.add(connection)
        try:
            await self._send(connection, self.greeting)
            async for request in connection:
                assert isinstance(request, bytes)
                self.requests.append(request)
                await self._send(connection, self.answer(len(self.requests) - 1))
        except ConnectionClosed:
            pass
        finally:
            self._open.discard(connection)
            self.goodbyes.append(connection.close_code)

    async def _send(self, connection: ServerConnection, message: Any) -> None:
        for part in message if isinstance(message, list) else [message]:
            if part is HANG_UP:
                connection.transport.abort()
            elif part is BROKEN_TEXT:
                await connection.send(b"\xff\xfe", text=True)
            elif part is not SILENCE:
                await connection.send(part)
                self.sent += 1

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    def run(self) -> None:
        self._loop.run_forever()

    def end(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.005)


@contextmanager
def puppet_server() -> Iterator[Puppet]:
    puppet = Puppet()
    thread = threading.Thread(target=puppet.run, daemon=True)
    thread.start()
    puppet.start()
    try:
        yield puppet
    finally:
        puppet.end()
        thread.join(DEADLINE_S)
