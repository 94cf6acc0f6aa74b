"""One moment as it is shown: the pictures, and what is said beside them."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property

from pi0_ros.cli.pictures.overlay import (
    Picture,
    camera_grid,
    dimmed,
    nothing_seen,
    with_lines,
)
from pi0_ros.cli.view.sight import Sight
from pi0_ros.cli.view.state import Level, State, film_lines, state_of
from pi0_ros.ros.compressed import jpeg

_MOST_HEIGHT = 360
_JPEG_QUALITY = 82


@dataclass(frozen=True)
class Frame:
    """Drawn only as far as somebody looks, and only once.

    Attributes:
        shape: (height, width) of a camera's picture.
    """

    sight: Sight
    shape: tuple[int, int]
    now_s: float

    @cached_property
    def state(self) -> State:
        return state_of(self.sight, self.now_s)

    @cached_property
    def picture(self) -> Picture:
        """The cameras; what is not live is grey and dark."""
        images = {}
        for camera in self.state.cameras:
            seen = self.sight.pictures.get(camera.name)
            if seen is None:
                seen = nothing_seen(self.shape)
            elif camera.trouble:
                seen = dimmed(seen)
            images[camera.name] = seen
        return camera_grid(images, self.sight.chunk_at(self.now_s), _MOST_HEIGHT)

    @cached_property
    def film_picture(self) -> Picture:
        return with_lines(self.picture, film_lines(self.state), self.state.level is Level.ALARM)

    @cached_property
    def jpeg(self) -> bytes:
        return jpeg(self.picture, _JPEG_QUALITY)

    @cached_property
    def words(self) -> str:
        """The state as JSON."""
        return json.dumps(asdict(self.state))
