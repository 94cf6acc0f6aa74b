"""What became of a dataset in a training."""

from dataclasses import asdict, dataclass

from pi0_ros.policy.learning.recording import Recording


@dataclass(frozen=True, slots=True)
class Share:
    """
    Attributes:
        dataset: all there are.
        learnt_from: of those.
        held_out: not to be learnt from.
    """

    dataset: int
    learnt_from: int
    held_out: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Frames that are neither learnt from nor held out are those of the recipe's `still_share`."""

    episodes: Share
    frames: Share

    def entries(self) -> dict[str, object]:
        """As in the manifest and the report."""
        return asdict(self)


def shares_of(recording: Recording, frames_learnt: int) -> Shares:
    """
    Args:
        recording: the episodes that are not held out.
        frames_learnt: of its frames.
    """
    whole = recording.dataset.meta
    episodes, frames = len(recording.episode_lengths), len(recording)
    return Shares(
        Share(whole.total_episodes, episodes, whole.total_episodes - episodes),
        Share(whole.total_frames, frames_learnt, whole.total_frames - frames),
    )
