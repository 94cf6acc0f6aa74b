"""Flow times reach the expert as LeRobot embeds them."""

from collections.abc import Callable

import torch
from lerobot.policies.common.vla_utils import create_sinusoidal_pos_embedding

from pi0_ros.policy.fast.flow_time import time_embeddings
from pi0_ros.policy.fast.sizes import sizes_of_model
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy

MakeModel = Callable[..., PI0TinyPolicy]


def test_flow_times_are_embedded_as_lerobot_does(make_model: MakeModel) -> None:
    sizes = sizes_of_model(make_model())
    ours = time_embeddings(sizes, 7, torch.device("cpu"))
    for step in range(7):
        time = torch.tensor([1.0 - step / 7], dtype=torch.float32)
        theirs = create_sinusoidal_pos_embedding(
            time, sizes.expert.width, sizes.min_period, sizes.max_period, time.device
        )
        torch.testing.assert_close(ours[step], theirs[0].float(), atol=1e-6, rtol=0)
