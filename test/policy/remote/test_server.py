"""What is served: the local chunk to the bit, and nothing to whoever asks for something else."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from pi0_ros.core.errors import ConfigurationError, InputRefused, PolicyError, PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.remote_config import RemoteConfig, default_key
from pi0_ros.policy.remote.server import MOST_CLIENTS, PolicyServer
from pi0_ros.policy.remote.wire import pack, unpack

from .served import (
    CAMERAS,
    DEADLINE_S,
    ROWS,
    Running,
    Stub,
    announcement,
    ask,
    client,
    question,
    running,
)


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def server(stub: Stub) -> Iterator[Running]:
    with running(stub) as server:
        yield server


@pytest.mark.parametrize("engine", ["fast", "lerobot"])
def test_the_remote_chunk_is_the_local_one_to_the_bit(
    checkpoint: Path,
    config_for: Callable[..., PolicyConfig],
    observation: Observation,
    engine: str,
) -> None:
    local = load_policy(config_for(checkpoint, noise_seed=7, engine=engine))
    with running(local) as server:
        remote = load_policy(
            config_for(
                Path(),
                camera_features={camera: default_key(camera) for camera in CAMERAS},
                remote=RemoteConfig(server.url),
            )
        )
        came = remote.infer(observation)
        assert came.tobytes() == local.infer(observation).tobytes()
        assert remote.description.policy_id.endswith(f"/{local.description.policy_id}")
        remote.close()  # type: ignore[attr-defined]


def test_openpis_client_is_understood(server: Running, stub: Stub) -> None:
    """The state as float32, channels first, both of which its examples send."""
    sent = question(observation__state=np.array([0.5, 1.0, 1.5], np.float32))
    sent["observation/main"] = sent["observation/main"].transpose(2, 0, 1)
    with client(server) as connection:
        answer = unpack(ask(connection, sent))  # type: ignore[arg-type]
    assert np.array_equal(answer["actions"], np.tile([0.5, 1.0, 1.5], (ROWS, 1)))
    assert answer["server_timing"]["infer_ms"] > 0.0
    assert np.array_equal(stub.seen[0].images["main"], question()["observation/main"])
    assert np.array_equal(stub.seen[0].images["side"], question()["observation/side"])
    assert stub.seen[0].instruction == "pick"


def test_says_what_it_is_on_connect(server: Running) -> None:
    with connect(server.url, proxy=None) as connection:
        said = unpack(connection.recv(DEADLINE_S))  # type: ignore[arg-type]
    assert said["pi0_ros"]["policy_id"] == "own-1"
    assert said["pi0_ros"]["pictures"] == ["observation/main", "observation/side"]


def test_is_healthy(server: Running) -> None:
    http = HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE_S)
    http.request("GET", "/healthz")
    assert http.getresponse().status == 200
    http.close()


PICTURES = np.zeros((6, 8, 3), np.uint8)
REFUSED = {
    "a text": "hello",
    "no bytes": b"",
    "no msgpack": b"\xc1",
    "a list": msgpack.packb([1]),
    "no picture": question(observation__side=None),
    "another picture": question(observation__top=PICTURES),
    "no state": question(observation__state=None),
    "no prompt": question(prompt=None),
    "small picture": question(observation__side=PICTURES[1:]),
    "float picture": question(observation__side=PICTURES.astype(np.float32)),
    "picture as list": question(observation__side=[[1]]),
    "too many joints": question(observation__state=np.zeros(4)),
    "state of whole numbers": question(observation__state=np.zeros(3, np.int64)),
    "state as list": question(observation__state=[0.0, 0.0, 0.0]),
    "state not a number": question(observation__state=np.array([0.0, np.nan, 0.0])),
    "empty prompt": question(prompt="  "),
    "prompt with control characters": question(prompt="a\x1b[2J"),
    "prompt too long": question(prompt="a" * 5000),
    "prompt no text": question(prompt=5),
}


@pytest.mark.parametrize("message", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_observation_is_refused_in_words_and_the_next_answered(
    server: Running, stub: Stub, message: Any
) -> None:
    with client(server) as connection:
        answer = ask(connection, message)
        assert isinstance(answer, str)
        assert answer.startswith("InputRefused: ")
        assert stub.seen == []
        assert isinstance(ask(connection, question()), bytes)


def test_what_is_larger_than_any_observation_is_not_even_read(server: Running, stub: Stub) -> None:
    with client(server) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            ask(connection, bytes(200_000))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert stub.seen == []


@pytest.mark.parametrize("error", [PolicyError("no luck"), InputRefused("x", "unknown words")])
def test_a_chunk_that_fails_is_told_in_words(server: Running, stub: Stub, error: Exception) -> None:
    def fail(_seen: Observation) -> Any:
        raise error

    stub.answer = fail
    with client(server) as connection:
        assert str(error) in str(ask(connection, question()))


def test_a_lost_device_ends_the_server(stub: Stub) -> None:
    def fail(_seen: Observation) -> Any:
        raise PolicyLost("the device is gone")

    stub.answer = fail
    with running(stub) as server, client(server) as connection:
        with pytest.raises(ConnectionClosed):
            ask(connection, question())
        server.ended()
        assert "the device is gone" in str(server.error)


def test_web_pages_cannot_ask(server: Running) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(server.url, proxy=None, origin="http://example.org"),  # type: ignore[arg-type]
    ):
        pass
    assert refused.value.response.status_code == 403


def test_only_so_many_clients_are_served_and_one_at_a_time(server: Running, stub: Stub) -> None:
    working = stub.answer
    overlap = threading.Event()

    def slow(seen: Observation) -> Any:
        # Long enough for another one to come in, if it could; the stub would fail.
        overlap.wait(0.1)
        return working(seen)

    stub.answer = slow
    with ExitStack() as stack:
        clients = [stack.enter_context(client(server)) for _ in range(MOST_CLIENTS)]
        with pytest.raises(InvalidStatus) as refused, connect(server.url, proxy=None):
            pass
        assert refused.value.response.status_code == 503
        for connection in clients:
            connection.send(pack(question()))
        for connection in clients:
            assert isinstance(connection.recv(DEADLINE_S), bytes)
    assert len(stub.seen) == MOST_CLIENTS


def test_a_client_that_goes_during_its_chunk_disturbs_nobody(server: Running, stub: Stub) -> None:
    going, gone = threading.Event(), threading.Event()

    def wait(seen: Observation) -> Any:
        going.set()
        assert gone.wait(DEADLINE_S)
        return np.tile(seen.positions, (ROWS, 1))

    stub.answer = wait
    with client(server) as first:
        first.send(pack(question()))
        assert going.wait(DEADLINE_S)
        first.socket.close()
        gone.set()
    with client(server) as second:
        assert isinstance(ask(second, question()), bytes)


def test_a_port_in_use_is_told_with_the_parameter(server: Running, stub: Stub) -> None:
    other = PolicyServer(stub, announcement(stub.description), print)
    with pytest.raises(ConfigurationError, match="--port"):
        asyncio.run(other.run("127.0.0.1", server.port, print))
