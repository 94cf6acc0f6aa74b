"""Serves `pip install`; a ROS 2 workspace builds with CMakeLists.txt instead.

pip installs the Python parts and the data. It cannot generate the ROS messages, so the nodes need a
colcon build; the `pi0` command works without it as far as no node is involved.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
# Apart from colcon's own folders below build/.
BUILD = Path("build") / "pip"


def manifest(tag: str) -> str:
    """The text of a tag of package.xml, which states name and version once for everybody."""
    text = (ROOT / "package.xml").read_text(encoding="utf-8")
    return " ".join(re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)[1].split())


def policy_requirements() -> list[str]:
    """The policy's pins, without their comments."""
    text = (ROOT / "environment/requirements/policy.txt").read_text(encoding="utf-8")
    return re.findall(r"^[^\s#]+==[^\s#]+", text, re.MULTILINE)


def ament_marker() -> str:
    """An empty file named like the package: how ament's index lists an installed package."""
    marker = ROOT / BUILD / "resource" / manifest("name")
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return str(marker.relative_to(ROOT))


def data_files() -> list[tuple[str, list[str]]]:
    """The same files that CMakeLists.txt installs to share/, as (target folder, files) pairs."""
    share = Path("share") / manifest("name")
    files = [
        ("share/ament_index/resource_index/packages", [ament_marker()]),
        (str(share), ["package.xml"]),
    ]
    for top in ("checkpoints", "config", "launch", "msg", "srv"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = path.relative_to(ROOT)
                files.append((str(share / relative.parent), [str(relative)]))
    return files


setup(
    name=manifest("name"),
    version=manifest("version"),
    description=manifest("description"),
    license=manifest("license"),
    author="The pi0_ros authors",
    python_requires=">=3.12",
    packages=find_packages(include=["pi0_ros", "pi0_ros.*"]),
    package_data={"pi0_ros": ["**/*"]},
    exclude_package_data={"": ["**/__pycache__/*", "__pycache__/*"]},
    data_files=data_files(),
    options={"build": {"build_base": str(BUILD)}},
    install_requires=["numpy>=2,<2.3", "opencv-python-headless>=4.10", "pyyaml>=6"],
    extras_require={"policy": policy_requirements()},
    entry_points={"console_scripts": ["pi0 = pi0_ros.cli.main:main"]},
)
