"""Where the share folder is found."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from pi0_ros import share
from pi0_ros.core.errors import ConfigurationError


def installed_at(path: Path) -> ModuleType:
    """The module as it would be when installed at `path`."""
    path.parent.mkdir(parents=True)
    path.write_text(Path(share.__file__).read_text())
    spec = importlib.util.spec_from_file_location("share_elsewhere", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_profile(folder: Path) -> Path:
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "fastdds.xml").touch()
    return folder


def test_source_tree_is_its_own_share_folder(tmp_path: Path) -> None:
    module = installed_at(tmp_path / "src" / "pi0_ros" / "share.py")
    (tmp_path / "src" / "package.xml").touch()
    expected = with_profile(tmp_path / "src")
    assert module.share_directory() == expected


@pytest.mark.parametrize("prefix", ["install/pi0_ros", "merged_install", "venv"])
def test_installation_has_it_below_its_own_prefix(tmp_path: Path, prefix: str) -> None:
    site = tmp_path / prefix / "lib" / "python3.12" / "site-packages"
    module = installed_at(site / "pi0_ros" / "share.py")
    expected = with_profile(tmp_path / prefix / "share" / "pi0_ros")
    assert module.share_directory() == expected


def test_a_prefix_of_the_environment_serves_where_the_own_one_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = installed_at(tmp_path / "site" / "pi0_ros" / "share.py")
    expected = with_profile(tmp_path / "underlay" / "share" / "pi0_ros")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path}/nothing:{tmp_path}/underlay")
    assert module.share_directory() == expected


def test_its_absence_is_an_error_that_lists_where_it_was_sought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = installed_at(tmp_path / "site" / "pi0_ros" / "share.py")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path}/underlay")
    monkeypatch.setattr(module.sys, "prefix", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"underlay/share/pi0_ros.*install the package"):
        module.share_directory()
