"""What must be settled before torch, transformers and LeRobot are imported.

They read these variables once, at import. The package `pi0_ros.policy` calls `settle_environment`
in its own `__init__`, so that no module of it can be imported before.
"""

import os
import sys

from pi0_ros.core.errors import ConfigurationError

_FIXED = {
    # No network at run time: whatever is not on the disk is an error, never a download.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_DEFAULTS = {
    # Torch's idle threads must sleep: spinning ones starve every other process on a small machine.
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
}


def settle_environment() -> None:
    """Forbids downloads and spinning threads for this process and those it starts.

    Raises:
        ConfigurationError: huggingface_hub was imported before, with downloads allowed.
    """
    os.environ.update(_FIXED)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    hub = sys.modules.get("huggingface_hub.constants")
    if hub is not None and not getattr(hub, "HF_HUB_OFFLINE", False):
        raise ConfigurationError(
            "huggingface_hub was imported before pi0_ros.policy and may download: "
            "import pi0_ros.policy first, or set HF_HUB_OFFLINE=1"
        )
