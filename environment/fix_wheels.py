"""Makes the ROS wheels of this interpreter's environment usable for building messages.

Their CMake files name the include folders of the machine that built them, and colcon expects a
`local_setup` file in every prefix.
"""

import re
import sys
import sysconfig
from pathlib import Path

import numpy

INCLUDE_FOLDERS = {
    r"/opt/python/[^/]+/include/python3\.\d+": sysconfig.get_paths()["include"],
    r"/opt/python/[^/]+/lib/python3\.\d+/site-packages/numpy/_?core/include": numpy.get_include(),
}

LOCAL_SETUP = """\
# Read by the setup files of a workspace built on these wheels.
AMENT_PREFIX_PATH="{prefix}${{AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}}"
PATH="{prefix}/bin:$PATH"
export AMENT_PREFIX_PATH PATH
"""


def main() -> None:
    prefix = Path(sys.prefix)
    for file in sorted((prefix / "share").rglob("*.cmake")):
        before = file.read_text(encoding="utf-8")
        after = before
        for pattern, folder in INCLUDE_FOLDERS.items():
            after = re.sub(pattern, lambda _, folder=folder: folder, after)
        if after != before:
            # Unlink first: the installer may have hard-linked the file to its cache.
            file.unlink()
            file.write_text(after, encoding="utf-8")
    for suffix in ("sh", "bash", "zsh"):
        text = LOCAL_SETUP.format(prefix=prefix)
        (prefix / f"local_setup.{suffix}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
