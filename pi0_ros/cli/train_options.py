"""The options of `pi0 train`."""

import argparse
import dataclasses
import shlex
from pathlib import Path
from typing import get_args

from pi0_ros.policy.learning.recipe import Attention, Jitter, ModelSizes, Recipe

DESCRIPTION = """\
Train a Pi0 on a LeRobotDataset with LeRobot's own training code: a small one from scratch
(pi0_tiny), or with --policy-path a checkpoint of LeRobot to fine-tune. Beside the checkpoint, the
folder OUTPUT.run keeps what --resume goes on from, loss.csv and loss.png."""
EXAMPLES = """\
examples:
  pi0 train --dataset data/cups --output trained/cups
  pi0 train --dataset data/cups --output trained/cups --resume            after Ctrl-C
  pi0 train --dataset data/more --output trained/more --policy-path trained/cups

a robot that runs it needs the dataset's frames a second as action_rate in its parameter file"""

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
        ("still_share", "of the frames from which the arm stays that is learnt from"),
        ("still_rad", "how far every joint stays near in those"),
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


def recipe_of(args: argparse.Namespace) -> Recipe:
    """
    Raises:
        ConfigurationError: a value cannot work; the message names it.
    """
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


def command_line(args: argparse.Namespace) -> str:
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


def _add_number(parser: "argparse._ActionsContainer", name: str, default: float, what: str) -> None:
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=type(default),
        default=default,
        metavar="N" if isinstance(default, int) else "X",
        help=f"{what} (default: %(default)s)".lstrip(),
    )
