"""What a CUDA graph needs of the model, checked without CUDA on tensors that only claim it.

A recording must not wait for the device, bring values to the host or mix devices; each of these
would only be seen on a GPU.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from pi0_ros.policy.fast.guidance import Guidance
from pi0_ros.policy.fast.model import FastModel, Places
from pi0_ros.policy.fast.sizes import sizes_of_model
from pi0_ros.policy.fast.weights import take_weights
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy

WAITS = ("_local_scalar_dense", "item", "nonzero", "is_nonzero", "_assert_async", "equal")


class Recorder(TorchDispatchMode):
    """Refuses what a recording would refuse; counts the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = function.name().partition("::")[2].partition(".")[0]
        assert name not in WAITS, f"{function} waits for the device"
        result = function(*args, **(kwargs or {}))
        for value in (*args, result):
            if isinstance(value, Tensor):
                assert value.device.type == "cuda", f"{function} on {value.device}"
        self.calls += 1
        return result


def claimed(value: Any) -> Any:
    """The same shapes, said to be on CUDA."""
    if isinstance(value, Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="cuda")
    if isinstance(value, tuple):
        return tuple(claimed(part) for part in value)
    if is_dataclass(value):
        parts = {part.name: claimed(getattr(value, part.name)) for part in fields(value)}
        return type(value)(**parts)  # type: ignore[misc]
    return value


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_model_can_be_recorded(
    make_model: Callable[..., PI0TinyPolicy], dtype: torch.dtype, guided: bool
) -> None:
    model = make_model()
    sizes = sizes_of_model(model)
    tensors = {name: value.clone() for name, value in model.state_dict().items()}
    cpu = torch.device("cpu")
    weights = take_weights(tensors, Path("random"), sizes, cpu, dtype, dtype)
    prefix = 2 * sizes.patches + 5
    with FakeTensorMode():
        ours = FastModel(claimed(weights), sizes, 2, 10, 48)
        places = Places(prefix, sizes, torch.device("cuda"))
        squares = torch.empty(2, 56, 56, 3, device="cuda")
        prompt = torch.empty(5, sizes.prefix.width, device="cuda")
        state = torch.empty(1, sizes.state, device="cuda")
        noise = torch.empty(sizes.horizon, sizes.action, device="cuda")
        with torch.inference_mode(), Recorder() as recorder:
            ours.fill_prefix(ours.vision(squares), prompt, places)
            if guided:
                toward = Guidance(torch.empty_like(noise), noise, 10.0, jacobian=False)
                actions = ours.guided_flow(state, noise, places, toward)
            else:
                actions = ours.flow(state, noise, places)
    assert actions.shape == noise.shape
    assert recorder.calls > 100
