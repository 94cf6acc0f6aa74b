"""A checkpoint's tensors on their way into an engine: none missed, none left over, none unsound."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.weights import check_finite

_NAMED_IN_ERRORS = 5


class TensorSource:
    """The checkpoint's tensors, each handed out once and then forgotten.

    Args:
        origin: where they come from, for the errors.
    """

    def __init__(self, tensors: dict[str, Tensor], origin: Path, device: torch.device) -> None:
        self._tensors, self._origin, self._device = tensors, origin, device

    def take(self, name: str, *shape: int) -> Tensor:
        """The tensor in float32 on the device.

        Raises:
            CheckpointError: it is missing, of another shape or not finite.
        """
        if name not in self._tensors:
            raise CheckpointError(f"{self._origin}: tensor {name!r} is missing")
        value = self._tensors.pop(name)
        if value.shape != shape:
            raise CheckpointError(
                f"{self._origin}: tensor {name!r} has shape {list(value.shape)}, expected "
                f"{list(shape)}"
            )
        value = value.to(self._device, torch.float32)
        check_finite(name, value, self._origin)
        return value

    def linear(self, name: str, inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
        """Matrix (in, out) and bias."""
        weight = self.take(f"{name}.weight", outputs, inputs)
        return weight.t(), self.take(f"{name}.bias", outputs)

    def norm(self, name: str, width: int) -> tuple[Tensor, Tensor]:
        return self.take(f"{name}.weight", width), self.take(f"{name}.bias", width)

    def finish(self, unused: Callable[[str], bool]) -> None:
        """
        Raises:
            CheckpointError: a tensor was neither taken nor is known to be unused, or is not
                finite: a damaged file is not to be trusted, whatever is read of it.
        """
        left = [name for name in self._tensors if not unused(name)]
        if left:
            shown = ", ".join(left[:_NAMED_IN_ERRORS])
            raise CheckpointError(
                f"{self._origin}: {len(left)} tensors have no place in the fast engine: {shown}; "
                "set the parameter engine to 'lerobot'"
            )
        for name, value in self._tensors.items():
            check_finite(name, value, self._origin)
        self._tensors.clear()
