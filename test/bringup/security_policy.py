"""The SROS2 policy as data: who may do what with which full name."""

from xml.etree import ElementTree

from pi0_ros.bringup.security import POLICY_FILE
from pi0_ros.share import share_directory

# (what is done: publish, subscribe, reply or request; full name of the topic or service)
Permission = tuple[str, str]

# What rclpy makes for every lifecycle node, by kind.
LIFECYCLE_NODE = {
    ("subscribe", "/clock"),
    ("publish", "/rosout"),
    ("publish", "/parameter_events"),
    ("publish", "~/transition_event"),
    *(
        ("reply", f"~/{name}")
        for name in (
            "change_state",
            "get_state",
            "get_available_states",
            "get_available_transitions",
            "get_transition_graph",
            "describe_parameters",
            "get_parameter_types",
            "get_parameters",
            "list_parameters",
            "set_parameters",
            "set_parameters_atomically",
            "get_type_description",
        )
    ),
}


def document() -> ElementTree.Element:
    return ElementTree.parse(share_directory() / POLICY_FILE).getroot()


def permissions(policy: ElementTree.Element) -> dict[str, set[Permission]]:
    """Enclave -> what it allows."""
    found: dict[str, set[Permission]] = {}
    for enclave in policy.iter("enclave"):
        allowed = found.setdefault(enclave.attrib["path"], set())
        for profile in enclave.iter("profile"):
            for group in profile:
                for kind, rule in group.attrib.items():
                    assert rule == "ALLOW"
                    allowed |= {
                        (kind, full_name(entry.text or "", profile.attrib)) for entry in group
                    }
    return found


def full_name(name: str, profile: dict[str, str]) -> str:
    """As ROS resolves names: absolute, of the node with ~, else in its namespace."""
    if name.startswith("/"):
        return name
    namespace = profile["ns"].rstrip("/")
    if name.startswith("~/"):
        return f"{namespace}/{profile['node']}/{name[2:]}"
    return f"{namespace}/{name}"
