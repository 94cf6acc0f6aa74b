"""What is not even a WebSocket: every way to answer wrongly ends in an error of the family."""

import base64
import hashlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi0_ros.core.errors import PolicyError, PolicyUnavailable
from pi0_ros.policy.remote.link import Link
from pi0_ros.policy.remote.remote_config import RemoteConfig

DEADLINE_S = 10.0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HELLO = b"\x82\x01\x80"


class RawServer:
    """Answers the first request of each connection with bytes, and then hangs up."""

    def __init__(self) -> None:
        self.answer: Callable[[bytes], bytes] = lambda request: b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(DEADLINE_S)
                request = b""
                while b"\r\n\r\n" not in request:
                    more = connection.recv(65536)
                    if not more:
                        break
                    request += more
                try:
                    connection.sendall(self.answer(request))
                except OSError:
                    # The client had enough of it.
                    continue

    def end(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(DEADLINE_S)


@pytest.fixture
def server() -> Iterator[RawServer]:
    server = RawServer()
    yield server
    server.end()


def upgraded(frames: bytes) -> Callable[[bytes], bytes]:
    """A correct handshake, and these bytes behind it."""

    def answer(request: bytes) -> bytes:
        lines = dict(line.split(b": ", 1) for line in request.split(b"\r\n") if b": " in line)
        key = base64.b64encode(hashlib.sha1(lines[b"Sec-WebSocket-Key"] + _GUID).digest())
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n" + frames
        )

    return answer


def opened(server: RawServer) -> bytes:
    link = Link(RemoteConfig(f"ws://127.0.0.1:{server.port}", connect_timeout_s=5.0))
    try:
        return link.open()
    finally:
        link.close()


def test_the_raw_server_can_be_a_good_one(server: RawServer) -> None:
    server.answer = upgraded(HELLO)
    assert opened(server) == b"\x80"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00" * 100,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000,
    ],
    ids=lambda answer: repr(answer[:40]),
)
def test_what_is_no_policy_server_is_unavailable(server: RawServer, answer: bytes) -> None:
    server.answer = lambda request: answer
    with pytest.raises(PolicyUnavailable, match=f"127.0.0.1:{server.port}"):
        opened(server)


def test_a_redirect_is_not_followed(server: RawServer) -> None:
    other = RawServer()
    other.answer = upgraded(HELLO)
    place = f"ws://127.0.0.1:{other.port}/".encode()
    server.answer = lambda request: (
        b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n"
    )
    with pytest.raises(PolicyUnavailable, match="302"):
        opened(server)
    other.end()


@pytest.mark.parametrize(
    "frames",
    [
        b"\x82\x7f" + struct.pack(">Q", 2**62),  # larger than anything
        b"\x82\x7f" + struct.pack(">Q", 2**63),  # a negative length
        b"\xf2\x01a",  # reserved bits
        b"\x83\x01a",  # an opcode that does not exist
        b"\x80\x01a",  # the end of a message that never began
        b"\x82\x81aaaab",  # masked, which only clients do
        b"\x89\x7e\x01\x00" + bytes(256),  # a ping that is too long
        b"\x88\x01a",  # a close of half a code
    ],
)
def test_frames_against_the_protocol_are_the_servers_fault(
    server: RawServer, frames: bytes
) -> None:
    server.answer = upgraded(frames)
    with pytest.raises(PolicyError) as error:
        opened(server)
    assert not isinstance(error.value, PolicyUnavailable)


@pytest.mark.parametrize("frames", [b"", b"\x82", b"\x82\x05ab", b"\x02\x01a", b"\x88\x02\x03\xe8"])
def test_a_server_that_hangs_up_is_unavailable(server: RawServer, frames: bytes) -> None:
    server.answer = upgraded(frames)
    with pytest.raises(PolicyUnavailable, match="connection lost"):
        opened(server)


@given(st.binary(max_size=60))
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_frames_are_a_message_or_an_error_of_the_family(
    server: RawServer, frames: bytes
) -> None:
    server.answer = upgraded(frames)
    try:
        assert isinstance(opened(server), bytes)
    except PolicyError as error:
        assert str(error).isprintable()  # noqa: PT017  either outcome is right
