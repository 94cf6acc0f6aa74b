"""What others publish reaches the terminal as text that can be printed, and as nothing else."""

import re
import time
from collections.abc import Iterator

import pytest
import rclpy
from cli.demo.views import new_record
from pi0_ros.msg import PolicyStatus, SafetyReport

from pi0_ros.cli.demo.monitor import DemoMonitor
from pi0_ros.cli.demo.table import status_line, table
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.ros import topics
from pi0_ros.ros.entities import publisher

HOSTILE = "\x1b[2J\nmode REAL\u202e"
# Bold, red, yellow, green, plain.
OUR_COLOURS = re.compile("\x1b\\[(1|31;1|33;1|32;1|0)m")
SHOWN = r"\x1b[2J\nmode REAL\u202e"


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoMonitor]:
    with reserve_domain() as reserved:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(reserved.domain))
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        opened = DemoMonitor("")
        yield opened
        opened.close()


def test_texts_of_others_cannot_write_to_the_terminal(monitor: DemoMonitor) -> None:
    record = new_record()
    monitor.listen(record)
    context = rclpy.Context()
    rclpy.init(context=context)
    other = rclpy.create_node("other", context=context, enable_rosout=False)
    status = PolicyStatus(reason=HOSTILE, policy_id=HOSTILE, device=HOSTILE, instruction=HOSTILE)
    status.stream_names = [HOSTILE]
    for field in ("stream_ages_s", "stream_received", "stream_dropped", "stream_refused"):
        getattr(status, field).append(0)
    safety = SafetyReport(reason=HOSTILE, joint_names=[HOSTILE], rejected_reasons=[HOSTILE])
    for field in ("position", "velocity", "displacement"):
        getattr(safety, field).append(0.0)
    safety.velocity_limit.append(1.0)
    safety.rejected_counts.append(1)
    ends = [
        (publisher(other, topics.POLICY_STATUS), status),
        (publisher(other, topics.SAFETY_REPORT), safety),
    ]
    deadline = time.monotonic() + 10.0
    while record.policy is None or record.safety is None:
        assert time.monotonic() < deadline, "nothing was heard"
        for end, message in ends:
            end.publish(message)
        monitor.spin(0.05)
    other.destroy_node()
    rclpy.shutdown(context=context)

    assert record.policy.instruction == SHOWN
    assert record.safety.rejected == {SHOWN: 1}
    for text in (status_line(record, 0.0), *table(record, 0.0, 200, "here"), record.waiting_for()):
        assert OUR_COLOURS.sub("", text).isprintable()
