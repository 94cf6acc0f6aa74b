"""The fast Pi0 as an engine: LeRobot's processors before and after, our arithmetic between."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pi0_ros.core.arrays import FloatArray
from pi0_ros.policy.engine import Mark, unmarked
from pi0_ros.policy.fast.graph import RecordedCall
from pi0_ros.policy.fast.guidance import Guidance
from pi0_ros.policy.fast.layers import Pi0Weights
from pi0_ros.policy.fast.model import FastModel, Places
from pi0_ros.policy.fast.pictures import Letterbox
from pi0_ros.policy.fast.sizes import Pi0Sizes
from pi0_ros.policy.processors import Processors


@dataclass(slots=True)
class _Prompt:
    """Everything that depends on how many tokens the prompt has.

    Attributes:
        embedded: of the present instruction; another one of the same length is written over it.
        recorded: the whole call as a CUDA graph, once it ran on a GPU: without guidance (None), or
            with a largest weight of it.
    """

    embedded: Tensor
    places: Places
    recorded: dict[float | None, RecordedCall] = field(default_factory=dict)


class FastEngine:
    """One observation at a time, in memory that is laid out once.

    On a GPU the first chunk with a prompt of a new length records a CUDA graph and takes longer.

    Args:
        picture: height and width of the cameras' pictures.
        views: number of cameras; absent ones are not computed.
        flow_steps: Euler steps per chunk; None: as the checkpoint says.
    """

    name = "fast"

    def __init__(
        self,
        weights: Pi0Weights,
        sizes: Pi0Sizes,
        processors: Processors,
        picture: tuple[int, int],
        views: int,
        flow_steps: int | None,
    ) -> None:
        self._sizes, self._processors, self._views = sizes, processors, views
        self._device = weights.embedding.device
        longest = processors.prompt_length
        self.flow_steps = flow_steps or sizes.flow_steps
        self._model = FastModel(weights, sizes, views, self.flow_steps, longest)
        self._letterbox = Letterbox(views, picture, sizes.image, self._device)
        self._state = torch.zeros((1, sizes.state), device=self._device)
        self._noise = torch.zeros((sizes.horizon, sizes.action), device=self._device)
        self._target = torch.zeros_like(self._noise)
        self._weights = torch.zeros_like(self._noise)
        self._prompts: dict[int, _Prompt] = {}
        self._instruction: str | None = None
        self._prompt: _Prompt
        self._pool = torch.cuda.graph_pool_handle() if self._device.type == "cuda" else None
        self.vocabulary = sizes.vocabulary
        self.noise_shape = (sizes.horizon, sizes.action)

    @torch.inference_mode()
    def chunk(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        positions: FloatArray,
        instruction: str,
        noise: Tensor,
        mark: Mark = unmarked,
        guidance: Guidance | None = None,
    ) -> Tensor:
        prompt = self._prompt_of(instruction, positions)
        state = self._processors.scale_state(positions)
        self._state[:, : state.shape[1]] = state
        self._noise.copy_(noise[0])
        self._letterbox.load(pictures)
        guidance = None if guidance is None else self._in_place(guidance)
        # Stages cannot be told apart inside a recording, and autograd is left out of it: nobody
        # has seen it work there.
        carried_back = guidance is not None and guidance.jacobian
        if self._pool is None or mark is not unmarked or carried_back:
            actions = self._compute(prompt, guidance, mark)
        else:
            kind = None if guidance is None else guidance.max_weight
            if kind not in prompt.recorded:
                prompt.recorded[kind] = RecordedCall(
                    lambda: self._compute(prompt, guidance), self._device, self._pool
                )
            actions = prompt.recorded[kind]().clone()
        return actions[None, :, : self._sizes.joints]

    def _in_place(self, guidance: Guidance) -> Guidance:
        """The same in memory that a recording reads; what pads an action is not guided."""
        joints = guidance.target.shape[1]
        self._target[:, :joints] = guidance.target
        self._weights[:, :joints] = guidance.weights
        return replace(guidance, target=self._target, weights=self._weights)

    def _compute(self, prompt: _Prompt, guidance: Guidance | None, mark: Mark = unmarked) -> Tensor:
        squares = self._letterbox.shrink()
        mark("pre-processing")
        seen = self._model.vision(squares)
        mark("vision")
        self._model.fill_prefix(seen, prompt.embedded, prompt.places)
        mark("prefix")
        if guidance is None:
            actions = self._model.flow(self._state, self._noise, prompt.places)
        else:
            actions = self._model.guided_flow(self._state, self._noise, prompt.places, guidance)
        mark("flow")
        return actions

    def _prompt_of(self, instruction: str, positions: FloatArray) -> _Prompt:
        """Tokenized and embedded only when the instruction changes."""
        if instruction != self._instruction:
            tokens = self._processors.tokens(instruction, positions).to(self._device)
            embedded = self._model.prompt(tokens)
            self._prompt = self._prompt_of_length(embedded.shape[0])
            self._prompt.embedded.copy_(embedded)
            self._instruction = instruction
        return self._prompt

    def _prompt_of_length(self, tokens: int) -> _Prompt:
        if tokens not in self._prompts:
            sizes = self._sizes
            places = Places(self._views * sizes.patches + tokens, sizes, self._device)
            embedded = torch.zeros((tokens, sizes.prefix.width), device=self._device)
            self._prompts[tokens] = _Prompt(embedded, places)
        return self._prompts[tokens]
