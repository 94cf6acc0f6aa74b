"""In which ROS domain an arm of ours runs, how far it is heard, and when others are looked for."""

import os
from collections.abc import Iterator

import pytest

from pi0_ros.cli.bench import bridge
from pi0_ros.cli.conformance import command as conformance
from pi0_ros.cli.demo import surroundings
from pi0_ros.cli.demo.surroundings import arm_domain, reaches_this_machine_alone
from pi0_ros.cli.main import main
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import arm_search

RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment in which nothing about ROS's reach is set, and which the test may change."""
    before = dict(os.environ)
    for name in (RANGE, "ROS_DOMAIN_ID", "ROS_LOCALHOST_ONLY", "ROS_STATIC_PEERS"):
        os.environ.pop(name, None)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Domains that were searched for other arms."""
    found: list[str] = []
    monkeypatch.setattr(
        arm_search, "require_no_arm", lambda *_: found.append(os.environ["ROS_DOMAIN_ID"])
    )
    return found


def test_a_free_domain_on_this_machine_alone_is_ours_and_needs_no_search(
    searches: list[str],
) -> None:
    with arm_domain(None) as domain:
        assert os.environ["ROS_DOMAIN_ID"] == str(domain.number)
        assert os.environ[RANGE] == "LOCALHOST"
        assert domain.is_ours
        domain.require_no_other_arm(pytest.fail)
    assert searches == []


@pytest.mark.parametrize("option", [None, 8])
def test_a_domain_that_the_user_chose_is_searched(option: int | None, searches: list[str]) -> None:
    os.environ["ROS_DOMAIN_ID"] = "7"
    said: list[str] = []
    with arm_domain(option) as domain:
        domain.require_no_other_arm(said.append)
    assert searches == [str(option or 7)]
    assert said == ["looking for other arms in this domain"]


def test_what_does_not_follow_ros_domain_id_gets_a_domain_of_its_own() -> None:
    os.environ["ROS_DOMAIN_ID"] = "7"
    with arm_domain(None, users_domain=False) as domain:
        assert domain.number != 7
        assert domain.is_ours
        assert os.environ["ROS_DOMAIN_ID"] == str(domain.number)


def test_two_arms_in_one_domain_are_refused_before_anything_is_looked_for() -> None:
    with (
        arm_domain(7),
        pytest.raises(ConfigurationError, match="another demo runs in ROS domain 7"),
        arm_domain(7),
    ):
        pass


@pytest.mark.parametrize("text", ["-1", "233", "seven"])
def test_what_is_no_domain_is_named(text: str) -> None:
    os.environ["ROS_DOMAIN_ID"] = text
    with pytest.raises(ConfigurationError, match=f"ROS domain is '{text}'"), arm_domain(None):
        pass


@pytest.mark.parametrize("localhost_only", ["0", ""])
def test_localhost_only_switched_off_does_not_lead_onto_the_network(localhost_only: str) -> None:
    os.environ["ROS_LOCALHOST_ONLY"] = localhost_only
    with arm_domain(None) as domain:
        assert os.environ[RANGE] == "LOCALHOST"
        assert domain.is_ours


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (RANGE, "SUBNET"),
        (RANGE, "SYSTEM_DEFAULT"),
        ("ROS_STATIC_PEERS", "192.168.0.7"),
        ("ROS_DISCOVERY_SERVER", "192.168.0.7:11811"),
        ("RMW_IMPLEMENTATION", "rmw_zenoh_cpp"),
    ],
)
def test_who_reaches_further_keeps_that_and_has_others_looked_for(
    name: str, value: str, searches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with arm_domain(None) as domain:
        domain.require_no_other_arm(str)
        assert os.environ[name] == value
        assert searches == [str(domain.number)]


def test_localhost_only_outranks_the_range_and_static_peers_as_in_rcl() -> None:
    users = {"ROS_LOCALHOST_ONLY": "1", RANGE: "SUBNET", "ROS_STATIC_PEERS": "192.168.0.7"}
    assert reaches_this_machine_alone(users)
    assert not reaches_this_machine_alone(users | {"ROS_DISCOVERY_SERVER": "192.168.0.7"})


# ---- who follows ROS_DOMAIN_ID ----


def test_conformance_leaves_the_users_domain_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    os.environ["ROS_DOMAIN_ID"] = "7"
    ran_in: list[str] = []
    monkeypatch.setattr(
        conformance, "_run_in_domain", lambda *_: ran_in.append(os.environ["ROS_DOMAIN_ID"]) or 0
    )
    assert main(["conformance", "--only", "camera_dropped"]) == 0
    assert ran_in != ["7"]


def test_conformance_with_an_external_policy_runs_where_that_does_and_looks_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], searches: list[str]
) -> None:
    os.environ["ROS_DOMAIN_ID"] = "7"
    searched_before: list[list[str]] = []
    monkeypatch.setattr(
        conformance, "_run_in_domain", lambda *_: searched_before.append(list(searches)) or 0
    )
    words = ["conformance", "--only", "camera_dropped", "--policy", "external"]
    assert main(words) == 0
    assert main([*words, "--domain", "8"]) == 0
    assert searched_before == [["7"], ["7", "8"]]
    assert "export ROS_DOMAIN_ID=8" in capsys.readouterr().out


def test_the_bridge_is_measured_outside_the_users_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    os.environ["ROS_DOMAIN_ID"] = "7"

    class Started(Exception):
        pass

    def start(*_: object) -> None:
        raise Started(os.environ["ROS_DOMAIN_ID"])

    monkeypatch.setattr(bridge, "_Bridge", start)
    with pytest.raises(Started) as started:
        bridge.measure_bridge(1.0, bridge.Progress())
    assert str(started.value) != "7"


def test_the_bridge_is_not_started_beside_another_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ConfigurationError("in use by an arm")

    monkeypatch.setattr(arm_search, "require_no_arm", refuse)
    monkeypatch.setattr(bridge, "_Bridge", lambda *_: pytest.fail("started"))
    with pytest.raises(ConfigurationError, match="in use by an arm"):
        bridge.measure_bridge(1.0, bridge.Progress(), domain=7)


def test_logs_go_to_ros_folder_or_a_temporary_one(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))
    assert surroundings.new_log_folder("pi0_x").parent == tmp_path
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("ROS_LOG_DIR", str(file))
    assert surroundings.new_log_folder("pi0_x").is_dir()
