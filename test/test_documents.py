"""What the documents name is there."""

import re
from pathlib import Path

import pytest
import yaml

from pi0_ros.bringup import REAL
from pi0_ros.bringup.robot_file import dotted_parameters
from pi0_ros.bringup.sets import remapping_pairs
from pi0_ros.ros.parameter import CAMERA
from pi0_ros.ros.parameter_check import checked_parameters
from pi0_ros.ros.parameters import NODES
from pi0_ros.ros.topics import TOPICS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
OWN_ARM = (ROOT / "docs/own_arm.md").read_text()
OF_NODES = ("pi0_policy", "pi0_controller")
# In the text of a cell: `name`, `name: value` or `name:=value`.
NAME = re.compile(r"`([a-z_.<>]+)(?:`|: |:=)")


def without_code(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_the_page_about_your_own_arm_names_parameters_and_launch_arguments_that_exist() -> None:
    parameters = [parameter.name for node in OF_NODES for parameter in NODES[node]]
    known = {*parameters, *(name.partition(".")[0] for name in parameters)}
    known |= {argument.name for argument in REAL.arguments}
    cells = re.findall(
        r"^\| [^|]+ \| ([^|]+) \|$", OWN_ARM.split("## The checkpoint")[0], re.MULTILINE
    )
    named = {name for cell in cells for name in NAME.findall(cell)}
    assert len(named) > 15
    assert named <= known


def test_its_remappings_are_of_topics_that_exist() -> None:
    words = re.search(r'REMAP="(.*?)"', OWN_ARM, re.DOTALL)
    assert words is not None
    topics = {
        topic.name.replace(CAMERA, name) for topic in TOPICS for name in ("main", "side", "top")
    }
    pairs = remapping_pairs(words[1].replace("\\\n", ""))
    assert len(pairs) == 4
    assert {ours for ours, _ in pairs} <= topics


def test_its_robot_file_has_values_that_a_node_takes(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", OWN_ARM, re.DOTALL)
    assert block is not None
    path = tmp_path / "my_arm.yaml"
    shipped = yaml.safe_load((ROOT / "config/ur5e.yaml").read_text())
    for name, given in yaml.safe_load(block[1]).items():
        shipped[name]["ros__parameters"] |= given["ros__parameters"]
    path.write_text(yaml.safe_dump(shipped))
    for node in OF_NODES:
        given = dotted_parameters(path, "", node)
        assert not checked_parameters(NODES[node], given).problems
