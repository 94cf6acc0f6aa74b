"""Files that options name."""

import json
from pathlib import Path

import pytest

from pi0_ros.cli.output_file import require_writable, write_report, writing
from pi0_ros.core.errors import ConfigurationError, Pi0RosError


def test_what_cannot_be_written_is_refused_with_its_option(tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "none" / "r.json"):
        with pytest.raises(ConfigurationError, match=f"--video {file}: not a file"):
            require_writable("--video", file)
    require_writable("--video", tmp_path / "new.mp4")
    require_writable("--video", None)
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_plain_json(tmp_path: Path) -> None:
    report = {"chunks": 3, "exit": 0, "problems": ["of späth"]}
    write_report(tmp_path / "r.json", report)
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == report


def test_a_report_that_cannot_be_written_any_more_is_named(tmp_path: Path) -> None:
    with pytest.raises(Pi0RosError, match=f"--report {tmp_path}: cannot be written"):
        write_report(tmp_path, {})


def test_what_fails_otherwise_is_no_failure_to_write(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writing("--plots", tmp_path):
        _ = 1 / 0
