"""The parameter with which mocks are made to misbehave."""

from collections.abc import Mapping

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.parameter import Parameter

NO_FAULT = ""

CAMERA_FAULTS = {
    "dropped": "no more pictures",
    "late": "pictures come 0.3 s after their stamp",
    "frozen": "new stamps, the same picture",
    "swapped": "another camera's pictures, as after a change of cables",
    "wrong_size": "half the width and height",
    "wrong_encoding": "an encoding that nobody knows",
    "wrong_step": "a row is said to be shorter than its pixels",
    "truncated": "half of the data",
    "future": "stamps one second ahead",
    "duplicate": "the same stamp again and again",
    "older": "stamps that run backwards",
}
ARM_FAULTS = {
    "silent": "no more joint states",
    "late": "joint states come 0.3 s after their stamp",
    "not_a_number": "one joint's position is NaN",
    "infinite": "one joint's position is infinite",
    "reordered": "joints in another order, named rightly",
    "missing": "one joint is left out",
    "doubled": "one joint is named twice",
    "future": "stamps one second ahead",
    "duplicate": "the same stamp again and again",
    "older": "stamps that run backwards",
    "stuck": "one joint does not move any more",
    "beyond": "one joint is measured 0.005 rad beyond its upper limit",
    "far_beyond": "one joint is measured 0.05 rad beyond its upper limit",
    "deaf": "nobody subscribes to commands any more, as with a controller that was stopped",
    "inert": "commands are subscribed to and ignored, as by a controller that was deactivated",
}
POLICY_FAULTS = {
    "not_a_number": "one value of every chunk is NaN",
    "not_a_number_once": "the same, in a single chunk",
    "infinite": "one value of every chunk is infinite",
    "absurd": "positions far outside any limit",
    "far": "chunks in which one joint begins 1 rad from where it is",
    "wrong_shape": "a row is missing",
    "slow": "every inference takes 0.4 s longer",
    "spikes": "every fifth inference takes 0.8 s longer",
    "failing": "every inference raises an error",
    "hung": "an inference never ends",
    "lost": "the device is lost, as when CUDA runs out of memory",
}


def fault_parameter(kinds: Mapping[str, str], target: str = "") -> Parameter:
    """
    Args:
        kinds: fault -> what it looks like.
        target: what a fault can be narrowed to, such as "camera"; empty for nothing.
    """
    list_of_kinds = "; ".join(f"{kind} ({meaning})" for kind, meaning in kinds.items())
    narrowed = f", with a {target}'s name behind it where it is not the default one" * bool(target)
    return Parameter(
        "fault",
        "string",
        NO_FAULT,
        f"Misbehave on purpose{narrowed}: {list_of_kinds}. Empty: behave.",
        read_only=False,
    )


def parsed_fault(text: str, kinds: Mapping[str, str], targets: tuple[str, ...]) -> tuple[str, str]:
    """The kind and the target in "<kind>" or "<kind> <target>"; the last target unless given.

    Raises:
        ConfigurationError: there is no such kind or target.
    """
    if text == NO_FAULT:
        return NO_FAULT, ""
    kind, _, target = text.partition(" ")
    if kind not in kinds:
        raise ConfigurationError(f"fault is {kind!r}: expected one of {', '.join(kinds)}")
    if target and target not in targets:
        raise ConfigurationError(
            f"fault is {text!r}: expected one of {', '.join(targets) or 'nothing'} behind {kind}"
        )
    return kind, target or (targets[-1] if targets else "")
