"""PolicyStatus from what the parts of the policy node know."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from pi0_ros.core.stamps import StreamStatistics
from pi0_ros.msg import PolicyStatus
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.diagnostics import Level
from pi0_ros.ros.inference_listener import InferenceView


class PolicyState(IntEnum):
    """Values of PolicyStatus.state."""

    UNCONFIGURED = PolicyStatus.STATE_UNCONFIGURED
    INACTIVE = PolicyStatus.STATE_INACTIVE
    RUNNING = PolicyStatus.STATE_RUNNING
    WAITING = PolicyStatus.STATE_WAITING
    FAILED = PolicyStatus.STATE_FAILED


class Demand(IntEnum):
    """Values of PolicyStatus.demand: what the controller is asked to do."""

    NONE = PolicyStatus.DEMAND_NONE
    HOLD = PolicyStatus.DEMAND_HOLD
    LATCH = PolicyStatus.DEMAND_LATCH


# A chunk that is slowed by less is no news.
_NOTICEABLE = 1.05

LEVELS: Mapping[PolicyState, Level] = {
    PolicyState.UNCONFIGURED: Level.WARN,
    PolicyState.INACTIVE: Level.WARN,
    PolicyState.RUNNING: Level.OK,
    PolicyState.WAITING: Level.ERROR,
    PolicyState.FAILED: Level.ERROR,
}


@dataclass(frozen=True, slots=True)
class InputView:
    """The builder's side; see PolicyStatus for the meaning of each."""

    instruction: str
    streams: tuple[StreamStatistics, ...]
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StatusView:
    """Everything a status is made of; None where nothing is loaded."""

    state: PolicyState
    reason: str
    description: PolicyDescription | None
    inputs: InputView | None
    inference: InferenceView | None
    demand: Demand = Demand.NONE

    @property
    def mode(self) -> int:
        if self.description is None:
            return int(PolicyStatus.MODE_UNKNOWN)
        demo = self.description.is_demo
        return int(PolicyStatus.MODE_DEMO if demo else PolicyStatus.MODE_REAL)

    @property
    def change_key(self) -> tuple[object, ...]:
        """Differs where a change is worth a message of its own; ages in a reason are not."""
        about = tuple(part.partition(":")[0] for part in self.reason.split("; "))
        epoch = 0 if self.inference is None else self.inference.epoch
        return self.state, self.demand, about, self.mode, epoch, bool(self.slowed)

    @property
    def slowed(self) -> str:
        """That chunks are played slower than trained, in words; empty where they are not."""
        stretch = 1.0 if self.inference is None else self.inference.stretch
        if self.state is not PolicyState.RUNNING or stretch <= _NOTICEABLE:
            return ""
        return (
            f"chunks are long in coming: they are played {stretch:.2f} times slower than at "
            "action_rate (parameter stretch)"
        )

    @property
    def refusals(self) -> int:
        """Inputs refused so far."""
        return 0 if self.inputs is None else sum(self.inputs.refused.values())


def status_message(view: StatusView, now_ns: int) -> PolicyStatus:
    message = PolicyStatus(
        state=int(view.state), mode=view.mode, reason=view.reason, demand=int(view.demand)
    )
    message.header.stamp = time_message(now_ns)
    if view.description is not None:
        message.policy_id = view.description.policy_id
        message.device = view.description.device
    if view.inputs is not None:
        streams = view.inputs.streams
        message.instruction = view.inputs.instruction
        message.stream_names = [stream.name for stream in streams]
        message.stream_ages_s = [stream.age_s for stream in streams]
        message.stream_received = [stream.received for stream in streams]
        message.stream_dropped = [stream.dropped for stream in streams]
        message.stream_refused = [stream.refused for stream in streams]
        message.refused_kinds = list(view.inputs.refused)
        message.refused_counts = list(view.inputs.refused.values())
    if view.inference is not None:
        message.epoch = view.inference.epoch
        message.chunks = view.inference.chunks
        message.chunk_rate_hz = view.inference.chunk_rate_hz
        message.inference_last_s = view.inference.inference_last_s
        message.inference_p50_s = view.inference.inference_p50_s
        message.stretch = view.inference.stretch
    return message


def diagnostic_values(message: PolicyStatus) -> dict[str, object]:
    """The figures of a status by name."""
    modes = {PolicyStatus.MODE_REAL: "real", PolicyStatus.MODE_DEMO: "demo"}
    values: dict[str, object] = {
        "mode": modes.get(message.mode, "unknown"),
        "device": message.device,
        "instruction": message.instruction,
        "chunks": message.chunks,
        "chunk rate [Hz]": f"{message.chunk_rate_hz:.2f}",
        "inference p50 [s]": f"{message.inference_p50_s:.4f}",
        "stretch": f"{message.stretch:.3f}",
    }
    for name, age_s, dropped, refused in zip(
        message.stream_names,
        message.stream_ages_s,
        message.stream_dropped,
        message.stream_refused,
        strict=True,
    ):
        values[f"{name} age [s]"] = f"{age_s:.3f}"
        values[f"{name} dropped"] = dropped
        values[f"{name} refused"] = refused
    for kind, count in zip(message.refused_kinds, message.refused_counts, strict=True):
        values[f"refused {kind}"] = count
    return values
