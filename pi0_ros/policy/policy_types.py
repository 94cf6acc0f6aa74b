"""Which types of LeRobot's policies run here, and which parameters each of them takes."""

from collections.abc import Iterator

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.policy_config import PolicyConfig

# Names as LeRobot registers them.
PI0 = ("pi0", "pi0_tiny")
# They read words and start from noise, as Pi0 does ...
READERS = ("pi05", "smolvla")
# ... while these take pictures and a state, read no words, and start from no noise.
WORDLESS = ("act",)
KNOWN = (*PI0, *READERS, *WORDLESS)


def require_possible(kind: str, config: PolicyConfig) -> None:
    """
    Args:
        kind: the checkpoint's policy type.

    Raises:
        ConfigurationError: a parameter asks for what a policy of this type does not have.
    """
    for problem in impossible(kind, config):
        raise ConfigurationError(problem)


def impossible(kind: str, config: PolicyConfig) -> Iterator[str]:
    """A sentence for each parameter that asks for what a policy of type `kind` does not have."""
    what = f"the checkpoint is of type {kind!r}"
    if config.engine == "fast" and kind not in PI0:
        yield (
            f"engine: 'fast' runs {' and '.join(PI0)}, {what}: set the parameter engine to "
            "'lerobot'"
        )
    if kind == "smolvla" and config.precision is not None:
        yield (
            f"precision: {config.precision!r}, but {what}, whose language model's own "
            "configuration says that: leave the parameter at its default"
        )
    if kind in WORDLESS:
        yield from _of_wordless(what, config)


def _of_wordless(what: str, config: PolicyConfig) -> Iterator[str]:
    if config.precision not in (None, "float32"):
        yield f"precision: {config.precision!r}, but {what}, float32 only"
    if config.allow_image_resize:
        yield f"allow_image_resize: {what}, which takes no other size"
    for name in ("inference_steps", "noise_scale", "noise_seed", "tokenizer_path"):
        if getattr(config, name) is not None:
            yield f"{name}: {what}, which has no such thing: leave the parameter at its default"
