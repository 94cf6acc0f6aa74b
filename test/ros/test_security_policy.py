"""What the running nodes make in the graph is what the SROS2 policy allows them."""

from typing import Any

from bringup.security_policy import document, permissions

from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.policy import PolicyNode

# Made where a parameter asks for it: the other transport and interface, a URDF, simulated time; or
# where the messages for it are installed.
BY_PARAMETER = {
    *(("subscribe", f"/camera/{name}/image_raw/compressed") for name in ("main", "side", "top")),
    ("subscribe", "/robot_description"),
    ("subscribe", "/clock"),
    ("publish", "/forward_position_controller/commands"),
    ("request", "/controller_manager/list_controllers"),
}


def made(helper: Any, node: str) -> set[tuple[str, str]]:
    """What discovery says of a node, as permissions."""
    kinds = {
        "publish": helper.get_publisher_names_and_types_by_node,
        "subscribe": helper.get_subscriber_names_and_types_by_node,
        "reply": helper.get_service_names_and_types_by_node,
        "request": helper.get_client_names_and_types_by_node,
    }
    return {(kind, name) for kind, ask in kinds.items() for name, _ in ask(node, "/")}


def test_the_graph_is_the_policy(world: Any, limits: dict[str, Any], stub: Any) -> None:
    cameras = {"camera_names": ["main", "side", "top"]}
    world.start(PolicyNode, {**cameras, "policy_path": "/stub"}, load=lambda config: stub)
    world.start(ControllerNode, limits)
    for node in world.nodes:
        node.trigger_configure()
    allowed = permissions(document())
    for node in ("pi0_policy", "pi0_controller"):
        wanted = allowed[f"/{node}"] - BY_PARAMETER
        world.until(
            lambda node=node, wanted=wanted: made(world.helper, node) >= wanted,
            f"everything that {node} may make",
        )
        assert made(world.helper, node) - allowed[f"/{node}"] == set()
