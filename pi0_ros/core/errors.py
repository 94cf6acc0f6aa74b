"""The one exception family of the package.

Every message says what was expected, what came, and which parameter or file to change.
"""


class Pi0RosError(Exception):
    """Base of everything this package raises on purpose."""


class ConfigurationError(Pi0RosError):
    """A parameter, a configuration file or a combination of them cannot work."""


class CheckpointError(Pi0RosError):
    """A checkpoint is missing, damaged, incomplete or does not fit the robot."""


class DatasetError(Pi0RosError):
    """A dataset is missing, damaged, or not of the kind that is recorded or read."""


class PolicyError(Pi0RosError):
    """Inference failed or produced values that must not move an arm."""


class PolicyLost(PolicyError):
    """The device that computes is lost or out of memory: no later inference can be trusted."""


class PolicyUnavailable(PolicyError):
    """The policy cannot be reached now and may be reached later: the arm holds until then."""


class InputRefused(Pi0RosError):
    """One incoming message was refused; the stream it came on goes on.

    Attributes:
        kind: short stable identifier of the reason, used as a counter's name.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class ObservationNotReady(Pi0RosError):
    """No observation can be built now.

    Attributes:
        problems: one sentence per stream that is missing or stale.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ControlRefused(Pi0RosError):
    """The controller will not do what was asked of it in its present state."""
