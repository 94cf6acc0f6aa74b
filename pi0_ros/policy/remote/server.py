"""Serves a policy to openpi's clients and to `RemotePolicy`."""

import asyncio
import http
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from pi0_ros.core.errors import ConfigurationError, InputRefused, PolicyError, PolicyLost
from pi0_ros.core.printable import printable
from pi0_ros.core.statistics import spread
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.remote.announcement import Announcement
from pi0_ros.policy.remote.request import most_request_bytes, read_request
from pi0_ros.policy.remote.wire import pack

MOST_CLIENTS = 4
HEALTH_PATH = "/healthz"
# A client that does not take its answer loses the connection.
_SEND_S = 10.0
_CLOSE_S = 1.0
_SAY_EVERY_S = 10.0


class PolicyServer:
    """Computes one chunk at a time, for up to `MOST_CLIENTS` clients.

    There is no authentication: whoever can connect can ask. Web pages cannot: requests with an
    Origin header are refused, so that no browser on this machine can be made to ask.

    Args:
        announced: what is told to every client; its pictures are those of the policy's cameras,
            in the same order.
        say: is told what happens, a line at a time.
    """

    def __init__(self, policy: Policy, announced: Announcement, say: Callable[[str], None]) -> None:
        self._policy = policy
        self._announced = announced
        self._say = say
        self._metadata = pack(announced.message())
        self._clients = 0
        self._times_s: deque[float] = deque(maxlen=1000)
        self._chunks = 0
        # One thread: a policy is not safe to call from several.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="policy")
        self._lost: PolicyLost | None = None
        self._stop = asyncio.Event()

    async def run(self, host: str, port: int, listening: Callable[[int], None]) -> None:
        """Serves until `stop`.

        Args:
            port: 0 for one that is free.
            listening: is told the port once clients can connect.

        Raises:
            ConfigurationError: the address is not there or in use.
            PolicyLost: the device is lost; no later chunk could be trusted.
        """
        try:
            server = await serve(
                self._serve_client,
                host,
                port,
                compression=None,
                origins=[None],
                process_request=self._admit,
                max_size=most_request_bytes(self._announced),
                # Messages that wait unread: one is being answered meanwhile.
                max_queue=2,
                close_timeout=_CLOSE_S,
            )
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {host}:{port} ({error.strerror or error}): set --host, --port"
            ) from error
        talking = asyncio.create_task(self._talk())
        try:
            listening(next(iter(server.sockets)).getsockname()[1])
            await self._stop.wait()
        finally:
            talking.cancel()
            server.close()
            await server.wait_closed()
            self._worker.shutdown(wait=False, cancel_futures=True)
        if self._lost is not None:
            raise self._lost

    def stop(self) -> None:
        """From the event loop's thread."""
        self._stop.set()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path == HEALTH_PATH:
            return connection.respond(http.HTTPStatus.OK, "OK\n")
        if self._clients >= MOST_CLIENTS:
            return connection.respond(
                http.HTTPStatus.SERVICE_UNAVAILABLE, f"{MOST_CLIENTS} clients are connected\n"
            )
        return None

    async def _serve_client(self, connection: ServerConnection) -> None:
        who = ":".join(str(part) for part in connection.remote_address[:2])
        self._clients += 1
        self._say(f"{who} connected ({self._clients} of at most {MOST_CLIENTS})")
        try:
            await self._send(connection, self._metadata)
            while True:
                await self._send(connection, await self._answer(await connection.recv(), who))
        except ConnectionClosed as error:
            self._say(f"{who} went ({printable(str(error))})")
        except TimeoutError:
            self._say(f"{who} does not take its answer; dropped")
            connection.transport.abort()
        except PolicyLost as error:
            self._lost = error
            self.stop()
        finally:
            self._clients -= 1

    async def _answer(self, request: str | bytes, who: str) -> bytes | str:
        """A chunk, or in words why there is none."""
        began_s = time.monotonic()
        try:
            if isinstance(request, str):
                raise InputRefused("malformed", "expected a binary message, got a text")
            observation = read_request(request, self._announced, self._policy.description.cameras)
            positions = await asyncio.get_running_loop().run_in_executor(
                self._worker, self._policy.infer, observation
            )
        except PolicyLost:
            raise
        except (InputRefused, PolicyError) as error:
            self._say(f"{who}: no chunk: {error}")
            return f"{type(error).__name__}: {error}"
        took_s = time.monotonic() - began_s
        self._times_s.append(took_s)
        self._chunks += 1
        return pack(
            {self._announced.actions: positions, "server_timing": {"infer_ms": 1000.0 * took_s}}
        )

    @staticmethod
    async def _send(connection: ServerConnection, message: bytes | str) -> None:
        async with asyncio.timeout(_SEND_S):
            await connection.send(message)

    async def _talk(self) -> None:
        said = 0
        while True:
            await asyncio.sleep(_SAY_EVERY_S)
            times = spread(self._times_s)
            if times is not None and self._chunks > said:
                rate = (self._chunks - said) / _SAY_EVERY_S
                self._say(
                    f"{self._chunks} chunks, {rate:.1f} a second, p50 {1e3 * times.p50:.0f} ms, "
                    f"p99 {1e3 * times.p99:.0f} ms"
                )
            said = self._chunks
