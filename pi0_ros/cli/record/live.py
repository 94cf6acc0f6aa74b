"""Recording from the topics of a running arm."""

import gc
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import rclpy
from rclpy.exceptions import NameValidationException
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from pi0_ros.cli.record.summary import summary
from pi0_ros.cli.stop_request import stop_on_signals
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.printable import printable
from pi0_ros.policy.dataset.session import EpisodePlan, RecordingSession, SessionState
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.ros import topics
from pi0_ros.ros.bag.recorder import BagRecorder
from pi0_ros.ros.executor import make_executor
from pi0_ros.ros.process import keep_freed_memory
from pi0_ros.ros.recording import RecordingNode
from pi0_ros.ros.recording_settings import RecordingSettings

_SPIN_S = 0.2
_LINE_EVERY_S = 5.0


def record_live(
    writer: DatasetWriter,
    settings: RecordingSettings,
    plan: EpisodePlan,
    namespace: str,
    use_sim_time: bool,
    bag: BagRecorder | None = None,
    remappings: Sequence[tuple[str, str]] = (),
) -> int:
    """Records until the plan is fulfilled or Ctrl-C; returns the exit status.

    It is 1 where an episode has no bag although there was to be one.

    Args:
        remappings: (from, to) pairs of topics.

    Raises:
        DatasetError: the dataset cannot be written any more.
        ConfigurationError: the namespace is none, or rclpy is too old.
    """
    keep_freed_memory()
    session, status = RecordingSession(writer, plan, bag), _StatusLine(writer, bag)
    with stop_on_signals(insist=False) as stop, _context(use_sim_time, remappings) as context:
        executor = make_executor(context)
        try:
            node = RecordingNode(
                settings, session, status.say, bag, namespace=namespace, context=context
            )
        except NameValidationException as error:
            raise ConfigurationError(
                f"--namespace {namespace!r}: expected names of letters, digits and underscores, "
                "separated by /"
            ) from error
        executor.add_node(node)
        status.say(_how(node, plan))
        never = Future()
        while not (stop.requested or node.ended.done() or session.state is SessionState.FINISHED):
            executor.spin_until_future_complete(never, _SPIN_S)
            status.show(session, node)
        status.clear()
        node.close()
        executor.shutdown()
        node.destroy_node()
        failure = node.ended.exception() if node.ended.done() else None
        del node, executor
        gc.collect()
    if failure is not None:
        raise failure
    if unfinished := writer.discard_episode():
        status.say(f"an unfinished episode of {unfinished} frames was left out")
    for reason, count in session.missed.items():
        status.say(f"{count} frames not recorded: {reason}")
    status.say(f"{session.saved} episodes recorded, {session.left_out} left out")
    status.say(summary(writer))
    if bag is None:
        return 0
    status.say(bag.summary())
    return 1 if bag.lost else 0


def _how(node: RecordingNode, plan: EpisodePlan) -> str:
    if plan.episode_s is not None:
        return (
            f"episodes of {plan.episode_s:g} s begin by themselves, {plan.pause_s:g} s apart; "
            "Ctrl-C ends"
        )
    start, stop = (
        node.resolve_service_name(entry.name) for entry in (topics.RECORD_START, topics.RECORD_STOP)
    )
    return (
        f"episodes begin with `ros2 service call {start} std_srvs/srv/Trigger` and are saved with "
        f"{stop}; Ctrl-C ends"
    )


@contextmanager
def _context(use_sim_time: bool, remappings: Sequence[tuple[str, str]]) -> Iterator[rclpy.Context]:
    context = rclpy.Context()
    words = ["--ros-args", "-p", f"use_sim_time:={str(use_sim_time).lower()}"]
    for pair in remappings:
        words += ["-r", ":=".join(pair)]
    rclpy.init(args=words, context=context, signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield context
    finally:
        rclpy.shutdown(context=context)


class _StatusLine:
    """A line that is written over in a terminal, or one every five seconds in a log."""

    def __init__(self, writer: DatasetWriter, bag: BagRecorder | None) -> None:
        self._writer = writer
        self._bag = bag
        self._live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._said_s = float("-inf")

    def say(self, text: str) -> None:
        self.clear()
        print(printable(text), flush=True)

    def clear(self) -> None:
        if self._live:
            print("\r\x1b[K", end="", flush=True)

    def show(self, session: RecordingSession, node: RecordingNode) -> None:
        now_s = time.monotonic()
        if not self._live and now_s - self._said_s < _LINE_EVERY_S:
            return
        self._said_s = now_s
        text = printable(self._text(session, node))
        if self._live:
            text = text[: shutil.get_terminal_size().columns - 1]
            print(f"\r{text}\x1b[K", end="", flush=True)
        else:
            print(text, flush=True)

    def _text(self, session: RecordingSession, node: RecordingNode) -> str:
        view = node.view()
        if session.state is SessionState.RECORDING:
            now = f"recording episode {self._writer.episodes}, frame {self._writer.frames}"
        else:
            now = f"{session.state.value}, {self._writer.episodes} episodes"
        gaps = f", {session.gaps} missing" if session.gaps else ""
        why = f"  NOT READY: {'; '.join(view.problems)}" if view.problems else ""
        failure = self._bag.failure if self._bag is not None else ""
        bag = f"  NO BAG: {failure}" if failure else ""
        return f"{now}{gaps}, task {view.instruction!r}{bag}{why}"
