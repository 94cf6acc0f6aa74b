"""What the tests of the core share.

Hypothesis tries the same examples in every run; HYPOTHESIS_PROFILE=explore asks for new ones, and
HYPOTHESIS_PROFILE=mutants leaves out making a failure small, for mutation testing.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from pi0_ros.core.control_config import ControlConfig

from .feed import Feed
from .rig import Rig

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "explore",
    max_examples=2000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "mutants",
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(params=["joint_trajectory", "forward_position"])
def rig(request: pytest.FixtureRequest) -> Rig:
    """An active controller of an arm that stands, with either command interface."""
    rig = Rig(ControlConfig(command_interface=request.param))
    rig.activate()
    rig.tick()
    return rig


@pytest.fixture
def feed() -> Feed:
    """Nothing seen yet, and told what to do."""
    feed = Feed()
    feed.builder.set_instruction("circle", 0)
    return feed
