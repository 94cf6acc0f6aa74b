"""One WebSocket connection to a policy server, with a deadline on everything."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from pi0_ros.core.errors import PolicyError, PolicyUnavailable
from pi0_ros.core.printable import printable
from pi0_ros.policy.remote.remote_config import RemoteConfig

# A chunk of 1000 rows for 14 joints has 0.1 MB.
MOST_ANSWER_BYTES = 4 * 2**20
_CLOSE_S = 0.5
# Closed by our side for these reasons (RFC 6455, 7.4.1), it was the server that misbehaved:
# protocol error, unsupported data, invalid text, policy violation, message too big.
_MISBEHAVED = (1002, 1003, 1007, 1008, 1009)


class _Straight(connect):
    """Follows no redirects: the chunk comes from the server that `policy_id` names."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Link:
    """Used by one thread at a time; the event loop runs during calls only.

    After any failure the connection is dropped: an answer that comes late must never be taken for
    the answer to a later question.
    """

    def __init__(self, config: RemoteConfig) -> None:
        self._config = config
        self._connection: ClientConnection | None = None
        self._loop = asyncio.new_event_loop()

    def open(self) -> bytes:
        """Connects; the bytes with which the server says what it is.

        Raises:
            PolicyUnavailable: nobody answers there, or not within the connect timeout.
            PolicyError: what answers there is no policy server.
        """
        self.drop()
        return self._within(self._config.connect_timeout_s, "connecting", self._open())

    def is_open(self) -> bool:
        """Whether the connection stands and nothing has come that nobody asked for.

        Raises:
            PolicyError: something has; the connection is dropped.
        """
        if self._connection is None:
            return False
        try:
            unasked = self._run(self._waiting(self._connection))
        except ConnectionClosed:
            self.drop()
            return False
        if unasked:
            self.drop()
            raise PolicyError(
                f"{self._config.server} sent a message that nobody asked for; its answers cannot "
                "be told apart"
            )
        return True

    def exchange(self, request: bytes, timeout_s: float) -> bytes:
        """The answer to a request.

        Raises:
            PolicyUnavailable: the connection was lost, or the time is over.
            PolicyError: the server says that something is wrong with the request, or its answer
                is too large or not one of this protocol.
        """
        if self._connection is None:
            raise PolicyUnavailable(f"{self._config.server}: not connected")
        return self._within(timeout_s, "waiting for a chunk", self._exchange(request))

    def drop(self) -> None:
        """Ends the connection at once, without a word; does nothing where there is none."""
        if self._connection is not None:
            self._connection.transport.abort()
            self._connection = None
            self._run(asyncio.sleep(0))

    def close(self) -> None:
        """Ends the connection politely, and everything else with it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._run(_farewell(connection))
        self._loop.close()

    async def _open(self) -> bytes:
        connection = await _Straight(
            self._config.url,
            compression=None,
            # A robot's server is reached directly, whatever this machine uses for web pages.
            proxy=None,
            open_timeout=None,
            # Every call has a deadline of its own.
            ping_interval=None,
            close_timeout=_CLOSE_S,
            max_size=MOST_ANSWER_BYTES,
        )
        self._connection = connection
        return self._bytes(await connection.recv(), "what it is")

    async def _exchange(self, request: bytes) -> bytes:
        assert self._connection is not None
        await self._connection.send(request)
        return self._bytes(await self._connection.recv(), "a chunk")

    def _bytes(self, message: str | bytes, what: str) -> bytes:
        """A text is how a server of this protocol tells of an error."""
        if isinstance(message, str):
            raise PolicyError(
                f"{self._config.server} answers with an error instead of {what}: {_told(message)}"
            )
        return message

    @staticmethod
    async def _waiting(connection: ClientConnection) -> bool:
        # Lets the loop read what has arrived since the last call.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0):
                await connection.recv()
        except TimeoutError:
            return False
        return True

    def _within(self, timeout_s: float, doing: str, work: Coroutine[Any, Any, bytes]) -> bytes:
        server = self._config.server
        try:
            return self._run(_before(timeout_s, work))
        except TimeoutError as error:
            self.drop()
            raise PolicyUnavailable(
                f"{server}: {doing} took longer than {timeout_s:g} s; the connection is dropped"
            ) from error
        except ConnectionClosed as error:
            self.drop()
            sent = error.sent
            if sent is not None and sent.code in _MISBEHAVED and not error.rcvd_then_sent:
                raise PolicyError(
                    f"{server} does not keep to the protocol: {printable(str(error))} "
                    f"(an answer may have at most {MOST_ANSWER_BYTES} bytes)"
                ) from error
            raise PolicyUnavailable(
                f"{server}: connection lost while {doing} ({printable(str(error))})"
            ) from error
        except (OSError, WebSocketException) as error:
            self.drop()
            raise PolicyUnavailable(
                f"{server}: no policy server answers there ({printable(str(error))})"
            ) from error
        except PolicyError:
            self.drop()
            raise

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)


def _told(text: str) -> str:
    """What matters of an error's text: of a traceback, as openpi sends it, the last line."""
    lines = text.strip().splitlines() or ["(an empty text)"]
    return printable(lines[-1] if lines[0].startswith("Traceback") else "\n".join(lines))


async def _before(timeout_s: float, work: Coroutine[Any, Any, bytes]) -> bytes:
    async with asyncio.timeout(timeout_s):
        return await work


async def _farewell(connection: ClientConnection) -> None:
    try:
        async with asyncio.timeout(2 * _CLOSE_S):
            await connection.close()
    except TimeoutError:
        connection.transport.abort()
