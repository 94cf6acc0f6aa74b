"""Pictures are kept as the model sees them at inference."""

from pathlib import Path

import numpy as np
import torch
from contracts.small_dataset import write_dataset

from pi0_ros.policy.learning.pictures import frames, shrunk_pictures
from pi0_ros.policy.learning.recording import Recording, open_recording
from pi0_ros.policy.training_samples import shrunk


def test_they_are_what_inference_makes_of_the_recorded_pictures(recorded: Recording) -> None:
    seen: list[tuple[int, int]] = []
    kept = shrunk_pictures(recorded, range(33), 28, lambda *at: seen.append(at))
    assert seen[0] == (1, 33)
    assert seen[-1] == (33, 33)
    for row in (0, 20, 32):
        for camera in recorded.cameras:
            recorded_as = recorded.dataset[row][camera].permute(1, 2, 0) * 255
            expected = shrunk(recorded_as.round().to(torch.uint8).numpy(), 28)
            assert kept[camera].dtype == torch.float16
            assert torch.equal(kept[camera][row], expected.to(torch.float16))
            assert float((kept[camera][row].float() - expected).abs().max()) <= 0.13 / 255


def test_some_frames_can_be_asked_for(recorded: Recording) -> None:
    every = list(frames(recorded))
    for row, some in zip((3, 30), frames(recorded, [3, 30]), strict=True):
        for camera in recorded.cameras:
            np.testing.assert_array_equal(some[camera], every[row][camera])


def test_videos_are_read_too(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "videos", lengths=(4, 4), videos=True, cameras=("main",))
    recording = open_recording(folder)
    key = "observation.images.main"
    for row, frame in zip((0, 7), frames(recording, [0, 7]), strict=True):
        expected = recording.dataset[row][key].permute(1, 2, 0).numpy() * 255
        np.testing.assert_array_equal(frame[key], expected.round())
