"""Parameters of the simulation."""

from pi0_ros.ros.arm_parameters import (
    CAMERA_RATE,
    COMMAND_PERIOD,
    INITIAL_POSITIONS,
    INTERPOLATE_FROM_DESIRED_STATE,
    JPEG_QUALITY,
    STATE_RATE,
)
from pi0_ros.ros.parameter import Parameter, Range
from pi0_ros.ros.shared_parameters import (
    CAMERA_NAMES,
    CAMERA_TRANSPORT,
    JOINT_NAMES,
    joint_limits,
)

SIM = (
    JOINT_NAMES,
    *joint_limits(read_only=True),
    INITIAL_POSITIONS,
    STATE_RATE,
    COMMAND_PERIOD,
    INTERPOLATE_FROM_DESIRED_STATE,
    CAMERA_NAMES,
    CAMERA_TRANSPORT,
    CAMERA_RATE,
    JPEG_QUALITY,
    Parameter(
        "renderer",
        "string",
        "builtin",
        "What draws the pictures: builtin (OpenCV, needs nothing) or mujoco (MuJoCo's own, needs "
        "GL without a screen and the variable MUJOCO_GL=egl or osmesa).",
        choices=("builtin", "mujoco"),
    ),
    Parameter(
        "seed",
        "int",
        0,
        "What the first scene is drawn from; sim/reset_scene puts others.",
        range=Range(0, 2**63 - 1),
    ),
    Parameter(
        "publish_clock",
        "bool",
        False,
        "Publish simulated time on /clock; all other nodes then run with use_sim_time. Otherwise "
        "simulated time is the wall clock's.",
    ),
    Parameter(
        "real_time_factor",
        "double",
        1.0,
        "Simulated seconds per second; other than 1 only with publish_clock. Where the machine is "
        "too slow for it, simulated time falls behind.",
        unit="1",
        range=Range(0.1, 10.0),
    ),
)
