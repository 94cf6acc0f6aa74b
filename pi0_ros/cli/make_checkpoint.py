"""`pi0 make-checkpoint`: trains the demo checkpoint from the simulated demonstrator."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pi0_ros.cli.narrator import Narrator
from pi0_ros.cli.workshop import beside, sigterm_as_interrupt
from pi0_ros.core.errors import ConfigurationError, Pi0RosError

if TYPE_CHECKING:
    from pi0_ros.policy.training_samples import TrainingSample

DEFAULT_OUTPUT = Path("checkpoints/demo")
DEFAULT_STEPS = 2500
DEFAULT_SAMPLES = 3000

_INTERRUPTED = 130
_CHECK_SAMPLES = 40
# Far from any seed that training uses, so that the check sees other moments.
_CHECK_SEED_OFFSET = 1_000_003


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    parser.add_argument(
        "--output",
        type=Path,
        default=DEFAULT_OUTPUT,
        metavar="DIR",
        help="folder to write the checkpoint to (default: %(default)s)",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace the folder if it is there already"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="of demonstrations, weights and noise; the same seed on the same machine gives the "
        "same checkpoint (default: %(default)s)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=DEFAULT_STEPS,
        metavar="N",
        help="training steps (default: %(default)s)",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=DEFAULT_SAMPLES,
        metavar="N",
        help="demonstrations to learn from (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="processor threads to train with; the model is too small to gain from more than one "
        "(default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; its exit status: 0 done, 1 failed, 130 interrupted."""
    try:
        with sigterm_as_interrupt(), Narrator(sys.stdout) as narrator:
            _make(args, narrator)
    except KeyboardInterrupt:
        print("pi0 make-checkpoint: interrupted; nothing was written", file=sys.stderr)
        return _INTERRUPTED
    except (Pi0RosError, OSError) as error:
        print(f"pi0 make-checkpoint: {error}", file=sys.stderr)
        return 1
    return 0


def _make(args: argparse.Namespace, narrator: Narrator) -> None:
    output: Path = args.output.absolute()
    if args.threads < 1:
        raise ConfigurationError(f"--threads: must be at least 1, got {args.threads}")
    if output.exists() and not args.force:
        raise ConfigurationError(f"{output} is there already; --force replaces it")
    with beside(output) as workshop:
        new = workshop / output.name
        summary = _train_and_check(args, new, narrator)
        if output.exists():
            output.rename(workshop / "replaced")
        new.rename(output)
    narrator.finish(f"{output}: {summary}")


def _train_and_check(args: argparse.Namespace, folder: Path, narrator: Narrator) -> str:
    narrator.now("importing LeRobot")
    from pi0_ros.policy.quiet_libraries import quiet_libraries

    with quiet_libraries():
        from pi0_ros.policy.evaluation import chunk_error_rad, instruction_effect_rad
        from pi0_ros.policy.loader import load_policy
        from pi0_ros.policy.policy_config import PolicyConfig, default_feature
        from pi0_ros.policy.training import TrainingConfig, TrainingProgress, train_policy

        started = time.monotonic()
        training = TrainingConfig(seed=args.seed, steps=args.steps, threads=args.threads)

        def progress(at: TrainingProgress) -> None:
            narrator.now(f"training: step {at.step}/{at.steps}, loss {at.loss:.4f}")

        report = train_policy(
            _samples(args.samples, args.seed, narrator.now), folder, training, progress
        )
        narrator.now("checking the checkpoint")
        check = list(_samples(_CHECK_SAMPLES, args.seed + _CHECK_SEED_OFFSET, lambda _: None))
        policy = load_policy(
            PolicyConfig(
                path=folder,
                mode="demo",
                camera_features={name: default_feature(name) for name in check[0].images},
                joints=len(check[0].positions),
                device="cpu",
                threads=args.threads,
            )
        )
        error = chunk_error_rad(policy, check)
        narrator.now("checking that it listens to the instruction")
        effect = instruction_effect_rad(policy, check, _other_block)
    return (
        f"{policy.description.policy_id}, {report.parameters / 1e6:.2f} M parameters, loss "
        f"{report.final_loss:.4f}, error on new scenes {error:.3f} rad, effect of the instruction "
        f"{effect:.3f} rad, {time.monotonic() - started:.0f} s"
    )


def _samples(count: int, seed: int, say: Callable[[str], None]) -> Iterator["TrainingSample"]:
    from pi0_ros.policy.training_samples import TrainingSample
    from pi0_ros.sim.demonstrations import demonstrations

    for number, shown in enumerate(demonstrations(count, seed), start=1):
        say(f"demonstrating: {number}/{count}")
        yield TrainingSample(shown.images, shown.positions, shown.instruction, shown.actions)


def _other_block(instruction: str) -> str:
    swapped = {"red": "blue", "blue": "red"}
    return " ".join(swapped.get(word, word) for word in instruction.split(" "))
