"""Views of an imaginary demo, for the tests of what is made of them."""

import numpy as np

from pi0_ros.cli.demo.command_oracle import CommandOracle
from pi0_ros.cli.demo.record import DemoRecord, PolicyView, SafetyView, Stream
from pi0_ros.core.limits import ArmLimits

STREAMS = ("camera/main", "camera/side", "camera/top", "joint_states", "instruction")
LIMITS = ArmLimits(
    joint_names=("joint_1", "joint_6"),
    lower=np.array([-1.0, -1.0]),
    upper=np.array([1.0, 1.0]),
    velocity=np.array([0.5, 1.0]),
    acceleration=np.array([2.0, 2.0]),
)


def policy_view(at_s: float, received: int = 30, **changes: object) -> PolicyView:
    values: dict = {
        "at_s": at_s,
        "state": "RUNNING",
        "mode": "demo",
        "reason": "",
        "policy_id": "demo/pi0_tiny-0123456789ab",
        "device": "cpu",
        "instruction": "circle over the red block",
        "streams": tuple(Stream(name, 0.02, received, 1, 0) for name in STREAMS),
        "refused": {},
        "chunk_rate_hz": 8.0,
        "stretch": 1.0,
    }
    return PolicyView(**values | changes)


def safety_view(at_s: float, sequence: int, **changes: object) -> SafetyView:
    values: dict = {
        "at_s": at_s,
        "state": "RUN",
        "reason": "",
        "sequence": sequence,
        "joint_names": LIMITS.joint_names,
        "position": [0.1, 0.2],
        "velocity": [0.25, -0.9],
        "velocity_limit": LIMITS.velocity.tolist(),
        "limited_ticks": [sequence, 0],
        "displacement": [0.0, 0.0],
        "slow_down": 1.0,
        "chunks_accepted": sequence,
        "rejected": {},
        "splice_errors": [0.001 * sequence],
        "dry_run": False,
        "divergence_after_s": 0.5,
        "divergence": [],
        "divergence_rms": [],
        "divergence_chunks": 0,
        "tick_periods_s": [0.02, 0.021],
        "action_ages_s": [0.1, 0.12],
    }
    return SafetyView(**values | changes)


def new_record(dry_run: bool = False) -> DemoRecord:
    return DemoRecord(CommandOracle(LIMITS, step_ns=20_000_000), dry_run)


def dry_safety_view(at_s: float, sequence: int, **changes: object) -> SafetyView:
    compared: dict = {
        "dry_run": True,
        "divergence": [0.125, 0.25],
        "divergence_rms": [0.0625, 0.5],
        "divergence_chunks": 7,
    }
    return safety_view(at_s, sequence, **compared | changes)


def steady_dry_record() -> DemoRecord:
    """Steady since 102 s, without a command."""
    record = new_record(dry_run=True)
    record.add_joint_velocity(np.zeros(2))
    record.add_safety(dry_safety_view(100.0, 1))
    record.add_safety(dry_safety_view(101.5, 2))
    record.add_policy(policy_view(102.0))
    return record


def steady_record() -> DemoRecord:
    """Steady since 102 s."""
    record = new_record()
    record.add_position(np.zeros(2))
    record.add_joint_velocity(np.array([0.9, 0.9]))
    record.add_safety(safety_view(100.0, 1))
    record.add_policy(policy_view(100.5, received=10))
    record.add_safety(safety_view(101.5, 2))
    record.add_policy(policy_view(102.0, received=30))
    return record
