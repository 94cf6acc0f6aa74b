"""Small Pi0s with random weights, in LeRobot's model and in ours."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.utils.constants import (
    ACTION,
    OBS_LANGUAGE_ATTENTION_MASK,
    OBS_LANGUAGE_TOKENS,
    OBS_STATE,
)
from torch import Tensor, nn

from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig
from pi0_ros.policy.fast.guidance import Guidance
from pi0_ros.policy.fast.layers import Keep, as_it_is
from pi0_ros.policy.fast.model import FastModel, Places
from pi0_ros.policy.fast.pictures import Letterbox
from pi0_ros.policy.fast.sizes import sizes_of_model
from pi0_ros.policy.fast.weights import take_weights
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy

ORIGIN = Path("random")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Moment:
    """One input: pictures by feature, tokens without padding, normalised state, noise."""

    pictures: dict[str, np.ndarray]
    tokens: Tensor
    state: Tensor
    noise: Tensor


MakeModel = Callable[..., PI0TinyPolicy]
MakeMoment = Callable[..., Moment]
Run = Callable[..., Tensor]


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    """LeRobot's Pi0 at the sizes given, its weights drawn so that every part of it matters."""

    def make(
        seed: int = 0, cameras: int = 2, picture: tuple[int, int] = (48, 64), **sizes: Any
    ) -> PI0TinyPolicy:
        shape = (3, *picture)
        inputs = {
            f"observation.images.camera_{i}": PolicyFeature(FeatureType.VISUAL, shape)
            for i in range(cameras)
        }
        inputs[OBS_STATE] = PolicyFeature(FeatureType.STATE, (3,))
        config = PI0TinyConfig(
            input_features=inputs,
            output_features={ACTION: PolicyFeature(FeatureType.ACTION, (3,))},
            device="cpu",
            **{"image_resolution": (56, 56), "chunk_size": 8, "n_action_steps": 8, **sizes},
        )
        model = PI0TinyPolicy(config).eval()
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in model.named_parameters():
            spread = 0.2 if parameter.dim() < 2 else 1.0 / parameter[0].numel() ** 0.5
            drawn = spread * torch.randn(parameter.shape, generator=generator)
            if "layer_norm" in name and name.endswith("weight"):
                drawn += 1.0
            parameter.data = drawn.to(parameter.dtype)
        return model

    return make


@pytest.fixture(scope="session")
def make_moment() -> MakeMoment:
    def make(
        model: PI0TinyPolicy,
        seed: int = 0,
        tokens: int = 5,
        picture: tuple[int, int] = (48, 64),
        absent: int = 0,
    ) -> Moment:
        rng, config = np.random.default_rng(seed), model.config
        features = list(config.image_features)
        return Moment(
            pictures={
                feature: rng.integers(0, 256, (*picture, 3), dtype=np.uint8)
                for feature in features[: len(features) - absent]
            },
            tokens=torch.from_numpy(rng.integers(2, config.vocabulary, tokens)),
            state=torch.from_numpy(rng.normal(size=(1, 3)).astype(np.float32)),
            noise=torch.from_numpy(
                rng.normal(size=(1, config.chunk_size, config.max_action_dim)).astype(np.float32)
            ),
        )

    return make


@pytest.fixture(scope="session")
def lerobot() -> Run:
    """LeRobot's chunk, (horizon, joints); the prompt padded to its full length."""

    def run(model: PI0TinyPolicy, moment: Moment, **options: int) -> Tensor:
        length, count = model.config.tokenizer_max_length, len(moment.tokens)
        tokens = torch.zeros((1, length), dtype=torch.int64)
        tokens[0, :count] = moment.tokens
        batch = {
            feature: torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
            for feature, picture in moment.pictures.items()
        }
        batch[OBS_STATE] = moment.state
        batch[OBS_LANGUAGE_TOKENS] = tokens
        batch[OBS_LANGUAGE_ATTENTION_MASK] = torch.arange(length)[None] < count
        with torch.no_grad():
            return model.predict_action_chunk(batch, noise=moment.noise, **options)[0]

    return run


@pytest.fixture(scope="session")
def fast() -> Run:
    """Our chunk with the weights of LeRobot's model."""

    def run(
        model: PI0TinyPolicy,
        moment: Moment,
        dtype: str = "float32",
        vision: str = "float32",
        num_steps: int = 10,
        guidance: Guidance | None = None,
        keep: Keep = as_it_is,
    ) -> Tensor:
        sizes, device = sizes_of_model(model), torch.device("cpu")
        tensors = {name: value.clone() for name, value in model.state_dict().items()}
        weights = take_weights(tensors, ORIGIN, sizes, device, DTYPES[dtype], DTYPES[vision], keep)
        pictures = list(moment.pictures.values())
        views, count = len(pictures), len(moment.tokens)
        ours = FastModel(weights, sizes, views, num_steps, model.config.tokenizer_max_length)
        letterbox = Letterbox(views, pictures[0].shape[:2], sizes.image, device)
        places = Places(views * sizes.patches + count, sizes, device)
        with torch.inference_mode():
            letterbox.load(pictures)
            seen = ours.vision(letterbox.shrink())
            ours.fill_prefix(seen, ours.prompt(moment.tokens), places)
            state = nn.functional.pad(moment.state, (0, sizes.state - 3))
            noise = moment.noise[0]
            if guidance is None:
                return ours.flow(state, noise, places)[:, : sizes.joints]
            return ours.guided_flow(state, noise, places, guidance)[:, : sizes.joints]

    return run
