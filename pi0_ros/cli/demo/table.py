"""The live table of a demo, as text."""

from pi0_ros.cli.demo.record import DemoRecord, SafetyView
from pi0_ros.core.statistics import Spread

_BAR = 20
_BOLD, _RED, _YELLOW, _GREEN, _PLAIN = (
    "\x1b[1m",
    "\x1b[31;1m",
    "\x1b[33;1m",
    "\x1b[32;1m",
    "\x1b[0m",
)
_STATE_COLOURS = {"RUN": _GREEN, "HOLD": _YELLOW, "LATCHED": _RED}
MIN_COLUMNS = 80
# A chunk that is stretched by less is no news.
_NEWS = 1.05


def table(record: DemoRecord, seconds: float, columns: int, where: str) -> list[str]:
    """Lines of at most `columns` visible characters, with colours.

    Args:
        seconds: of steady running.
        where: how to look in from another terminal; may have several lines.
    """
    policy, safety = record.policy, record.safety
    if policy is None or safety is None:
        return ["waiting"]
    colour = _YELLOW if policy.mode == "demo" else _GREEN
    state = _STATE_COLOURS.get(safety.state, _RED)
    lines = [
        f"{_BOLD}pi0 demo{_PLAIN}  mode {colour}{policy.mode.upper()}{_PLAIN}"
        f"  {_cut(policy.policy_id, columns - 50)}  on {policy.device}  {seconds:7.1f} s steady",
        f'instruction  "{_cut(policy.instruction, columns - 16)}"',
        f"controller   {state}{safety.state}{_PLAIN}  {_cut(safety.reason, columns - 24)}",
    ]
    if record.reaching is not None:
        lines.append(f"reaching     {_cut(record.reaching.words(), columns - 14)}")
    if record.dry_run:
        lines.append(f"{_YELLOW}DRY RUN{_PLAIN}      nothing is sent to the arm")
    if policy.state != "RUNNING":
        lines.append(f"policy       {_YELLOW}{policy.state}{_PLAIN}  {_cut(policy.reason, 55)}")
    lines += [
        "",
        f"{'chunks':<13}{policy.chunk_rate_hz:5.1f} /s   "
        f"inference {_ms(record.recent_inference_s)}   action age {_ms(record.recent_ages_s)}",
        f"{'control tick':<13}{_rate(record.recent_ticks_s)}   period    "
        f"{_ms(record.recent_ticks_s)}   slowed x{policy.stretch * safety.slow_down:.2f}",
        "",
        f"{'input':<16}{'rate':>9}{'age':>10}{'received':>11}{'lost':>7}{'refused':>9}",
    ]
    for index, stream in enumerate(policy.streams):
        rate = record.stream_rate_hz(index)
        shown = f"{rate:6.1f} Hz" if rate is not None and stream.name != "instruction" else "-"
        age = f"{stream.age_s * 1e3:.0f} ms" if 0 <= stream.age_s < 10 else _long(stream.age_s)
        lines.append(
            f"{_cut(stream.name, 15):<16}{shown:>9}{age:>10}{stream.received:>11}"
            f"{stream.dropped:>7}{stream.refused:>9}"
        )
    lines += ["", f"{'joint':<16}{'position':>10}{'speed':>10}{'limit':>10}   speed / limit"]
    lines += [_joint(safety, index) for index in range(len(safety.joint_names))]
    if record.dry_run:
        lines += ["", *_divergence(safety, columns)]
    lines += ["", *(_cut(line, columns) for line in where.splitlines())]
    return lines


def status_line(record: DemoRecord, seconds: float) -> str:
    """The same in one line, for a log."""
    policy, safety = record.policy, record.safety
    if policy is None or safety is None:
        return "waiting"
    received = [stream for stream in policy.streams if stream.name.startswith("camera/")]
    fastest = max(
        (abs(v) / limit, name)
        for name, v, limit in zip(
            safety.joint_names, safety.velocity, safety.velocity_limit, strict=True
        )
    )
    reason = f" ({safety.reason})" if safety.reason else ""
    dry_run = f"DRY RUN, divergence {divergence_words(safety)}  " if record.dry_run else ""
    reaching = f"{record.reaching.words()}  " if record.reaching is not None else ""
    late = f" (late: stretched x{policy.stretch:.2f})" if policy.stretch > _NEWS else ""
    return (
        f"{seconds:6.1f} s  mode {policy.mode.upper()}  {reaching}{dry_run}{safety.state}{reason}  "
        f"chunks {policy.chunk_rate_hz:.1f}/s{late}  inference {_ms(record.recent_inference_s)}  "
        f"tick {_ms(record.recent_ticks_s)}  action age {_ms(record.recent_ages_s)}  "
        f"frames lost {sum(stream.dropped for stream in received)}"
        f"/{sum(stream.received for stream in received)}  "
        f"fastest {fastest[1]} {fastest[0]:.0%}"
    )


def divergence_words(safety: SafetyView) -> str:
    """The joint that is farthest off, over all chunks compared."""
    if not safety.divergence_chunks:
        return "not known yet"
    rms, name = max(zip(safety.divergence_rms, safety.joint_names, strict=True))
    return f"{name} {rms:.3f} rad rms of {safety.divergence_chunks} chunks"


def _divergence(safety: SafetyView, columns: int) -> list[str]:
    """What the policy wanted against what the arm did, three joints to a line."""
    after = f"{safety.divergence_after_s:.2f} s after the pictures"
    lines = [f"{'divergence':<13}{after}, {safety.divergence_chunks} chunks: newest / rms, rad"]
    if not safety.divergence_chunks:
        return lines
    figures = zip(safety.joint_names, safety.divergence, safety.divergence_rms, strict=True)
    shown = [f"{_cut(name, 10):<11}{now:5.3f} /{rms:6.3f}" for name, now, rms in figures]
    each = max(1, (columns + 2) // (len(max(shown, key=len)) + 2))
    return lines + ["  ".join(shown[i : i + each]) for i in range(0, len(shown), each)]


def _joint(safety: SafetyView, index: int) -> str:
    speed, limit = abs(safety.velocity[index]), safety.velocity_limit[index]
    share = speed / limit
    filled = min(_BAR, round(share * _BAR))
    colour = _RED if share > 1.0 + 1e-6 else _YELLOW if share > 0.95 else _GREEN
    return (
        f"{_cut(safety.joint_names[index], 15):<16}{safety.position[index]:>10.3f}"
        f"{speed:>10.3f}{limit:>10.3f}   {colour}{'#' * filled}{_PLAIN}{'.' * (_BAR - filled)}"
        f" {share:4.0%}"
    )


def _ms(values: Spread | None) -> str:
    """Median and 99th percentile."""
    if values is None:
        return f"{'-':>14}"
    return f"{values.p50 * 1e3:5.1f} /{values.p99 * 1e3:6.1f} ms"


def _rate(period: Spread | None) -> str:
    return "   - Hz" if period is None or period.p50 <= 0 else f"{1.0 / period.p50:5.1f} Hz"


def _long(age_s: float) -> str:
    return "never" if age_s < 0 else f"{age_s:.0f} s"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
