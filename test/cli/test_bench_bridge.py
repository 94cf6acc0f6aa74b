"""Figures of the running bridge: spreads, processor time, and the table they end in."""

import os
import time

import numpy as np

from pi0_ros.cli.bench.bridge import _cpu_s, _spread_ms, bridge_table


def test_a_spread_is_of_all_samples() -> None:
    assert _spread_ms(np.arange(101.0)) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}


def test_processor_time_is_that_of_the_process() -> None:
    before_s, began_s = _cpu_s(os.getpid()), time.process_time()
    while time.process_time() - began_s < 0.2:
        pass
    assert 0.15 <= _cpu_s(os.getpid()) - before_s <= 0.5


def test_the_table_tells_every_rate_and_every_latency() -> None:
    spread = {"p50": 0.012, "p95": 0.05, "p99": 0.123}
    ticks = [
        {
            "control_rate_hz": rate,
            "during_inference_ms": spread,
            "idle_ms": spread,
            "camera_frame_cpu_ms": 0.4,
        }
        for rate in (50.0, 100.0)
    ]
    ticks[0] |= {"chunk_ms": spread, "command_ms": spread}
    start = {"first": 12.0, "again": 10.0}
    text = bridge_table({"ticks": ticks, "first_chunk_s": start})
    for words in ("50 Hz, computing", "100 Hz, idle", "0.123", "first command", "12.0 s", "10.0 s"):
        assert words in text
