"""`pi0 train`: a Pi0 from recorded episodes."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pi0_ros.cli.narrator import Narrator
from pi0_ros.cli.output_file import require_writable, write_report
from pi0_ros.cli.stop_request import stop_on_signals
from pi0_ros.cli.train_options import (
    DESCRIPTION,
    EXAMPLES,
    add_arguments,
    command_line,
    recipe_of,
)
from pi0_ros.cli.workshop import beside
from pi0_ros.core.errors import ConfigurationError, Pi0RosError
from pi0_ros.core.stop_request import StopRequest

if TYPE_CHECKING:
    from pi0_ros.policy.learning.loop import Progress
    from pi0_ros.policy.learning.proof import Proof
    from pi0_ros.policy.learning.train import Trained, TrainingJob

__all__ = ["DESCRIPTION", "EXAMPLES", "add_arguments", "run"]

_INTERRUPTED = 130
_PROOF_FRAMES = 32
_RUN_SUFFIX = ".run"


def run(args: argparse.Namespace) -> int:
    """Runs the command; its exit status: 0 done, 1 failed, 130 interrupted."""
    try:
        with stop_on_signals() as stop, Narrator(sys.stdout) as narrator:
            return _train(args, narrator, stop)
    except KeyboardInterrupt:
        saved = _run_folder(args.output.absolute())
        left = f"--resume goes on from {saved}" if saved.exists() else "nothing was written"
        print(f"pi0 train: interrupted; {left}", file=sys.stderr)
        return _INTERRUPTED
    except (Pi0RosError, OSError) as error:
        print(f"pi0 train: {error}", file=sys.stderr)
        return 1


def _train(args: argparse.Namespace, narrator: Narrator, stop: StopRequest) -> int:
    recipe = recipe_of(args)
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
            replace=args.force,
            command=command_line(args),
        )

        def progress(at: "Progress") -> None:
            left_min = (at.steps - at.step) / at.per_s / 60
            narrator.now(
                f"training: step {at.step}/{at.steps}, loss {at.loss:.4f}, {at.per_s:.2f} steps/s, "
                f"{left_min:.1f} min left"
            )

        trained = train(job, narrator.now, progress, lambda: stop.requested)
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
        write_report(args.report, _report(trained, proof))
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


def _check_folders(args: argparse.Namespace, output: Path, run_folder: Path) -> None:
    if args.hold_out < 0 or args.save_every < 0:
        raise ConfigurationError("--hold-out and --save-every: must be at least 0")
    require_writable("--report", args.report)
    if args.resume and args.force:
        raise ConfigurationError("--resume goes on and --force begins anew: give one of them")
    for folder in (output, run_folder):
        if folder.exists() and not args.force and not (args.resume and folder == run_folder):
            raise ConfigurationError(
                f"{folder} is there already; --force begins anew and replaces it"
                + (", --resume goes on with it" if folder == run_folder else "")
            )


def _report(trained: "Trained", proof: "Proof") -> dict[str, object]:
    numbers = {
        field.name: getattr(trained, field.name)
        for field in dataclasses.fields(trained)
        if field.name not in ("recording", "shares", "checkpoint")
    }
    return {**numbers, **trained.shares.entries(), "proof": dataclasses.asdict(proof)}
