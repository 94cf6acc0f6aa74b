"""Starts the node `mock_cameras`."""

from collections.abc import Sequence
from typing import NoReturn

from pi0_ros.ros.process import run


def main(argv: Sequence[str] | None = None) -> NoReturn:
    run("pi0_ros.ros.mock_cameras:MockCamerasNode", argv)


if __name__ == "__main__":
    main()
