"""The SROS2 policy and the table of topics agree both ways, and its form is the one SROS2 reads."""

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bringup.security_policy import LIFECYCLE_NODE, document, full_name, permissions

from pi0_ros.bringup.security import POLICY_FILE
from pi0_ros.core.manager_answers import CONTROLLER_MANAGER
from pi0_ros.ros import topics
from pi0_ros.ros.shared_parameters import CAMERA_NAMES
from pi0_ros.share import share_directory

NODES = ("pi0_policy", "pi0_controller")
# Form of an SROS2 policy, version 0.2.0: element -> required attributes, children.
FORM = {
    "policy": ({"version"}, {"enclaves"}),
    "enclaves": (set(), {"enclave"}),
    "enclave": ({"path"}, {"profiles"}),
    "profiles": (set(), {"profile"}),
    "profile": ({"ns", "node"}, {"topics", "services"}),
    "topics": (set(), {"topic"}),
    "services": (set(), {"service"}),
    "topic": (set(), set()),
    "service": (set(), set()),
}
# The same for every namespace.
ROS_WIDE = {"/clock", "/diagnostics", "/parameter_events", "/rosout"}
# The only node that may call services, and which ones.
ASKS = "/pi0_controller"
ASKED = {
    f"/{topics.JOINT_TRAJECTORY.name.rpartition('/')[0]}/get_parameters",
    f"/{CONTROLLER_MANAGER}/list_controllers",
}
RULES = {"topics": {"publish", "subscribe"}, "services": {"reply", "request"}}


def expected(node: str) -> set[tuple[str, str]]:
    """From the table: each topic and service of the node in its direction."""
    needs = set(LIFECYCLE_NODE)
    for topic in topics.TOPICS:
        names = {topic.of_camera(str(camera)).name for camera in CAMERA_NAMES.default or ()}
        if node in topic.publishers:
            needs |= {("publish", name) for name in names}
        if node in topic.subscribers:
            needs |= {("subscribe", name) for name in names}
    needs |= {("reply", service.name) for service in topics.SERVICES if service.server == node}
    if f"/{node}" == ASKS:
        needs |= {("request", name) for name in ASKED}
    return {(kind, full_name(name, {"ns": "/", "node": node})) for kind, name in needs}


@pytest.mark.parametrize("node", NODES)
def test_every_topic_and_service_of_the_table_is_allowed(node: str) -> None:
    assert expected(node) - permissions(document())[f"/{node}"] == set()


@pytest.mark.parametrize("node", NODES)
def test_nothing_but_the_table_and_a_lifecycle_node_is_allowed(node: str) -> None:
    assert permissions(document())[f"/{node}"] - expected(node) == set()


def test_there_is_one_enclave_for_each_of_the_two_nodes_and_no_wildcard() -> None:
    allowed = permissions(document())
    assert set(allowed) == {f"/{node}" for node in NODES}
    names = {name for entries in allowed.values() for _, name in entries}
    assert not [name for name in names if set(name) & set("*?[]")]


def test_only_the_controller_may_command_the_arm_and_only_ask_its_controller() -> None:
    allowed = permissions(document())
    for topic in (topics.JOINT_TRAJECTORY, topics.POSITION_COMMANDS):
        command = ("publish", f"/{topic.name}")
        assert [enclave for enclave, entries in allowed.items() if command in entries] == [
            "/pi0_controller"
        ]
    requests = {
        (enclave, name)
        for enclave, entries in allowed.items()
        for kind, name in entries
        if kind == "request"
    }
    assert requests == {(ASKS, name) for name in ASKED}


def test_the_form_is_that_of_sros2() -> None:
    policy = document()
    assert policy.tag == "policy"
    assert policy.attrib == {"version": "0.2.0"}
    for element in policy.iter():
        assert_form(element)


def assert_form(element: ElementTree.Element) -> None:
    required, children = FORM[element.tag]
    if element.tag in RULES:
        # One rule a group: DDS gets one list for each.
        assert len(element.attrib) == 1
        assert set(element.attrib) <= RULES[element.tag]
        assert set(element.attrib.values()) <= {"ALLOW", "DENY"}
    else:
        assert set(element.attrib) == required
    assert {child.tag for child in element} <= children
    assert bool(children) == bool(len(element))
    text = element.text or ""
    # The name is taken as it stands: a blank around it would be part of it.
    assert text.strip() == ("" if children else text)


def test_the_copy_for_a_namespace_that_the_docs_show_is_the_same_in_that_namespace() -> None:
    text = (share_directory() / POLICY_FILE).read_text(encoding="utf-8")
    docs = Path(__file__).parents[2] / "docs" / "security.md"
    (script,) = re.findall(r"`sed '(.*)' pi0\.policy\.xml`", docs.read_text(encoding="utf-8"))
    copy = subprocess.run(["sed", script], input=text, capture_output=True, text=True, check=True)
    moved = permissions(ElementTree.fromstring(copy.stdout))
    for node in NODES:
        here = {(kind, name) for kind, name in expected(node) if name not in ROS_WIDE}
        there = {(kind, f"/left{name}") for kind, name in here} | (expected(node) - here)
        assert moved[f"/left/{node}"] == there


def test_the_comparison_can_fail() -> None:
    policy = document()
    group = next(policy.iter("topics"))
    ElementTree.SubElement(group, "topic").text = "/anything"
    assert permissions(policy)["/pi0_policy"] - expected("pi0_policy") == {
        (next(iter(group.attrib)), "/anything")
    }
