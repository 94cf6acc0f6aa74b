"""What Pi0 computes from pictures, prompt, state and noise to a chunk.

Architecture: pi0 (https://arxiv.org/abs/2410.24164): a SigLIP vision tower and a Gemma language
model over pictures and prompt (the prefix), and a smaller Gemma, the action expert, that attends to
the prefix's keys and values and carries noise to actions along a flow. Numbers as in LeRobot.

Left out, because it changes no number: padding (of the prompt and of absent cameras) is never
attended to, so it is not computed; then every token sees all that is there and no mask is needed.
The state sees no action, so its keys and values are the same in every flow step; it is computed
in the first. Nothing reads the prefix but the expert's attention, so its last layer ends at key and
value.
"""

import torch
from torch import Tensor
from torch.nn import functional

from pi0_ros.policy.fast.flow_time import time_embeddings
from pi0_ros.policy.fast.guidance import Guidance, closing_weight, guidance_weight
from pi0_ros.policy.fast.layers import Layer, Pi0Weights, VisionLayer
from pi0_ros.policy.fast.sizes import Pi0Sizes, Tower
from pi0_ros.policy.fast.traced import traced_velocity


class Places:
    """Where everything lies for one length of the prefix: made once per prompt length.

    Attributes:
        prefix: tokens of pictures and prompt.
        total: of prefix, state and actions.
        first_mask: of the first flow step, in which the state is a row beside the actions that it
            must not see: (rows * heads, total), true where there is something to see.
    """

    def __init__(self, prefix: int, sizes: Pi0Sizes, device: torch.device) -> None:
        self.prefix, self.total = prefix, prefix + 1 + sizes.horizon
        mask = torch.ones(1 + sizes.horizon, sizes.expert.heads, self.total, dtype=torch.bool)
        mask[0, :, prefix + 1 :] = False
        self.first_mask = mask.flatten(0, 1).to(device)


class FastModel:
    """The arithmetic, in three stages; one observation at a time.

    Args:
        views: pictures per observation.
        flow_steps: Euler steps from noise to actions.
        longest_prompt: tokens there is room for.
    """

    def __init__(
        self, weights: Pi0Weights, sizes: Pi0Sizes, views: int, flow_steps: int, longest_prompt: int
    ) -> None:
        self._w, self._sizes, self._views = weights, sizes, views
        device = weights.embedding.device
        self._step = -1.0 / flow_steps
        matrix, bias = weights.time_in
        times = time_embeddings(sizes, flow_steps, device)
        self._times = (times.double() @ matrix.double() + bias.double()).float().unbind()
        self._positions = weights.position.repeat(views, 1)
        self._action_shift = self._step * weights.action_out[1]
        room = views * sizes.patches + longest_prompt + 1 + sizes.horizon
        self._turns = _rope(room, sizes).to(device)
        shape = (sizes.expert.depth, room, 2, sizes.expert.head_dim)
        # Key and value of every token, per layer; the prefix's are written once per chunk.
        self._cache = torch.zeros(shape, dtype=weights.embedding.dtype, device=device).unbind()

    def prompt(self, tokens: Tensor) -> Tensor:
        """Embedded tokens, float32 (tokens, width)."""
        scale = self._sizes.prefix.width**0.5
        return self._w.embedding[tokens].float() * scale

    def vision(self, squares: Tensor) -> Tensor:
        """Pictures, float32 (views, side, side, 3) in -1...1, to their tokens.

        Returns:
            float32 (views * patches, width of the language model).
        """
        sizes = self._sizes
        count, side = sizes.image // sizes.patch, sizes.patch
        covered = squares[:, : count * side, : count * side]
        patches = covered.reshape(self._views, count, side, count, side, 3).transpose(2, 3)
        x = self._positions.clone()
        _add_product(x, patches.reshape(-1, side * side * 3), self._w.patch)
        for layer in self._w.vision:
            _vision_layer(x, layer, sizes.vision, self._views)
        h = _layer_norm(x, self._w.vision_norm, sizes.vision.eps)
        return _linear(h, self._w.projector).float()

    def fill_prefix(self, pictures: Tensor, prompt: Tensor, places: Places) -> None:
        """Key and value of pictures and prompt, for all layers, into the cache."""
        x = torch.cat([pictures, prompt])
        turns, tower = self._turns[: places.prefix], self._sizes.prefix
        for layer, cache in zip(self._w.prefix, self._cache, strict=False):
            _gemma_layer(x, layer, tower, turns, cache, 0, None)
        h = _rms_norm(x, self._w.prefix_last_norm, tower.eps)
        _turned(h, self._w.prefix_last_kv, 0, turns[:, tower.heads :], self._cache[-1], 0)

    def flow(self, state: Tensor, noise: Tensor, places: Places) -> Tensor:
        """From noise to actions.

        Args:
            state: float32 (1, padded state), normalised.
            noise: float32 (horizon, padded action).

        Returns:
            Normalised actions, float32 (horizon, padded action).
        """
        x = noise.clone()
        for step in range(len(self._times)):
            h = self._seen(x, step, state, places)
            x.add_(self._action_shift).addmm_(h, self._w.action_out[0], alpha=self._step)
        return x

    def guided_flow(
        self, state: Tensor, noise: Tensor, places: Places, guidance: Guidance
    ) -> Tensor:
        """As `flow`, with each Euler step corrected toward the chunk before.

        Args:
            guidance: target and weights of shape (horizon, padded action), or that they expand to.
        """
        x = noise.clone()
        for step in range(len(self._times)):
            time = 1.0 + step * self._step
            if guidance.jacobian:
                if step == 0:
                    # For the state's keys and values; the traced pass has actions only.
                    self._seen(x, step, state, places)
                velocity, correction = self._traced_correction(x, step, time, places, guidance)
            else:
                h = self._seen(x, step, state, places)
                velocity = torch.addmm(self._w.action_out[1], h, self._w.action_out[0])
                correction = guidance.weights * (guidance.target - (x - time * velocity))
            closing = step == len(self._times) - 1 and not guidance.jacobian
            strength = (closing_weight if closing else guidance_weight)(time, guidance.max_weight)
            x.add_(velocity, alpha=self._step).add_(correction, alpha=-self._step * strength)
        return x

    def _seen(self, x: Tensor, step: int, state: Tensor, places: Places) -> Tensor:
        """The expert's last normalised rows for the actions x; the state goes with the first."""
        w, tower = self._w, self._sizes.expert
        mixed = functional.silu(torch.addmm(self._times[step], x, w.action_in))
        rows = torch.addmm(w.action_mlp[1], mixed, w.action_mlp[0])
        start, mask = places.prefix + 1, None
        if step == 0:
            rows = torch.cat([torch.addmm(w.state[1], state, w.state[0]), rows])
            start, mask = places.prefix, places.first_mask
        turns = self._turns[start : places.total]
        for layer, cache in zip(w.expert, self._cache, strict=True):
            _gemma_layer(rows, layer, tower, turns, cache, start, mask)
        return _rms_norm(rows[1:] if step == 0 else rows, None, tower.eps)

    def _traced_correction(
        self, x: Tensor, step: int, time: float, places: Places, guidance: Guidance
    ) -> tuple[Tensor, Tensor]:
        """Velocity at x, and the weighted distance to the target, carried back to x."""
        w, start = self._w, places.prefix + 1
        with torch.inference_mode(False), torch.enable_grad():
            traced = x.clone().requires_grad_()
            velocity = traced_velocity(
                traced,
                w,
                self._sizes.expert,
                self._times[step],
                self._turns[start : places.total],
                [cache[:start] for cache in self._cache],
            )
            estimate = traced - time * velocity
            pull = guidance.weights * (guidance.target - estimate.detach())
            (correction,) = torch.autograd.grad(estimate, traced, pull)
        return velocity.detach(), correction


def _rope(places: int, sizes: Pi0Sizes) -> Tensor:
    """RoPE as complex numbers to multiply with, complex64 (places, heads + 2, head_dim / 2).

    Places count from 0 without gaps, since padding is not there. The value, last, is not turned.
    """
    tower = sizes.expert
    exponents = torch.arange(0, tower.head_dim, 2, dtype=torch.float32) / tower.head_dim
    frequency = 1.0 / sizes.rope_theta**exponents
    angle = torch.arange(places, dtype=torch.float32)[:, None] * frequency
    turns = torch.ones(places, tower.heads + 2, tower.head_dim // 2, dtype=torch.complex64)
    turns[:, :-1] = torch.polar(torch.ones_like(angle), angle)[:, None]
    return turns


def _vision_layer(x: Tensor, layer: VisionLayer, tower: Tower, views: int) -> None:
    """Changes x, float32 (views * patches, width): every patch sees its own picture."""
    qkv = _linear(_layer_norm(x, layer.norm1, tower.eps), layer.qkv)
    q, k, v = qkv.view(views, -1, 3, tower.heads, tower.head_dim).permute(2, 0, 3, 1, 4).unbind()
    seen = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
    x.add_(_linear(seen, layer.out))
    h = functional.gelu(
        _linear(_layer_norm(x, layer.norm2, tower.eps), layer.up), approximate="tanh"
    )
    x.add_(_linear(h, layer.down))


def _gemma_layer(
    x: Tensor,
    layer: Layer,
    tower: Tower,
    turns: Tensor,
    cache: Tensor,
    start: int,
    mask: Tensor | None,
) -> None:
    """Changes x, float32 (rows, width), the tokens from place `start` on.

    They see every token before them and each other, or what `mask` leaves of that.
    """
    rows = x.shape[0]
    q = _turned(_rms_norm(x, layer.norm1, tower.eps), layer.qkv, tower.heads, turns, cache, start)
    k, v = cache[: start + rows].unbind(1)
    # All heads share one key and value, so they are rows of one head: nothing is repeated.
    seen = functional.scaled_dot_product_attention(
        q[None, None], k[None, None], v[None, None], mask
    )
    _add_product(x, seen.view(rows, -1), layer.out)
    h = _rms_norm(x, layer.norm2, tower.eps)
    matrix = layer.gate_up
    gate, up = torch.mm(matrix, h.to(matrix.dtype).t()).chunk(2)
    _add_product(x, functional.gelu(gate, approximate="tanh").mul_(up).t(), layer.down)


def _turned(
    h: Tensor, matrix: Tensor, heads: int, turns: Tensor, cache: Tensor, start: int
) -> Tensor:
    """Projects, applies RoPE, puts key and value into the cache.

    Returns:
        The queries, (rows * heads, head_dim), a token's heads one after the other.
    """
    rows = h.shape[0]
    flat = torch.mm(h.to(matrix.dtype), matrix).float()
    pairs = torch.view_as_complex(flat.view(rows, heads + 2, -1, 2))
    turned = torch.view_as_real(pairs * turns).flatten(2)
    cache[start : start + rows].copy_(turned[:, heads:])
    return turned[:, :heads].to(matrix.dtype).flatten(0, 1)


def _rms_norm(x: Tensor, gain: Tensor | None, eps: float) -> Tensor:
    """x / sqrt(mean(x^2) + eps), times `gain` where there is one; float32."""
    if x.is_cuda:
        return functional.rms_norm(x, x.shape[-1:], gain, eps)
    # torch has no such kernel for the CPU and makes seven passes; these are three.
    rows, width = x.shape
    mean = torch.baddbmm(
        x.new_tensor(eps), x.view(rows, 1, width), x.view(rows, width, 1), alpha=1.0 / width
    )
    h = x * mean.rsqrt_().view(rows, 1)
    return h if gain is None else h.mul_(gain)


def _layer_norm(x: Tensor, norm: tuple[Tensor, Tensor], eps: float) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], norm[0], norm[1], eps)


def _linear(x: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    matrix, bias = layer
    return torch.addmm(bias, x.to(matrix.dtype), matrix)


def _add_product(x: Tensor, rows: Tensor, matrix: Tensor) -> None:
    """x += rows @ matrix; the sum is in x's float32 even where the product is not."""
    if matrix.dtype == x.dtype:
        x.addmm_(rows, matrix)
    else:
        x.add_(torch.mm(rows.to(matrix.dtype), matrix))
