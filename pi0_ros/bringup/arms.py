"""The demo arm under ros2_control, with mock hardware or in Gazebo: the processes of each."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pi0_ros.bringup.clock import chosen_clock, clock_in_force
from pi0_ros.bringup.description import Argument, Bringup, NodeSpec
from pi0_ros.bringup.foreign import Ending, ForeignNode, RobotDescription
from pi0_ros.bringup.robot_file import find_robot_file, node_parameters
from pi0_ros.bringup.sets import DEMO, REAL
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.share import share_directory

_SWITCH = ("true", "false")
# s. Until the controller manager answers: Gazebo may have to load a world first.
_MANAGER_DEADLINE = "120"
# command_interface -> the controller that takes it, which is the topic's parent, too.
CONTROLLERS = {
    "joint_trajectory": "joint_trajectory_controller",
    "forward_position": "forward_position_controller",
}
_TF_IN_NAMESPACE = (("/tf", "tf"), ("/tf_static", "tf_static"))
# What config/views/demo_arm.rviz shows.
VIEWED = (
    "robot_description",
    *(f"camera/{name}/image_raw" for name in ("main", "side", "top")),
)
_NEEDED = (
    "xacro",
    "robot_state_publisher",
    "controller_manager",
    "joint_state_broadcaster",
    "joint_trajectory_controller",
    "forward_command_controller",
)

_PI0 = Argument(
    "pi0",
    "true: the policy and its controller as well. false: the arm alone, for a bring-up of yours.",
    default="true",
    choices=_SWITCH,
)
_MOCK_CAMERAS = Argument(
    "mock_cameras",
    "true: pictures of the arm drawn by the package's mock cameras. false: cameras of yours.",
    default="true",
    choices=_SWITCH,
)
_HEADLESS = Argument(
    "headless",
    "true: Gazebo without a window; its cameras need EGL then. false: with its window.",
    default="false",
    choices=_SWITCH,
)
_RVIZ = Argument(
    "rviz",
    "true: RViz with the arm and the three pictures.",
    default="false",
    choices=_SWITCH,
)
_CONTROLLERS_FILE = Argument(
    "controllers_file",
    "Parameters of controller_manager and its controllers: a path. Empty: the package's "
    "config/description/demo_arm_controllers.yaml.",
    default="",
)
# None of these reaches processes of other packages, so that they would do half of what they say.
_OURS_ALONE = ("remap", "security_keystore")


@dataclass(frozen=True, slots=True)
class ArmBringup:
    """An arm out of other packages' processes, and what of ours goes with it.

    Attributes:
        bringup: name, arguments and our processes.
        requires: packages that have to be installed.
        foreign: checked argument values -> processes of other packages.
        gazebo: checked argument values -> command line for `gz sim`; None for no Gazebo.
    """

    bringup: Bringup
    requires: tuple[str, ...]
    foreign: Callable[[Mapping[str, str]], tuple[ForeignNode, ...]] = field(repr=False)
    gazebo: Callable[[Mapping[str, str]], str] | None = field(default=None, repr=False)


def _ours(values: Mapping[str, str], of: Bringup, wanted: set[str]) -> tuple[NodeSpec, ...]:
    taken = {argument.name for argument in of.arguments}
    nodes = of.nodes({name: value for name, value in values.items() if name in taken})
    return tuple(node for node in nodes if node.name in wanted)


def _pi0(values: Mapping[str, str]) -> set[str]:
    return {"pi0_policy", "pi0_controller"} if values["pi0"] == "true" else set()


def _with_mock_hardware(values: Mapping[str, str]) -> tuple[NodeSpec, ...]:
    cameras = {"mock_cameras"} if values["mock_cameras"] == "true" else set()
    return _ours(values, DEMO, _pi0(values) | cameras)


def _in_gazebo(values: Mapping[str, str]) -> tuple[NodeSpec, ...]:
    return _ours({**values, "use_sim_time": "true"}, REAL, _pi0(values))


def _folder() -> Path:
    return share_directory() / "config" / "description"


def _namespace(values: Mapping[str, str]) -> str:
    return values["namespace"].strip("/")


def _pi0_controller(values: Mapping[str, str]) -> str:
    """The full name of ours."""
    namespace = _namespace(values)
    return f"/{namespace}/pi0_controller" if namespace else "/pi0_controller"


def _controllers_file(values: Mapping[str, str]) -> Path:
    given = values["controllers_file"]
    if not given:
        return _folder() / "demo_arm_controllers.yaml"
    path = Path(given).expanduser().absolute()
    if not path.is_file():
        raise ConfigurationError(f"controllers_file: no file {path}")
    return path


def _active_controller(values: Mapping[str, str]) -> str:
    chosen = values["command_interface"]
    if not chosen:
        said = node_parameters(find_robot_file(values["params_file"]), _pi0_controller(values))
        chosen = str(said.get("command_interface", "joint_trajectory"))
    if chosen not in CONTROLLERS:
        raise ConfigurationError(
            f"params_file: command_interface is {chosen!r}, expected one of "
            f"{', '.join(CONTROLLERS)}"
        )
    return CONTROLLERS[chosen]


def _state_publisher(values: Mapping[str, str], hardware: str, sim_time: bool) -> ForeignNode:
    arguments = {"hardware": hardware}
    if hardware == "gazebo":
        arguments["controllers"] = str(_controllers_file(values))
        arguments["namespace"] = _namespace(values)
    return ForeignNode(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        name="robot_state_publisher",
        namespace=_namespace(values),
        parameters={"use_sim_time": sim_time},
        description=RobotDescription(_folder() / "demo_arm.urdf.xacro", arguments),
        remappings=_TF_IN_NAMESPACE,
    )


def _spawners(values: Mapping[str, str]) -> tuple[ForeignNode, ForeignNode]:
    active = _active_controller(values)
    (idle,) = set(CONTROLLERS.values()) - {active}

    def spawner(*arguments: str) -> ForeignNode:
        return ForeignNode(
            package="controller_manager",
            executable="spawner",
            namespace=_namespace(values),
            arguments=(
                *arguments,
                *("--controller-manager-timeout", _MANAGER_DEADLINE),
                *("--param-file", str(_controllers_file(values))),
            ),
            ending=Ending.FATAL_IF_FAILED,
        )

    return spawner("joint_state_broadcaster", active), spawner(idle, "--inactive")


def _rviz(values: Mapping[str, str], sim_time: bool) -> tuple[ForeignNode, ...]:
    if values["rviz"] != "true":
        return ()
    return (
        ForeignNode(
            package="rviz2",
            executable="rviz2",
            name="rviz2",
            namespace=_namespace(values),
            arguments=("-d", str(share_directory() / "config" / "views" / "demo_arm.rviz")),
            parameters={"use_sim_time": sim_time},
            remappings=(*_TF_IN_NAMESPACE, *((f"/{topic}", topic) for topic in VIEWED)),
            ending=Ending.HARMLESS,
        ),
    )


def _mock_hardware(values: Mapping[str, str]) -> tuple[ForeignNode, ...]:
    file = find_robot_file(values["params_file"])
    # As ours do, be they started or not.
    sim_time = clock_in_force(chosen_clock(values), file, _pi0_controller(values))
    return (
        _state_publisher(values, "mock", sim_time),
        # Without a name: it would pass one on to its controllers.
        ForeignNode(
            package="controller_manager",
            executable="ros2_control_node",
            namespace=_namespace(values),
            params_files=(_controllers_file(values),),
            parameters={"use_sim_time": sim_time},
        ),
        *_spawners(values),
        *_rviz(values, sim_time),
    )


def _gazebo_processes(values: Mapping[str, str]) -> tuple[ForeignNode, ...]:
    return (
        _state_publisher(values, "gazebo", sim_time=True),
        ForeignNode(
            package="ros_gz_sim",
            executable="create",
            namespace=_namespace(values),
            arguments=(
                *("-world", "demo_world"),
                *("-topic", "robot_description"),
                *("-name", "demo_arm"),
            ),
            ending=Ending.FATAL_IF_FAILED,
        ),
        ForeignNode(
            package="ros_gz_bridge",
            executable="parameter_bridge",
            name="gazebo_bridge",
            namespace=_namespace(values),
            parameters={
                "config_file": str(_folder() / "demo_bridge.yaml"),
                "use_sim_time": True,
            },
        ),
        *_spawners(values),
        *_rviz(values, sim_time=True),
    )


def _gazebo_command(values: Mapping[str, str]) -> str:
    # It goes through a shell.
    world = shlex.quote(str(_folder() / "demo_world.sdf"))
    window = "-s --headless-rendering " if values["headless"] == "true" else ""
    return f"-r -v 2 {window}{world}"


def _without(arguments: tuple[Argument, ...], *names: str) -> tuple[Argument, ...]:
    return tuple(argument for argument in arguments if argument.name not in names)


ROS2_CONTROL = ArmBringup(
    Bringup(
        name="ros2_control",
        description="Pi0 drives the demo arm under ros2_control with mock hardware.",
        arguments=(
            _PI0,
            _MOCK_CAMERAS,
            _RVIZ,
            _CONTROLLERS_FILE,
            *_without(DEMO.arguments, *_OURS_ALONE),
        ),
        build=_with_mock_hardware,
    ),
    requires=_NEEDED,
    foreign=_mock_hardware,
)
GAZEBO = ArmBringup(
    Bringup(
        name="gazebo",
        description="Pi0 drives the demo arm in Gazebo, cameras included.",
        arguments=(
            _PI0,
            _HEADLESS,
            _RVIZ,
            _CONTROLLERS_FILE,
            # Time and pictures are Gazebo's.
            *_without(DEMO.arguments, *_OURS_ALONE, "use_sim_time", "transport"),
        ),
        build=_in_gazebo,
    ),
    requires=(*_NEEDED, "ros_gz_sim", "ros_gz_bridge", "gz_ros2_control"),
    foreign=_gazebo_processes,
    gazebo=_gazebo_command,
)
ARM_BRINGUPS = (ROS2_CONTROL, GAZEBO)
