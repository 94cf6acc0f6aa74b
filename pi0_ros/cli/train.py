"""`pi0 train`: a Pi0 from recorded episodes."""

import argparse
import dataclasses
import json
import shlex
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pi0_ros.cli.narrator import Narrator
from pi0_ros.cli.workshop import beside
from pi0_ros.core.errors import ConfigurationError, Pi0RosError
from pi0_ros.policy.learning.recipe import Attention, Jitter, ModelSizes, Recipe

if TYPE_CHECKING:
    from pi0_ros.policy.learning.loop import Progress
    from pi0_ros.policy.learning.proof import Proof
    from pi0_ros.policy.learning.train import Trained, TrainingJob

DESCRIPTION = """\
Train a Pi0 on a LeRobotDataset with LeRobot's own training code: a small one from scratch
(pi0_tiny), or with --policy-path a checkpoint of LeRobot to fine-tune. Beside the checkpoint, the
folder OUTPUT.run keeps what --resume goes on from, loss.csv and loss.png."""
EXAMPLES = """\
examples:
  pi0 train --dataset data/reach --output checkpoints/reach
  pi0 train --dataset data/reach --output checkpoints/reach --resume      after Ctrl-C
  pi0 train --dataset data/reach --output checkpoints/more --policy-path checkpoints/reach"""

_INTERRUPTED = 130
_PROOF_FRAMES = 32
_RUN_SUFFIX = ".run"
# What does not decide about the weights, or names folders of this machine.
_NOT_IN_CARD = (
    "dataset",
    "output",
    "policy_path",
    "resume",
    "force",
    "report",
    "command",
    "keep_pictures",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    recipe = Recipe()
    parser.add_argument(
        "--dataset", type=Path, required=True, metavar="DIR", help="a LeRobotDataset's folder"
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the checkpoint to make"
    )
    parser.add_argument(
        "--policy-path",
        type=Path,
        metavar="DIR",
        help="fine-tune this checkpoint of LeRobot's Pi0, on this disk, instead of a new pi0_tiny",
    )
    for name, what in (
        ("steps", "optimiser steps"),
        ("batch_size", "frames per step"),
        ("learning_rate", "the largest"),
        ("final_learning_rate", "at the last step"),
        ("warmup_steps", "steps until the largest learning rate"),
        ("weight_decay", "of AdamW"),
        ("seed", "of weights, order, noise and jitter"),
        ("picture_side", "pixels of the model's square pictures"),
        ("text_length", "tokens of an instruction"),
        ("threads", "processor threads"),
    ):
        _add_number(parser, name, getattr(recipe, name), what)
    parser.add_argument("--horizon", type=int, metavar="ROWS", help="rows of a chunk (default: 50)")
    parser.add_argument(
        "--attention",
        choices=get_args(Attention),
        default=recipe.attention,
        help="torch's fused kernel, or written out as LeRobot does; the same to float rounding "
        "(default: %(default)s)",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--hold-out",
        type=int,
        default=0,
        metavar="N",
        help="do not learn from the last N episodes, and measure the error on them "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="mark the checkpoint as one for the package's own simulated arm (mode: demo)",
    )
    parser.add_argument(
        "--save-every",
        type=int,
        default=500,
        metavar="N",
        help="steps between saved states, each a loadable checkpoint; 0: only at the end "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--keep-pictures",
        type=Path,
        metavar="DIR",
        help="keep the shrunk pictures there, and take them from there next time (2.5 GB for "
        "20 000 frames of three cameras at 84 pixels)",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last saved state")
    parser.add_argument(
        "--force", action="store_true", help="replace a checkpoint and run that are there already"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what came out as JSON")
    jitter = parser.add_argument_group("pictures changed at random while training, off by default")
    for field in dataclasses.fields(Jitter):
        what = "pixels of the model" if field.name == "shift_px" else "share, 0 to 1"
        _add_number(jitter, f"jitter_{field.name}", getattr(recipe.jitter, field.name), what)
    sizes = parser.add_argument_group("sizes of a new policy")
    for size in dataclasses.fields(ModelSizes):
        name = {"vision_patch": "patch"}.get(size.name, size.name)
        _add_number(sizes, name, getattr(recipe.sizes, size.name), "")


def run(args: argparse.Namespace) -> int:
    """Runs the command; its exit status: 0 done, 1 failed, 130 interrupted."""
    try:
        with _StopRequest() as stop, Narrator(sys.stdout) as narrator:
            return _train(args, narrator, stop)
    except KeyboardInterrupt:
        saved = _run_folder(args.output.absolute())
        left = f"--resume goes on from {saved}" if saved.exists() else "nothing was written"
        print(f"pi0 train: interrupted; {left}", file=sys.stderr)
        return _INTERRUPTED
    except (Pi0RosError, OSError) as error:
        print(f"pi0 train: {error}", file=sys.stderr)
        return 1


def _train(args: argparse.Namespace, narrator: Narrator, stop: "_StopRequest") -> int:
    recipe = _recipe(args)
    output: Path = args.output.absolute()
    run_folder = _run_folder(output)
    _check_folders(args, output, run_folder)
    narrator.now("importing LeRobot")
    from pi0_ros.policy.quiet_libraries import quiet_libraries

    with quiet_libraries():
        from pi0_ros.policy.learning.run_folder import RunFolder
        from pi0_ros.policy.learning.train import TrainingJob, finish, train

        job = TrainingJob(
            dataset=args.dataset,
            name=output.name,
            run=RunFolder(run_folder),
            recipe=recipe,
            device=args.device,
            base=args.policy_path,
            held_out=args.hold_out,
            demo=args.demo,
            save_every=args.save_every,
            keep_pictures=args.keep_pictures,
            resume=args.resume,
            command=_command(args),
        )

        def progress(at: "Progress") -> None:
            left_min = (at.steps - at.step) / at.per_s / 60
            narrator.now(
                f"training: step {at.step}/{at.steps}, loss {at.loss:.4f}, {at.per_s:.2f} steps/s, "
                f"{left_min:.1f} min left"
            )

        trained = train(job, narrator.now, progress, lambda: stop.wanted)
        if trained.step < recipe.steps:
            narrator.finish(
                f"{run_folder}: stopped and saved at step {trained.step}/{recipe.steps}; give the "
                "same command with --resume to go on"
            )
            return _INTERRUPTED
        narrator.now("checking the checkpoint")
        with beside(output) as workshop:
            new = workshop / output.name
            finish(job, trained, new)
            proof = _prove(job, trained, new)
            if output.exists():
                output.rename(workshop / "replaced")
            new.rename(output)
    if args.report:
        args.report.write_text(json.dumps(_report(trained, proof, args), indent=2) + "\n")
    where = f"{args.hold_out} episodes held out" if args.hold_out else "the dataset"
    narrator.finish(
        f"{output}: {proof.policy_id}, {trained.parameters / 1e6:.2f} M parameters, loss "
        f"{trained.loss:.4f}, error {proof.error_rad:.4f} rad on {proof.frames} frames of {where} "
        f"(an arm that stays: {proof.still_rad:.4f}), {trained.steps_per_s:.2f} steps/s"
    )
    return 0


def _prove(job: "TrainingJob", trained: "Trained", folder: Path) -> "Proof":
    from pi0_ros.policy.learning.proof import prove
    from pi0_ros.policy.learning.recording import episode_count, open_recording

    shown = trained.recording
    if job.held_out:
        total = episode_count(job.dataset)
        shown = open_recording(job.dataset, range(total - job.held_out, total))
    return prove(folder, shown, job.demo, job.recipe.threads, _PROOF_FRAMES)


def _run_folder(output: Path) -> Path:
    return output.with_name(output.name + _RUN_SUFFIX)


def _recipe(args: argparse.Namespace) -> Recipe:
    given = vars(args)
    plain = {
        field.name: given[field.name]
        for field in dataclasses.fields(Recipe)
        if field.name not in ("sizes", "jitter")
    }
    sizes = {
        field.name: given["patch" if field.name == "vision_patch" else field.name]
        for field in dataclasses.fields(ModelSizes)
    }
    jitter = {field.name: given[f"jitter_{field.name}"] for field in dataclasses.fields(Jitter)}
    return Recipe(**plain, sizes=ModelSizes(**sizes), jitter=Jitter(**jitter))


def _check_folders(args: argparse.Namespace, output: Path, run_folder: Path) -> None:
    if args.hold_out < 0 or args.save_every < 0:
        raise ConfigurationError("--hold-out and --save-every: must be at least 0")
    if args.report and not args.report.absolute().parent.is_dir():
        raise ConfigurationError(f"--report {args.report}: its folder is not there")
    if args.resume and args.force:
        raise ConfigurationError("--resume goes on and --force begins anew: give one of them")
    for folder in (output, run_folder):
        if folder.exists() and not args.force and not (args.resume and folder == run_folder):
            raise ConfigurationError(
                f"{folder} is there already; --force begins anew and replaces it"
                + (", --resume goes on with it" if folder == run_folder else "")
            )
    if args.force:
        shutil.rmtree(run_folder, ignore_errors=True)


def _command(args: argparse.Namespace) -> str:
    """The command line that makes this checkpoint, folders by their names only."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = ["pi0", "train", "--dataset", args.dataset.name, "--output", args.output.name]
    if args.policy_path:
        words += ["--policy-path", args.policy_path.name]
    for name, value in vars(args).items():
        if name in _NOT_IN_CARD or value == parser.get_default(name):
            continue
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return shlex.join(words)


def _report(trained: "Trained", proof: "Proof", args: argparse.Namespace) -> dict[str, object]:
    numbers = {
        field.name: getattr(trained, field.name)
        for field in dataclasses.fields(trained)
        if field.name not in ("recording", "checkpoint")
    }
    recording = trained.recording
    return {
        **numbers,
        "episodes": len(recording.episode_lengths),
        "frames": len(recording),
        "held_out_episodes": args.hold_out,
        "proof": dataclasses.asdict(proof),
    }


def _add_number(parser: "argparse._ActionsContainer", name: str, default: float, what: str) -> None:
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=type(default),
        default=default,
        metavar="N" if isinstance(default, int) else "X",
        help=f"{what} (default: %(default)s)".lstrip(),
    )


class _StopRequest:
    """Ctrl-C and SIGTERM as a wish that is asked for between steps; a second one ends at once."""

    def __init__(self) -> None:
        self.wanted = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "_StopRequest":
        # Only the main thread may set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, number: int, _frame: object) -> None:
        self.wanted = True
        signal.signal(number, signal.default_int_handler)
