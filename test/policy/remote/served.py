"""A server of ours in a thread, with a policy that a test tells what to do."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from websockets.sync.client import ClientConnection, connect

from pi0_ros.core.errors import PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.policy.remote.announcement import Announcement
from pi0_ros.policy.remote.remote_config import default_key
from pi0_ros.policy.remote.server import PolicyServer
from pi0_ros.policy.remote.wire import pack

JOINTS, ROWS, PICTURE = 3, 4, (6, 8)
CAMERAS = ("main", "side")
DEADLINE_S = 10.0


class Stub:
    """A policy that does what a test tells it to."""

    description = PolicyDescription("own-1", False, "cpu", ROWS, JOINTS, CAMERAS, PICTURE)

    def __init__(self) -> None:
        self.seen: list[Observation] = []
        self.busy = 0
        self.answer: Callable[[Observation], Any] = lambda seen: np.tile(seen.positions, (ROWS, 1))

    def check_instruction(self, text: str) -> None:
        """Any will do."""

    def infer(self, observation: Observation) -> Any:
        assert self.busy == 0, "two at a time"
        self.busy += 1
        self.seen.append(observation)
        try:
            return self.answer(observation)
        finally:
            self.busy -= 1


def announcement(described: PolicyDescription) -> Announcement:
    return Announcement(
        policy_id=described.policy_id,
        demo=described.is_demo,
        horizon=described.horizon,
        joints=described.joints,
        image_height=described.image_shape[0],
        image_width=described.image_shape[1],
        pictures=tuple(default_key(camera) for camera in described.cameras),
        state="observation/state",
        prompt="prompt",
        actions="actions",
    )


class Running:
    """A server in a thread."""

    def __init__(self, policy: Any) -> None:
        self.said: list[str] = []
        self.error: BaseException | None = None
        self.port = 0
        self._server = PolicyServer(policy, announcement(policy.description), self.said.append)
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(DEADLINE_S)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def _run(self) -> None:
        def listening(port: int) -> None:
            self.port = port
            self._up.set()

        try:
            self._loop.run_until_complete(self._server.run("127.0.0.1", 0, listening))
        except PolicyLost as error:
            self.error = error

    def end(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._server.stop)
        self.ended()

    def ended(self) -> None:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()


@contextmanager
def running(policy: Any) -> Iterator[Running]:
    server = Running(policy)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def client(server: Running, **options: Any) -> Iterator[ClientConnection]:
    with connect(server.url, compression=None, proxy=None, **options) as connection:
        connection.recv(DEADLINE_S)
        yield connection


def question(**changes: Any) -> dict[str, Any]:
    picture = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    message = {
        "observation/main": picture,
        "observation/side": picture[::-1],
        "observation/state": np.array([0.1, 0.2, 0.3]),
        "prompt": "pick",
    }
    merged = message | {name.replace("__", "/"): value for name, value in changes.items()}
    return {name: value for name, value in merged.items() if value is not None}


def ask(connection: ClientConnection, message: Any) -> str | bytes:
    connection.send(message if isinstance(message, str | bytes) else pack(message))
    return connection.recv(DEADLINE_S)
