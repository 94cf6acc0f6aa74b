"""Asked for security, nothing starts without its keys, and the message says how to make them."""

import shlex
from pathlib import Path

import pytest
from bringup.keystores import ENCLAVE_FILES, add_enclave, add_keystore

from pi0_ros.bringup.security import POLICY_FILE, find_enclave
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.share import share_directory


def refusal(root: Path, node: str = "pi0_policy", full_name: str = "/pi0_policy") -> str:
    with pytest.raises(ConfigurationError) as caught:
        find_enclave(str(root), node, full_name)
    return str(caught.value)


def test_without_a_keystore_there_is_no_enclave() -> None:
    assert find_enclave("", "pi0_policy", "/pi0_policy") is None


def test_security_is_on_and_enforced_for_that_enclave(tmp_path: Path) -> None:
    add_enclave(tmp_path, "/left/pi0_policy")
    enclave = find_enclave(str(tmp_path), "pi0_policy", "/left/pi0_policy")
    assert enclave is not None
    assert enclave.ros_arguments() == ("--enclave", "/left/pi0_policy")
    assert enclave.variables() == {
        "ROS_SECURITY_ENABLE": "true",
        "ROS_SECURITY_STRATEGY": "Enforce",
        "ROS_SECURITY_KEYSTORE": str(tmp_path),
        "ROS_SECURITY_ENCLAVE_OVERRIDE": "",
    }


def test_a_relative_keystore_means_the_same_to_a_process_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_enclave(tmp_path / "keys", "/pi0_policy")
    monkeypatch.chdir(tmp_path)
    enclave = find_enclave("keys", "pi0_policy", "/pi0_policy")
    assert enclave is not None
    assert enclave.variables()["ROS_SECURITY_KEYSTORE"] == str(tmp_path / "keys")


def test_a_missing_folder_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    root = tmp_path / "my keys"
    text = refusal(root)
    assert f"security_keystore {root}: no such folder" in text
    assert shlex.split(text.split("make one: ")[1]) == [
        *("ros2", "security", "create_keystore"),
        str(root),
    ]


def test_a_folder_that_is_no_keystore_is_named(tmp_path: Path) -> None:
    assert f"security_keystore {tmp_path}: no keystore" in refusal(tmp_path)


def test_a_missing_enclave_is_named_with_the_commands_that_make_it(tmp_path: Path) -> None:
    add_keystore(tmp_path)
    text = refusal(tmp_path)
    assert "the enclave /pi0_policy is missing" in text
    policy = share_directory() / POLICY_FILE
    assert policy.is_file()
    assert text.endswith(
        f"ros2 security create_enclave {tmp_path} /pi0_policy && "
        f"ros2 security create_permission {tmp_path} /pi0_policy {policy}"
    )


@pytest.mark.parametrize("file", ENCLAVE_FILES)
def test_an_incomplete_enclave_is_not_used(tmp_path: Path, file: str) -> None:
    (add_enclave(tmp_path, "/pi0_policy") / file).unlink()
    assert f"the enclave /pi0_policy lacks {file}; make it" in refusal(tmp_path)


def test_a_link_to_nothing_counts_as_absent(tmp_path: Path) -> None:
    folder = add_enclave(tmp_path, "/pi0_policy")
    (folder / "governance.p7s").unlink()
    (folder / "governance.p7s").symlink_to("../../nowhere")
    assert "lacks governance.p7s" in refusal(tmp_path)


def test_mocks_have_no_permissions_of_their_own(tmp_path: Path) -> None:
    add_keystore(tmp_path)
    text = refusal(tmp_path, "mock_arm", "/mock_arm")
    assert text.endswith(f"ros2 security create_enclave {tmp_path} /mock_arm")


def test_a_namespace_needs_a_policy_of_the_users_own(tmp_path: Path) -> None:
    add_keystore(tmp_path)
    text = refusal(tmp_path, "pi0_policy", "/left/pi0_policy")
    assert text.endswith(f"create_permission {tmp_path} /left/pi0_policy YOUR_POLICY.xml")
