"""What every node of this package has."""

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros.declare import declare_parameters
from pi0_ros.ros.parameter import Parameter


class NodeBasics:
    """Mixed into a node class; `set_up_basics` belongs into its constructor.

    Attributes:
        parameters: what came of the parameters given.
        ended: done when the node cannot go on; its exception says why.
        stop: whether the process was told to end.
    """

    def set_up_basics(
        self: Any, table: Sequence[Parameter], stop: StopRequest | None = None
    ) -> None:
        self.stop = StopRequest() if stop is None else stop
        self.ended = Future()
        self.parameters = declare_parameters(self, table)
        self._steady_clock = Clock(clock_type=ClockType.STEADY_TIME)

    def now_ns(self: Any) -> int:
        """ROS time."""
        return int(self.get_clock().now().nanoseconds)

    @property
    def on_simulated_time(self: Any) -> bool:
        """Whether ROS time is that of /clock."""
        return bool(self.get_parameter("use_sim_time").value)

    def create_steady_timer(self: Any, period_s: float, callback: Callable[[], None]) -> Any:
        """A timer that goes on when ROS time stands still."""
        return self.create_timer(period_s, callback, clock=self._steady_clock)

    def fail(self: Any, error: BaseException) -> None:
        """Ends the process with status 1; may be called from any thread."""
        if not self.ended.done():
            self.ended.set_exception(error)


class PlainNode(NodeBasics, Node):
    """A node without a lifecycle: what cannot work is an error of the constructor."""

    def __init__(
        self,
        name: str,
        table: Sequence[Parameter],
        stop: StopRequest | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.set_up_basics(table, stop)

    def close(self) -> None:
        """Ends all threads; the last thing before the node is destroyed."""
