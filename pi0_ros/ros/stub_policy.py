"""The node `pi0_policy` with a policy that needs no model and misbehaves on demand."""

from typing import Any

from pi0_ros.core.stop_request import StopRequest
from pi0_ros.policy.scripted import ScriptedPolicy
from pi0_ros.ros.fault_parameter import NO_FAULT, POLICY_FAULTS
from pi0_ros.ros.fault_switch import FaultSwitch
from pi0_ros.ros.policy import PolicyNode
from pi0_ros.ros.policy_parameters import POLICY, STUB_POLICY


class StubPolicyNode(PolicyNode):
    """Everything but the model is the real node: observations, checks, timing, status.

    Raises:
        ConfigurationError: the parameter `fault` cannot work.
    """

    def __init__(self, stop: StopRequest | None = None, **kwargs: Any) -> None:
        super().__init__(stop, load=self._scripted, table=(*POLICY, *STUB_POLICY), **kwargs)
        self._faults = FaultSwitch(self, POLICY_FAULTS)
        self._once_given = False

    def _scripted(self, config: Any) -> ScriptedPolicy:
        step_s = 1.0 / self.parameters.values.number("action_rate")
        return ScriptedPolicy(config, step_s, self._fault)

    def _fault(self) -> str:
        """In the thread of the inference."""
        fault = self._faults.now()
        if fault != "not_a_number_once":
            self._once_given = False
            return fault
        if self._once_given:
            return NO_FAULT
        self._once_given = True
        return fault
