"""The node `pi0_policy`: cameras, joint states and an instruction in, action chunks out."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from pi0_ros.core.errors import (
    ConfigurationError,
    InputRefused,
    ObservationNotReady,
    PolicyError,
    PolicyUnavailable,
)
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.policy.interface import Policy, PolicyDescription
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.ros import topics
from pi0_ros.ros.autostart import autostart_if_wanted
from pi0_ros.ros.conversions import chunk_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.inference_listener import Inferred
from pi0_ros.ros.inference_thread import InferenceThread
from pi0_ros.ros.managed_node import ManagedNode, Phase
from pi0_ros.ros.parameter import Parameter
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.policy_inputs import PolicyInputs
from pi0_ros.ros.policy_loading import load_in_thread
from pi0_ros.ros.policy_parameters import POLICY
from pi0_ros.ros.policy_reporter import PolicyReporter
from pi0_ros.ros.policy_settings import (
    inference_config,
    observation_config,
    policy_config,
    transports,
)
from pi0_ros.ros.policy_status import Demand, InputView, PolicyState, StatusView
from pi0_ros.ros.refusal_log import RefusalLog

# What is wrong with an input is told after at most this long.
_WATCH_S = 0.02
_END_S = 1.0


class PolicyNode(ManagedNode):
    """Subscribes when configured, so that activation can tell what was never seen.

    Args:
        load: makes the policy; the loader of LeRobot checkpoints unless given.
        table: the parameters.
    """

    def __init__(
        self,
        stop: StopRequest | None = None,
        load: Callable[[PolicyConfig], Policy] | None = None,
        table: Sequence[Parameter] = POLICY,
        **kwargs: Any,
    ) -> None:
        super().__init__("pi0_policy", table, stop, **kwargs)
        self._load = _load_checkpoint if load is None else load
        self._description: PolicyDescription | None = None
        self._builder: ObservationBuilder | None = None
        self._inference: InferenceThread | None = None
        self._inputs: PolicyInputs | None = None
        self._loading = ""
        self._broken = ""
        # The newest failure was that the policy cannot be reached.
        self._unreachable = False
        self._timeout_s = 0.0
        self._refusals = RefusalLog(self.get_logger().warning)
        self._chunks = publisher(self, topics.ACTION_CHUNK)
        status_rate = self.parameters.values.by_name.get("status_rate")
        self._reporter = PolicyReporter(
            self, status_rate if isinstance(status_rate, float) else 1.0, self._view
        )
        self.create_steady_timer(_WATCH_S, self._watch_inference)
        self._autostart = autostart_if_wanted(self)

    def configure(self) -> None:
        values = self.parameters.require()
        config = policy_config(values)
        observed = observation_config(values, self.on_simulated_time)
        inference = inference_config(values)
        self._timeout_s = values.number("inference_timeout")
        policy = self._loaded(config)
        self._description = policy.description
        self._builder = ObservationBuilder(observed)
        self._inference = InferenceThread(policy, self._builder, inference, self.now_ns, self)
        self._inference.start()
        self._take_first_instruction(values, self._builder, self._inference)
        self._inputs = PolicyInputs(
            self,
            self._builder,
            transports(values),
            observed.image_shape,
            self.now_ns,
            self._inference.take_instruction,
            self._refusals,
        )
        self.watch_connections(self._inputs.topics, [topics.ACTION_CHUNK, topics.POLICY_STATUS])

    def activate(self) -> None:
        assert self._builder is not None
        assert self._inference is not None
        unseen = self._builder.never_seen()
        if unseen:
            raise ObservationNotReady(
                tuple(f"{stream}: nothing valid received yet" for stream in unseen)
            )
        self._builder.restart_counters()
        self._inference.activate()

    def deactivate(self) -> None:
        assert self._inference is not None
        self._inference.deactivate()

    def clean_up(self) -> None:
        if self._inputs is not None:
            self._inputs.close()
        if self._inference is not None:
            self._inference.end(_END_S)
        self._inputs = self._inference = self._builder = self._description = None

    def phase_changed(self) -> None:
        self._reporter.publish()

    def fail(self, error: BaseException) -> None:
        self._broken = str(error) or type(error).__name__
        self._reporter.publish()
        super().fail(error)

    def _loaded(self, config: PolicyConfig) -> Policy:
        log = self.get_logger()
        if config.remote is None:
            log.info(
                f"mode {config.mode}: loading {config.path} (importing LeRobot alone takes 5 to "
                "15 s)"
            )
            self._loading = f"loading {config.path}"
        else:
            log.info(f"mode {config.mode}: asking {config.remote.url} for its first chunk")
            self._loading = f"waiting for {config.remote.url}"

        def progress(seconds: float) -> None:
            log.info(f"still {self._loading} after {seconds:.0f} s")
            self._reporter.publish()

        self._reporter.publish()
        try:
            policy = load_in_thread(lambda: self._load(config), self.stop, progress)
        finally:
            self._loading = ""
        described = policy.description
        if config.remote is None:
            where = f"{described.device}, engine {config.engine}"
        else:
            where = config.remote.server
        log.info(f"loaded {described.policy_id} on {where}")
        if described.is_demo:
            log.warning("mode demo: this checkpoint knows the demo arm and its task only")
        return policy

    def _take_first_instruction(
        self, values: ParameterValues, builder: ObservationBuilder, inference: InferenceThread
    ) -> None:
        text = values.text("instruction")
        if not text:
            return
        inference.take_instruction(text)
        if not builder.instruction:
            raise ConfigurationError(
                f"instruction: {text[:80]!r} is refused ({', '.join(builder.refused_by_kind())})"
            )

    def publish_chunk(self, inferred: Inferred) -> None:
        assert self._description is not None
        self._chunks.publish(
            chunk_message(
                inferred.chunk,
                inferred.instruction,
                self._description.policy_id,
                inferred.inference_ns,
            )
        )

    def beat(self) -> None:
        self._reporter.publish_if_changed()

    def instruction_refused(self, refusal: InputRefused) -> None:
        self._refusals.refused(topics.INSTRUCTION.name, refusal)

    def inference_failed(self, error: PolicyError) -> None:
        self._unreachable = isinstance(error, PolicyUnavailable)
        self.get_logger().error(f"no chunk: {error}", throttle_duration_sec=1.0)

    def _watch_inference(self) -> None:
        inference = self._inference
        if inference is None or self.ended.done():
            return
        self._reporter.publish_if_changed()
        steady_ns = time.monotonic_ns()
        busy_since_ns = inference.view(steady_ns).busy_since_ns
        if busy_since_ns is not None and (steady_ns - busy_since_ns) / 1e9 > self._timeout_s:
            self.fail(
                PolicyError(
                    f"an inference takes longer than inference_timeout = {self._timeout_s:g} s: "
                    "the policy hangs, or the device is too slow for it"
                )
            )

    def _view(self) -> StatusView:
        """What the node is doing; called from any thread."""
        steady_ns = time.monotonic_ns()
        builder, inference = self._builder, self._inference
        inputs = inference_view = None
        problems: tuple[str, ...] = ()
        demand = Demand.NONE
        if builder is not None:
            problems = builder.problems(self.now_ns(), steady_ns)
            demand = Demand.LATCH if builder.frozen() else Demand.HOLD if problems else demand
            inputs = InputView(
                builder.instruction, builder.statistics(steady_ns), builder.refused_by_kind()
            )
        if inference is not None:
            inference_view = inference.view(steady_ns)
            if inference_view.failing:
                # A person must look at a policy that answers wrongly; a gap in the network ends by
                # itself, and so does the hold.
                gap = self._unreachable and demand is not Demand.LATCH
                demand = Demand.HOLD if gap else Demand.LATCH
            if inference_view.problem and (not problems or inference_view.failing):
                problems = (inference_view.problem, *problems)
        state, reason = self._state("; ".join(problems))
        if state is PolicyState.FAILED:
            demand = Demand.LATCH
        elif state is not PolicyState.WAITING:
            demand = Demand.NONE
        return StatusView(state, reason, self._description, inputs, inference_view, demand)

    def _state(self, problem: str) -> tuple[PolicyState, str]:
        if self._broken:
            return PolicyState.FAILED, self._broken
        if self.phase is Phase.INACTIVE:
            return PolicyState.INACTIVE, self.refusal
        if self.phase is not Phase.ACTIVE:
            return PolicyState.UNCONFIGURED, self._loading or self.refusal
        if problem:
            return PolicyState.WAITING, problem
        return PolicyState.RUNNING, ""


def _load_checkpoint(config: PolicyConfig) -> Policy:
    from pi0_ros.policy.loader import load_policy

    return load_policy(config)
