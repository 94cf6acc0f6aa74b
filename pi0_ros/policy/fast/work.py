"""How much a chunk takes at the least: arithmetic and memory traffic from the dimensions alone."""

from dataclasses import dataclass

from pi0_ros.policy.fast.sizes import Pi0Sizes, Tower


@dataclass(frozen=True, slots=True)
class Work:
    """What one stage must do.

    Attributes:
        flop: multiplications and additions of its matrix products.
        numbers: weights, keys and values that must come from memory: each weight once per pass
            over it, since the caches of no machine hold a full-size expert between flow steps.
    """

    flop: float
    numbers: float

    def seconds(self, bytes_each: int, flop_per_s: float, bytes_per_s: float) -> float:
        """No machine with these two rates can be faster."""
        return max(self.flop / flop_per_s, self.numbers * bytes_each / bytes_per_s)


def work_of_chunk(sizes: Pi0Sizes, views: int, prompt: int, steps: int) -> dict[str, Work]:
    """Stage -> work, for "vision", "prefix" and "flow".

    Args:
        views: pictures.
        prompt: tokens, without padding.
        steps: Euler steps.
    """
    vision, prefix, expert = sizes.vision, sizes.prefix, sizes.expert
    seen = views * sizes.patches
    pixels = sizes.patch * sizes.patch * 3
    per_patch = vision.width * (pixels + prefix.width) + vision.depth * _layer(vision, vision.heads)
    picture = vision.depth * _attention(vision, sizes.patches, sizes.patches)
    tokens = seen + prompt
    full = prefix.depth - 1
    keys_and_values = 2 * prefix.width * prefix.head_dim
    per_token = full * _layer(prefix, 1) + keys_and_values
    rows = steps * sizes.horizon + 1
    places = tokens + 1 + sizes.horizon
    around = expert.width * (2 * sizes.action + expert.width)
    per_row = expert.depth * _layer(expert, 1) + around
    cache = 2 * expert.depth * places * expert.head_dim
    return {
        "vision": Work(2.0 * (seen * per_patch + views * picture), per_patch),
        "prefix": Work(
            2.0 * (tokens * per_token + full * _attention(prefix, tokens, tokens)), per_token
        ),
        "flow": Work(
            2.0 * (rows * per_row + expert.depth * _attention(expert, rows, places)),
            steps * (per_row + cache),
        ),
    }


def _layer(tower: Tower, key_heads: int) -> int:
    """Weights of one layer's matrices, which is also its products per token."""
    wide = tower.heads * tower.head_dim
    gates = 1 if key_heads == tower.heads else 2
    attention = tower.width * (2 * wide + 2 * key_heads * tower.head_dim)
    return attention + (gates + 1) * tower.width * tower.mlp


def _attention(tower: Tower, queries: int, keys: int) -> int:
    """Products of scores and of weighted values."""
    return 2 * queries * keys * tower.heads * tower.head_dim
