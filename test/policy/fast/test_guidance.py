"""The guidance against the plain formulas, and against LeRobot's network with torch's own VJP."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from pi0_ros.policy.fast.guidance import Guidance, guidance_weight, soft_mask

STEPS = 4


@pytest.mark.parametrize(("horizon", "frozen", "guided"), [(50, 5, 46), (8, 0, 8), (16, 3, 4)])
def test_the_mask_is_the_papers(horizon: int, frozen: int, guided: int) -> None:
    weights = soft_mask(horizon, frozen, guided).tolist()
    for row, weight in enumerate(weights):
        c = (guided - row) / (guided - frozen + 1)
        between = c * (math.exp(c) - 1.0) / (math.e - 1.0)
        expected = 1.0 if row < frozen else between if row < guided else 0.0
        assert weight == pytest.approx(expected, abs=1e-6), row
    falling = weights[frozen:guided]
    assert falling == sorted(falling, reverse=True)
    assert all(0.0 < weight < 1.0 for weight in falling)


@pytest.mark.parametrize(
    ("frozen", "guided", "expected"),
    [
        (3, 3, [1, 1, 1, 0, 0]),
        (9, 3, [1, 1, 1, 0, 0]),
        (4, 3, [1, 1, 1, 0, 0]),
        (9, 9, [1, 1, 1, 1, 1]),
        (0, 0, [0, 0, 0, 0, 0]),
        (2, 0, [0, 0, 0, 0, 0]),
        (-1, 0, [0, 0, 0, 0, 0]),
    ],
)
def test_a_delay_that_leaves_nothing_to_fade_over(
    frozen: int, guided: int, expected: list[float]
) -> None:
    assert soft_mask(5, frozen, guided).tolist() == expected


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
def test_the_weight_is_the_papers(tau: float) -> None:
    r_squared = (1.0 - tau) ** 2 / (tau**2 + (1.0 - tau) ** 2)
    plain = (1.0 - tau) / (tau * r_squared)
    assert guidance_weight(1.0 - tau, 1e9) == pytest.approx(plain)
    assert guidance_weight(1.0 - tau, 1.5) == 1.5


def test_the_weight_is_clipped_where_the_paper_divides_by_zero() -> None:
    assert guidance_weight(1.0, 5.0) == 5.0


def guided_reference(
    guidance: Guidance, denoise: Callable[..., Tensor], corrections: list[Tensor]
) -> Callable[..., Tensor]:
    """LeRobot's denoising step with the paper's correction: its Euler step subtracts a tau."""

    def step(x_t: Tensor, timestep: Tensor, **rest: Any) -> Tensor:
        time = float(timestep.reshape(-1)[0])
        tau = 1.0 - time

        def estimate(x: Tensor) -> Tensor:
            return x - time * denoise(x_t=x, timestep=timestep, **rest)

        with torch.enable_grad():
            weighted = guidance.weights * (guidance.target - estimate(x_t))
            correction = weighted.detach()
            if guidance.jacobian:
                _, correction = torch.autograd.functional.vjp(estimate, x_t, correction)
        r_squared = (1.0 - tau) ** 2 / (tau**2 + (1.0 - tau) ** 2)
        strength = guidance.max_weight
        if len(corrections) == STEPS - 1 and not guidance.jacobian:
            strength = min(strength, STEPS)
        elif tau > 0.0:
            strength = min(strength, (1.0 - tau) / (tau * r_squared))
        corrections.append(strength * correction)
        return denoise(x_t=x_t, timestep=timestep, **rest) - strength * correction

    return step


@pytest.mark.parametrize("max_weight", [2.0, 100.0])
@pytest.mark.parametrize("jacobian", [False, True])
def test_a_guided_chunk_is_the_papers_with_lerobots_network(
    make_model: Any,
    make_moment: Any,
    lerobot: Any,
    fast: Any,
    monkeypatch: pytest.MonkeyPatch,
    jacobian: bool,
    max_weight: float,
) -> None:
    model = make_model(seed=1)
    moment = make_moment(model, seed=2)
    horizon, padded = moment.noise.shape[1:]
    generator = torch.Generator().manual_seed(3)
    target = torch.randn((horizon, padded), generator=generator)
    guidance = Guidance(target, soft_mask(horizon, 2, 6)[:, None], max_weight, jacobian)
    ours = fast(model, moment, num_steps=STEPS, guidance=guidance)
    free = lerobot(model, moment, num_steps=STEPS)
    corrections: list[Tensor] = []
    step = guided_reference(guidance, model.model.denoise_step, corrections)
    monkeypatch.setattr(model.model, "denoise_step", step)
    theirs = lerobot(model, moment, num_steps=STEPS)
    assert len(corrections) == STEPS
    assert (theirs - free).abs().max() > 0.1
    assert (ours - theirs).abs().max() <= 1e-4


def test_the_two_methods_differ(make_model: Any, make_moment: Any, fast: Any) -> None:
    model = make_model()
    moment = make_moment(model)
    weights = soft_mask(moment.noise.shape[1], 2, 6)[:, None]
    identity = Guidance(torch.zeros_like(moment.noise[0]), weights, 10.0, jacobian=False)
    taken = fast(model, moment, guidance=identity)
    carried = fast(model, moment, guidance=replace(identity, jacobian=True))
    assert (taken - carried).abs().max() > 0.01


@pytest.mark.parametrize("jacobian", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_weights_of_zero_change_nothing(
    make_model: Any, make_moment: Any, fast: Any, jacobian: bool, dtype: str
) -> None:
    model = make_model()
    moment = make_moment(model)
    nothing = torch.zeros_like(moment.noise[0])
    guided = fast(model, moment, dtype=dtype, guidance=Guidance(nothing, nothing, 10.0, jacobian))
    # bfloat16: rounding falls elsewhere where the way is another.
    close = 1e-5 if dtype == "float32" else 5e-2
    assert (guided - fast(model, moment, dtype=dtype)).abs().max() <= close


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_identity_puts_frozen_rows_on_the_chunk_before_and_leaves_others_free(
    make_model: Any, make_moment: Any, fast: Any, steps: int
) -> None:
    model = make_model()
    moment = make_moment(model)
    free = fast(model, moment, num_steps=steps)
    padded = moment.noise.shape[2]
    target = torch.nn.functional.pad(free + 0.3, (0, padded - free.shape[1]))
    weights = torch.zeros_like(moment.noise[0])
    weights[:3, :3], weights[3, :3] = 1.0, 0.5
    guidance = Guidance(target, weights, float(steps), jacobian=False)
    guided = fast(model, moment, num_steps=steps, guidance=guidance)
    off = (guided - free - 0.3).abs().amax(dim=1)
    assert off[:3].max() < 1e-5
    assert 0.01 < off[3] < 0.3
    assert off[4:].min() > 0.01
