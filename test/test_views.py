"""What RViz, Foxglove and PlotJuggler are set to show exists: topics, fields, joints, services."""

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from pi0_ros.bringup.arms import VIEWED
from pi0_ros.ros import topics
from pi0_ros.ros.entities import interface
from pi0_ros.share import share_directory
from pi0_ros.sim.demo_arm import JOINT_NAMES
from pi0_ros.sim.scene import CAMERAS

VIEWS = share_directory() / "config" / "views"
TYPES = {
    "/" + entry.name.lstrip("/"): entry.type
    for topic in topics.TOPICS
    for entry in ([topic] if "<" not in topic.name else [topic.of_camera(c) for c in CAMERAS])
}
PICTURES = {f"/{topics.CAMERA_RAW.of_camera(camera).name}" for camera in CAMERAS}
# Streams of the policy: the cameras, the joint states, the instruction.
LENGTHS = {"stream_ages_s": len(CAMERAS) + 2, "tick_periods_s": 1, "action_ages_s": 1}


def check_field(topic: str, field: str) -> None:
    """`field` is a number or text of `topic`'s message, or one of an array of them."""
    found = re.fullmatch(r"([a-z0-9_]+)(?:\[(\d+)\])?", field)
    assert found is not None, f"{topic}: {field}"
    name, index = found.groups()
    fields = interface(TYPES[topic]).get_fields_and_field_types()
    assert name in fields, f"{topic} has no {name}"
    assert fields[name].startswith("sequence<") is (index is not None), f"{topic}: {field}"
    if index is not None:
        assert int(index) < LENGTHS.get(name, len(JOINT_NAMES)), f"{topic}: {field}"


def split_path(path: str, mark: str) -> tuple[str, str]:
    """Topic and field of `/topic<mark>field`."""
    for topic in sorted(TYPES, key=len, reverse=True):
        if path.startswith(topic + mark):
            return topic, path.removeprefix(topic + mark)
    raise AssertionError(f"no topic of the package in {path}")


def curves() -> list[str]:
    root = ElementTree.parse(VIEWS / "plotjuggler.xml").getroot()
    return [curve.attrib["name"] for curve in root.iter("curve")]


def test_plotjuggler_shows_fields_that_exist() -> None:
    for curve in curves():
        topic, field = split_path(curve, "/")
        if topic == "/joint_states":
            # It names joint states by joint.
            joint, _, quantity = field.partition("/")
            assert joint in JOINT_NAMES, curve
            check_field(topic, f"{quantity}[0]")
        else:
            check_field(topic, field)


def test_plotjuggler_listens_to_what_it_shows() -> None:
    root = ElementTree.parse(VIEWS / "plotjuggler.xml").getroot()
    heard = {topic.attrib["name"] for topic in root.iter("topic")}
    assert heard == {split_path(curve, "/")[0] for curve in curves()}
    assert heard == {
        "/joint_states",
        "/action_chunk",
        "/pi0_policy/status",
        "/pi0_controller/safety",
    }


def test_plotjuggler_counts_its_plots() -> None:
    root = ElementTree.parse(VIEWS / "plotjuggler.xml").getroot()
    for splitter in root.iter("DockSplitter"):
        assert int(splitter.attrib["count"]) == len(splitter)
        assert len(splitter.attrib["sizes"].split(";")) == len(splitter)


@pytest.fixture(scope="module")
def foxglove() -> Any:
    return json.loads((VIEWS / "foxglove.json").read_text())


def texts(node: Any, *keys: str) -> Iterator[str]:
    """Values of `keys`, however deep."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in keys and isinstance(value, str):
                yield value
            yield from texts(value, *keys)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value, *keys)


def test_foxglove_shows_fields_that_exist(foxglove: Any) -> None:
    panels = foxglove["configById"].items()
    plotted = {name: panel for name, panel in panels if not name.startswith("Publish!")}
    paths = list(texts(plotted, "value", "topicPath"))
    assert len(paths) > 30
    for path in paths:
        check_field(*split_path(path, "."))


def test_foxglove_shows_topics_and_calls_services_that_exist(foxglove: Any) -> None:
    assert set(texts(foxglove, "imageTopic")) == PICTURES
    assert set(texts(foxglove, "topicToRender")) == {f"/{topics.DIAGNOSTICS.name.lstrip('/')}"}
    assert set(foxglove["configById"]["3D!arm"]["topics"]) <= set(TYPES)
    publish = foxglove["configById"]["Publish!instruction"]
    assert publish["datatype"] == TYPES[publish["topicName"]]
    assert json.loads(publish["value"])["data"]
    services = {f"/{service.name}" for service in (topics.HOLD, topics.RESET)}
    assert set(texts(foxglove, "serviceName")) == services


def test_foxglove_lays_out_every_panel_once(foxglove: Any) -> None:
    def placed(node: Any) -> list[str]:
        return [node] if isinstance(node, str) else placed(node["first"]) + placed(node["second"])

    assert sorted(placed(foxglove["layout"])) == sorted(foxglove["configById"])


def test_rviz_shows_the_arm_and_its_cameras() -> None:
    document = yaml.safe_load((VIEWS / "demo_arm.rviz").read_text())
    manager = document["Visualization Manager"]
    shown = {
        display[key]["Value"]: display[key]
        for display in manager["Displays"]
        for key in ("Topic", "Description Topic")
        if key in display
    }
    assert set(shown) == {f"/{name}" for name in VIEWED} == PICTURES | {"/robot_description"}
    assert set(shown) <= set(TYPES)
    for picture in PICTURES:
        assert shown[picture]["Reliability Policy"] == "Best Effort"
    assert shown["/robot_description"]["Durability Policy"] == "Transient Local"
    assert manager["Global Options"]["Fixed Frame"] == "world"
