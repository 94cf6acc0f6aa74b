"""Qualities of service, as data."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Qos:
    """How a topic is sent or received; history is always "keep last".

    Attributes:
        depth: messages that are kept.
    """

    reliability: Literal["reliable", "best effort"]
    depth: int
    durability: Literal["volatile", "transient local"] = "volatile"


# Pictures: a lost one is better than a late one.
SENSOR_DATA = Qos("best effort", depth=5)
# Joint states: compatible with any publisher; fewer than ten lose bursts.
STATES_IN = Qos("best effort", depth=10)
RELIABLE = Qos("reliable", depth=10)
# Where only the newest counts.
NEWEST = Qos("reliable", depth=1)
# Whoever comes late gets the newest one at once.
LATCHED = Qos("reliable", depth=1, durability="transient local")
# The same, with room for one that says something else right behind it.
STATUS = Qos("reliable", depth=5, durability="transient local")
