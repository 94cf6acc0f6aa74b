"""The shipped policy does what it is told; what is counted is counted right."""

import argparse
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pi0_ros.cli.eval import session
from pi0_ros.cli.eval import worker as worker_module
from pi0_ros.cli.eval.conditions import (
    AS_IT_IS,
    BASELINES,
    CONDITIONS,
    WITHOUT_LIMITS,
    Condition,
)
from pi0_ros.cli.eval.report import build_report, table
from pi0_ros.cli.eval.worker import Contestant, Worker
from pi0_ros.cli.main import main
from pi0_ros.core.errors import Pi0RosError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.manifest import WEIGHTS_FILE
from pi0_ros.share import share_directory
from pi0_ros.sim.lockstep import LockstepConfig
from pi0_ros.sim.reach import episode
from pi0_ros.sim.reach.episode import (
    LINGER_S,
    EpisodeResult,
    EpisodeRun,
    drawn_episode,
    run_row,
)
from pi0_ros.sim.reach.expert import ReachExpert

EPISODES = 12
# A policy that reaches 90 % falls below this less than once in a thousand: P(X <= 6) is 0.0005
# for a binomial X of 12 tries.
LEAST_SUCCESSES = 7
# One that goes to the other block in 80 % exceeds this as rarely: P(X >= 8) is 0.0006.
MOST_SWAPPED = 7
SEED = 2026


@pytest.fixture(scope="module")
def worker():
    folder = share_directory() / "checkpoints" / "reach"
    return Worker(Contestant(folder, None, "fast", "cpu", LockstepConfig(10.0)))


def test_the_shipped_policy_reaches_the_block_that_it_is_told_to(worker):
    results = [each for number in range(EPISODES) for each in worker.run(AS_IT_IS, SEED, [number])]
    reached = sum(result.success for result in results)
    assert reached >= LEAST_SUCCESSES, [(r.asked, r.touched, r.seconds) for r in results]
    for result in results:
        assert result.peak_velocity <= 1.0 + 1e-6
        assert result.peak_acceleration <= 1.0 + 1e-6


def test_told_to_go_to_the_other_block_it_does_not_go_to_the_first(worker):
    results = [each for number in range(EPISODES) for each in worker.run("swapped", SEED, [number])]
    assert sum(result.success for result in results) <= MOST_SWAPPED


def test_an_episode_repeats_to_the_last_bit(worker):
    row = worker.run(AS_IT_IS, SEED, [0, 1])
    assert worker.run(AS_IT_IS, SEED, [0, 1]) == row
    assert worker.run(AS_IT_IS, SEED, [0]) == row[:1]


def expert_of(setup):
    expert = ReachExpert(setup.scene.blocks[setup.scene.target])
    return lambda observation: expert.future(observation.positions, 20, 0.1)


def motionless(observation):
    return np.tile(observation.positions, (20, 1))


def test_the_expert_succeeds_and_a_motionless_policy_runs_out_of_time():
    setup = drawn_episode(SEED, 1)
    config = LockstepConfig(10.0)
    assert EpisodeRun(setup, expert_of(setup), config).attempt().success
    still = EpisodeRun(setup, motionless, config).attempt()
    assert (still.touched, still.success) == (None, False)
    assert still.seconds == pytest.approx(10.0)


def test_without_the_limiter_more_is_asked_of_the_arm_than_it_may():
    setup = drawn_episode(SEED, 1)
    free = EpisodeRun(setup, expert_of(setup), LockstepConfig(10.0, limited=False)).attempt()
    assert free.peak_acceleration > 1.0


def test_in_a_row_the_arm_stays_and_the_words_and_blocks_are_new(monkeypatch):
    monkeypatch.setattr(episode, "LONGEST_S", 1.0)
    seen = []

    def watched(observation):
        seen.append(observation)
        return motionless(observation)

    first, second = run_row(SEED, [0, 2], watched, LockstepConfig(10.0))
    assert (first.touched, second.touched) == (None, None)
    # Pictures ten times a second: one second, the pause, one second.
    at = round(10 * (1.0 + LINGER_S)) + 1
    assert len(seen) == pytest.approx(at + 9, abs=2)
    before, after = seen[at - 2], seen[at]
    np.testing.assert_allclose(after.positions, drawn_episode(SEED, 0).start, atol=0.02)
    assert before.instruction == f"move to the {first.asked} block"
    assert after.instruction == f"move to the {second.asked} block"
    assert first.asked != second.asked
    assert not np.array_equal(after.images["top"], before.images["top"])


def test_what_a_baseline_takes_away_is_away():
    seen = Observation(
        stamp_ns=0,
        images={"main": np.arange(48, dtype=np.uint8).reshape(4, 4, 3)},
        positions=np.zeros(6),
        instruction="move to the red block",
    )
    setup = drawn_episode(SEED, 0)
    (other,) = set(setup.scene.blocks) - {setup.scene.target}
    assert CONDITIONS["swapped"].told(setup.scene) == f"move to the {other} block"
    assert CONDITIONS["blank_instruction"].spoilt(seen).instruction == ""
    assert len(np.unique(CONDITIONS["blank_cameras"].spoilt(seen).images["main"])) == 1


def test_each_condition_runs_the_model_and_the_bridge_that_it_names(monkeypatch, tmp_path):
    """With the policy and the episode replaced: what arrives there is what is counted."""
    trained, untrained = tmp_path / "trained", tmp_path / "untrained"
    seen = Observation(
        stamp_ns=0,
        images={"main": np.arange(48, dtype=np.uint8).reshape(4, 4, 3)},
        positions=np.zeros(6),
        instruction="as told",
    )
    loaded = {
        folder: SimpleNamespace(infer=lambda observation, folder=folder: (folder, observation))
        for folder in (trained, untrained)
    }
    monkeypatch.setattr(worker_module, "load_policy", lambda config: loaded[config.path])
    scene = drawn_episode(SEED, 0).scene
    monkeypatch.setattr(
        worker_module,
        "run_row",
        lambda seed, numbers, infer, bridge, told: [(*infer(seen), bridge.limited, told(scene))],
    )
    worker = Worker(Contestant(trained, untrained, "fast", "cpu", LockstepConfig(10.0)))
    came = {name: worker.run(name, SEED, [0])[0] for name in CONDITIONS}
    told = scene.instruction
    assert {name for name, what in came.items() if what[0] == untrained} == {"untrained"}
    assert {name for name, what in came.items() if what[1] is not seen} == {
        "blank_instruction",
        "blank_cameras",
    }
    assert {name for name, what in came.items() if not what[2]} == {WITHOUT_LIMITS}
    assert {name for name, what in came.items() if what[3] != told} == {"swapped"}


def test_of_a_whole_evaluation_one_baseline_has_the_same_model_with_other_weights(
    monkeypatch, tmp_path, capsys
):
    from safetensors.torch import load_file

    runs = []

    def load(config):
        weights = load_file(config.path / WEIGHTS_FILE)
        return SimpleNamespace(
            description=SimpleNamespace(policy_id="stub"), infer=lambda _: weights
        )

    def run(seed, numbers, infer, bridge, told):
        runs.append(infer(SimpleNamespace()))
        return [result("red") for _ in numbers]

    monkeypatch.setattr(worker_module, "load_policy", load)
    monkeypatch.setattr(worker_module, "run_row", run)
    plain = {name: Condition("", trained=one.trained) for name, one in CONDITIONS.items()}
    monkeypatch.setattr(worker_module, "CONDITIONS", plain)
    words = ["--episodes", "1", "--workers", "1", "--report", str(tmp_path / "r.json")]
    assert main(["eval", *words]) == 0
    trained, *_, untrained = runs
    assert len(runs) == len(CONDITIONS)
    assert all(weights is trained for weights in runs[:-1])
    shapes = {name: tensor.shape for name, tensor in trained.items()}
    assert {name: tensor.shape for name, tensor in untrained.items()} == shapes
    # Heads that nothing uses stay as they began.
    learned = [name for name in shapes if not trained[name].equal(untrained[name])]
    assert len(learned) > 0.5 * len(shapes)


def result(touched: str | None, asked: str = "red") -> EpisodeResult:
    return EpisodeResult(asked, touched, 2.0, 0.5, 0.9, 0.1, 0.01, 1.0, {"start distance": 1})


def test_rates_intervals_and_rejections_are_counted():
    main_results = [result("red")] * 8 + [result("blue"), result(None), result("blue", "blue")]
    names = [AS_IT_IS, *BASELINES]
    results = dict.fromkeys(names, main_results) | {"swapped": [result("blue")] * 4}
    report = build_report(results, {"seed": 1})
    assert report["baselines"]["swapped"]["success_rate"] == 0.0
    assert report["baselines"]["untrained"]["success_rate"] == report["success_rate"]
    assert report["success_rate"] == pytest.approx(9 / 11, abs=1e-4)
    # Wilson's interval for 9 of 11, from a table.
    assert report["confidence_interval"] == [
        pytest.approx(0.523, abs=1e-3),
        pytest.approx(0.949, abs=1e-3),
    ]
    assert (report["touched_the_other"], report["touched_nothing"]) == (1, 1)
    assert report["limiter"]["rejected"] == {"start distance": 11}
    assert report["by_instruction"]["move to the blue block"]["success_rate"] == 1.0
    assert set(report["baselines"]) == {
        "swapped",
        "blank_instruction",
        "blank_cameras",
        "untrained",
    }
    text = table(report)
    assert "swapped" in text
    assert "82%" in text
    beyond = build_report({AS_IT_IS: [replace(result("red"), peak_velocity=1.1)]}, {})
    assert beyond["limiter"]["episodes_beyond_limits"] == 1


def test_what_cannot_work_is_said_at_once(tmp_path, capsys):
    assert main(["eval", "--policy-path", str(tmp_path / "none"), "--no-baselines"]) == 1
    assert "no such folder" in capsys.readouterr().err
    assert main(["eval", "--report", str(tmp_path)]) == 1
    assert "--report" in capsys.readouterr().err


def test_what_cannot_be_written_is_said_with_its_option(tmp_path):
    (tmp_path / "plots").touch()
    for option, path in (("report", tmp_path), ("plots", tmp_path / "plots")):
        wanted = dict.fromkeys(("report", "plots", "video")) | {option: path}
        with pytest.raises(Pi0RosError, match=f"--{option} {path}: cannot be written"):
            session._write(argparse.Namespace(**wanted), {}, None)


def test_a_whole_evaluation_from_the_command_line(tmp_path, capsys):
    file, film, plots = tmp_path / "r.json", tmp_path / "film.mp4", tmp_path / "plots"
    words = ["--episodes", "2", "--no-baselines", "--workers", "1", "--video-episodes", "1"]
    words += ["--in-a-row", "2"]
    options = ["--report", str(file), "--video", str(film), "--plots", str(plots)]
    assert main(["eval", *words, *options]) == 0
    report = json.loads(file.read_text())
    assert (report["episodes"], report["in_a_row"]) == (2, 2)
    assert len(report["results"][AS_IT_IS]) == 2
    assert film.stat().st_size > 1000
    assert {path.name for path in plots.iterdir()} == {"success_rates.png", "seconds_to_reach.png"}
    said = capsys.readouterr().out
    assert "2 episodes in rows of 2" in said
    assert "success" in said
