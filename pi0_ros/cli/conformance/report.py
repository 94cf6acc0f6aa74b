"""The report of a run, for people and for other programs."""

import platform
from collections.abc import Mapping, Sequence
from typing import Any

from pi0_ros import __version__
from pi0_ros.cli.conformance.finding import Finding
from pi0_ros.cli.conformance.kills import KillRecord


def build_report(
    findings: Sequence[Finding], not_run: Sequence[str], kills: KillRecord | None, policy: str
) -> Mapping[str, Any]:
    """JSON with `faults`, one entry for each case that was run."""
    return {
        "pi0_ros": __version__,
        "machine": platform.platform(),
        "policy": policy,
        "passed": all(finding.passed for finding in findings) and (kills is None or kills.passed),
        "faults": [finding.entry() for finding in findings],
        "not_run": list(not_run),
        "kills": None if kills is None else kills.entry(),
    }
