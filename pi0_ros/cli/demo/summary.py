"""What a demo says at its end."""

from pi0_ros.cli.demo.record import DemoRecord
from pi0_ros.cli.demo.table import divergence_words
from pi0_ros.cli.demo.terminal import Terminal


def broken_promises(record: DemoRecord) -> list[str]:
    """What must never happen and did, in words."""
    problems = []
    if record.oracle.violations:
        count = len(record.oracle.violations)
        problems.append(f"limits broken, {count} times or more: {record.oracle.violations[0]}")
    if record.dry_run and record.oracle.messages:
        problems.append(f"{record.oracle.messages} commands to the arm were heard in a dry run")
    if record.lost_reports:
        problems.append(f"{record.lost_reports} reports of the controller got lost")
    return problems


def summarise(terminal: Terminal, record: DemoRecord, seconds: float, problems: list[str]) -> None:
    """Says how it went, in a few lines."""
    if record.steady is not None and record.policy is not None:
        chunks = len(record.steady.inference_s)
        rate = chunks / seconds if seconds > 0.0 else 0.0
        terminal.say(
            f"mode {record.policy.mode.upper()}, {'DRY RUN, ' if record.dry_run else ''}"
            f"{seconds:.1f} s of steady running, "
            f"{chunks} chunks ({rate:.1f}/s), {record.oracle.messages} commands judged, "
            f"{len(record.steady.holds)} holds"
        )
        if record.reaching is not None:
            terminal.say(f"  {record.reaching.words()}")
        if record.dry_run and record.safety is not None:
            terminal.say(f"  divergence {divergence_words(record.safety)}")
    for hold in record.steady.holds if record.steady else ():
        terminal.say(f"  {hold.at_s:6.1f} s  {hold.reason}")
    for problem in problems:
        terminal.say(f"pi0 demo: {problem}")
