"""Keeps libraries that print and configure logging from doing so in our process."""

import contextlib
import io
import logging
from collections.abc import Iterator

_LOGGER = logging.getLogger(__name__)


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Within: what is printed or said through the root logger goes to our debug log.

    Importing LeRobot calls logging.info() and so attaches a handler to a root logger that has
    none; building and loading a policy prints and warns there, too. Standard output and root
    logging belong to whoever owns the process, and come out of here as they went in.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.addHandler(logging.NullHandler())
    # A logger's own filter sees what is said through it, not what other loggers pass up to it.
    root.addFilter(_to_debug_log)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        root.removeFilter(_to_debug_log)
        for handler in [handler for handler in root.handlers if handler not in handlers]:
            root.removeHandler(handler)
        root.setLevel(level)
        for line in printed.getvalue().splitlines():
            _LOGGER.debug("%s", line)


def _to_debug_log(record: logging.LogRecord) -> bool:
    _LOGGER.debug("%s", record.getMessage())
    return False
