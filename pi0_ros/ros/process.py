"""What the main function of every node does: start, run, end cleanly, with a status that tells.

rclpy is imported late, so that a Ctrl-C that comes early finds its handler in place.
"""

import ctypes
import gc
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from pi0_ros.core.errors import Pi0RosError
from pi0_ros.core.stop_request import StopRequest

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.task import Future

# A signal is seen after at most this long.
_SPIN_S = 0.25
# Whatever happens, the process is gone this long after it was told to end.
_END_DEADLINE_S = 4.0

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


class ProcessNode(Protocol):
    """The slice of a node that its process needs.

    Attributes:
        ended: done when the node cannot go on; its exception says why.
    """

    ended: "Future"

    def close(self) -> None:
        """Brings what moves to rest and ends the node's threads, within three seconds."""
        ...

    def destroy_node(self) -> None: ...

    def get_logger(self) -> Any: ...


def run(node_class: str, argv: Sequence[str] | None) -> NoReturn:
    """Runs one node until SIGINT, SIGTERM or its own end, then ends the process.

    The exit status is 0 after a signal and 1 after a failure, which was printed.

    Args:
        node_class: "<module>:<class>"; made with the keyword argument `stop`, a StopRequest.
        argv: ROS arguments; those of the process unless given.
    """
    stop = StopRequest()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.requested = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    keep_freed_memory()
    try:
        status = _run(node_class, list(sys.argv if argv is None else ["", *argv]), stop)
    except Pi0RosError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    # Fast DDS gives its shared memory back when rclpy's objects are collected, and what the
    # controller froze for its ticks is never collected otherwise.
    gc.unfreeze()
    gc.collect()
    # Everything is closed. What is left, the interpreter's end, takes seconds with torch in it, can
    # hang or abort in a thread that is in foreign code, and dies of a second Ctrl-C.
    end_now(status)


def keep_freed_memory() -> None:
    """Lets malloc keep what is freed, up to half a gigabyte.

    Otherwise every picture is mapped and page-faulted anew, which costs more than all else.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 64 << 20)
        mallopt(_M_TRIM_THRESHOLD, 512 << 20)


def _run(node_class: str, argv: list[str], stop: StopRequest) -> int:
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    from pi0_ros.ros.executor import make_executor

    module, _, name = node_class.partition(":")
    make_node = getattr(importlib.import_module(module), name)
    rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        executor = make_executor()
        return _spin(executor, make_node(stop=stop), stop)
    finally:
        rclpy.shutdown()


def _spin(executor: "Executor", node: ProcessNode, stop: StopRequest) -> int:
    executor.add_node(node)
    status = 0
    try:
        while not stop.requested and not node.ended.done():
            executor.spin_until_future_complete(node.ended, _SPIN_S)
        if not stop.requested and node.ended.exception() is not None:
            raise node.ended.exception()
    except Pi0RosError as error:
        node.get_logger().fatal(str(error))
        status = 1
    except Exception:  # noqa: BLE001  told in full, and in the status
        node.get_logger().fatal(traceback.format_exc())
        status = 1
    deadline = threading.Timer(_END_DEADLINE_S, _end_late, (status,))
    deadline.daemon = True
    deadline.start()
    node.close()
    executor.shutdown()
    node.destroy_node()
    deadline.cancel()
    deadline.join()
    return status


def _end_late(status: int) -> None:
    print(f"ending took more than {_END_DEADLINE_S:g} s: ending at once", file=sys.stderr)
    end_now(max(status, 1))


def end_now(status: int) -> NoReturn:
    """Ends the process without the interpreter's own end; everything must be closed."""
    sys.stdout.flush()
    sys.stderr.flush()
    # ROS logs through C's buffers.
    ctypes.CDLL(None).fflush(None)
    os._exit(status)
