"""Parameters that several nodes have."""

from pi0_ros.ros.parameter import JOINT, Parameter, Range

TRANSPORTS = ("raw", "compressed")

JOINT_NAMES = Parameter(
    "joint_names",
    "string[]",
    ("joint_1", "joint_2", "joint_3", "joint_4", "joint_5", "joint_6"),
    "The arm's joints, in the order of the policy's state and action. Messages are mapped by name.",
)
JOINT_MAX_AGE = Parameter(
    "joint_max_age",
    "double",
    0.08,
    "Joint states older than this are stale.",
    unit="s",
    range=Range(0.001, 60.0),
)
AUTOSTART = Parameter(
    "autostart",
    "bool",
    False,
    "Configure and activate without being told to; a failed configuration then ends the process.",
)
REALTIME_PRIORITY = Parameter(
    "realtime_priority",
    "int",
    1,
    "Scheduling priority of the process (SCHED_FIFO, 1 to 99), where the system permits it; 0: "
    "none. Without it, ticks come late on a busy machine.",
    range=Range(0, 99),
)
CAMERA_NAMES = Parameter(
    "camera_names",
    "string[]",
    ("main", "side", "top"),
    "Cameras; pictures of each are on camera/<camera>/image_raw.",
)
CAMERA_TRANSPORT = Parameter(
    "camera_transport",
    "string",
    "raw",
    "How pictures travel: sensor_msgs/Image on image_raw, or sensor_msgs/CompressedImage on "
    "image_raw/compressed.",
    choices=TRANSPORTS,
)


_SWITCH = "Must be true: no joint moves without a limit of its {kind}."
_SWITCH_WITH_URDF = "Must be true unless a URDF gives these limits; false leaves them to it."


_JERK = (
    Parameter(
        f"joint_limits.{JOINT}.has_jerk_limits",
        "bool",
        None,
        "Where true, max_jerk is kept; otherwise jerk is not limited.",
        optional=True,
    ),
    Parameter(
        f"joint_limits.{JOINT}.max_jerk",
        "double",
        None,
        "Largest jerk, above 0. All joints then run behind the plan by max_acceleration / "
        "max_jerk, of the joint for which that is longest, and come to rest twice as much later.",
        unit="rad/s3",
        optional=True,
    ),
)


def joint_limits(read_only: bool, urdf: bool = False, jerk: bool = False) -> tuple[Parameter, ...]:
    """
    Args:
        urdf: whether the node can have what is left out from a URDF, which has no acceleration.
        jerk: whether the node keeps limits of the jerk.
    """
    rows: tuple[tuple[str, str, str], ...] = (
        ("position", "min_position", "Lower position limit."),
        ("position", "max_position", "Upper position limit."),
        ("velocity", "max_velocity", "Largest speed, above 0."),
        ("acceleration", "max_acceleration", "Largest acceleration, above 0."),
    )
    in_urdf = ("position", "velocity")
    or_urdf = " Required unless a URDF gives it."
    units = {"position": "rad", "velocity": "rad/s", "acceleration": "rad/s2"}
    switches = tuple(
        Parameter(
            f"joint_limits.{JOINT}.has_{kind}_limits",
            "bool",
            None,
            _SWITCH_WITH_URDF if urdf and kind in in_urdf else _SWITCH.format(kind=kind),
            optional=urdf and kind in in_urdf,
        )
        for kind in units
    )
    numbers = tuple(
        Parameter(
            f"joint_limits.{JOINT}.{key}",
            "double",
            None,
            text
            + (or_urdf if urdf and kind in in_urdf else "")
            + ("" if read_only else " At run time it can only be tightened, at rest."),
            unit=units[kind],
            read_only=read_only,
            optional=urdf and kind in in_urdf,
        )
        for kind, key, text in rows
    )
    return switches + numbers + (_JERK if jerk else ())


# Keys of the same form that MoveIt and ros2_control know; nothing enforces them in a node that does
# not declare them.
IGNORED_LIMIT_KEYS = (
    "has_jerk_limits",
    "max_jerk",
    "has_deceleration_limits",
    "max_deceleration",
    "has_effort_limits",
    "max_effort",
    "has_soft_limits",
    "k_position",
    "k_velocity",
    "soft_lower_limit",
    "soft_upper_limit",
    "angle_wraparound",
)
