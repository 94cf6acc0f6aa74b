"""Joint limits out of a URDF. It has none of acceleration."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.printable import printable

# Entities can make a few bytes expand without end, and no URDF needs them.
_DOCTYPE = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
# What float() takes beyond it, "nan", "1_000" and the like, is a mistake in a file.
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_UNITS = {"revolute": "rad", "continuous": "rad", "prismatic": "m"}


@dataclass(frozen=True, slots=True)
class UrdfJoint:
    """Limits of one joint; None where the URDF gives none.

    Attributes:
        lower, upper: rad or m, lower < upper.
        velocity: rad/s or m/s, > 0.
        unit: "rad" or "m".
    """

    lower: float | None
    upper: float | None
    velocity: float | None
    unit: str

    def limit(self, key: str) -> float | None:
        """The number under its name in the `joint_limits` form."""
        numbers = {
            "min_position": self.lower,
            "max_position": self.upper,
            "max_velocity": self.velocity,
        }
        return numbers.get(key)


def urdf_limits(text: str, joint_names: Sequence[str], origin: str) -> Mapping[str, UrdfJoint]:
    """Limits of `joint_names`; what the URDF says of other joints is not looked at.

    Position limits are those of `limit`, narrowed by the soft limits of `safety_controller`; a
    continuous joint has none.

    Args:
        text: the document. Xacro has to be expanded before.
        origin: where it came from, with the name of the parameter, for messages.

    Raises:
        ConfigurationError: not a URDF, a joint is absent, of a type that has no limits, follows
            another one, or its numbers are missing, not finite or contradict each other; the
            message names joint and origin.
    """
    # Source: http://wiki.ros.org/urdf/XML/joint
    elements = _root(text, origin).findall("joint")
    result: dict[str, UrdfJoint] = {}
    for name in joint_names:
        found = [element for element in elements if element.get("name") == name]
        if len(found) != 1:
            names = ", ".join(sorted({element.get("name", "") for element in elements}))
            there = printable(names) or "none"
            problem = "no such joint" if not found else f"{len(found)} joints of this name"
            raise ConfigurationError(
                f"{origin}: joint {name}: {problem}, expected one (there: {there}); correct "
                "joint_names or the URDF"
            )
        result[name] = _joint(found[0], f"{origin}: joint {name}")
    return result


def _root(text: str, origin: str) -> ElementTree.Element:
    if _DOCTYPE.search(text):
        raise ConfigurationError(f"{origin}: a URDF with a document type or entities is refused")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise ConfigurationError(f"{origin}: expected a URDF, got no XML: {error}") from error
    if root.tag != "robot":
        raise ConfigurationError(
            f"{origin}: expected a URDF's <robot>, got <{printable(root.tag)}>"
        )
    return root


def _joint(element: ElementTree.Element, where: str) -> UrdfJoint:
    kind = element.get("type", "")
    if kind not in _UNITS:
        raise ConfigurationError(
            f"{where}: expected revolute, continuous or prismatic, got type {kind!r}"
        )
    if element.find("mimic") is not None:
        raise ConfigurationError(
            f"{where}: it mimics another joint and cannot be commanded; take it out of joint_names"
        )
    limit = _only(element, "limit", where)
    if limit is None:
        if kind != "continuous":
            raise ConfigurationError(f"{where}: a {kind} joint needs <limit>, there is none")
        return UrdfJoint(None, None, None, _UNITS[kind])
    velocity = _number(limit, "velocity", where)
    if velocity is None and kind != "continuous":
        raise ConfigurationError(f"{where}: <limit> has no velocity")
    if velocity is not None and not velocity > 0.0:
        raise ConfigurationError(f"{where}: velocity must be above 0, got {velocity}")
    if kind == "continuous":
        return UrdfJoint(None, None, velocity, _UNITS[kind])
    # The format's own meaning of a bound that is not written is 0.
    lower = _number(limit, "lower", where) or 0.0
    upper = _number(limit, "upper", where) or 0.0
    _require_order(lower, upper, "lower", "upper", where)
    soft = _only(element, "safety_controller", where)
    if soft is not None:
        # By the format one that is not written is 0, too; nobody meant it, so it narrows nothing.
        soft_lower = _number(soft, "soft_lower_limit", where)
        soft_upper = _number(soft, "soft_upper_limit", where)
        lower = lower if soft_lower is None else max(lower, soft_lower)
        upper = upper if soft_upper is None else min(upper, soft_upper)
        _require_order(
            lower, upper, "lower and soft_lower_limit", "upper and soft_upper_limit", where
        )
    return UrdfJoint(lower, upper, velocity, _UNITS[kind])


def _only(element: ElementTree.Element, tag: str, where: str) -> ElementTree.Element | None:
    found = element.findall(tag)
    if len(found) > 1:
        raise ConfigurationError(f"{where}: expected one <{tag}>, got {len(found)}")
    return found[0] if found else None


def _number(element: ElementTree.Element, attribute: str, where: str) -> float | None:
    text = element.get(attribute)
    if text is None:
        return None
    if _NUMBER.fullmatch(text) is None or not math.isfinite(float(text)):
        hint = "; expand xacro first" if "${" in text else ""
        raise ConfigurationError(
            f"{where}: {attribute} must be a finite number, got {text!r}{hint}"
        )
    return float(text)


def _require_order(lower: float, upper: float, low: str, high: str, where: str) -> None:
    if not lower < upper:
        raise ConfigurationError(f"{where}: {low} ({lower}) must be below {high} ({upper})")
