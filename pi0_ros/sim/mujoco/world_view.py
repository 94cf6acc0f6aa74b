"""What cameras see of a simulated world: the interface, and the drawing that needs no GL."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.renderer import Picture, SceneRenderer
from pi0_ros.sim.scene import CAMERAS, Block

# A block is drawn anew when it has moved or turned by more than this.
_MOVED_M = 0.003
_TURNED_RAD = 0.03
# Drawing what stands still takes some 70 ms of a core: while a block is pushed, so long a pause
# between two of them leaves most of it to everything else.
_PAUSE_S = 0.15
_JOIN_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class WorldSnapshot:
    """A moment of the world, safe to keep while the world goes on.

    Attributes:
        positions: of the joints, rad, shape (6,), read-only.
        configuration: all of MuJoCo's generalised positions, read-only.
        blocks: those on the table, at their places.
    """

    stamp_ns: int
    positions: FloatArray
    configuration: FloatArray
    blocks: Mapping[str, Block]


def snapshot_of(world: ReachWorld, stamp_ns: int) -> WorldSnapshot:
    configuration = world.configuration
    return WorldSnapshot(
        stamp_ns, frozen(configuration[: len(world.joint_names)]), configuration, world.blocks
    )


class WorldView(Protocol):
    """Draws snapshots; all calls from one thread."""

    def show(self, snapshot: WorldSnapshot) -> None:
        """Takes what the next pictures show."""
        ...

    def render(self, camera: str, out: Picture) -> None:
        """Draws one camera's picture, uint8 RGB, shape (480, 640, 3).

        Args:
            out: C-contiguous and writable; overwritten.
        """
        ...

    def close(self) -> None: ...


class DrawnView:
    """OpenCV's drawing. The blocks' still part is made anew in a thread when one has moved.

    Until that is ready, pictures show the blocks where they were; the arm is always where it is.

    Args:
        blocks: where the blocks stand at first, drawn here and now.
    """

    def __init__(self, blocks: Mapping[str, Block]) -> None:
        self._drawn: Mapping[str, Block] = MappingProxyType(dict(blocks))
        self._renderer = _renderer(self._drawn)
        self._positions: FloatArray | None = None
        self._lock = threading.Condition()
        self._wanted: Mapping[str, Block] | None = None
        self._ready: tuple[Mapping[str, Block], SceneRenderer] | None = None
        self._error: BaseException | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._prepare, name="backdrop", daemon=True)
        self._thread.start()

    def show(self, snapshot: WorldSnapshot) -> None:
        """Takes what the next pictures show.

        Raises:
            Exception: what went wrong in the thread.
        """
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._ready is not None:
                self._drawn, self._renderer = self._ready
                self._ready = None
            if self._wanted is None and have_moved(self._drawn, snapshot.blocks):
                self._wanted = snapshot.blocks
                self._lock.notify()
        self._positions = snapshot.positions

    def render(self, camera: str, out: Picture) -> None:
        assert self._positions is not None, "show comes before render"
        self._renderer.render_view(camera, self._positions, out)

    def close(self) -> None:
        self._ending.set()
        with self._lock:
            self._lock.notify()
        self._thread.join(_JOIN_S)

    def _prepare(self) -> None:
        try:
            while not self._ending.is_set():
                with self._lock:
                    self._lock.wait_for(lambda: self._wanted is not None or self._ending.is_set())
                    wanted = self._wanted
                if wanted is None:
                    return
                renderer = _renderer(wanted)
                with self._lock:
                    self._ready = wanted, renderer
                    self._wanted = None
                self._ending.wait(_PAUSE_S)
        except Exception as error:  # noqa: BLE001  raised again where it is seen
            self._error = error


def have_moved(before: Mapping[str, Block], now: Mapping[str, Block]) -> bool:
    """Whether blocks are to be drawn anew."""
    if before.keys() != now.keys():
        return True
    return any(
        float(np.linalg.norm(now[name].centre - before[name].centre)) > _MOVED_M
        or _turned(before[name].yaw_rad, now[name].yaw_rad) > _TURNED_RAD
        for name in now
    )


def _turned(before_rad: float, now_rad: float) -> float:
    """Angle between two yaws of a cube, which looks the same every quarter turn."""
    quarter = np.pi / 2.0
    difference = (now_rad - before_rad) % quarter
    return float(min(difference, quarter - difference))


def _renderer(blocks: Mapping[str, Block]) -> SceneRenderer:
    return SceneRenderer(CAMERAS, blocks.values())
