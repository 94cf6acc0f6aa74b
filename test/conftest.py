"""What all tests share: the way to the shared checks, an end to what hangs, and a word on what was
not run."""

import faulthandler
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TEST = Path(__file__).parent
# `contracts` and the helpers beside the tests are imported by name.
sys.path.insert(0, str(TEST))

LAUNCH_TESTS = sorted((TEST / "launch").glob("test_*.py"))
HAVE_LAUNCH_TESTING = importlib.util.find_spec("launch_testing") is not None

# A test that hangs in foreign code holds the interpreter, so that no Python can end it.
HANGS_AFTER_S = 300.0

# They need launch_test, which runs them against processes that it starts itself.
collect_ignore_glob = ["launch/*"]


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    faulthandler.dump_traceback_later(HANGS_AFTER_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not LAUNCH_TESTS:
        return
    ran = {
        report.nodeid
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    }
    if any(nodeid.startswith("test/system/") for nodeid in ran):
        same = "the same checks ran in test/system"
    else:
        same = "the same checks are in test/system, which was not selected"
    why = "launch_test runs them" if HAVE_LAUNCH_TESTING else "launch_testing is not installed here"
    names = ", ".join(path.relative_to(TEST.parent).as_posix() for path in LAUNCH_TESTS)
    terminalreporter.section("not run")
    terminalreporter.line(f"{names}: {why}; {same}")
