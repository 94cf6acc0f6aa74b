"""Parameters of the policy node."""

from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.ros.chunk_parameters import CHUNKS
from pi0_ros.ros.fault_parameter import POLICY_FAULTS, fault_parameter
from pi0_ros.ros.parameter import CAMERA, Parameter, Range
from pi0_ros.ros.remote_parameters import REMOTE
from pi0_ros.ros.shared_parameters import (
    AUTOSTART,
    CAMERA_NAMES,
    CAMERA_TRANSPORT,
    JOINT_MAX_AGE,
    JOINT_NAMES,
    TRANSPORTS,
)

_OBSERVATION = ObservationConfig(cameras=("main",), joint_names=("joint_1",))

POLICY = (
    Parameter(
        "mode",
        "string",
        "real",
        "Which kind of checkpoint is expected: yours, or the package's small demo checkpoint. "
        "The other kind is refused.",
        choices=("real", "demo"),
    ),
    Parameter(
        "policy_path",
        "string",
        "",
        "Folder of a LeRobot checkpoint, or ws://HOST:PORT of a policy server. Empty in mode demo: "
        "the checkpoint of the package.",
    ),
    Parameter(
        "device",
        "string",
        "auto",
        "What the policy runs on: auto (CUDA where there is one), cpu, cuda or cuda:<index>.",
    ),
    Parameter(
        "engine",
        "string",
        "fast",
        "What computes chunks: fast, the package's own engine with the same weights and results, "
        "or lerobot, LeRobot's model.",
        choices=("fast", "lerobot"),
    ),
    Parameter(
        "precision",
        "string",
        "",
        "Of the model's weights and products. Empty: as the checkpoint says.",
        choices=("", "float32", "bfloat16"),
    ),
    Parameter(
        "vision_precision",
        "string",
        "float32",
        "Of the vision tower; LeRobot's is float32 always, so bfloat16 goes with engine fast only.",
        choices=("float32", "bfloat16"),
    ),
    Parameter(
        "quantization",
        "string",
        "none",
        "Of the weights: int8 keeps the language model's and the action expert's matrices in half "
        "of the memory of bfloat16, is slower, and gives other chunks; look at them before an arm "
        "does. Engine fast only.",
        choices=("none", "int8"),
    ),
    CAMERA_NAMES,
    CAMERA_TRANSPORT,
    Parameter(
        f"cameras.{CAMERA}.transport",
        "string",
        "",
        "As camera_transport, for this camera. Empty: as camera_transport.",
        choices=("", *TRANSPORTS),
    ),
    Parameter(
        f"cameras.{CAMERA}.feature",
        "string",
        "",
        "Input feature of the checkpoint that this camera feeds; for a policy server, the key of "
        "its picture in the message. Empty: observation.images.<camera>, for a server "
        "observation/<camera>.",
    ),
    Parameter(
        "image_width",
        "int",
        _OBSERVATION.image_shape[1],
        "Width of every picture; others are refused.",
        unit="px",
        range=Range(1, 8192),
    ),
    Parameter(
        "image_height",
        "int",
        _OBSERVATION.image_shape[0],
        "Height of every picture; others are refused.",
        unit="px",
        range=Range(1, 8192),
    ),
    Parameter(
        "camera_max_age",
        "double",
        _OBSERVATION.camera_max_age_s,
        "A picture older than this is stale, and no chunk is computed.",
        unit="s",
        range=Range(0.001, 60.0),
    ),
    Parameter(
        "camera_frozen_after",
        "double",
        _OBSERVATION.camera_frozen_after_s,
        "A camera that shows the very same picture while the arm moves for so long is frozen, and "
        "the controller is told to latch; 0 for cameras that may see nothing of the arm.",
        unit="s",
        range=Range(0.0, 60.0),
    ),
    JOINT_NAMES,
    JOINT_MAX_AGE,
    Parameter(
        "instruction",
        "string",
        "",
        "The task until one comes on the topic instruction. Empty: wait for the topic.",
    ),
    Parameter(
        "action_rate",
        "double",
        30.0,
        "Rate at which the policy was trained: the rows of a chunk are 1/action_rate apart.",
        unit="Hz",
        range=Range(0.1, 1000.0),
    ),
    Parameter(
        "inference_rate",
        "double",
        8.0,
        "Chunks wanted per second; fewer where the policy or the pictures are slower.",
        unit="Hz",
        range=Range(0.01, 200.0),
    ),
    Parameter(
        "inference_timeout",
        "double",
        10.0,
        "An inference longer than this hangs, and the process ends with status 1.",
        unit="s",
        range=Range(0.1, 3600.0),
    ),
    Parameter(
        "policy_units",
        "string",
        "rad",
        "Unit of the checkpoint's state and action. Joint positions outside are always rad.",
        choices=("rad", "deg"),
    ),
    Parameter(
        "allow_image_resize",
        "bool",
        False,
        "Feed pictures of another size than the checkpoint was trained with.",
    ),
    Parameter(
        "tokenizer_path",
        "string",
        "",
        "Folder of the tokenizer, with SmolVLA of all that describes its language model. Empty: "
        "the folder `tokenizer` in the checkpoint.",
    ),
    Parameter(
        "threads",
        "int",
        1,
        "Threads of torch on the CPU; 0 leaves torch's own choice.",
        range=Range(0, 1024),
    ),
    Parameter(
        "inference_steps",
        "int",
        0,
        "Denoising steps per chunk; 0: as the checkpoint says.",
        range=Range(0, 1000),
    ),
    Parameter(
        "noise_scale",
        "double",
        -1.0,
        "Standard deviation of the noise that each chunk starts from: 1 as Pi0 is trained, 0 for "
        "a chunk that depends on the observation alone; -1: as the checkpoint says.",
        range=Range(-1.0, 10.0),
    ),
    Parameter(
        "noise_seed",
        "int",
        -1,
        "Draws the same noise for every chunk; -1: draws it anew.",
        range=Range(-1, 2**31 - 1),
    ),
    *REMOTE,
    *CHUNKS,
    Parameter(
        "status_rate",
        "double",
        2.0,
        "How often pi0_policy/status is published when nothing changes.",
        unit="Hz",
        range=Range(1.0, 50.0),
    ),
    AUTOSTART,
)

# What the scripted policy has beside these.
STUB_POLICY = (fault_parameter(POLICY_FAULTS),)
