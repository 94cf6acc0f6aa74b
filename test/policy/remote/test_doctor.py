"""`pi0 doctor` asks a policy server what it serves; beside the servers that stand in for one."""

import pytest

from pi0_ros.cli import doctor_checks
from pi0_ros.cli.doctor_outcome import Outcome
from pi0_ros.core.errors import ConfigurationError, PolicyUnavailable

from .puppet import SILENCE, puppet_server
from .served import Stub, running


def test_a_policy_server_is_asked_what_it_serves() -> None:
    with running(Stub()) as server:
        ((name, check),) = doctor_checks.policy(server.url, None)
        outcome, detail = check()
    assert (name, outcome) == ("policy server", Outcome.OK)
    for words in ("serves own-1", "3 joints", "4 rows", "8x6", "observation/main"):
        assert words in detail


def test_a_server_that_says_nothing_of_itself_is_a_warning() -> None:
    with puppet_server() as puppet:
        outcome, detail = doctor_checks.policy_server(puppet.url)
    assert outcome is Outcome.WARNING
    assert "does not say what it serves" in detail


def test_a_server_that_keeps_silent_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "_CONNECT_TIMEOUT_S", 0.2)
    with puppet_server() as puppet:
        puppet.greeting = SILENCE
        with pytest.raises(PolicyUnavailable, match=r"longer than 0\.2 s"):
            doctor_checks.policy_server(puppet.url)


def test_nobody_there_and_no_address_are_said() -> None:
    with pytest.raises(PolicyUnavailable, match="no policy server answers there"):
        doctor_checks.policy_server("ws://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="expected ws://HOST:PORT"):
        dict(doctor_checks.policy("ws://nowhere", None))["policy server"]()
