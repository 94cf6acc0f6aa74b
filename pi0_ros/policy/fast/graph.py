"""A computation recorded once as a CUDA graph and replayed with one launch."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

# What cuBLAS and the allocator set up on their first calls must not end up in the recording.
_WARM_UP_RUNS = 3


class RecordedCall:
    """Records `compute`, which must read and write the same memory in every call.

    Args:
        compute: without arguments; its inputs are tensors that keep their place. It must not wait
            for the device, copy to pageable memory or decide anything by values on the device.
        device: the CUDA device that all of it is on.
        pool: memory that recordings share; only one of them may run at a time.
    """

    def __init__(self, compute: Callable[[], Tensor], device: torch.device, pool: object) -> None:
        self._device = device
        with torch.cuda.device(device):
            self._graph, self._result = _record(compute, pool)

    def __call__(self) -> Tensor:
        """The result, in memory that the next call overwrites."""
        with torch.cuda.device(self._device):
            self._graph.replay()
        return self._result


def _record(compute: Callable[[], Tensor], pool: object) -> tuple[Any, Tensor]:
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(_WARM_UP_RUNS):
            compute()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        result = compute()
    return graph, result
