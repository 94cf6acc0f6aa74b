"""Parameters of the controller and of the mocked arm and cameras."""

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.manager_answers import CONTROLLER_MANAGER
from pi0_ros.ros.fault_parameter import ARM_FAULTS, CAMERA_FAULTS, fault_parameter
from pi0_ros.ros.parameter import Parameter, Range
from pi0_ros.ros.shared_parameters import (
    AUTOSTART,
    CAMERA_NAMES,
    CAMERA_TRANSPORT,
    JOINT_MAX_AGE,
    JOINT_NAMES,
    REALTIME_PRIORITY,
    joint_limits,
)

_CONTROL = ControlConfig()

CONTROLLER = (
    JOINT_NAMES,
    *joint_limits(read_only=False, urdf=True, jerk=True),
    Parameter(
        "urdf_file",
        "string",
        "",
        "Absolute path of a URDF whose limits hold beside joint_limits: the tighter of each number "
        "wins. Xacro has to be expanded before. Empty: none.",
    ),
    Parameter(
        "use_robot_description",
        "bool",
        False,
        "Take the URDF from the topic robot_description, which robot_state_publisher publishes; "
        "the configuration fails when none comes within 5 s. Not together with urdf_file.",
    ),
    Parameter(
        "control_rate",
        "double",
        _CONTROL.control_rate_hz,
        "Commands per second.",
        unit="Hz",
        range=Range(1.0, 1000.0),
    ),
    Parameter(
        "command_interface",
        "string",
        _CONTROL.command_interface,
        "What the arm takes: trajectory_msgs/JointTrajectory for a joint_trajectory_controller, "
        "or std_msgs/Float64MultiArray for a forward_command_controller.",
        choices=("joint_trajectory", "forward_position"),
    ),
    Parameter(
        CONTROLLER_MANAGER,
        "string",
        CONTROLLER_MANAGER,
        "The node of ros2_control that is asked whether the arm's controller is active; beside "
        "that controller unless the name begins with a slash. Where it says no, the arm is not "
        "moved; where there is none, the controller is believed to follow.",
    ),
    Parameter(
        "interpolate_from_desired_state",
        "bool",
        _CONTROL.interpolate_from_desired_state,
        "What the parameter of that name of the arm's joint_trajectory_controller is (its own "
        "default is false). The limits hold with either; where that controller can be asked and "
        "says otherwise, this one does not move the arm.",
    ),
    Parameter(
        "lead_ticks",
        "int",
        _CONTROL.lead_ticks,
        "Ticks ahead of now that a new message no longer changes, so that one that comes late by "
        "less than this changes nothing already played. Unused with forward_position.",
        unit="ticks",
        range=Range(1, 50),
    ),
    Parameter(
        "lookahead_ticks",
        "int",
        _CONTROL.lookahead_ticks,
        "Ticks planned beyond the lead before the braking begins: so many ticks may be missed "
        "before the arm starts to brake.",
        unit="ticks",
        range=Range(1, 50),
    ),
    JOINT_MAX_AGE,
    Parameter(
        "tracking_tolerance",
        "double",
        _CONTROL.tracking_tolerance_rad,
        "Largest distance between where a joint was sent and where it is; more latches a hold.",
        unit="rad",
        range=Range(0.001, 10.0),
    ),
    Parameter(
        "max_start_distance",
        "double",
        _CONTROL.max_start_distance_rad,
        "Largest distance between a chunk's due row and the plan; chunks farther off are rejected.",
        unit="rad",
        range=Range(0.001, 10.0),
    ),
    Parameter(
        "rest_speed",
        "double",
        _CONTROL.rest_speed_rad_s,
        "A joint slower than this is at rest; the arm is taken over only at rest.",
        unit="rad/s",
        range=Range(0.0001, 10.0),
    ),
    Parameter(
        "blend",
        "double",
        _CONTROL.blend_s,
        "Time in which the difference between an old and a new chunk fades out.",
        unit="s",
        range=Range(0.0, 10.0),
    ),
    Parameter(
        "path_tolerance",
        "double",
        _CONTROL.path_tolerance_rad,
        "How far a chunk's rows may be moved to take out jitter that would otherwise slow the "
        "whole chunk down; 0 plays the rows as they are.",
        unit="rad",
        range=Range(0.0, 0.1),
    ),
    Parameter(
        "speed_scale",
        "double",
        _CONTROL.speed_scale,
        "How fast chunks are played: at 0.3 the same path takes 1 / 0.3 the time, and the velocity "
        "limits are 0.3 of what joint_limits says. At run time it changes smoothly, in motion too.",
        unit="1",
        range=Range(0.01, 1.0),
        read_only=False,
    ),
    Parameter(
        "dry_run",
        "bool",
        _CONTROL.dry_run,
        "Decide and report everything and send nothing: there is no publisher to the arm, which "
        "something else may drive. Each chunk is planned from where the arm is measured.",
    ),
    Parameter(
        "divergence_after",
        "double",
        _CONTROL.divergence_after_s,
        "In a dry run, how long after its observation a chunk is compared with where the arm is "
        "then. Longer than chunks take to come, and not longer than they are.",
        unit="s",
        range=Range(0.01, 10.0),
    ),
    Parameter(
        "report_rate",
        "double",
        10.0,
        "How often pi0_controller/safety is published when nothing changes.",
        unit="Hz",
        range=Range(1.0, 100.0),
    ),
    REALTIME_PRIORITY,
    AUTOSTART,
)

INITIAL_POSITIONS = Parameter(
    "initial_positions",
    "double[]",
    (),
    "Where the joints start, in the order of joint_names. Empty: the demo arm's home.",
    unit="rad",
    range=Range(-1000.0, 1000.0),
)
STATE_RATE = Parameter(
    "state_rate",
    "double",
    100.0,
    "Joint states per second.",
    unit="Hz",
    range=Range(1.0, 1000.0),
)
COMMAND_PERIOD = Parameter(
    "command_period",
    "double",
    0.02,
    "How far apart commands on forward_position_controller/commands are expected; each is "
    "approached linearly in this time.",
    unit="s",
    range=Range(0.001, 1.0),
)
INTERPOLATE_FROM_DESIRED_STATE = Parameter(
    "interpolate_from_desired_state",
    "bool",
    True,
    "Where a trajectory that is still to begin is reached from: the position desired then, or, "
    "where false, the measured one.",
)
CAMERA_RATE = Parameter(
    "camera_rate",
    "double",
    30.0,
    "Pictures per second of each camera.",
    unit="Hz",
    range=Range(0.1, 200.0),
)
JPEG_QUALITY = Parameter(
    "jpeg_quality",
    "int",
    85,
    "Quality of compressed pictures, in per cent.",
    unit="%",
    range=Range(1, 100),
)

MOCK_ARM = (
    JOINT_NAMES,
    *joint_limits(read_only=True),
    INITIAL_POSITIONS,
    STATE_RATE,
    Parameter(
        "time_constant",
        "double",
        0.03,
        "Time constant of the lag with which the joints follow their command.",
        unit="s",
        range=Range(0.001, 10.0),
    ),
    fault_parameter(ARM_FAULTS, "joint"),
    COMMAND_PERIOD,
    INTERPOLATE_FROM_DESIRED_STATE,
    REALTIME_PRIORITY,
)

MOCK_CAMERAS = (
    CAMERA_NAMES,
    CAMERA_TRANSPORT,
    JOINT_NAMES,
    CAMERA_RATE,
    fault_parameter(CAMERA_FAULTS, "camera"),
    JPEG_QUALITY,
)
