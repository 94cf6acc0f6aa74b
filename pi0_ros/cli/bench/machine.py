"""What the machine can do at best, measured: the rates that the physical limit is computed with."""

import platform
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from pi0_ros.policy.policy_config import Precision

_DTYPES: dict[Precision, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_BEST_OF = 5


@dataclass(frozen=True, slots=True)
class Rates:
    """
    Attributes:
        flop_per_s: precision -> of large matrix products.
        bytes_per_s: read from memory while copying an array larger than any cache, counting what
            is read and what is written.
        how: in words.
    """

    flop_per_s: dict[Precision, float]
    bytes_per_s: float
    how: str


def measure_rates(device: torch.device) -> Rates:
    """Takes about a second."""
    cuda = device.type == "cuda"
    side, size = (8192, 2**30) if cuda else (1024, 2**26)
    flop = {}
    for precision, dtype in _DTYPES.items():
        matrix = torch.randn(side, side, device=device).to(dtype)
        flop[precision] = 2.0 * side**3 / _best_s(partial(torch.mm, matrix, matrix), cuda)
    there = torch.ones(size, dtype=torch.float32, device=device)
    back = torch.zeros_like(there)
    copied = 2.0 * 4.0 * size / _best_s(partial(back.copy_, there), cuda)
    how = (
        f"best of {_BEST_OF} products of two {side} x {side} matrices, and of copies of "
        f"{4 * size >> 20} MiB, in this process on this device"
    )
    return Rates(flop, copied, how)


def _best_s(work: Callable[[], object], cuda: bool) -> float:
    best = float("inf")
    for _ in range(_BEST_OF + 1):
        if cuda:
            torch.cuda.synchronize()
        began_s = time.perf_counter()
        work()
        if cuda:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began_s)
    return best


def device_name(device: torch.device) -> str:
    """ "cuda: NVIDIA H200", or "cpu: " with the processor's name and torch's threads."""
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    threads = torch.get_num_threads()
    return f"cpu: {_processor()}, {threads} thread{'' if threads == 1 else 's'}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory_in_use(device: torch.device) -> int:
    """Bytes: of the process, or on CUDA what torch holds at the most since the last reset."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def peak_memory(device: torch.device) -> int:
    """Bytes, over the whole run."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def available_memory(device: torch.device) -> int:
    """Bytes that can still be taken."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 2**63
