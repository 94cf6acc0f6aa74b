"""Videos: whole at the end, in time, readable after a kill, refused before anything starts."""

import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from pi0_ros.cli.view.video import Video, require_video_file
from pi0_ros.core.errors import ConfigurationError, Pi0RosError

FPS = 10
SHAPE = (120, 240)


def picture(number: int) -> np.ndarray:
    """Grey as bright as its number says."""
    return np.full((*SHAPE, 3), 4 * number, dtype=np.uint8)


def frames_of(file: Path) -> list[tuple[float, float, tuple[int, int]]]:
    """Time in s, mean brightness and shape of each picture."""
    with av.open(str(file)) as container:
        return [
            (frame.time, frame.to_ndarray(format="rgb24").mean(), (frame.height, frame.width))
            for frame in container.decode(video=0)
        ]


def test_every_picture_is_there_at_its_time_and_size(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    # Half a second is missing after the twentieth.
    times_s = [1000.0 + number / FPS + 0.5 * (number > 20) for number in range(40)]
    with Video(file, FPS) as video:
        for number, time_s in enumerate(times_s):
            video.add(picture(number), time_s)
    frames = frames_of(file)
    assert video.pictures == len(frames) == 40
    assert [time_s for time_s, _, _ in frames] == pytest.approx(
        [time_s - times_s[0] for time_s in times_s], abs=1e-6
    )
    assert video.seconds() == pytest.approx(4.5)
    for number, (_, brightness, shape) in enumerate(frames):
        assert brightness == pytest.approx(4 * number, abs=6)
        assert shape == SHAPE


def test_pictures_that_come_together_stay_in_order(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    with Video(file, FPS) as video:
        for number in range(5):
            video.add(picture(number), 1000.0)
    assert [time_s for time_s, _, _ in frames_of(file)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_killed_process_leaves_all_but_the_last_seconds(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    program = (
        "import os, sys, numpy as np\nfrom pathlib import Path\n"
        "from pi0_ros.cli.view.video import Video\n"
        "video = Video(Path(sys.argv[1]), 10)\n"
        "for n in range(100): video.add(np.full((120, 240, 3), n, dtype=np.uint8), n / 10)\n"
        f"os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program, str(file)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(frames_of(file)) >= 60


def test_without_a_picture_a_file_of_before_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"before")
    require_video_file(file)
    with Video(file, FPS):
        pass
    assert file.read_bytes() == b"before"


@pytest.mark.parametrize("name", ["a.avi", "a", "missing/a.mp4", "folder.mp4"])
def test_what_cannot_be_written_is_refused_before(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(ConfigurationError, match=r"--video .*(ends in \.mp4|cannot be written)"):
        require_video_file(tmp_path / name)
    require_video_file(tmp_path / "good.MP4")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.symlink_to("/dev/full")
    rng = np.random.default_rng(0)

    def film() -> None:
        with Video(file, FPS) as video:
            for number in range(100):
                video.add(rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8), number / FPS)

    with pytest.raises(Pi0RosError, match=r"--video .*a\.mp4: cannot be written"):
        film()
