"""What was seen, made up for the tests of a view."""

from dataclasses import replace

import numpy as np

from pi0_ros.cli.view.sight import ControllerHeard, PolicyHeard, Sight
from pi0_ros.sim.demo_arm import HOME

CAMERAS = ("main", "side", "top")
SHAPE = (480, 640)


def all_well(now_s: float, **controller: object) -> Sight:
    """Everything fresh at `now_s`; `controller` changes what its report said."""
    sight = Sight(CAMERAS, of_scene=True)
    for index, camera in enumerate(CAMERAS):
        sight.see(camera, np.full((*SHAPE, 3), 60 * (index + 1), dtype=np.uint8), now_s)
    sight.plan(np.linspace(HOME, HOME + 0.3, 10), 1.0, now_s)
    heard = ControllerHeard(now_s, "RUN", "", dry_run=False)
    sight.controller = replace(heard, **controller)  # type: ignore[arg-type]
    sight.policy = PolicyHeard(
        at_s=now_s,
        state="RUNNING",
        mode="DEMO",
        reason="",
        policy_id="demo/pi0_tiny-1",
        device="cpu",
        instruction="move to the red block",
        chunk_rate_hz=10.04,
        inference_s=0.012,
        stretch=1.0,
    )
    return sight
