"""What the policy node's parameters mean to the core and to the policy."""

from pathlib import Path

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.core.stamps import SLOWEST_SIMULATION
from pi0_ros.policy.chunk_timer import TimingConfig
from pi0_ros.policy.policy_config import PolicyConfig, default_feature
from pi0_ros.policy.remote.remote_config import (
    MessageKeys,
    RemoteConfig,
    default_key,
    is_remote,
)
from pi0_ros.policy.rtc_config import RtcConfig
from pi0_ros.ros.inference_thread import InferenceConfig
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.share import share_directory


def observation_config(values: ParameterValues, simulated_time: bool = False) -> ObservationConfig:
    return ObservationConfig(
        cameras=values.texts("camera_names"),
        joint_names=values.texts("joint_names"),
        image_shape=(values.whole("image_height"), values.whole("image_width")),
        camera_max_age_s=values.number("camera_max_age"),
        joint_max_age_s=values.number("joint_max_age"),
        camera_frozen_after_s=values.number("camera_frozen_after"),
        slowest_clock=SLOWEST_SIMULATION if simulated_time else 1.0,
    )


def inference_config(values: ParameterValues) -> InferenceConfig:
    return InferenceConfig(
        rate_hz=values.number("inference_rate"),
        timing=TimingConfig(
            step_ns=round(1e9 / values.number("action_rate")),
            margin_ns=round(1e9 * values.number("takeover_margin")),
            stretch=values.flag("stretch"),
        ),
        joint_names=values.texts("joint_names"),
        instruction_max_bytes=observation_config(values).instruction_max_bytes,
    )


def policy_config(values: ParameterValues) -> PolicyConfig:
    """
    Raises:
        ConfigurationError: no checkpoint is named in mode real, or a value cannot work.
    """
    mode, path = values.text("mode"), values.text("policy_path")
    if not path and mode == "real":
        raise ConfigurationError(
            "policy_path is empty: mode real needs the folder of your LeRobot checkpoint "
            "(mode demo uses the one of the package)"
        )
    remote = _remote_config(values, path) if is_remote(path) else None
    feature_of = default_feature if remote is None else default_key
    steps, noise_scale = values.whole("inference_steps"), values.number("noise_scale")
    seed, tokenizer = values.whole("noise_seed"), values.text("tokenizer_path")
    return PolicyConfig(
        path=Path(path).expanduser() if path else share_directory() / "checkpoints" / "demo",
        remote=remote,
        mode=mode,  # type: ignore[arg-type]  # one of its choices
        camera_features={
            camera: values.text(f"cameras.{camera}.feature") or feature_of(camera)
            for camera in values.texts("camera_names")
        },
        joints=len(values.texts("joint_names")),
        image_shape=(values.whole("image_height"), values.whole("image_width")),
        engine=values.text("engine"),  # type: ignore[arg-type]  # one of its choices
        precision=values.text("precision") or None,  # type: ignore[arg-type]  # likewise
        vision_precision=values.text("vision_precision"),  # type: ignore[arg-type]  # likewise
        quantization=values.text("quantization"),  # type: ignore[arg-type]  # likewise
        device=values.text("device"),
        policy_units=values.text("policy_units"),  # type: ignore[arg-type]  # one of its choices
        allow_image_resize=values.flag("allow_image_resize"),
        inference_steps=steps or None,
        noise_scale=None if noise_scale == -1.0 else noise_scale,
        noise_seed=None if seed == -1 else seed,
        threads=values.whole("threads"),
        rtc=_rtc_config(values),
        tokenizer_path=Path(tokenizer).expanduser() if tokenizer else None,
    )


def _remote_config(values: ParameterValues, url: str) -> RemoteConfig:
    remote = RemoteConfig(
        url=url,
        keys=MessageKeys(
            state=values.text("remote_state_key"),
            prompt=values.text("remote_prompt_key"),
            actions=values.text("remote_actions_key"),
        ),
        image_layout=values.text("remote_image_layout"),  # type: ignore[arg-type]  # one of its choices
        connect_timeout_s=values.number("remote_connect_timeout"),
        call_timeout_s=values.number("remote_call_timeout"),
        warm_up_timeout_s=values.number("remote_warm_up_timeout"),
    )
    longest_s = remote.connect_timeout_s + remote.call_timeout_s
    if longest_s >= values.number("inference_timeout"):
        raise ConfigurationError(
            f"remote_connect_timeout and remote_call_timeout are {longest_s:g} s together, and an "
            f"inference hangs after inference_timeout = {values.number('inference_timeout'):g} s: "
            "raise that, or lower one of these"
        )
    return remote


def _rtc_config(values: ParameterValues) -> RtcConfig | None:
    method = values.text("rtc")
    if method == "off":
        return None
    return RtcConfig(
        method=method,  # type: ignore[arg-type]  # one of its choices
        horizon=values.whole("rtc_execution_horizon"),
        max_weight=values.number("rtc_max_guidance_weight"),
        max_distance=values.number("rtc_max_distance"),
    )


def transports(values: ParameterValues) -> dict[str, str]:
    """Camera -> "raw" or "compressed"."""
    common = values.text("camera_transport")
    return {
        camera: values.text(f"cameras.{camera}.transport") or common
        for camera in values.texts("camera_names")
    }
