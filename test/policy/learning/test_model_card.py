"""The card reads as the hub reads it."""

import yaml

from pi0_ros.policy.learning.model_card import ModelCard


def card(demo: bool) -> str:
    feature = {"type": "STATE", "shape": [6]}
    return ModelCard(
        name="reach: v2",
        kind="pi0_tiny",
        base=None,
        dataset="reach",
        tasks=("pick up the red cube",),
        facts={"Seed": 3, "Loss": "0.0123"},
        config={"input_features": {"observation.state": feature}, "output_features": {}},
        command="pi0 train --dataset reach",
        demo=demo,
    ).text()


def test_its_front_matter_is_yaml_and_the_rest_tells_what_was_done() -> None:
    _, front, rest = card(demo=True).split("---\n", 2)
    matter = yaml.safe_load(front)
    assert matter["library_name"] == "lerobot"
    assert matter["model_name"] == "reach: v2"
    assert "pi0_tiny" in matter["tags"]
    for words in ("| Seed | 3 |", "- pick up the red cube", "| `observation.state` | [6] |"):
        assert words in rest
    assert "`mode: demo`" in rest
    assert "`mode: real`" in card(demo=False)
