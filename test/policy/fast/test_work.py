"""The limit counts what the model has."""

from collections.abc import Callable

import pytest

from pi0_ros.policy.fast.sizes import Pi0Sizes, Tower, sizes_of_model
from pi0_ros.policy.fast.work import Work, work_of_chunk
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy

# gemma_2b, gemma_300m and SigLIP So400m/14, as LeRobot's pi0 has them.
FULL = Pi0Sizes(
    vision=Tower(width=1152, mlp=4304, depth=27, heads=16, head_dim=72, eps=1e-6),
    prefix=Tower(width=2048, mlp=16384, depth=18, heads=8, head_dim=256, eps=1e-6),
    expert=Tower(width=1024, mlp=4096, depth=18, heads=8, head_dim=256, eps=1e-6),
    image=224,
    patch=14,
    vocabulary=257152,
    horizon=50,
    state=32,
    action=32,
    joints=6,
    flow_steps=10,
    min_period=4e-3,
    max_period=4.0,
    rope_theta=1e4,
)


def matrices(model: PI0TinyPolicy, *parts: str) -> int:
    return sum(
        value.numel()
        for name, value in model.named_parameters()
        if value.dim() > 1 and any(part in name for part in parts)
    )


def test_every_matrix_that_is_used_is_read(make_model: Callable[..., PI0TinyPolicy]) -> None:
    model = make_model(depth=3, vision_depth=2)
    work = work_of_chunk(sizes_of_model(model), views=2, prompt=5, steps=1)
    vision = matrices(model, "vision_tower", "multi_modal_projector")
    positions = matrices(model, "position_embedding")
    assert work["vision"].numbers == vision - positions
    last = "language_model.layers.2."
    unused = matrices(model, f"{last}self_attn.q_proj", f"{last}self_attn.o_proj", f"{last}mlp")
    assert work["prefix"].numbers == matrices(model, "language_model.layers") - unused
    cache = 2 * 3 * (2 * 4 + 5 + 1 + 8) * 16
    # The action's projection and the mixer's action half are one matrix; state and time stay out.
    folded = 64 * 64 + matrices(model, "action_in_proj", "action_out_proj")
    expert = matrices(model, "gemma_expert.model.layers")
    assert work["flow"].numbers == expert + folded + cache


def test_full_size_on_an_h200_takes_six_milliseconds_at_best() -> None:
    """At 790 TFLOP/s in bfloat16 and 4.3 TB/s."""
    work = work_of_chunk(FULL, views=3, prompt=20, steps=10)
    seconds = {stage: one.seconds(2, 790e12, 4.3e12) for stage, one in work.items()}
    assert sum(seconds.values()) == pytest.approx(6.2e-3, rel=0.02)
    assert sum(one.flop for one in work.values()) == pytest.approx(4.07e12, rel=0.01)
    # Vision and prefix are arithmetic, the flow is reading.
    assert seconds["prefix"] == work["prefix"].flop / 790e12
    assert seconds["flow"] == work["flow"].numbers * 2 / 4.3e12


def test_the_slower_of_arithmetic_and_reading_counts() -> None:
    work = Work(flop=100.0, numbers=10.0)
    assert work.seconds(2, flop_per_s=10.0, bytes_per_s=1.0) == 20.0
    assert work.seconds(2, flop_per_s=1.0, bytes_per_s=1.0) == 100.0
