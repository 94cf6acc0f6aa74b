"""What the whole bridge takes: the demo's processes, measured from outside."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from lifecycle_msgs.msg import Transition

from pi0_ros.bringup import DEMO
from pi0_ros.bringup.robot_file import robot_limits
from pi0_ros.cli.bench.progress import Progress
from pi0_ros.cli.conformance.case import Setting
from pi0_ros.cli.conformance.ear import Ear
from pi0_ros.cli.conformance.stage import CONTROLLER, POLICY, RUN, Stage
from pi0_ros.cli.demo.processes import Processes
from pi0_ros.cli.demo.surroundings import arm_domain, new_log_folder
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds
from pi0_ros.ros.entities import interface, profile

_RATES_HZ = (50.0, 100.0, 200.0)
_CAMERAS, _CAMERA_RATE_HZ = 3, 30.0
_STARTUP_S = 120.0


def measure_bridge(
    seconds: float, progress: Progress, domain: int | None = None
) -> Mapping[str, Any]:
    """Starts the demo's processes once for each control rate.

    Args:
        seconds: of each measurement.
        domain: the ROS domain; without one a free one is taken.

    Returns:
        `ticks`: per rate the distance of tick periods from the nominal one, ms, while chunks are
        computed and while none is; `chunk_ms` and `command_ms`: from the newest pictures' stamp
        to the chunk and to the first command after it; `camera_frame_cpu_ms`: CPU time of the
        policy process per picture; `first_chunk_s`: from the start of the policy process to its
        first chunk, the first time and again.

    Raises:
        CaseFailed: the processes do not come to run.
        ConfigurationError: something in the domain already commands an arm or is one.
    """
    found: dict[str, Any] = {"ticks": [], "seconds": seconds}
    # What it measures is its own: ROS_DOMAIN_ID may lead to a real arm.
    with arm_domain(domain, users_domain=False) as place:
        place.require_no_other_arm(progress.begin)
        folder = new_log_folder("pi0_bench")
        for rate_hz in _RATES_HZ:
            progress.begin(f"the bridge at {rate_hz:g} Hz")
            with _Bridge(rate_hz, folder / f"{rate_hz:g}") as bridge:
                if "first_chunk_s" not in found:
                    first_s = bridge.first_chunk_s
                found["ticks"].append(
                    {
                        "control_rate_hz": rate_hz,
                        "during_inference_ms": bridge.tick_error_ms(seconds),
                        **(bridge.latencies_ms() if rate_hz == _RATES_HZ[0] else {}),
                        "idle_ms": bridge.idle_tick_error_ms(seconds),
                        "camera_frame_cpu_ms": bridge.camera_frame_cpu_ms(seconds),
                    }
                )
                if "first_chunk_s" not in found:
                    found["first_chunk_s"] = {"first": first_s, "again": bridge.restarted_s()}
    return found


class _Bridge:
    """The demo's processes at one control rate, with as many chunks as there are pictures."""

    def __init__(self, rate_hz: float, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._rate_hz = rate_hz
        changes: Mapping[str, Mapping[str, Any]] = {
            CONTROLLER: {"control_rate": rate_hz},
            POLICY: {"inference_rate": _CAMERA_RATE_HZ},
        }
        specs = [
            replace(spec, parameters={**spec.parameters, **changes.get(spec.name, {})})
            for spec in DEMO.nodes({})
        ]
        limits = robot_limits(specs[-1].params_file, f"/{CONTROLLER}")
        self._ear = Ear("", limits, ControlConfig(rate_hz).tick_ns)
        self._chunks: list[tuple[int, int]] = []
        self._commands: list[int] = []
        for topic, take in (
            (topics.ACTION_CHUNK, self._take_chunk),
            (topics.JOINT_TRAJECTORY, lambda _: self._commands.append(time.time_ns())),
        ):
            self._ear.node.create_subscription(
                interface(topic.type),
                topic.name,
                take,
                profile(replace(topic.subscribed, depth=50)),
            )
        began_s = time.monotonic()
        self._processes = Processes(specs, os.environ, folder)
        self._stage = Stage(self._ear, self._processes, Setting())
        self._until_first_chunk()
        self.first_chunk_s = time.monotonic() - began_s

    def __enter__(self) -> "_Bridge":
        self._stage.until(lambda: self._stage.state == RUN, "RUN", _STARTUP_S)
        # What is measured begins in full swing.
        self._stage.wait(2.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.stop()
        self._ear.close()

    def _take_chunk(self, chunk: Any) -> None:
        self._chunks.append((nanoseconds(chunk.header.stamp), time.time_ns()))

    def _until_first_chunk(self) -> None:
        self._stage.until(lambda: self._chunks, "the first chunk", _STARTUP_S)

    def tick_error_ms(self, seconds: float) -> Mapping[str, float]:
        self._ear.forget()
        self._chunks.clear()
        self._commands.clear()
        self._stage.wait(seconds)
        periods = [
            period
            for report in self._ear.of(topics.SAFETY_REPORT)
            for period in report.tick_periods_s
        ]
        return _spread_ms(np.abs(np.array(periods) - 1.0 / self._rate_hz) * 1e3)

    def latencies_ms(self) -> Mapping[str, Any]:
        """Of the chunks and commands heard while `tick_error_ms` ran."""
        commands = np.array(self._commands)
        chunk = [(arrived - stamp) / 1e6 for stamp, arrived in self._chunks]
        after = np.searchsorted(commands, [arrived for _, arrived in self._chunks])
        command = [
            (int(commands[index]) - stamp) / 1e6
            for (stamp, _), index in zip(self._chunks, after, strict=True)
            if index < len(commands)
        ]
        return {"chunk_ms": _spread_ms(chunk), "command_ms": _spread_ms(command)}

    def idle_tick_error_ms(self, seconds: float) -> Mapping[str, float]:
        """The same with a policy that sees everything and computes nothing."""
        self._stage.transition(POLICY, Transition.TRANSITION_DEACTIVATE)
        self._stage.wait(2.0)
        return self.tick_error_ms(seconds)

    def camera_frame_cpu_ms(self, seconds: float) -> float:
        """After `idle_tick_error_ms`."""
        pid = self._processes.pids[POLICY]
        before_s = _cpu_s(pid)
        self._stage.wait(seconds)
        pictures = _CAMERAS * _CAMERA_RATE_HZ * seconds
        return round(1e3 * (_cpu_s(pid) - before_s) / pictures, 3)

    def restarted_s(self) -> float:
        """From another start of the policy process to its first chunk."""
        pid = self._processes.pids[POLICY]
        os.kill(pid, 15)
        self._stage.ended(POLICY)
        self._chunks.clear()
        began_s = time.monotonic()
        self._processes.start(POLICY)
        self._until_first_chunk()
        return time.monotonic() - began_s


def _spread_ms(values: Sequence[float] | Any) -> Mapping[str, float]:
    p50, p95, p99 = np.percentile(np.asarray(values), [50, 95, 99]).tolist()
    return {"p50": round(p50, 3), "p95": round(p95, 3), "p99": round(p99, 3)}


def _cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bridge_table(found: Mapping[str, Any]) -> str:
    """For the terminal."""
    lines = ["", "tick period, distance from nominal [ms]     p50     p95     p99"]
    for entry in found["ticks"]:
        for what, key in (("computing", "during_inference_ms"), ("idle", "idle_ms")):
            spread = entry[key]
            lines.append(
                f"  {entry['control_rate_hz']:5g} Hz, {what:9}                "
                f"{spread['p50']:8.3f}{spread['p95']:8.3f}{spread['p99']:8.3f}"
            )
    first = found["ticks"][0]
    for what, key in (("chunk", "chunk_ms"), ("first command", "command_ms")):
        spread = first[key]
        lines.append(
            f"newest pictures to {what:14} [ms]      "
            f"{spread['p50']:8.1f}{spread['p95']:8.1f}{spread['p99']:8.1f}"
        )
    start = found["first_chunk_s"]
    lines.append(f"CPU per camera picture: {first['camera_frame_cpu_ms']:.2f} ms")
    lines.append(
        f"start of the processes to the first chunk: {start['first']:.1f} s; "
        f"of the policy alone, again: {start['again']:.1f} s"
    )
    return "\n".join(lines)
