"""The demo arm, its table and its blocks as a MuJoCo model, from the same numbers as the drawing.

At zero every link points straight up, so that a part's place in its link is its place at zero less
the link's origin. Links are bodies `link_1` to `link_6`, each turned by the joint of its number.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import atan, degrees
from xml.etree import ElementTree as Xml

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.arm_parts import PARTS, Part, part_ends
from pi0_ros.sim.backdrop import (
    PEDESTAL_HEIGHT_M,
    PEDESTAL_RADIUS_M,
    TABLE_THICKNESS_M,
    TABLE_X_M,
    TABLE_Y_M,
)
from pi0_ros.sim.demo_arm import (
    FOREARM_M,
    JOINT_NAMES,
    SHOULDER_HEIGHT_M,
    TOOL_M,
    UPPER_ARM_M,
    forward,
)
from pi0_ros.sim.scene import CAMERAS, IMAGE_HEIGHT, IMAGE_WIDTH, Block, PinholeCamera

TIMESTEP_S = 0.002
BLOCK_MASS_KG = 0.25
FLOOR_M = -0.75


@dataclass(frozen=True, slots=True)
class _Joint:
    """One joint and its drive, a position loop around the setpoint.

    Attributes:
        axis, height_m: where it turns, at zero.
        stiffness: Nm/rad; well above what its load needs to follow within some mrad.
        max_torque: Nm, as of small industrial arms.
        armature: inertia of the motor seen through its gear, kg m2.
    """

    axis: str
    height_m: float
    stiffness: float
    max_torque: float
    armature: float


_ELBOW_M = SHOULDER_HEIGHT_M + UPPER_ARM_M
_WRIST_M = _ELBOW_M + FOREARM_M
_JOINTS = (
    _Joint("0 0 1", SHOULDER_HEIGHT_M, 16000.0, 60.0, 0.40),
    _Joint("0 1 0", SHOULDER_HEIGHT_M, 16000.0, 60.0, 0.40),
    _Joint("0 1 0", _ELBOW_M, 8000.0, 40.0, 0.25),
    _Joint("0 0 1", _ELBOW_M, 1500.0, 15.0, 0.06),
    _Joint("0 1 0", _WRIST_M, 1500.0, 15.0, 0.06),
    _Joint("0 0 1", _WRIST_M, 750.0, 10.0, 0.03),
)
# A drive's damping over its stiffness: the arm trails a moving setpoint by this time.
_LAG_S = 0.01
# Part -> (link that carries it, kg).
_CARRIED = {
    "turret": (1, 2.0),
    "shoulder": (1, 1.5),
    "upper arm": (2, 1.5),
    "elbow": (2, 1.0),
    "forearm": (3, 0.7),
    "rolled forearm": (4, 0.5),
    "wrist": (4, 0.4),
    "flange": (5, 0.25),
    "bar": (6, 0.12),
    "finger": (6, 0.05),
    "other finger": (6, 0.05),
    "tip": (6, 0.02),
}
# Contact needs a bit of one thing's contype in the other's conaffinity: arm parts meet the table
# and the blocks and never each other; blocks meet everything.
_ARM_BIT, _TABLE_BIT, _BLOCK_BIT = 1, 2, 4
TIP_SITE = "tip"


def block_body(name: str) -> str:
    """Name of a block's body, its free joint and its geom."""
    return f"block_{name}"


def reach_model(limits: ArmLimits, blocks: Iterable[Block]) -> mujoco.MjModel:
    """The arm with the given limits behind the given blocks.

    The first joints and the actuators are the arm's, in the order of `limits`.

    Raises:
        ConfigurationError: `limits` is not of six joints.
    """
    return mujoco.MjModel.from_xml_string(reach_mjcf(limits, blocks))


def reach_mjcf(limits: ArmLimits, blocks: Iterable[Block]) -> str:
    """The model as MJCF text; see `reach_model`."""
    if limits.joints != len(JOINT_NAMES):
        raise ConfigurationError(
            f"simulation: the demo arm has {len(JOINT_NAMES)} joints, got limits of "
            f"{limits.joints}: {', '.join(limits.joint_names)}; change joint_names"
        )
    root = Xml.Element("mujoco", model="pi0_ros reach")
    _add(root, "compiler", angle="radian", autolimits="true")
    _add(
        root,
        "option",
        timestep=TIMESTEP_S,
        integrator="implicitfast",
        cone="elliptic",
        impratio=10,
    )
    visual = _add(root, "visual")
    _add(visual, "global", offwidth=IMAGE_WIDTH, offheight=IMAGE_HEIGHT)
    _add(visual, "quality", shadowsize=1024, offsamples=2)
    _add(visual, "headlight", ambient="0.45 0.45 0.45", diffuse="0.3 0.3 0.3", specular="0 0 0")
    _add(
        _add(root, "asset"),
        "texture",
        type="skybox",
        builtin="gradient",
        rgb1="0.89 0.9 0.91",
        rgb2="0.69 0.72 0.74",
        width=64,
        height=384,
    )
    world = _add(root, "worldbody")
    _add(world, "light", pos="0.5 -0.4 2.5", dir="-0.2 0.16 -1", directional="true")
    for name, camera in CAMERAS.items():
        _camera(world, name, camera)
    _surroundings(world)
    _arm(world, limits)
    for block in blocks:
        _block(world, block)
    _drives(root, limits)
    return Xml.tostring(root, encoding="unicode")


def _surroundings(world: Xml.Element) -> None:
    (x0, x1), (y0, y1) = TABLE_X_M, TABLE_Y_M
    _add(
        world,
        "geom",
        name="table",
        type="box",
        pos=_text([(x0 + x1) / 2.0, (y0 + y1) / 2.0, -TABLE_THICKNESS_M / 2.0]),
        size=_text([(x1 - x0) / 2.0, (y1 - y0) / 2.0, TABLE_THICKNESS_M / 2.0]),
        rgba="0.59 0.62 0.63 1",
        contype=_TABLE_BIT,
        conaffinity=_ARM_BIT,
    )
    _add(
        world,
        "geom",
        name="pedestal",
        type="cylinder",
        pos=_text([0.0, 0.0, PEDESTAL_HEIGHT_M / 2.0]),
        size=_text([PEDESTAL_RADIUS_M, PEDESTAL_HEIGHT_M / 2.0]),
        rgba="0.26 0.28 0.31 1",
        contype=_TABLE_BIT,
        conaffinity=0,
    )
    _add(
        world,
        "geom",
        name="floor",
        type="plane",
        pos=_text([0.0, 0.0, FLOOR_M]),
        size="3 3 0.1",
        rgba="0.8 0.82 0.84 1",
        contype=_TABLE_BIT,
        conaffinity=0,
    )


def _arm(world: Xml.Element, limits: ArmLimits) -> None:
    ends = part_ends(forward(np.zeros(len(JOINT_NAMES))), 0.0)
    parent, parent_height = world, 0.0
    for index, joint in enumerate(_JOINTS):
        link = _add(
            parent,
            "body",
            name=f"link_{index + 1}",
            pos=_text([0.0, 0.0, joint.height_m - parent_height]),
            gravcomp=1,
        )
        _add(
            link,
            "joint",
            name=limits.joint_names[index],
            type="hinge",
            axis=joint.axis,
            range=_text([limits.lower[index], limits.upper[index]]),
            armature=joint.armature,
        )
        for part, part_end in zip(PARTS, ends, strict=True):
            carrier, mass_kg = _CARRIED[part.name]
            if carrier == index + 1:
                _part(link, part, part_end - [0.0, 0.0, joint.height_m], mass_kg)
        parent, parent_height = link, joint.height_m
    _add(parent, "site", name=TIP_SITE, pos=_text([0.0, 0.0, TOOL_M]), size="0.002")


def _part(link: Xml.Element, part: Part, ends: FloatArray, mass_kg: float) -> None:
    radius_m = (part.start_radius_m + part.end_radius_m) / 2.0
    shape = {"type": "capsule", "fromto": _text(ends.ravel())}
    if not np.any(ends[0] != ends[1]):
        shape = {"type": "sphere", "pos": _text(ends[0])}
    _add(
        link,
        "geom",
        name=part.name,
        **shape,
        size=radius_m,
        mass=mass_kg,
        rgba=_rgba(part.colour),
        contype=_ARM_BIT,
        conaffinity=0,
    )


def _block(world: Xml.Element, block: Block) -> None:
    half = block.edge_m / 2.0
    name = block_body(block.name)
    body = _add(
        world,
        "body",
        name=name,
        pos=_text([*block.centre, half]),
        quat=_text([np.cos(block.yaw_rad / 2.0), 0.0, 0.0, np.sin(block.yaw_rad / 2.0)]),
    )
    _add(body, "freejoint", name=name)
    _add(
        body,
        "geom",
        name=name,
        type="box",
        size=_text([half, half, half]),
        mass=BLOCK_MASS_KG,
        rgba=_rgba(block.colour),
        friction="0.8 0.01 0.0002",
        condim=4,
        # Twice stiffer than MuJoCo's own: under a pressing tool a block sinks in by 1 or 2 mm.
        solref="0.006 1",
        contype=_BLOCK_BIT,
        conaffinity=_ARM_BIT | _TABLE_BIT | _BLOCK_BIT,
    )


def _drives(root: Xml.Element, limits: ArmLimits) -> None:
    drives = _add(root, "actuator")
    for name, joint in zip(limits.joint_names, _JOINTS, strict=True):
        _add(
            drives,
            "position",
            name=name,
            joint=name,
            kp=joint.stiffness,
            kv=joint.stiffness * _LAG_S,
            forcerange=_text([-joint.max_torque, joint.max_torque]),
        )


def _camera(world: Xml.Element, name: str, camera: PinholeCamera) -> None:
    # MuJoCo's cameras look along their negative z, with y up.
    right, down, _ = camera.axes
    _add(
        world,
        "camera",
        name=name,
        pos=_text(camera.position),
        xyaxes=_text([*right, *-down]),
        # In degrees, whatever the compiler's angle says.
        fovy=degrees(2.0 * atan(IMAGE_HEIGHT / 2.0 / camera.focal_px)),
    )


def _add(parent: Xml.Element, tag: str, **attributes: str | float) -> Xml.Element:
    return Xml.SubElement(parent, tag, {name: str(value) for name, value in attributes.items()})


def _text(values: ArrayLike) -> str:
    return " ".join(repr(value) for value in np.asarray(values, dtype=np.float64).tolist())


def _rgba(colour: tuple[int, int, int]) -> str:
    return _text([*(np.array(colour) / 255.0), 1.0])
