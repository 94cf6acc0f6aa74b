"""RUN, HOLD or LATCHED, why, and what forbids motion from outside."""

from pi0_ros.core.control_state import ControlState
from pi0_ros.core.vetoes import Vetoes

WAITING_FOR_CHUNK = "waiting for a chunk on action_chunk; see pi0_policy/status"


class ControlMode:
    """The state of a control loop.

    Attributes:
        state: begins INACTIVE.
        reason: why it is not RUN; empty in RUN and where it is inactive.
        vetoes: what latches, and allows no activation and no reset.
        pauses: what holds for as long as it stands.
    """

    def __init__(self) -> None:
        self.state = ControlState.INACTIVE
        self.reason = ""
        self.vetoes = Vetoes()
        self.pauses = Vetoes()
        self._told = self.state, self.reason

    @property
    def active(self) -> bool:
        return self.state is not ControlState.INACTIVE

    @property
    def latched(self) -> bool:
        return self.state is ControlState.LATCHED

    def run(self) -> None:
        self.state, self.reason = ControlState.RUN, ""

    def hold(self, reason: str) -> None:
        self.state, self.reason = ControlState.HOLD, reason

    def latch(self, reason: str) -> None:
        self.state, self.reason = ControlState.LATCHED, f"{reason}; call pi0_controller/reset"

    def end(self) -> None:
        self.state, self.reason = ControlState.INACTIVE, ""

    def must_latch(self, source: str, reason: str) -> bool:
        """Takes a veto, or takes it back where `reason` is empty; whether the loop must latch."""
        return self.vetoes.put(source, reason) and self.active

    def pause_changed(self, source: str, reason: str) -> bool:
        """Takes a pause, or takes it back where `reason` is empty.

        Returns:
            Whether a pause has begun or ended for a loop that is neither latched nor inactive.
        """
        paused = bool(self.pauses.reasons)
        self.pauses.put(source, reason)
        return paused != bool(self.pauses.reasons) and self.active and not self.latched

    def changed(self) -> bool:
        """Whether the state or its reason differs from when this was last asked."""
        before, self._told = self._told, (self.state, self.reason)
        return before != self._told
