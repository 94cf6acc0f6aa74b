"""From a checkpoint's folder to a policy that is ready and proven to be that checkpoint."""

import numpy as np

from pi0_ros.core.errors import CheckpointError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import Policy, PolicyDescription
from pi0_ros.policy.manifest import WEIGHTS_FILE, file_sha256
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.policy_types import WORDLESS
from pi0_ros.policy.preflight import examine, unfit
from pi0_ros.policy.quiet_libraries import quiet_libraries

_HASH_DIGITS = 12
# What LeRobot and transformers raise for a size, a file or a library that is not right.
_NOT_BUILT = (
    ImportError,
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
)


def load_policy(config: PolicyConfig) -> Policy:
    """The policy, warmed up: its first inference is as fast as the following ones.

    Importing torch and LeRobot happens in here and takes seconds; loading this module does not.

    Raises:
        CheckpointError: the checkpoint is missing, damaged, incomplete, of the other mode, or
            does not fit the robot; the message names the file, tensor or parameter.
        ConfigurationError: the device is not there, or a remote policy does not fit the robot.
        PolicyError: the first inference failed, or no policy server answers.
    """
    if config.remote is not None:
        from pi0_ros.policy.remote.remote_policy import connect_policy

        return connect_policy(config, config.remote)
    found = examine(config.path, config.tokenizer_path)
    problems = (*found.problems, *unfit(found, config))
    if problems:
        raise problems[0]
    folder, weights = found.folder, found.folder / WEIGHTS_FILE
    weights_sha256 = found.weights_sha256 or file_sha256(weights)
    with quiet_libraries():
        import torch

        from pi0_ros.policy.checkpoint_config import policy_class, read_any_config
        from pi0_ros.policy.device import choose_device
        from pi0_ros.policy.engines import make_engine
        from pi0_ros.policy.features import camera_order
        from pi0_ros.policy.pi0_policy import Pi0Policy
        from pi0_ros.policy.processors import load_processors
        from pi0_ros.policy.rtc import real_time_chunking
        from pi0_ros.policy.vlm_folder import find_vlm
        from pi0_ros.policy.weights import model_without_weights, read_weights
        from pi0_ros.policy.wordless_policy import load_wordless

        if config.threads:
            torch.set_num_threads(config.threads)
        device = choose_device(config.device)
        checkpoint = read_any_config(folder, str(device))
        is_demo = config.mode == "demo"
        name = f"demo/{checkpoint.type}" if is_demo else folder.name
        description = PolicyDescription(
            policy_id=f"{name}-{weights_sha256[:_HASH_DIGITS]}",
            is_demo=is_demo,
            device=str(device),
            horizon=checkpoint.chunk_size,
            joints=config.joints,
            cameras=camera_order(folder, checkpoint, config),
            image_shape=config.image_shape,
        )
        policy: Policy
        if checkpoint.type in WORDLESS:
            policy = load_wordless(folder, checkpoint, config, found.header, description)
            policy.infer(_blank_observation(description))
            return policy
        if checkpoint.type == "smolvla":
            vlm = find_vlm(folder, config.tokenizer_path, checkpoint.vlm_model_name)
            checkpoint.vlm_model_name = str(vlm)
            # The checkpoint has all of them; LeRobot would look for a second set.
            checkpoint.load_vlm_weights = False
        else:
            checkpoint.dtype = config.precision or checkpoint.dtype
        processors = load_processors(folder, checkpoint, device, config.tokenizer_path)
        try:
            model = model_without_weights(policy_class(checkpoint), checkpoint)
        except _NOT_BUILT as error:
            raise CheckpointError(
                f"{folder}: LeRobot cannot build the policy that its configuration describes: "
                f"{type(error).__name__}: {error}"
            ) from error
        tensors = read_weights(model, weights, found.header)
        engine = make_engine(
            model, tensors, weights, processors, description.cameras, config, device
        )
        noise_scale = config.noise_scale
        if noise_scale is None:
            noise_scale = getattr(checkpoint, "inference_noise_scale", 1.0)
        rtc = real_time_chunking(config.rtc, engine, processors, config.units_per_rad)
        policy = Pi0Policy(engine, processors, description, config, noise_scale, rtc)
        policy.warm_up(_blank_observation(description))
    return policy


def _blank_observation(description: PolicyDescription) -> Observation:
    """Only to warm up with: what the policy says to it is thrown away."""
    picture = np.zeros((*description.image_shape, 3), dtype=np.uint8)
    return Observation(
        stamp_ns=0,
        images=dict.fromkeys(description.cameras, picture),
        positions=np.zeros(description.joints),
        instruction="warm up",
    )
