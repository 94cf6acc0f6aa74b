"""What pip and colcon are told of the package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
REQUIREMENTS = Path("environment/requirements/policy.txt")


def test_pip_gets_every_pin_of_the_policy(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / REQUIREMENTS).parent.mkdir(parents=True)
    for name in ("setup.py", "package.xml", REQUIREMENTS):
        shutil.copy(ROOT / name, copy / name)
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", "egg_info", "--egg-base", str(tmp_path)],
        cwd=copy,
        check=True,
    )

    _, _, policy = (tmp_path / "pi0_ros.egg-info/requires.txt").read_text().partition("[policy]\n")
    lines = (ROOT / REQUIREMENTS).read_text().splitlines()
    pins = {Requirement(line.split()[0]) for line in lines if line and not line.startswith("#")}
    assert {Requirement(line) for line in policy.split()} == pins
    assert {"pi"} < next(pin.extras for pin in pins if pin.name == "lerobot")


def test_colcon_builds_every_message_and_runs_every_test() -> None:
    cmake = (ROOT / "CMakeLists.txt").read_text()
    parts = {
        part
        for names, path in re.findall(
            r"foreach\(part ([^)]+)\)\s+ament_add\w+\(\S+ ([^\s)]+)", cmake
        )
        for part in (path.replace("${part}", name) for name in names.split())
    }
    # test/launch is found by its names.
    tests = {
        "/".join(file.relative_to(ROOT).parts[:2])
        for file in (ROOT / "test").rglob("test_*.py")
        if "launch" not in file.relative_to(ROOT).parts
    }
    assert parts == tests
    interfaces = {str(path.relative_to(ROOT)) for path in ROOT.glob("*/*.[ms][sr][gv]")}
    assert {word for word in cmake.split() if re.fullmatch(r"(msg|srv)/\w+\.\w+", word)} == (
        interfaces
    )
