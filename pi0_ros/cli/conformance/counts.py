"""Counters in the messages of the two nodes."""

from typing import Any


def refusals(status: Any, kind: str) -> int:
    counts = dict(zip(status.refused_kinds, status.refused_counts, strict=True))
    return int(counts.get(kind, 0))


def rejections(report: Any, reason: str) -> int:
    counts = dict(zip(report.rejected_reasons, report.rejected_counts, strict=True))
    return int(counts.get(reason, 0))
