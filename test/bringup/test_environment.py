"""The environment of the processes: complete, and never against the user's own settings."""

from pathlib import Path

import pytest

from pi0_ros.bringup import process_environment

SHARE = Path("/share")
PROFILE = "/share/config/fastdds.xml"


@pytest.mark.parametrize(
    ("distro", "names"),
    [
        ("jazzy", {"FASTRTPS_DEFAULT_PROFILES_FILE"}),
        ("kilted", {"FASTDDS_DEFAULT_PROFILES_FILE"}),
        ("rolling", {"FASTDDS_DEFAULT_PROFILES_FILE"}),
        ("", {"FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"}),
    ],
)
def test_profile_variable_is_the_one_this_release_reads(distro: str, names: set[str]) -> None:
    variables = process_environment(SHARE, {"ROS_DISTRO": distro}).variables()
    assert {name for name, value in variables.items() if value == PROFILE} == names


def test_torch_sleeps_memory_stays_mapped_and_the_hub_is_offline() -> None:
    variables = process_environment(SHARE, {}).variables()
    assert variables["OMP_WAIT_POLICY"] == "PASSIVE"
    assert variables["HF_HUB_OFFLINE"] == "1"
    assert variables["MALLOC_MMAP_THRESHOLD_"] == "67108864"
    assert variables["MALLOC_TRIM_THRESHOLD_"] == "536870912"


def test_a_users_own_profile_stays_and_is_mentioned() -> None:
    users = {"ROS_DISTRO": "jazzy", "FASTRTPS_DEFAULT_PROFILES_FILE": "/mine.xml"}
    environment = process_environment(SHARE, users)
    assert PROFILE not in environment.variables().values()
    assert "FASTRTPS_DEFAULT_PROFILES_FILE=/mine.xml is yours" in environment.notes[0]


def test_our_own_profile_set_by_the_user_needs_no_mention() -> None:
    users = {"ROS_DISTRO": "jazzy", "FASTRTPS_DEFAULT_PROFILES_FILE": PROFILE}
    assert process_environment(SHARE, users).notes == ()


def test_a_users_choice_of_transports_stays() -> None:
    users = {"ROS_DISTRO": "jazzy", "FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA"}
    environment = process_environment(SHARE, users)
    assert PROFILE not in environment.variables().values()
    assert "FASTDDS_BUILTIN_TRANSPORTS=LARGE_DATA" in environment.notes[0]


def test_another_rmw_is_left_alone() -> None:
    users = {"ROS_DISTRO": "jazzy", "RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"}
    environment = process_environment(SHARE, users)
    assert not any("FAST" in name for name in environment.variables())
    assert "RMW_IMPLEMENTATION=rmw_cyclonedds_cpp" in environment.notes[0]


def test_other_variables_of_the_user_stay_and_differing_ones_are_mentioned() -> None:
    users = {"OMP_WAIT_POLICY": "ACTIVE", "HF_HUB_OFFLINE": "1", "ROS_DISTRO": "jazzy"}
    environment = process_environment(SHARE, users)
    assert {"OMP_WAIT_POLICY", "HF_HUB_OFFLINE"}.isdisjoint(environment.variables())
    assert environment.notes == ("OMP_WAIT_POLICY=ACTIVE is yours and stays",)
