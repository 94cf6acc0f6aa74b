"""A lifecycle node whose transitions refuse with a reason and never fail in silence."""

import time
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from pi0_ros.core.errors import Pi0RosError
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros.node_basics import NodeBasics
from pi0_ros.ros.parameter import Parameter
from pi0_ros.ros.qos_watch import QosWatch
from pi0_ros.ros.topics import Topic

_REPEAT_LOG_S = 5.0
# What a node waits for is usually on its way when it has just been configured.
_GRACE_S = 1.0


class Phase(Enum):
    """Where the lifecycle stands."""

    UNCONFIGURED = "unconfigured"
    INACTIVE = "inactive"
    ACTIVE = "active"
    FINALIZED = "finalized"


class ManagedNode(NodeBasics, LifecycleNode):
    """Subclasses fill in `configure`, `activate`, `deactivate` and `clean_up`.

    Attributes:
        phase: set when a transition has succeeded.
        refusal: why the last transition was refused; empty after one that succeeded.
        connections: watches the node's topics while it is configured.
    """

    def __init__(
        self,
        name: str,
        table: Sequence[Parameter],
        stop: StopRequest | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.set_up_basics(table, stop)
        self.phase = Phase.UNCONFIGURED
        self.refusal = ""
        self.connections: QosWatch | None = None
        self._silent_until_s = 0.0
        self._answer_impossible_requests()

    def configure(self) -> None:
        """
        Raises:
            Pi0RosError: the node stays unconfigured.
        """

    def activate(self) -> None:
        """
        Raises:
            Pi0RosError: the node stays inactive.
        """

    def deactivate(self) -> None:
        """Stops what `activate` started; may wait for it to come to rest."""

    def clean_up(self) -> None:
        """Undoes what `configure` did; also called after a `configure` that failed midway."""

    def phase_changed(self) -> None:
        """Called after every transition, refused ones included."""

    @property
    def connection_problems(self) -> str:
        """Topics whose other ends cannot be joined, in words; empty where all can."""
        return "" if self.connections is None else "; ".join(self.connections.problems)

    def watch_connections(self, subscribed: Sequence[Topic], published: Sequence[Topic]) -> None:
        self.connections = QosWatch(self, subscribed, published)

    def forget_connections(self) -> None:
        if self.connections is not None:
            self.connections.close()
        self.connections = None

    def close(self) -> None:
        """Ends all threads; the last thing before the node is destroyed."""
        if self.phase is Phase.ACTIVE:
            self.deactivate()
        if self.phase in (Phase.ACTIVE, Phase.INACTIVE):
            self.clean_up()
        self.forget_connections()
        self.phase = Phase.FINALIZED

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = self._transition(self.configure, Phase.INACTIVE)
        if result is not TransitionCallbackReturn.SUCCESS:
            self.clean_up()
            self.forget_connections()
        return result

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._transition(self._activate_connected, Phase.ACTIVE)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._transition(self.deactivate, Phase.INACTIVE)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.forget_connections()
        return self._transition(self.clean_up, Phase.UNCONFIGURED)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._transition(self.close, Phase.FINALIZED)

    def _activate_connected(self) -> None:
        if self.connections is not None:
            self.connections.require()
        self.activate()

    def _transition(self, work: Callable[[], None], phase: Phase) -> TransitionCallbackReturn:
        try:
            work()
        except Pi0RosError as error:
            self.refusal = str(error)
            self._log_refusal(phase)
            self.phase_changed()
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # noqa: BLE001  rclpy would swallow it
            self.fail(error)
            return TransitionCallbackReturn.ERROR
        if self.phase is Phase.UNCONFIGURED:
            self._silent_until_s = time.monotonic() + _GRACE_S
        self.phase, self.refusal = phase, ""
        self.get_logger().info(phase.value)
        self.phase_changed()
        return TransitionCallbackReturn.SUCCESS

    def _log_refusal(self, wanted: Phase) -> None:
        if self.stop.requested:
            return
        log = self.get_logger()
        if wanted is Phase.INACTIVE:
            log.error(f"cannot be configured: {self.refusal}")
            return
        # Autostart asks again and again.
        now_s = time.monotonic()
        if now_s >= self._silent_until_s:
            self._silent_until_s = now_s + _REPEAT_LOG_S
            log.warning(f"cannot be activated yet: {self.refusal}")

    def _answer_impossible_requests(self) -> None:
        """A transition that is impossible now gets the answer no; rclpy would end the process."""
        service = self._service_change_state
        change_state = service.callback

        def answer(request: Any, response: Any) -> Any:
            possible = self._state_machine.available_transitions
            wanted = request.transition
            if not any(
                wanted.label == label if wanted.label else wanted.id == number
                for number, label, *_ in possible
            ):
                self.get_logger().error(
                    f"transition {wanted.label or wanted.id} is impossible in the state "
                    f"{self.phase.value}"
                )
                response.success = False
                return response
            return change_state(request, response)

        service.callback = answer
