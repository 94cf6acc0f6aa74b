"""The file that urdf_file names is read as text or refused with its name."""

from pathlib import Path

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.urdf_file import urdf_file_text


def test_a_mark_before_the_text_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "arm.urdf"
    path.write_text("<robot/>", encoding="utf-8-sig")
    assert urdf_file_text(str(path)) == "<robot/>"


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "arm.urdf").write_text("<robot/>")
    assert urdf_file_text("~/arm.urdf") == "<robot/>"


def test_a_relative_path_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="urdf_file: expected an absolute path, got 'arm"):
        urdf_file_text("arm.urdf")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe<\x00")
    for path in (tmp_path / "absent", tmp_path / "binary", tmp_path):
        with pytest.raises(ConfigurationError, match=f"urdf_file: {path} cannot be read"):
            urdf_file_text(str(path))
