"""Real-time priority, tried in a process of its own."""

import subprocess
import sys

PROGRAM = """
import os, threading
from pi0_ros.ros.realtime import take_realtime_priority

stop = threading.Event()
before = threading.Thread(target=stop.wait)
before.start()
problem = take_realtime_priority(1)
after = threading.Thread(target=stop.wait)
after.start()
kinds = {os.sched_getscheduler(thread.native_id) for thread in (before, after)}
stop.set()
realtime = kinds == {os.SCHED_FIFO}
print("realtime" if realtime else problem or "nothing said")
"""


def test_all_threads_get_it_or_the_reason_is_told() -> None:
    answer = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert answer in ("realtime", "Operation not permitted")
