"""The demo arm's description, resolved."""

from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import xacro

from pi0_ros.core.arrays import FloatArray
from pi0_ros.share import share_directory

DESCRIPTION = share_directory() / "config" / "description"


@lru_cache
def urdf_text(hardware: str = "none", **arguments: str) -> str:
    """The URDF for a choice of hardware and other xacro arguments."""
    path = DESCRIPTION / "demo_arm.urdf.xacro"
    document = xacro.process_file(str(path), mappings={"hardware": hardware, **arguments})
    return str(document.toxml())


def urdf(hardware: str = "none", **arguments: str) -> ElementTree.Element:
    return ElementTree.fromstring(urdf_text(hardware, **arguments))


def numbers(text: str | None) -> list[float]:
    assert text is not None
    return [float(word) for word in text.split()]


def element(parent: ElementTree.Element, path: str) -> ElementTree.Element:
    """The one element at `path`."""
    (found,) = parent.findall(path)
    return found


def attribute(parent: ElementTree.Element, path: str, name: str) -> str:
    return element(parent, path).attrib[name]


def world() -> ElementTree.Element:
    """The <world> of Gazebo's file."""
    path: Path = DESCRIPTION / "demo_world.sdf"
    return element(ElementTree.parse(path).getroot(), "world")


def turned(rpy: list[float]) -> FloatArray:
    """Rotation by angles about the fixed axes x, y, z."""
    # Source: http://wiki.ros.org/urdf/XML/joint, origin
    roll, pitch, yaw = rpy
    cr, sr, cp, sp, cy, sy = (
        *(np.cos(roll), np.sin(roll)),
        *(np.cos(pitch), np.sin(pitch)),
        *(np.cos(yaw), np.sin(yaw)),
    )
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    rotation: FloatArray = about_z @ about_y @ about_x
    return rotation
