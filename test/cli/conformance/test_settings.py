"""What is started for a case, and what a damaged checkpoint is."""

from pathlib import Path

import pytest

from pi0_ros.cli.conformance.case import STANDARD, Setting
from pi0_ros.cli.conformance.damaged_checkpoint import damaged_checkpoint
from pi0_ros.cli.conformance.runner import specs_of
from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.policy.manifest import WEIGHTS_FILE, check_hashes, file_sha256, read_manifest
from pi0_ros.share import share_directory

DEMO = share_directory() / "checkpoints" / "demo"


def test_the_scripted_policy_is_started_unless_another_one_is_wanted(tmp_path: Path) -> None:
    started = {
        kind: {spec.name: spec.executable for spec in specs_of(STANDARD, kind, tmp_path)}
        for kind in ("stub", "demo", "external")
    }
    assert started["stub"]["pi0_policy"] == "stub_policy_node"
    assert started["demo"]["pi0_policy"] == "policy_node"
    assert set(started["external"]) == {"mock_arm", "mock_cameras", "pi0_controller"}


def test_a_setting_changes_parameters_and_leaves_nodes_out(tmp_path: Path) -> None:
    setting = Setting({"mock_arm": {"fault": "deaf"}}, without=("mock_cameras",))
    specs = {spec.name: spec for spec in specs_of(setting, "stub", tmp_path)}
    assert specs["mock_arm"].parameters["fault"] == "deaf"
    assert "mock_cameras" not in specs
    assert specs["pi0_controller"].parameters["use_sim_time"] is False


def test_simulated_time_is_everybodys(tmp_path: Path) -> None:
    specs = specs_of(Setting(simulated_time=True), "stub", tmp_path)
    assert all(spec.parameters["use_sim_time"] is True for spec in specs)


def test_a_damaged_checkpoint_goes_to_the_real_policy_node(tmp_path: Path) -> None:
    specs = {s.name: s for s in specs_of(Setting(checkpoint="missing"), "stub", tmp_path)}
    assert specs["pi0_policy"].executable == "policy_node"
    assert not Path(specs["pi0_policy"].parameters["policy_path"]).exists()


def test_the_damage_is_what_it_says(tmp_path: Path) -> None:
    wrong = damaged_checkpoint(DEMO, "wrong_hash", tmp_path)
    manifest = read_manifest(wrong)
    assert manifest is not None
    with pytest.raises(CheckpointError, match="SHA-256"):
        check_hashes(wrong, manifest, file_sha256(wrong / WEIGHTS_FILE))
    missing = damaged_checkpoint(DEMO, "missing_weights", tmp_path)
    manifest = read_manifest(missing)
    assert manifest is not None
    check_hashes(missing, manifest, file_sha256(missing / WEIGHTS_FILE))
    with pytest.raises(ConfigurationError, match="no such damage"):
        damaged_checkpoint(DEMO, "burnt", tmp_path)
