"""Builds a policy so that it cannot run on any weight that did not come from the file.

LeRobot's own `from_pretrained` initialises the model at random, then tries to load, and goes on
with the random weights where that fails. Here the parameters have no memory until the file's
tensors are put in their place: whatever is not loaded has no values at all, and the model cannot
compute. It also halves the memory that a full-size model needs.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from lerobot.policies.pi05.modeling_pi05 import PI05Policy
from lerobot.policies.pretrained import PreTrainedPolicy
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.safetensors_header import TensorHeader

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
# transformers ties the two, and saving leaves one of a tied pair out. Pi0 never uses the second.
_EMBEDDING = "model.paligemma_with_expert.paligemma.model.language_model.embed_tokens.weight"
_TIED_HEAD = "model.paligemma_with_expert.paligemma.lm_head.weight"
_NAMED_IN_ERRORS = 5


def read_weights(
    model: PreTrainedPolicy, weights: Path, header: Mapping[str, TensorHeader]
) -> dict[str, Tensor]:
    """The file's tensors under the names of `model`, as they are stored.

    Raises:
        CheckpointError: a tensor is missing, unexpected or of another shape than in `model`, or
            the file cannot be read.
    """
    _check_names_and_shapes(model, header, weights)
    try:
        return _renamed(model, load_file(weights))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{weights}: cannot be read ({error}); copy it again") from error


def fill_model(
    model: PreTrainedPolicy, tensors: dict[str, Tensor], weights: Path, device: torch.device
) -> None:
    """Puts copies of the tensors into a model without weights, and empties `tensors` doing so.

    Args:
        weights: where they come from, for the errors.

    Raises:
        CheckpointError: a tensor is not finite or was not put into the model.
    """
    taken: dict[str, Tensor] = {}
    for name, target in model.state_dict().items():
        value = tensors.pop(name).to(device=device, dtype=target.dtype, copy=True)
        check_finite(name, value, weights)
        taken[name] = value
    model.load_state_dict(taken, strict=True, assign=True)
    _prove_loaded(model, taken, weights)
    # What is left to move are buffers that the constructor computed.
    model.to(device)
    model.config.device = str(device)
    model.eval()


def model_without_weights(
    model_class: type[PreTrainedPolicy], config: PreTrainedConfig
) -> PreTrainedPolicy:
    """The policy with parameters of the right names, shapes and dtypes that hold no values.

    Buffers (position ids, rotary frequencies) are computed by the constructor as always.
    """
    device, config.device = config.device, None
    try:
        with _parameters_without_memory():
            return model_class(config)
    finally:
        config.device = device


@contextmanager
def _parameters_without_memory() -> Iterator[None]:
    register = nn.Module.register_parameter

    def register_empty(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        if parameter is not None and not parameter.is_meta:
            parameter = nn.Parameter(parameter.to("meta"), parameter.requires_grad)
        register(module, name, parameter)

    nn.Module.register_parameter = register_empty
    try:
        yield
    finally:
        nn.Module.register_parameter = register


def _renamed(model: PreTrainedPolicy, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """LeRobot's renaming of the names that openpi and older versions of LeRobot wrote."""
    if not isinstance(model, (PI0Policy, PI05Policy)):
        return tensors
    fixed = model._fix_pytorch_state_dict_keys(tensors, model.config)
    renamed = {
        key if key.startswith("model.") else f"model.{key}": value for key, value in fixed.items()
    }
    if _TIED_HEAD not in renamed and _EMBEDDING in renamed:
        renamed[_TIED_HEAD] = renamed[_EMBEDDING]
    return renamed


def _check_names_and_shapes(
    model: PreTrainedPolicy, header: Mapping[str, TensorHeader], weights: Path
) -> None:
    for name, entry in header.items():
        if entry.dtype not in _DTYPES:
            raise CheckpointError(
                f"{weights}: tensor {name!r} has dtype {entry.dtype}; expected one of "
                f"{', '.join(_DTYPES)}: quantised weights are not supported"
            )
    came = _renamed(
        model,
        {
            name: torch.empty(entry.shape, dtype=_DTYPES[entry.dtype], device="meta")
            for name, entry in header.items()
        },
    )
    expected = model.state_dict()
    missing = [name for name in expected if name not in came]
    if missing:
        raise CheckpointError(
            f"{weights}: {len(missing)} of {len(expected)} tensors are missing: {_some(missing)}; "
            "is config.json this checkpoint's own?"
        )
    unexpected = [name for name in came if name not in expected]
    if unexpected:
        raise CheckpointError(
            f"{weights}: {len(unexpected)} tensors have no place in the model: "
            f"{_some(unexpected)}; is config.json this checkpoint's own?"
        )
    for name, target in expected.items():
        if came[name].shape != target.shape:
            raise CheckpointError(
                f"{weights}: tensor {name!r} has shape {list(came[name].shape)}, the model needs "
                f"{list(target.shape)}; is config.json this checkpoint's own?"
            )


def check_finite(name: str, value: Tensor, weights: Path) -> None:
    """
    Raises:
        CheckpointError: `value` has one that is not finite.
    """
    low, high = torch.aminmax(value)
    if not (torch.isfinite(low) and torch.isfinite(high)):
        raise CheckpointError(
            f"{weights}: tensor {name!r} has values that are not finite; the training diverged or "
            "the file is damaged"
        )


def _prove_loaded(model: PreTrainedPolicy, taken: Mapping[str, Tensor], weights: Path) -> None:
    """Every parameter, and every buffer that is saved, is the very tensor that was taken."""
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for name, value in {**model.state_dict(), **parameters}.items():
        if value.is_meta or value.data_ptr() != taken[name].data_ptr():
            raise CheckpointError(
                f"{weights}: {name!r} was not loaded into the model; refusing to run on "
                "anything but the checkpoint's own weights"
            )
    for name, buffer in model.named_buffers():
        if buffer.is_meta:
            raise CheckpointError(f"{weights}: buffer {name!r} of the model has no values")


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED_IN_ERRORS])
    return shown if len(names) <= _NAMED_IN_ERRORS else f"{shown}, …"
