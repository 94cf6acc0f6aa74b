"""What a training step takes: batches of examples in the form of the model's `forward`."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from pi0_ros.policy.learning.recipe import Jitter


class Examples:
    """All examples of a training run, ready but for their pictures' precision and jitter."""

    def __init__(
        self,
        pictures: Mapping[str, torch.Tensor],
        others: Mapping[str, torch.Tensor],
        episode_lengths: Sequence[int],
    ) -> None:
        """
        Args:
            pictures: feature -> float, 0 to 1, shape (examples, 3, side, side).
            others: states, actions and tokens as the preprocessor gives them.
            episode_lengths: examples of each episode, in order.
        """
        self._pictures = dict(pictures)
        self._others = dict(others)
        self.episode_ends = np.cumsum(episode_lengths)

    def __len__(self) -> int:
        return int(self.episode_ends[-1])

    def batch(
        self, rows: Sequence[int], device: torch.device, jitter: Jitter, seed: Sequence[int]
    ) -> dict[str, torch.Tensor]:
        """The examples of these rows; `seed` decides about their jitter."""
        picked = torch.tensor(rows)
        batch = {
            key: value[picked.to(value.device)].to(device) for key, value in self._others.items()
        }
        rng = np.random.default_rng(seed)
        for key, value in self._pictures.items():
            pictures = value[picked].to(device).to(torch.float32)
            batch[key] = jittered(pictures, jitter, rng) if jitter else pictures
        return batch


def jittered(pictures: torch.Tensor, jitter: Jitter, rng: np.random.Generator) -> torch.Tensor:
    """Each picture brighter or darker, harder or softer and moved a little, at random.

    Black stays black: it is the edge that letterboxing adds, which no light changes. What moves in
    from outside repeats the outermost pixels.

    Args:
        pictures: float32, 0 to 1, shape (pictures, 3, side, side).
    """
    count, side = len(pictures), pictures.shape[-1]

    def spread(largest: float) -> torch.Tensor:
        values = rng.uniform(-largest, largest, (count, 1, 1, 1)).astype(np.float32)
        return torch.from_numpy(values).to(pictures.device)

    seen = (pictures > 0).any(dim=1, keepdim=True)
    shares = seen.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    mean = pictures.sum(dim=(2, 3), keepdim=True) / shares
    changed = mean + (pictures - mean) * (1 + spread(jitter.contrast))
    changed = changed * (1 + spread(jitter.brightness))
    changed = torch.where(seen, changed, 0.0).clamp(0.0, 1.0)
    if not jitter.shift_px:
        return changed
    shifts = rng.integers(-jitter.shift_px, jitter.shift_px + 1, (2, count, 1))
    down, right = (
        torch.from_numpy((np.arange(side) + shift).clip(0, side - 1)).to(pictures.device)
        for shift in shifts
    )
    each = torch.arange(count, device=pictures.device)[:, None, None]
    # Indexing on both sides of the channels moves them last.
    return changed[each, :, down[:, :, None], right[:, None, :]].permute(0, 3, 1, 2).contiguous()
