"""The arm in MuJoCo is the demo arm: same places, same limits, nothing in its own way."""

import mujoco
import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.arm_parts import PARTS, part_ends
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS, forward
from pi0_ros.sim.mujoco.arm_model import TIP_SITE, reach_model
from pi0_ros.sim.scene import BLOCKS, CAMERAS


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return reach_model(LIMITS, BLOCKS.values())


@pytest.mark.parametrize("seed", range(10))
def test_every_part_is_where_the_kinematics_put_it(model: mujoco.MjModel, seed: int) -> None:
    q = np.random.default_rng(seed).uniform(LIMITS.lower, LIMITS.upper)
    data = mujoco.MjData(model)
    data.qpos[: len(q)] = q
    mujoco.mj_kinematics(model, data)
    pose = forward(q)
    np.testing.assert_allclose(data.site(TIP_SITE).xpos, pose.tip, atol=1e-6)
    np.testing.assert_allclose(data.body("link_5").xpos, pose.wrist, atol=1e-6)
    middles = part_ends(pose, float(q[0])).mean(axis=1)
    for part, middle in zip(PARTS, middles, strict=True):
        np.testing.assert_allclose(data.geom(part.name).xpos, middle, atol=1e-6, err_msg=part.name)


def test_joints_have_the_names_and_limits_of_the_arm(model: mujoco.MjModel) -> None:
    for index, name in enumerate(JOINT_NAMES):
        assert model.joint(name).qposadr[0] == index
        np.testing.assert_allclose(
            model.joint(name).range, [LIMITS.lower[index], LIMITS.upper[index]], rtol=1e-12
        )
        assert model.actuator(name).trnid[0] == model.joint(name).id


@pytest.mark.parametrize("seed", range(20))
def test_arm_parts_never_collide_with_each_other(model: mujoco.MjModel, seed: int) -> None:
    q = np.random.default_rng(seed).uniform(LIMITS.lower, LIMITS.upper)
    data = mujoco.MjData(model)
    data.qpos[: len(q)] = q
    mujoco.mj_forward(model, data)
    arm = {model.geom(part.name).id for part in PARTS}
    assert not [pair for pair in data.contact.geom if set(pair.tolist()) <= arm]


def test_the_arm_and_the_table_collide(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:6] = [0.0, 1.2, 1.2, 0.0, 0.6, 0.0]
    assert forward(data.qpos[:6]).tip[2] < 0.0
    mujoco.mj_forward(model, data)
    table, tip = model.geom("table").id, model.geom("tip").id
    assert {table, tip} in [set(pair.tolist()) for pair in data.contact.geom]


def test_at_home_only_blocks_touch_the_table(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:6] = HOME
    mujoco.mj_forward(model, data)
    bodies = {model.body(model.geom_bodyid[geom]).name for geom in data.contact.geom.ravel()}
    assert bodies == {"world", "block_red", "block_blue"}


def test_the_cameras_see_what_the_drawn_ones_see(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    for name, camera in CAMERAS.items():
        np.testing.assert_allclose(data.camera(name).xpos, camera.position, atol=1e-9)
        axes = data.camera(name).xmat.reshape(3, 3)
        np.testing.assert_allclose(axes.T, camera.axes * [[1.0], [-1.0], [-1.0]], atol=1e-9)
        height = 2.0 * camera.focal_px * np.tan(np.radians(model.camera(name).fovy[0]) / 2.0)
        assert height == pytest.approx(480.0)


def test_an_arm_of_another_number_of_joints_is_refused() -> None:
    two = ArmLimits(("a", "b"), LIMITS.lower[:2], LIMITS.upper[:2], [1.0, 1.0], [1.0, 1.0])
    with pytest.raises(ConfigurationError, match="6 joints, got limits of 2"):
        reach_model(two, BLOCKS.values())
