"""No downloads, whatever was set or imported before."""

import os
import sys
from types import SimpleNamespace

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.offline import settle_environment


def test_downloads_are_forbidden_even_where_they_were_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "0")
    settle_environment()
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["TRANSFORMERS_OFFLINE"] == "1"


def test_a_library_that_already_may_download_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = SimpleNamespace(HF_HUB_OFFLINE=False)
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", hub)
    with pytest.raises(ConfigurationError, match=r"import pi0_ros\.policy first"):
        settle_environment()


def test_the_choice_of_how_threads_wait_is_left_to_who_made_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    settle_environment()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    settle_environment()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
