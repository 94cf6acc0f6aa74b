"""The video of a view: one picture for each that was shown, in time."""

from pathlib import Path
from types import TracebackType

from pi0_ros.cli.pictures.film import Film
from pi0_ros.cli.pictures.overlay import Picture
from pi0_ros.core.errors import ConfigurationError, Pi0RosError


def require_video_file(file: Path) -> None:
    """Before anything starts, not after it.

    Raises:
        ConfigurationError: no video can be written there.
    """
    if file.suffix.lower() != ".mp4":
        raise ConfigurationError(f"--video {file}: expected a name that ends in .mp4")
    existed = file.exists()
    try:
        # Appending nothing leaves a video of before as it is.
        file.open("ab").close()
    except OSError as error:
        raise ConfigurationError(f"--video {file}: cannot be written: {error.strerror}") from error
    if not existed:
        file.unlink()


class Video:
    """Use it in a `with` statement. The file begins with the first picture.

    Attributes:
        pictures: written so far.
    """

    def __init__(self, file: Path, fps: int) -> None:
        self._file = file
        self._fps = fps
        self._film: Film | None = None
        self._began_s = 0.0
        self._place = -1
        self.pictures = 0

    def __enter__(self) -> "Video":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._film is None:
            return
        try:
            self._film.__exit__(kind, error, trace)
        except OSError as failure:
            raise self._unwritable(failure) from failure

    def add(self, picture: Picture, now_s: float) -> None:
        """
        Args:
            now_s: steady clock; the video plays as fast as it was, whatever was left out.

        Raises:
            Pi0RosError: the file cannot be written any more.
        """
        try:
            if self._film is None:
                # One thread: the processor belongs to the policy.
                self._film, self._began_s = Film(self._file, self._fps, threads=1), now_s
            place = max(self._place + 1, round((now_s - self._began_s) * self._fps))
            self._film.add(picture, place)
        except OSError as failure:
            raise self._unwritable(failure) from failure
        self._place = place
        self.pictures += 1

    def seconds(self) -> float:
        """Its length."""
        return (self._place + 1) / self._fps

    def _unwritable(self, failure: OSError) -> Pi0RosError:
        return Pi0RosError(f"--video {self._file}: cannot be written: {failure.strerror}")
