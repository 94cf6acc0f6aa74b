"""Starts the node `sim`."""

from collections.abc import Sequence
from typing import NoReturn

from pi0_ros.ros.process import run


def main(argv: Sequence[str] | None = None) -> NoReturn:
    run("pi0_ros.ros.sim:SimNode", argv)


if __name__ == "__main__":
    main()
