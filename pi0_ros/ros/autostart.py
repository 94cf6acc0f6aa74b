"""A lifecycle node that configures and activates itself."""

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.managed_node import ManagedNode, Phase

# The executor should spin before the first transition.
_FIRST_S = 0.01
_RETRY_S = 0.5


class Autostart:
    """Asks a node for its transitions until it is active.

    A configuration that fails ends the process; activation is tried again and again, since it waits
    for other processes. Whoever sends a transition from outside takes over.
    """

    def __init__(self, node: ManagedNode) -> None:
        self._node = node
        self._timer = node.create_steady_timer(_FIRST_S, self._configure)

    def _configure(self) -> None:
        self._timer.cancel()
        node = self._node
        if node.phase is not Phase.UNCONFIGURED:
            return
        node.trigger_configure()
        if node.phase is not Phase.INACTIVE:
            node.fail(ConfigurationError(f"cannot be configured: {node.refusal}"))
            return
        self._activate()
        if node.phase is Phase.INACTIVE:
            self._timer = node.create_steady_timer(_RETRY_S, self._activate)

    def _activate(self) -> None:
        node = self._node
        if node.phase is Phase.INACTIVE and not node.ended.done():
            node.trigger_activate()
        if node.phase is not Phase.INACTIVE:
            self._timer.cancel()


def autostart_if_wanted(node: ManagedNode) -> Autostart | None:
    """Follows the parameter `autostart`."""
    wanted = node.parameters.values.by_name.get("autostart") is True
    return Autostart(node) if wanted else None
