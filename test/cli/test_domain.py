"""Domains of one's own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pi0_ros.cli.domain import reserve_arm, reserve_domain
from pi0_ros.core.errors import ConfigurationError


def test_two_reservations_differ_and_a_released_one_is_free_again(tmp_path: Path) -> None:
    with reserve_domain(tmp_path) as first:
        with reserve_domain(tmp_path) as second:
            assert first.domain != second.domain
        assert 1 <= first.domain <= 101
    with reserve_domain(tmp_path) as again:
        assert again.domain == first.domain


@pytest.mark.parametrize(
    "port",
    [
        pytest.param(7400, id="multicast"),
        pytest.param(7410, id="first participant"),
        pytest.param(7416, id="fourth, the others gone"),
    ],
)
def test_a_domain_in_which_somebody_listens_is_not_free(tmp_path: Path, port: int) -> None:
    with reserve_domain(tmp_path) as free:
        number = free.domain
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(("", port + 250 * number))
        with reserve_domain(tmp_path) as other:
            assert other.domain != number


def test_a_reservation_ends_with_its_process(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from pi0_ros.cli.domain import reserve_domain;"
        "domain = reserve_domain(pathlib.Path(sys.argv[1]));"
        "print(domain.domain, flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout is not None
        taken = int(other.stdout.readline())
        with reserve_domain(tmp_path) as ours:
            assert ours.domain != taken
    finally:
        other.kill()
        other.communicate()
    with reserve_domain(tmp_path) as ours:
        assert ours.domain == taken


def test_no_free_domain_is_an_error_that_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pi0_ros.cli.domain._DOMAINS", range(5, 4, -1))
    with reserve_domain(tmp_path), pytest.raises(ConfigurationError, match="--domain"):
        reserve_domain(tmp_path)


def test_locks_are_readable_for_every_user(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with reserve_domain(tmp_path) as domain:
            lock = tmp_path / f"pi0_ros-domain-{domain.domain}.lock"
            assert lock.stat().st_mode & 0o444 == 0o444
    finally:
        os.umask(before)


def test_an_arm_is_one_demos_only_until_that_ends(tmp_path: Path) -> None:
    with reserve_arm(7, "cell/left", tmp_path):
        with pytest.raises(ConfigurationError, match="ROS domain 7, namespace /cell/left"):
            reserve_arm(7, "cell/left", tmp_path)
        with reserve_arm(7, "cell/right", tmp_path), reserve_arm(8, "cell/left", tmp_path):
            pass
    with reserve_arm(7, "cell/left", tmp_path):
        pass
