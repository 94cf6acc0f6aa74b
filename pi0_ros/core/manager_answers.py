"""Whether the arm's own controller follows commands, by what its controller manager answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.printable import printable

CONTROLLER_MANAGER = "controller_manager"
# A controller manager is asked at the first look after this: every 0.2 s with a look every 0.1 s.
ASK_AFTER_NS = 150_000_000
# A question that is not answered by then is asked again.
ANSWER_DEADLINE_NS = 1_000_000_000
# While active: one answer that is late or lost says nothing, two in a row hold.
SILENCE_NS = 2 * ANSWER_DEADLINE_NS
_NODE_NAME = re.compile(r"/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)


def manager_name(controller: str, given: str) -> str:
    """The full name of the manager of a controller.

    Args:
        controller: its full name.
        given: this package's parameter controller_manager; beside the controller unless absolute.

    Raises:
        ConfigurationError: it cannot be a node's name.
    """
    if not _NODE_NAME.fullmatch(given):
        raise ConfigurationError(
            f"{CONTROLLER_MANAGER}: expected a node's name, such as {CONTROLLER_MANAGER} or "
            f"/left/{CONTROLLER_MANAGER}, got {given!r}"
        )
    return given if given.startswith("/") else f"{controller.rpartition('/')[0]}/{given}"


@dataclass(frozen=True, slots=True)
class Following:
    """What is known of whether the arm's controller follows commands.

    Attributes:
        problem: why it does not; latches, and forbids activation and reset.
        doubt: why it may not; holds for as long as it stands.
        unverified: what is taken on trust.
    """

    problem: str = ""
    doubt: str = ""
    unverified: str = ""


class ManagerAnswers:
    """Judges by what a controller manager answers whether the arm's controller is active.

    One that is not subscribes to commands all the same, and drops them without a word. All times
    are of the steady clock.

    Attributes:
        service: who is asked.
    """

    def __init__(self, controller: str, manager: str) -> None:
        """
        Args:
            controller: full name of the arm's controller.
            manager: full name of its manager.
        """
        self.service = f"{manager}/list_controllers"
        self._controller = controller
        self._manager = manager
        self._name = controller.rpartition("/")[2]
        self._forget()

    def _forget(self) -> None:
        self._asked_ns: int | None = None
        self._waits = False
        # The newest answer, or the first question where there was none.
        self._silent_since_ns: int | None = None
        self._answered = False
        self._state: str | None = None
        self._was_listed = False

    def must_ask(self, now_ns: int) -> bool:
        """Whether it is time for a question; one that is still open is given up then."""
        if self._asked_ns is None:
            return True
        patience_ns = ANSWER_DEADLINE_NS if self._waits else ASK_AFTER_NS
        return now_ns - self._asked_ns >= patience_ns

    def asked(self, now_ns: int) -> None:
        self._asked_ns, self._waits = now_ns, True
        if self._silent_since_ns is None:
            self._silent_since_ns = now_ns

    def answered(self, states: Mapping[str, str], now_ns: int) -> None:
        """Takes the state of each controller by name."""
        self._waits, self._answered = False, True
        self._silent_since_ns = now_ns
        self._state = states.get(self._name)
        self._was_listed |= self._state is not None

    def following(self, reachable: bool, active: bool, now_ns: int) -> Following:
        """What is known now.

        Args:
            reachable: whether somebody offers the service.
            active: whether this package's controller moves the arm.
        """
        if not reachable and not active:
            # Whoever comes next may be another one.
            self._forget()
        if self._silent_since_ns is None:
            return Following(unverified=self.trusted(f"nobody answers {self.service}"))
        if self._stopped:
            return Following(problem=self._stopped)
        patience_ns = SILENCE_NS if active else ANSWER_DEADLINE_NS
        if now_ns - self._silent_since_ns >= patience_ns:
            late = f"{self.service}: no answer within {patience_ns / 1e9:g} s"
            whether = f"whether {self._controller} is active is not known"
            return Following(doubt=f"{late}, {whether}") if active else Following(late)
        if not self._answered:
            return Following() if active else Following(f"{self.service}: asked, no answer yet")
        if self._state is None:
            return Following(unverified=self.trusted(f"{self.service} does not list it"))
        return Following()

    def trusted(self, why: str) -> str:
        """What is not verified, and why."""
        return f"{why}: whether {self._controller} is active is not verified"

    @property
    def _stopped(self) -> str:
        """Why the arm's controller does not follow, as answered last; empty where it does."""
        if self._state == "active" or not self._was_listed:
            return ""
        elsewhere = "" if self._manager == f"/{CONTROLLER_MANAGER}" else f" -c {self._manager}"
        if self._state is None:
            return (
                f"{self._controller} was unloaded: load it (ros2 control load_controller"
                f"{elsewhere} --set-state active {self._name})"
            )
        configure = ""
        if self._state == "unconfigured":
            configure = f"ros2 control set_controller_state{elsewhere} {self._name} inactive; "
        return (
            f"{self._controller} is {printable(self._state)} and ignores commands: activate it "
            f"({configure}ros2 control switch_controllers{elsewhere} --activate {self._name})"
        )
