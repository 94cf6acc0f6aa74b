"""How pictures become files."""

from typing import Any

from lerobot.configs import RGBEncoderConfig

from pi0_ros.policy.dataset.layout import Pictures

# Pictures that wait for an encoder, per camera: 20 s at 30 fps, and 0.6 GB for each camera of
# 640x480. Where it is full, LeRobot drops pictures, and such an episode is refused.
_QUEUE = 600
_PNG_THREADS = 4
# It brings its own FFmpeg; LeRobot's other reader needs the system's.
VIDEO_READER = "pyav"


def writer_options(pictures: Pictures) -> dict[str, Any]:
    """Options of LeRobotDataset.create and .resume."""
    if pictures == "png":
        return {"image_writer_threads": _PNG_THREADS, "video_backend": VIDEO_READER}
    return {
        "streaming_encoding": True,
        "encoder_queue_maxsize": _QUEUE,
        "encoder_threads": 1,
        "rgb_encoder": video_encoder(),
        "video_backend": VIDEO_READER,
    }


def video_encoder() -> RGBEncoderConfig:
    """H.264 with a key picture every second picture, so that any picture is found quickly.

    On the demo's pictures it takes a third of the time of LeRobot's own choice, AV1 at its fastest,
    and makes files of the same size.
    """
    return RGBEncoderConfig(vcodec="h264", preset="veryfast", crf=23, g=2)
