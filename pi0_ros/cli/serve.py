"""`pi0 serve`: a checkpoint behind openpi's WebSocket protocol."""

import argparse
import asyncio
import ipaddress
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pi0_ros.cli.number_options import whole
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.announcement import Announcement
from pi0_ros.policy.remote.message_map import nested
from pi0_ros.policy.remote.remote_config import MessageKeys, check_key, default_key
from pi0_ros.policy.remote.served_checkpoint import read_surroundings
from pi0_ros.share import share_directory

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
_SAY_EVERY_S = 2.0

DESCRIPTION = """\
Serve a checkpoint over openpi's WebSocket and msgpack protocol, on a machine with a GPU, say.
The robot's machine then runs pi0_policy with policy_path:=ws://HOST:PORT, or openpi's own client.

Pictures are uint8 RGB of the size the checkpoint was trained with, the state is in rad, and so is
the chunk that comes back under "actions", shape (horizon, joints)."""

EXAMPLES = """\
examples:
  pi0 serve --mode demo                          the demo checkpoint on ws://127.0.0.1:8000
  pi0 serve --policy-path FOLDER --device cuda   your own
  pi0 serve --policy-path FOLDER --image-key main=observation/image --state-key state
                                                 for a client with names of its own

the robot's machine reaches it through a tunnel, since nothing here asks who is calling:
  ssh -N -L 8000:127.0.0.1:8000 SERVER &
  ros2 launch pi0_ros bringup.launch.py policy_path:=ws://127.0.0.1:8000 params_file:=my_arm.yaml \\
    dry_run:=true

is it up?  curl http://127.0.0.1:8000/healthz    Ctrl-C ends it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add("--policy-path", type=Path, metavar="DIR", help="folder of a LeRobot Pi0 checkpoint")
    add(
        "--mode",
        choices=("real", "demo"),
        default="real",
        help="demo: the package's small demo checkpoint, and clients are told so "
        "(default: %(default)s)",
    )
    add(
        "--host",
        default=DEFAULT_HOST,
        help="address to listen on; another than this machine's own is open to everybody who can "
        "reach it (default: %(default)s)",
    )
    add("--port", type=int, default=DEFAULT_PORT, help="0: a free one (default: %(default)s)")
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)")
    add("--engine", choices=("fast", "lerobot"), default="fast", help="(default: %(default)s)")
    add(
        "--precision",
        choices=("float32", "bfloat16"),
        help="of the weights (default: as the checkpoint says)",
    )
    add(
        "--vision-precision",
        choices=("float32", "bfloat16"),
        default="float32",
        help="of the vision tower; bfloat16 with engine fast only (default: %(default)s)",
    )
    add(
        "--quantization",
        choices=("none", "int8"),
        default="none",
        help="int8: half of bfloat16's memory, slower, and other chunks, to be looked at before an "
        "arm does; with engine fast only (default: %(default)s)",
    )
    add(
        "--policy-units",
        choices=("rad", "deg"),
        default="rad",
        help="of the checkpoint; clients always speak rad (default: %(default)s)",
    )
    add(
        "--tokenizer-path",
        type=Path,
        metavar="DIR",
        help="folder of the tokenizer, with SmolVLA of all that describes its language model "
        "(default: the folder `tokenizer` in the checkpoint)",
    )
    add(
        "--inference-steps",
        type=whole(1),
        metavar="N",
        help="denoising steps per chunk (default: as the checkpoint says)",
    )
    add(
        "--noise-scale",
        type=float,
        metavar="X",
        help="standard deviation of the noise that each chunk starts from: 1 as Pi0 is trained, 0 "
        "for a chunk that depends on the observation alone (default: as the checkpoint says)",
    )
    add(
        "--noise-seed",
        type=int,
        metavar="N",
        help="the same noise for every chunk (default: drawn anew)",
    )
    add("--threads", type=int, default=1, help="of torch on the CPU (default: %(default)s)")
    add("--state-key", metavar="KEY", help="of the joint positions (default: observation/state)")
    add("--prompt-key", metavar="KEY", help="of the instruction (default: prompt)")
    add("--actions-key", metavar="KEY", help="of the chunk in the answer (default: actions)")
    add(
        "--image-key",
        action="append",
        default=[],
        metavar="CAMERA=KEY",
        help="of a camera's picture; may be given for each (default: observation/CAMERA); "
        "A>B is B inside A",
    )


def run(args: argparse.Namespace) -> int:
    """Serves until SIGINT or SIGTERM; the exit status: 0 ended, 1 failed."""
    # Before the ten seconds of loading: whatever can be refused by then.
    config = _policy_config(args)
    keys, pictures = _message_keys(args), _picture_keys(args.image_key, config.camera_features)
    nested((key, None) for key in (*pictures.values(), keys.state, keys.prompt))
    if not 0 <= args.port <= 65535:
        raise ConfigurationError(f"--port: expected 0 to 65535, got {args.port}")
    _warn_if_open(args.host)
    with _patience(f"loading {config.path} (importing LeRobot alone takes 5 to 15 s)"):
        from pi0_ros.policy.loader import load_policy

        policy = load_policy(config)
    described = policy.description
    announced = Announcement(
        policy_id=described.policy_id,
        demo=described.is_demo,
        horizon=described.horizon,
        joints=described.joints,
        image_height=described.image_shape[0],
        image_width=described.image_shape[1],
        pictures=tuple(pictures[camera] for camera in described.cameras),
        state=keys.state,
        prompt=keys.prompt,
        actions=keys.actions,
    )
    asyncio.run(_serve(policy, announced, args.host, args.port))
    _say("ended")
    return 0


def _policy_config(args: argparse.Namespace) -> PolicyConfig:
    if args.policy_path is None and args.mode == "real":
        raise ConfigurationError(
            "--policy-path: mode real needs the folder of your LeRobot checkpoint (--mode demo "
            "serves the one of the package)"
        )
    demo = share_directory() / "checkpoints" / "demo"
    folder = demo if args.policy_path is None else args.policy_path.expanduser()
    surroundings, tokenizer = read_surroundings(folder), args.tokenizer_path
    return PolicyConfig(
        path=folder,
        mode=args.mode,
        camera_features=surroundings.camera_features,
        joints=surroundings.joints,
        image_shape=surroundings.image_shape,
        engine=args.engine,
        precision=args.precision,
        vision_precision=args.vision_precision,
        quantization=args.quantization,
        device=args.device,
        policy_units=args.policy_units,
        inference_steps=args.inference_steps,
        noise_scale=args.noise_scale,
        noise_seed=args.noise_seed,
        threads=args.threads,
        tokenizer_path=tokenizer if tokenizer is None else tokenizer.expanduser(),
    )


def _message_keys(args: argparse.Namespace) -> MessageKeys:
    given = {name: getattr(args, f"{name}_key") for name in ("state", "prompt", "actions")}
    return MessageKeys(**{name: key for name, key in given.items() if key is not None})


def _picture_keys(given: Sequence[str], cameras: Iterable[str]) -> dict[str, str]:
    keys = {camera: default_key(camera) for camera in cameras}
    for text in given:
        camera, _, key = text.partition("=")
        if camera not in keys:
            raise ConfigurationError(
                f"--image-key: expected CAMERA=KEY with one of {', '.join(keys)}, got {text!r}"
            )
        check_key(f"--image-key {camera}", key)
        keys[camera] = key
    return keys


def _warn_if_open(host: str) -> None:
    try:
        closed = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        closed = False
    if not closed:
        print(
            f"WARNING: --host {host} is open to everybody who can reach this machine: there is no "
            "authentication and no encryption. Whoever connects can use the policy; whoever sits "
            "in between can move your arm. Rather keep 127.0.0.1 and use a tunnel, as "
            "`pi0 serve --help` shows.",
            file=sys.stderr,
            flush=True,
        )


async def _serve(policy: Policy, announced: Announcement, host: str, port: int) -> None:
    from pi0_ros.policy.remote.server import PolicyServer

    server = PolicyServer(policy, announced, _say)
    loop = asyncio.get_running_loop()

    def end() -> None:
        # A second Ctrl-C finds Python's own handler.
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)
        server.stop()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)

    def listening(real_port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        _say(
            f"serving {announced.policy_id} on ws://{shown}:{real_port}: "
            f"{', '.join(announced.pictures)} ({announced.image_width}x{announced.image_height}), "
            f"{announced.state} ({announced.joints} joints, rad), {announced.prompt} -> "
            f"{announced.actions} ({announced.horizon} rows). Ctrl-C ends it"
        )

    await server.run(host, port, listening)


def _say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def _patience(what: str) -> Iterator[None]:
    """Says what is going on, and every two seconds that it still is."""
    began_s = time.monotonic()
    done = threading.Event()

    def talk() -> None:
        while not done.wait(_SAY_EVERY_S):
            _say(f"[{time.monotonic() - began_s:4.0f} s] still loading")

    _say(what)
    thread = threading.Thread(target=talk, name="patience", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
