"""Parameters of a policy that a server computes."""

from pi0_ros.policy.remote.remote_config import RemoteConfig
from pi0_ros.ros.parameter import Parameter, Range

_REMOTE = RemoteConfig("ws://127.0.0.1:8000")

REMOTE = (
    Parameter(
        "remote_state_key",
        "string",
        _REMOTE.keys.state,
        "Policy server: key of the joint positions in the message. A>B is B inside the map A.",
    ),
    Parameter(
        "remote_prompt_key",
        "string",
        _REMOTE.keys.prompt,
        "Policy server: key of the instruction in the message.",
    ),
    Parameter(
        "remote_actions_key",
        "string",
        _REMOTE.keys.actions,
        "Policy server: key of the chunk in the answer.",
    ),
    Parameter(
        "remote_image_layout",
        "string",
        _REMOTE.image_layout,
        "Policy server: order of a picture's axes, hwc (height, width, channel) or chw.",
        choices=("hwc", "chw"),
    ),
    Parameter(
        "remote_connect_timeout",
        "double",
        _REMOTE.connect_timeout_s,
        "Policy server: a connection that takes longer is given up and tried again later.",
        unit="s",
        range=Range(0.05, 600.0),
    ),
    Parameter(
        "remote_call_timeout",
        "double",
        _REMOTE.call_timeout_s,
        "Policy server: a chunk that takes longer is given up; the arm holds until one comes.",
        unit="s",
        range=Range(0.05, 600.0),
    ),
    Parameter(
        "remote_warm_up_timeout",
        "double",
        _REMOTE.warm_up_timeout_s,
        "Policy server: as remote_call_timeout, for the first chunk, which may compile the model.",
        unit="s",
        range=Range(0.05, 3600.0),
    ),
)
