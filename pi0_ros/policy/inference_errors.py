"""What a failed inference means: one chunk is lost, or the policy is."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from pi0_ros.core.errors import PolicyError, PolicyLost

# What torch and LeRobot raise when a computation fails; anything else is a defect of ours.
_FAILURES = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
_DEVICE_LOST = ("CUDA error", "cuDNN", "CUBLAS", "device-side assert", "NVML")


@contextmanager
def failures_named(device: torch.device) -> Iterator[None]:
    """Around a computation on `device`.

    Raises:
        PolicyLost: the device is lost or out of memory.
        PolicyError: the computation failed otherwise.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise PolicyLost(
            f"{device}: out of memory during inference ({error}); end what else uses the device, "
            "or set the parameter device"
        ) from error
    except _FAILURES as error:
        if any(mark in str(error) for mark in _DEVICE_LOST):
            raise PolicyLost(f"{device}: device lost ({error})") from error
        raise PolicyError(f"inference failed: {type(error).__name__}: {error}") from error
