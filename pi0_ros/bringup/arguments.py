"""The arguments of the bring-ups."""

from pi0_ros.bringup.description import FROM_PARAMS_FILE, Argument

SWITCH = ("true", "false")

POLICY_PATH = Argument(
    "policy_path",
    "Folder of a LeRobot checkpoint, or ws://HOST:PORT of a policy server. Empty in mode demo: the "
    "small demo checkpoint of the package.",
    default="",
)
MODE = Argument(
    "mode",
    "real: a checkpoint of yours, an error without one. demo: the small demo checkpoint, which "
    "knows the demo arm only; every status message says so.",
    default="real",
    choices=("real", "demo"),
)
PARAMS_FILE = Argument(
    "params_file",
    "The robot's parameter file (joint names, limits, rates): a path, or the name of a file in "
    "the package's config/ such as ur5e.yaml.",
)
COMMON = (
    Argument(
        "namespace",
        "Namespace of all nodes and topics, such as left or cell_1/left. Empty: none.",
        default="",
    ),
    Argument(
        "remap",
        "Other topic names, separated by blanks: camera/main/image_raw:=/front/image_raw "
        "joint_states:=/ur/joint_states.",
        default="",
    ),
    Argument(
        "use_sim_time",
        "true: time comes from /clock, which something else must publish. false: it is the wall "
        "clock's. Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, *SWITCH),
    ),
    Argument(
        "log_level",
        "How much the nodes log.",
        default="info",
        choices=("debug", "info", "warn", "error", "fatal"),
    ),
    Argument(
        "autostart",
        "true: lifecycle nodes configure and activate themselves. "
        "false: do it with `ros2 lifecycle set`.",
        default="true",
        choices=SWITCH,
    ),
    Argument(
        "security_keystore",
        "Folder of an SROS2 keystore with an enclave for each node: none runs without its keys, or "
        "talks to anybody without keys. Empty: security as the environment has it.",
        default="",
    ),
)
INFERENCE = (
    Argument(
        "device",
        "What the policy runs on: auto (CUDA where there is one), cpu, cuda or cuda:N. "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "engine",
        "What computes chunks: fast (the package's own engine) or lerobot (LeRobot's model). "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "fast", "lerobot"),
    ),
    Argument(
        "rtc",
        "Real-time chunking: off, identity (the cheaper) or jacobian (the published method). "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "off", "identity", "jacobian"),
    ),
    Argument(
        "instruction",
        "The task in words, until another one comes on the topic instruction. "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "inference_rate",
        "Chunks per second, Hz. Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "transport",
        "How pictures travel: raw (sensor_msgs/Image on camera/<name>/image_raw) or compressed "
        "(sensor_msgs/CompressedImage on …/image_raw/compressed). Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "raw", "compressed"),
    ),
)
CONTROL = (
    Argument(
        "command_interface",
        "What the arm takes: joint_trajectory (trajectory_msgs/JointTrajectory for a "
        "joint_trajectory_controller) or forward_position (std_msgs/Float64MultiArray for a "
        "forward_command_controller). Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "joint_trajectory", "forward_position"),
    ),
    Argument(
        "speed_scale",
        "How fast chunks are played, from 0.01 to 1: 0.2 for a first run. It can be changed while "
        "it runs, with `ros2 param set`. Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "dry_run",
        "true: decide and report everything and send nothing to the arm. Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, *SWITCH),
    ),
)
SIMULATION = (
    Argument(
        "renderer",
        "What draws the pictures: builtin (needs nothing) or mujoco (needs GL, and MUJOCO_GL=egl "
        "or osmesa in the environment). Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "builtin", "mujoco"),
    ),
    Argument(
        "seed",
        "What the first scene is drawn from; the service sim/reset_scene puts others. "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "real_time_factor",
        "Simulated seconds per second, from 0.1 to 10; other than 1 only with use_sim_time. "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
)
