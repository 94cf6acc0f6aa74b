"""Which device the policy runs on."""

import torch

from pi0_ros.core.errors import ConfigurationError


def choose_device(name: str) -> torch.device:
    """The device for the parameter `device`: "auto", "cpu", "cuda" or "cuda:<index>".

    Raises:
        ConfigurationError: CUDA is asked for and not there.
    """
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    index = int(name.partition(":")[2] or 0)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if index >= count:
        raise ConfigurationError(
            f"device: {name} is not there: torch {torch.__version__} sees {count} CUDA device(s); "
            "set the parameter device to 'cpu' or 'auto', or check the driver with nvidia-smi"
        )
    return torch.device("cuda", index)
