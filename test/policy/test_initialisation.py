"""Where a small Pi0 begins: layers as large as their inputs, directions of a patch all alike."""

import pytest
import torch

from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig
from pi0_ros.policy.initialisation import scale_to_width, whiten_patches
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy

SIDE = 28


@pytest.fixture(scope="module")
def policy():
    torch.manual_seed(0)
    made = PI0TinyPolicy(
        PI0TinyConfig(device="cpu", image_resolution=(SIDE, SIDE), vision_patch=14, depth=1)
    )
    scale_to_width(made)
    return made


def embedding(policy):
    return next(layer for layer in policy.modules() if isinstance(layer, torch.nn.Conv2d))


def test_a_faint_coloured_block_moves_the_first_features_as_much_as_brightness(policy):
    torch.manual_seed(1)
    count = 300
    pictures = torch.full((count, 3, SIDE, SIDE), 0.5)
    pictures += torch.randn(count, 1, 1, 1) * 0.2
    blocks = torch.rand(count) < 0.5
    pictures[blocks, 0, 4:7, 4:7] += 0.1
    whiten_patches(policy, [pictures])
    layer = embedding(policy)
    plain = torch.full((1, 3, SIDE, SIDE), 0.5) * 2.0 - 1.0
    with_block = plain.clone()
    with_block[:, 0, 4:7, 4:7] += 0.2
    brighter = plain + 0.4
    with torch.no_grad():
        base, block, bright = (layer(seen) for seen in (plain, with_block, brighter))
    of_block, of_brightness = (block - base).norm(), (bright - base)[..., 0, 0].norm()
    assert of_block > 0.3 * of_brightness


def test_first_features_of_real_pictures_have_mean_0_and_a_common_size(policy):
    torch.manual_seed(2)
    pictures = torch.rand(400, 3, SIDE, SIDE)
    whiten_patches(policy, [pictures, pictures.flip(-1)])
    with torch.no_grad():
        out = embedding(policy)(pictures * 2.0 - 1.0)
    assert abs(float(out.mean())) < 0.05
    assert 0.8 < float(out.std()) < 1.2
