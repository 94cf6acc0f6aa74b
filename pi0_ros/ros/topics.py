"""Every topic and service, as data: nodes make them from here, documents are checked with it.

Names are relative, so that a namespace makes a second arm; they are changed by remapping only.
"""

from dataclasses import dataclass, replace
from typing import Literal

from pi0_ros.ros.parameter import CAMERA
from pi0_ros.ros.qos import LATCHED, NEWEST, RELIABLE, SENSOR_DATA, STATES_IN, STATUS, Qos


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        name: `<camera>` in it stands for each of `camera_names`.
        type: "<package>/msg/<Type>".
        publishers, subscribers: nodes of this package; others may join.
        published, subscribed: quality of service on each side.
        sim: what the node `sim`, which runs in place of both mocks, does with it.
    """

    name: str
    type: str
    publishers: tuple[str, ...]
    subscribers: tuple[str, ...]
    published: Qos
    subscribed: Qos
    description: str
    sim: Literal["", "publishes", "subscribes"] = ""

    def of_camera(self, camera: str) -> "Topic":
        return replace(self, name=self.name.replace(CAMERA, camera))


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `type` is "<package>/srv/<Type>", `server` the node that answers."""

    name: str
    type: str
    server: str
    description: str


CAMERA_RAW = Topic(
    f"camera/{CAMERA}/image_raw",
    "sensor_msgs/msg/Image",
    publishers=("mock_cameras",),
    subscribers=("pi0_policy",),
    published=SENSOR_DATA,
    subscribed=SENSOR_DATA,
    description="Pictures, where the camera's transport is raw.",
    sim="publishes",
)
CAMERA_COMPRESSED = Topic(
    f"camera/{CAMERA}/image_raw/compressed",
    "sensor_msgs/msg/CompressedImage",
    publishers=("mock_cameras",),
    subscribers=("pi0_policy",),
    published=SENSOR_DATA,
    subscribed=SENSOR_DATA,
    description="Pictures as JPEG or PNG, where the camera's transport is compressed.",
    sim="publishes",
)


def camera_topic(camera: str, transport: str) -> Topic:
    """Where pictures of `camera` come by `transport`, "raw" or "compressed"."""
    topic = CAMERA_COMPRESSED if transport == "compressed" else CAMERA_RAW
    return topic.of_camera(camera)


JOINT_STATES = Topic(
    "joint_states",
    "sensor_msgs/msg/JointState",
    publishers=("mock_arm",),
    subscribers=("pi0_policy", "pi0_controller", "mock_cameras"),
    published=RELIABLE,
    subscribed=STATES_IN,
    description="Measured joint positions.",
    sim="publishes",
)
ROBOT_DESCRIPTION = Topic(
    "robot_description",
    "std_msgs/msg/String",
    publishers=(),
    subscribers=("pi0_controller",),
    published=LATCHED,
    subscribed=LATCHED,
    description="The URDF with joint limits, where use_robot_description is true.",
)
INSTRUCTION = Topic(
    "instruction",
    "std_msgs/msg/String",
    publishers=(),
    subscribers=("pi0_policy",),
    published=RELIABLE,
    subscribed=RELIABLE,
    description="What the arm is to do, in words.",
)
ACTION_CHUNK = Topic(
    "action_chunk",
    "pi0_ros/msg/ActionChunk",
    publishers=("pi0_policy",),
    subscribers=("pi0_controller",),
    published=NEWEST,
    subscribed=NEWEST,
    description="The policy's next piece of motion.",
)
ESTOP = Topic(
    "pi0_controller/estop",
    "std_msgs/msg/Bool",
    publishers=(),
    subscribers=("pi0_controller",),
    published=RELIABLE,
    # Deep enough that a false right behind a true does not replace it.
    subscribed=RELIABLE,
    description="true brakes and latches at once; reset is refused until false came.",
)
JOINT_TRAJECTORY = Topic(
    "joint_trajectory_controller/joint_trajectory",
    "trajectory_msgs/msg/JointTrajectory",
    publishers=("pi0_controller",),
    subscribers=("mock_arm",),
    published=NEWEST,
    subscribed=NEWEST,
    description="Commands, where command_interface is joint_trajectory.",
    sim="subscribes",
)
POSITION_COMMANDS = Topic(
    "forward_position_controller/commands",
    "std_msgs/msg/Float64MultiArray",
    publishers=("pi0_controller",),
    subscribers=("mock_arm",),
    published=NEWEST,
    subscribed=NEWEST,
    description="Commands, where command_interface is forward_position.",
    sim="subscribes",
)
POLICY_STATUS = Topic(
    "pi0_policy/status",
    "pi0_ros/msg/PolicyStatus",
    publishers=("pi0_policy",),
    subscribers=("pi0_controller",),
    published=LATCHED,
    subscribed=STATUS,
    description="What the policy is doing, and why not more; the controller obeys its demand.",
)
SAFETY_REPORT = Topic(
    "pi0_controller/safety",
    "pi0_ros/msg/SafetyReport",
    publishers=("pi0_controller",),
    subscribers=(),
    published=RELIABLE,
    subscribed=RELIABLE,
    description="What was sent to the arm and what the limiter changed.",
)
DIAGNOSTICS = Topic(
    "/diagnostics",
    "diagnostic_msgs/msg/DiagnosticArray",
    publishers=("pi0_policy", "pi0_controller", "mock_arm"),
    subscribers=(),
    published=RELIABLE,
    subscribed=RELIABLE,
    description="The same in the form that ROS tools collect.",
    sim="publishes",
)
INJECTED_FAULTS = Topic(
    "injected_faults",
    "pi0_ros/msg/InjectedFault",
    publishers=("mock_arm", "mock_cameras"),
    subscribers=(),
    published=RELIABLE,
    subscribed=RELIABLE,
    description="A mock begins or ends to misbehave on purpose; see its parameter fault.",
)
CAMERA_INFO = Topic(
    f"camera/{CAMERA}/camera_info",
    "sensor_msgs/msg/CameraInfo",
    publishers=(),
    subscribers=(),
    published=SENSOR_DATA,
    subscribed=SENSOR_DATA,
    description="The simulated camera, an ideal one; stamped like its picture.",
    sim="publishes",
)
SCENE_TRUTH = Topic(
    "sim/scene_truth",
    "pi0_ros/msg/SceneTruth",
    publishers=(),
    subscribers=(),
    published=LATCHED,
    subscribed=LATCHED,
    description="What is true in the simulation, for judging a policy.",
    sim="publishes",
)
CLOCK = Topic(
    "/clock",
    "rosgraph_msgs/msg/Clock",
    publishers=(),
    subscribers=(),
    published=NEWEST,
    subscribed=NEWEST,
    description="Simulated time, where publish_clock is true.",
    sim="publishes",
)

TOPICS = (
    CAMERA_RAW,
    CAMERA_COMPRESSED,
    JOINT_STATES,
    ROBOT_DESCRIPTION,
    INSTRUCTION,
    ACTION_CHUNK,
    ESTOP,
    JOINT_TRAJECTORY,
    POSITION_COMMANDS,
    POLICY_STATUS,
    SAFETY_REPORT,
    DIAGNOSTICS,
    INJECTED_FAULTS,
    CAMERA_INFO,
    SCENE_TRUTH,
    CLOCK,
)

HOLD = Service(
    "pi0_controller/hold",
    "std_srvs/srv/Trigger",
    "pi0_controller",
    "Brake within limits and stay until reset.",
)
RESET = Service(
    "pi0_controller/reset",
    "std_srvs/srv/Trigger",
    "pi0_controller",
    "Leave a latched hold, at rest; motion goes on with the next chunk.",
)
RECORD_START = Service(
    "pi0_record/start",
    "std_srvs/srv/Trigger",
    "pi0_record",
    "Begin an episode with the next whole frame.",
)
RECORD_STOP = Service(
    "pi0_record/stop",
    "std_srvs/srv/Trigger",
    "pi0_record",
    "Save the episode.",
)
RECORD_DISCARD = Service(
    "pi0_record/discard",
    "std_srvs/srv/Trigger",
    "pi0_record",
    "Forget the episode under way.",
)
RESET_SCENE = Service(
    "sim/reset_scene",
    "pi0_ros/srv/ResetScene",
    "sim",
    "Put the blocks of the simulation anew, drawn from a seed; the arm stays where it is.",
)
SERVICES = (HOLD, RESET, RECORD_START, RECORD_STOP, RECORD_DISCARD, RESET_SCENE)
