"""What an arm was told to do, looked up for an instant that has just passed."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import InputRefused
from pi0_ros.sim.arm_command import UncheckedTrajectory, checked_positions, checked_trajectory
from pi0_ros.sim.desired_curve import DesiredCurve, DesiredState, held, taken_over

# A picture is recorded with the command of its capture time: no older ones are asked for.
_KEPT_NS = 2_000_000_000


class CommandHistory:
    """Curves that a joint_trajectory_controller plays, or targets of a forward controller.

    It sees the messages that the arm's controller sees and comes to the same curve as that does
    with its parameter interpolate_from_desired_state true.

    Args:
        joint_names: order of the positions handed out.
    """

    def __init__(self, joint_names: Sequence[str]) -> None:
        self._names = tuple(joint_names)
        # Each with the instant from which it is in force.
        self._curves: deque[tuple[int, DesiredCurve]] = deque()

    def add_trajectory(self, trajectory: UncheckedTrajectory, now_ns: int) -> None:
        """Takes a trajectory that comes to the arm at `now_ns`.

        Raises:
            InputRefused: see `checked_trajectory`; the arm refuses it as well.
        """
        told = checked_trajectory(self._names, trajectory, now_ns)
        since_ns, own = now_ns, self._desired(now_ns)
        if own is None:
            # Where the arm is told to be before the very first point is known to nobody here.
            since_ns = max(now_ns, int(told.times_ns[0]))
            still = np.zeros(len(self._names))
            own = DesiredState(told.positions[0], still, still)
        curve = taken_over(
            own, now_ns, told.times_ns, told.positions, told.velocities, told.accelerations
        )
        self._keep(since_ns, curve, now_ns)

    def add_positions(self, values: Sequence[float], now_ns: int) -> None:
        """Takes a forward controller's target that comes at `now_ns`, in the arm's joint order.

        Raises:
            InputRefused: kind "size" or "not finite"; the arm refuses it as well.
        """
        self._keep(now_ns, held(checked_positions(self._names, values), now_ns), now_ns)

    def at(self, time_ns: int) -> FloatArray:
        """Where the arm was told to be, shape (joints,), rad or m.

        Raises:
            InputRefused: kind "no command": nothing was told by then.
        """
        for since_ns, curve in reversed(self._curves):
            if since_ns <= time_ns:
                return frozen(curve.at(time_ns).positions)
        raise InputRefused(
            "no command",
            "nothing has been commanded yet: move the arm over the topic that its controller "
            "listens to (command_interface)",
        )

    def _desired(self, time_ns: int) -> DesiredState | None:
        return self._curves[-1][1].at(time_ns) if self._curves else None

    def _keep(self, since_ns: int, curve: DesiredCurve, now_ns: int) -> None:
        if self._curves and now_ns < self._curves[-1][0] - _KEPT_NS:
            # The clock was set back: what was told belongs to another time.
            self._curves.clear()
        self._curves.append((since_ns, curve))
        while len(self._curves) > 1 and self._curves[1][0] < now_ns - _KEPT_NS:
            self._curves.popleft()
