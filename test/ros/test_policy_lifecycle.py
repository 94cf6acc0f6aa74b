"""The policy node with a stub policy: how it starts, waits and ends."""

import threading
from typing import Any

import pytest
from pi0_ros.msg import PolicyStatus

from pi0_ros.core.errors import CheckpointError, InputRefused
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.rtc_config import RtcConfig
from pi0_ros.ros import topics
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.policy import PolicyNode

from .policy_rig import BASE, Rig


@pytest.fixture
def rig(world: Any, stub: Any) -> Rig:
    return Rig(world, stub, {})


def test_activation_names_what_was_never_seen(rig: Rig) -> None:
    del rig.feeds["side"]
    rig.until(lambda: len(rig.node._builder.never_seen()) == 1, "all streams but one")
    rig.node.trigger_activate()

    assert rig.node.phase is Phase.INACTIVE
    assert rig.node.refusal.startswith("camera/side: nothing valid received")
    assert "camera/main" not in rig.node.refusal
    rig.status(PolicyStatus.STATE_INACTIVE, "camera/side")
    assert not rig.chunks


def test_an_inference_that_hangs_ends_the_node(world: Any, stub: Any) -> None:
    go_on = threading.Event()
    stub.answers = lambda observation: go_on.wait(5.0)
    rig = Rig(world, stub, {"inference_timeout": 0.2})
    rig.activate()

    rig.until(rig.node.ended.done, "the end")
    assert "inference_timeout" in str(rig.node.ended.exception())
    rig.status(PolicyStatus.STATE_FAILED, "inference_timeout")
    go_on.set()


def test_after_deactivation_no_chunk_comes(rig: Rig) -> None:
    rig.activate()
    rig.until(lambda: rig.chunks, "a chunk")
    rig.node.trigger_deactivate()
    published = rig.node._inference.view(0).chunks
    rig.status(PolicyStatus.STATE_INACTIVE)
    statuses = len(rig.statuses)
    rig.until(lambda: len(rig.statuses) > statuses + 1, "more statuses")

    assert rig.node._inference.view(0).chunks == published
    rig.activate()
    rig.status(PolicyStatus.STATE_RUNNING)


def test_a_checkpoint_that_cannot_be_loaded_leaves_the_reason(world: Any) -> None:
    def load(config: PolicyConfig) -> Any:
        raise CheckpointError(f"policy_path {config.path}: no such folder")

    statuses = world.hear(topics.POLICY_STATUS)
    node = world.start(PolicyNode, BASE, load=load)
    node.trigger_configure()

    assert node.phase is Phase.UNCONFIGURED
    world.until(lambda: statuses and "no such folder" in statuses[-1].reason, "the reason")
    assert statuses[-1].mode == PolicyStatus.MODE_UNKNOWN


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ("fast", None, "float32")),
        ({"engine": "lerobot", "precision": "bfloat16"}, ("lerobot", "bfloat16", "float32")),
        ({"vision_precision": "bfloat16"}, ("fast", None, "bfloat16")),
    ],
)
def test_engine_and_precision_reach_the_loader(
    world: Any, stub: Any, parameters: dict[str, str], expected: tuple[object, ...]
) -> None:
    configs: list[PolicyConfig] = []

    def load(config: PolicyConfig) -> Any:
        configs.append(config)
        return stub

    node = world.start(PolicyNode, {**BASE, **parameters}, load=load)
    node.trigger_configure()
    (config,) = configs
    assert (config.engine, config.precision, config.vision_precision) == expected


def test_real_time_chunking_reaches_the_loader(world: Any, stub: Any) -> None:
    configs: list[PolicyConfig] = []

    def load(config: PolicyConfig) -> Any:
        configs.append(config)
        return stub

    rtc = {
        "rtc": "jacobian",
        "rtc_execution_horizon": 12,
        "rtc_max_guidance_weight": 5.0,
        "rtc_max_distance": 0.1,
    }
    for parameters in ({}, rtc):
        world.start(PolicyNode, {**BASE, **parameters}, load=load).trigger_configure()
    off, on = (config.rtc for config in configs)
    assert off is None
    assert on == RtcConfig("jacobian", 12, 5.0, 0.1)


def test_real_mode_without_a_checkpoint_is_refused(world: Any) -> None:
    node = world.start(PolicyNode, {**BASE, "policy_path": ""})
    node.trigger_configure()

    assert node.phase is Phase.UNCONFIGURED
    assert node.refusal.startswith("policy_path is empty: mode real needs")


def test_an_instruction_that_the_policy_refuses_fails_the_configuration(
    world: Any, stub: Any
) -> None:
    def refuse(text: str) -> None:
        raise InputRefused("instruction unknown", text)

    stub.refuses = refuse
    node = world.start(PolicyNode, BASE, load=lambda config: stub)
    node.trigger_configure()

    assert node.phase is Phase.UNCONFIGURED
    assert "instruction unknown" in node.refusal


def test_a_stop_ends_the_wait_for_a_policy_that_is_loading(world: Any, stub: Any) -> None:
    go_on = threading.Event()
    stop = StopRequest()

    def load(config: PolicyConfig) -> Any:
        stop.requested = True
        go_on.wait(5.0)
        return stub

    node = world.start(PolicyNode, BASE, load=load, stop=stop)
    node.trigger_configure()

    assert node.refusal == "told to end while the policy was loading"
    go_on.set()


def test_a_late_subscriber_gets_the_newest_status_at_once(rig: Rig) -> None:
    rig.until(lambda: rig.statuses, "a status")
    late = rig.world.hear(topics.POLICY_STATUS)

    rig.world.until(lambda: late, "the kept status")
    assert late[0].policy_id == "stub-0"
