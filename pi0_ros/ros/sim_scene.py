"""The simulation's scenes as ROS shows them: the truth about one, and a service for the next."""

from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Pose, Quaternion

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.msg import SceneTruth
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.entities import publisher, service
from pi0_ros.ros.sim_time import SimBeat
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.reach.scenes import drawn_scene

_TRUTH_HZ = 10.0


class SimScene:
    """Publishes what is true in `world` and puts new scenes into it, in the executor's thread.

    Args:
        node: a PlainNode; its `now_ns` is simulated time.
        seed: what the world's present scene was drawn from.
    """

    def __init__(self, node: Any, world: ReachWorld, seed: int) -> None:
        self._node = node
        self._world = world
        self._seed = seed
        self._episode = 1
        self._told: tuple[int, tuple[str, ...]] | None = None
        self._beat = SimBeat(_TRUTH_HZ)
        self._truths = publisher(node, topics.SCENE_TRUTH)
        service(node, topics.RESET_SCENE, self._reset)

    def tell(self, stamp_ns: int) -> None:
        """Publishes when it is time to, or when something happened; to be called often."""
        state = self._episode, self._world.touched
        if self._beat.due(stamp_ns) or state != self._told:
            self._told = state
            self._truths.publish(self._truth(stamp_ns))

    def _reset(self, request: Any, response: Any) -> Any:
        try:
            scene = drawn_scene(np.random.default_rng(request.seed), self._world.tip)
            self._world.replace_scene(scene)
        except ConfigurationError as error:
            response.message = str(error)
            return response
        self._seed = request.seed
        self._episode += 1
        self._node.get_logger().info(
            f"episode {self._episode}: scene {request.seed}, {scene.instruction}"
        )
        response.success = True
        response.instruction = scene.instruction
        return response

    def _truth(self, stamp_ns: int) -> SceneTruth:
        scene = self._world.scene
        poses = self._world.block_poses
        message = SceneTruth(
            episode=self._episode,
            seed=self._seed,
            target=scene.target,
            instruction=scene.instruction,
            blocks=list(poses),
            poses=[
                _pose(pose.position.tolist(), pose.quaternion.tolist()) for pose in poses.values()
            ],
            tip=_point(self._world.tip.tolist()),
            touched=list(self._world.touched),
        )
        message.header.stamp = time_message(stamp_ns)
        message.header.frame_id = "world"
        return message


def _point(values: list[float]) -> Point:
    return Point(x=values[0], y=values[1], z=values[2])


def _pose(position: list[float], quaternion: list[float]) -> Pose:
    w, x, y, z = quaternion
    return Pose(position=_point(position), orientation=Quaternion(x=x, y=y, z=z, w=w))
