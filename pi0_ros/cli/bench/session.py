"""One run of the benchmark: loading, comparing, timing, reporting."""

import argparse
import gc
import time
from pathlib import Path

import torch

from pi0_ros.cli.bench.machine import (
    available_memory,
    measure_rates,
    memory_in_use,
)
from pi0_ros.cli.bench.measure import Runner, measure
from pi0_ros.cli.bench.names import COMPILED, PEERS, REFERENCE
from pi0_ros.cli.bench.progress import Progress
from pi0_ros.cli.bench.report import Conditions, build_report, table
from pi0_ros.cli.bench.source import Source, checkpoint_source, random_source
from pi0_ros.cli.bench.workload import (
    PICTURE,
    PROMPT_TOKENS,
    Moment,
    instruction_of,
    make_moments,
)
from pi0_ros.cli.output_file import write_report
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.device import choose_device
from pi0_ros.policy.engines import make_engine
from pi0_ros.policy.fast.sizes import Pi0Sizes, sizes_of_model
from pi0_ros.policy.fast.work import work_of_chunk
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.quiet_libraries import quiet_libraries
from pi0_ros.share import share_directory

_BYTES = {"float32": 4, "bfloat16": 2}
# Loading holds a tensor twice, and activations come on top.
_SPARE = 1.15


def run_session(arguments: argparse.Namespace, names: list[str]) -> int:
    """
    Raises:
        ConfigurationError: the device is not there or has too little memory.
        CheckpointError: the checkpoint cannot be loaded.
    """
    progress = Progress()
    device = choose_device(arguments.device)
    torch.set_num_threads(arguments.threads)
    progress.begin("reading the configuration")
    with quiet_libraries():
        source = _source(arguments, device)
        model = source.model("float32", False)
        sizes = sizes_of_model(model)
        prompt = instruction_of(PROMPT_TOKENS, source.processors, source.joints)
    noise_shape = (sizes.horizon, sizes.action)
    moments = make_moments(
        len(source.features), source.joints, noise_shape, prompt, device, arguments.seed
    )
    wants_error = not arguments.no_reference
    session = _Session(source, device, arguments.flow_steps, moments, wants_error, progress)
    _require_memory(
        names,
        REFERENCE if wants_error else None,
        sum(p.numel() for p in model.parameters()),
        device,
    )
    reference = None
    if wants_error and REFERENCE not in names:
        alone = session.load(REFERENCE)
        reference = alone.chunks
        del alone
        gc.collect()
    # Compiled last: it changes settings of the whole process.
    runners = [session.load(name) for name in sorted(names, key=lambda name: name == COMPILED)]
    if wants_error and reference is None:
        reference = next(runner.chunks for runner in runners if runner.name == REFERENCE)
    progress.begin("measuring what this device can do")
    rates = measure_rates(device)
    progress.begin(f"timing {arguments.repeats} chunks of each engine, in turn")
    measure(runners, moments[0], arguments.repeats, progress)
    steps = arguments.flow_steps or sizes.flow_steps
    conditions = Conditions(
        source=source.name,
        device=device,
        seed=arguments.seed,
        repeats=arguments.repeats,
        workload=_workload(source, sizes, prompt, steps),
        reference=reference,
        work=work_of_chunk(sizes, len(source.features), PROMPT_TOKENS, steps),
        rates=rates,
    )
    report = build_report(runners, conditions)
    print(f"{report['device']}; {source.name}; {_words(report['workload'])}")
    print(table(report))
    if arguments.bridge:
        # Only now: it needs rclpy and the processes' environment.
        from pi0_ros.cli.bench.bridge import bridge_table, measure_bridge

        report["bridge"] = measure_bridge(arguments.bridge, progress, arguments.domain)
        print(bridge_table(report["bridge"]))
    if arguments.report is not None:
        write_report(arguments.report, report)
        print(f"report: {arguments.report}")
    return 0


class _Session:
    """Loads engines and runs their first chunks."""

    def __init__(
        self,
        source: Source,
        device: torch.device,
        flow_steps: int | None,
        moments: list[Moment],
        keep_chunks: bool,
        progress: Progress,
    ) -> None:
        self._source, self._device, self._moments = source, device, moments
        self._flow_steps, self._keep_chunks, self._progress = flow_steps, keep_chunks, progress

    def load(self, name: str) -> Runner:
        """The engine with its first chunk behind it, and the chunks that its error is told from."""
        peer, source, device = PEERS[name], self._source, self._device
        slow = " (compiling takes a minute or more)" if peer.compiled else ""
        self._progress.begin(f"loading {name}{slow}")
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        before = (
            torch.cuda.memory_allocated(device)
            if device.type == "cuda"
            else (memory_in_use(device))
        )
        began_s = time.perf_counter()
        precision = peer.precision_on(device.type)
        cameras = {str(index): feature for index, feature in enumerate(source.features)}
        config = PolicyConfig(
            path=source.origin,
            mode="real",
            camera_features=cameras,
            joints=source.joints,
            image_shape=PICTURE,
            device=str(device),
            engine=peer.engine,
            precision=precision,
            vision_precision=peer.vision,
            quantization=peer.quantization,
            allow_image_resize=True,
            inference_steps=self._flow_steps,
        )
        with quiet_libraries():
            model = source.model(precision, peer.compiled)
            engine = make_engine(
                model,
                source.tensors(model),
                source.origin,
                source.processors,
                tuple(cameras),
                config,
                device,
            )
        loaded_s = time.perf_counter()
        runner = Runner(name, engine, source.processors, device, loaded_s - began_s)
        runner.run(self._moments[0])
        runner.first_s = time.perf_counter() - loaded_s
        runner.memory_bytes = memory_in_use(device) - before
        if self._keep_chunks:
            runner.keep_chunks(self._moments)
        return runner


def _source(arguments: argparse.Namespace, device: torch.device) -> Source:
    if arguments.random is not None:
        return random_source(arguments.random, device, arguments.seed)
    folder = arguments.checkpoint or share_directory() / "checkpoints" / "demo"
    return checkpoint_source(Path(folder).expanduser(), device)


def _require_memory(
    names: list[str], reference: str | None, parameters: int, device: torch.device
) -> None:
    """
    Raises:
        ConfigurationError: the engines do not fit side by side.
    """
    wanted = [*names, reference] if reference and reference not in names else names
    each = {
        name: _SPARE * parameters * _BYTES[PEERS[name].precision_on(device.type)] for name in wanted
    }
    needed, there = sum(each.values()), available_memory(device)
    if needed > there:
        raise ConfigurationError(
            f"{', '.join(wanted)} take about {needed / 1e9:.1f} GB together, {there / 1e9:.1f} GB "
            "are there: choose fewer with --engines, or leave the error out with --no-reference"
        )


def _workload(source: Source, sizes: Pi0Sizes, prompt: str, steps: int) -> dict[str, object]:
    return {
        "cameras": len(source.features),
        "picture": {"width": PICTURE[1], "height": PICTURE[0], "encoding": "rgb8"},
        "prompt": prompt,
        "prompt_tokens": PROMPT_TOKENS,
        "chunk": sizes.horizon,
        "flow_steps": steps,
    }


def _words(workload: dict[str, object]) -> str:
    return (
        f"{workload['cameras']} pictures of {PICTURE[1]}x{PICTURE[0]}, "
        f"{workload['prompt_tokens']} prompt tokens, chunk of {workload['chunk']}, "
        f"{workload['flow_steps']} flow steps"
    )
