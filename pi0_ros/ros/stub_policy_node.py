"""Starts the node `pi0_policy` with a scripted policy."""

from collections.abc import Sequence
from typing import NoReturn

from pi0_ros.ros.process import run


def main(argv: Sequence[str] | None = None) -> NoReturn:
    run("pi0_ros.ros.stub_policy:StubPolicyNode", argv)


if __name__ == "__main__":
    main()
