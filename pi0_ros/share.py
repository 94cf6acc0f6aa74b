"""Where the package's own configuration files and checkpoints lie."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pi0_ros.core.errors import ConfigurationError

# A file that every installation has: a folder without it is not ours.
_MARKER = Path("config", "fastdds.xml")


def share_directory() -> Path:
    """The folder with `config/` and `checkpoints/`.

    In a source tree that is the folder of package.xml; in an installation (colcon, pip, Debian)
    `<prefix>/share/pi0_ros`, where the prefix of this very module comes first, then those of
    AMENT_PREFIX_PATH, then the interpreter's.

    Raises:
        ConfigurationError: there is none; the message lists where it was looked for.
    """
    candidates = list(_candidates(Path(__file__).absolute()))
    for candidate in candidates:
        if (candidate / _MARKER).is_file():
            return candidate
    looked = ", ".join(str(candidate) for candidate in dict.fromkeys(candidates))
    raise ConfigurationError(
        f"the package's share folder (with {_MARKER}) was not found in {looked}; "
        "install the package again, or source the workspace it was built in"
    )


def _candidates(module: Path) -> Iterator[Path]:
    source_root = module.parents[1]
    if (source_root / "package.xml").is_file():
        yield source_root
    for prefix in module.parents[1:]:
        if (prefix / "share" / "pi0_ros").is_dir():
            yield prefix / "share" / "pi0_ros"
    for text in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if text:
            yield Path(text, "share", "pi0_ros")
    yield Path(sys.prefix, "share", "pi0_ros")
