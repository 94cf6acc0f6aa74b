"""Joint states that are spoiled on purpose."""

import array

from sensor_msgs.msg import JointState

from pi0_ros.core.limits import ArmLimits

_BEYOND = {"beyond": 0.005, "far_beyond": 0.05}
_NOT_FINITE = {"not_a_number": float("nan"), "infinite": float("inf")}


def spoiled_state(state: JointState, kind: str, joint: str, limits: ArmLimits) -> JointState:
    """A copy with the fault in it; kinds of the stamp are `stamp_with_fault`'s."""
    names, positions = list(state.name), list(state.position)
    velocities = list(state.velocity)
    index = names.index(joint)
    if kind in _NOT_FINITE:
        positions[index] = _NOT_FINITE[kind]
    elif kind in _BEYOND:
        upper = float(limits.upper[limits.joint_names.index(joint)])
        positions[index] = upper + _BEYOND[kind]
    elif kind == "reordered":
        names, positions, velocities = names[::-1], positions[::-1], velocities[::-1]
    elif kind == "missing":
        del names[index], positions[index], velocities[index]
    elif kind == "doubled":
        names[index - 1] = joint
    return JointState(
        header=state.header,
        name=names,
        position=array.array("d", positions),
        velocity=array.array("d", velocities),
    )
