"""Every parameter of every node, as data: nodes declare them, and documents are checked with it.

Nothing of ROS is imported, so that tools without it can read the table.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pi0_ros.ros.arm_parameters import CONTROLLER, MOCK_ARM, MOCK_CAMERAS
from pi0_ros.ros.parameter import Parameter
from pi0_ros.ros.policy_parameters import POLICY, STUB_POLICY
from pi0_ros.ros.sim_parameters import SIM

# Node name -> its parameters.
NODES: Mapping[str, tuple[Parameter, ...]] = MappingProxyType(
    {
        "pi0_policy": POLICY,
        "pi0_controller": CONTROLLER,
        "mock_arm": MOCK_ARM,
        "mock_cameras": MOCK_CAMERAS,
        "sim": SIM,
    }
)
# Executable of a node above -> its parameters beside that node's.
EXTRA: Mapping[str, tuple[Parameter, ...]] = MappingProxyType({"stub_policy_node": STUB_POLICY})
