"""Parameters of how chunks follow each other."""

from pi0_ros.ros.parameter import Parameter, Range

CHUNKS = (
    Parameter(
        "stretch",
        "bool",
        True,
        "Where a chunk would end before the next is there (it takes longer to come than about half "
        "its length, or chunks are rarer than that), it gets a longer step, up to four times "
        "1/action_rate: the arm goes on, slower, on the same path. false: it plays at action_rate, "
        "stops where a chunk ends, and starts anew with the next.",
    ),
    Parameter(
        "takeover_margin",
        "double",
        0.05,
        "From a chunk's publishing until it decides the motion: transport, and lead_ticks of the "
        "controller. What comes before is measured. For stretch and rtc.",
        unit="s",
        range=Range(0.0, 10.0),
    ),
    Parameter(
        "rtc",
        "string",
        "off",
        "Real-time chunking: each chunk is guided toward the one that plays while it is computed. "
        "jacobian: the published method, with autograd; identity: without the network's Jacobian, "
        "cheaper; off: each chunk stands for itself. Engine fast only.",
        choices=("off", "identity", "jacobian"),
    ),
    Parameter(
        "rtc_execution_horizon",
        "int",
        0,
        "Rows of a new chunk that are guided; those that play before it can take over always are. "
        "0: all that the chunk before has.",
        range=Range(0, 1000),
    ),
    Parameter(
        "rtc_max_guidance_weight",
        "double",
        0.0,
        "Largest weight of the guidance in a denoising step; 0: as many as there are steps.",
        range=Range(0.0, 1000.0),
    ),
    Parameter(
        "rtc_max_distance",
        "double",
        0.2,
        "An arm further than this from the chunk before does not follow it (it holds, or somebody "
        "else moves it), and the next chunk is not guided by it.",
        unit="rad",
        range=Range(0.001, 10.0),
    ),
)
