"""A fault as a case: how it is made, what must come of it, and by when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pi0_ros.core.errors import Pi0RosError

if TYPE_CHECKING:
    from pi0_ros.cli.conformance.stage import Stage


class CaseFailed(Pi0RosError):
    """Something else came of a fault than what is promised."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """How the processes are started.

    Attributes:
        parameters: node -> parameters that differ from the standard ones.
        without: nodes that are not started.
        simulated_time: time comes from /clock.
        hear_commands: whether the kit listens to the commands; if so it counts as a subscriber.
        starts_running: whether everything is up and in motion before the case begins.
        checkpoint: damage to the checkpoint that the real policy node gets instead of the scripted
            policy; see `damaged_checkpoint`.
    """

    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    simulated_time: bool = False
    hear_commands: bool = True
    starts_running: bool = True
    checkpoint: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))


STANDARD = Setting()


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One fault.

    Attributes:
        name: as in a test's name.
        fault: the row of the table of faults in docs/safety.md that it belongs to.
        reaction: what is promised, in words.
        deadline_s: by when it must be detected, from the moment the fault had an effect.
        act: makes the fault on a stage and returns after how many seconds it was detected.
        needs: what the policy must be: a process that the kit started, the scripted one, or any.
        spends: whether processes end or are left in another state.
    """

    name: str
    fault: str
    reaction: str
    deadline_s: float
    act: Callable[["Stage"], float] = field(repr=False)
    setting: Setting = STANDARD
    needs: Literal["any", "process", "scripted"] = "any"
    spends: bool = False
