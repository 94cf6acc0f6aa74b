"""Domains of one's own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pi0_ros.cli.domain import reserve_domain
from pi0_ros.core.errors import ConfigurationError


def test_two_reservations_differ_and_a_released_one_is_free_again(tmp_path: Path) -> None:
    with reserve_domain(tmp_path) as first:
        with reserve_domain(tmp_path) as second:
            assert first.number != second.number
        assert 1 <= first.number <= 101
    with reserve_domain(tmp_path) as again:
        assert again.number == first.number


def test_a_domain_whose_first_participant_listens_is_not_free(tmp_path: Path) -> None:
    with reserve_domain(tmp_path) as free:
        number = free.number
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(("", 7410 + 250 * number))
        with reserve_domain(tmp_path) as other:
            assert other.number != number


def test_a_reservation_ends_with_its_process(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from pi0_ros.cli.domain import reserve_domain;"
        "domain = reserve_domain(pathlib.Path(sys.argv[1]));"
        "print(domain.number, flush=True); sys.stdin.read()"
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
            assert ours.number != taken
    finally:
        other.kill()
        other.communicate()
    with reserve_domain(tmp_path) as ours:
        assert ours.number == taken


def test_no_free_domain_is_an_error_that_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pi0_ros.cli.domain._DOMAINS", range(5, 4, -1))
    with reserve_domain(tmp_path), pytest.raises(ConfigurationError, match="ROS_DOMAIN_ID"):
        reserve_domain(tmp_path)


def test_locks_are_readable_for_every_user(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with reserve_domain(tmp_path) as domain:
            lock = tmp_path / f"pi0_ros-domain-{domain.number}.lock"
            assert lock.stat().st_mode & 0o444 == 0o444
    finally:
        os.umask(before)
