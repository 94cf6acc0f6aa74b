"""The demo tells the simulated arm what to do, judges by the truth, and goes on."""

import pytest

from pi0_ros.cli.demo.reaching import NextScene, Reaching, Say, SceneView, Try

RED, BLUE = "move to the red block", "move to the blue block"


def scene(at_s: float, episode: int = 1, touched: tuple[str, ...] = (), told: str = RED):
    return SceneView(at_s, episode, seed=episode + 10, instruction=told, touched=touched)


@pytest.fixture
def reaching() -> Reaching:
    """Told to go to the red block at 1 s."""
    made = Reaching()
    assert made.next(0.0) is None
    made.see(scene(0.5))
    assert made.next(1.0) == Say(RED)
    assert made.next(1.1) is None
    return made


@pytest.mark.parametrize(("touched", "reached"), [("red", True), ("blue", False)])
def test_the_block_touched_first_decides(reaching, touched, reached):
    reaching.see(scene(3.0, touched=(touched,)))
    reaching.see(scene(3.5, touched=(touched, "red", "blue")))
    assert reaching.tries == [Try("red", touched, 2.0)]
    assert reaching.tries[0].reached is reached
    assert f"touched {touched} after 2.0 s; {int(reached)} of 1 reached" in reaching.words()


def test_the_next_scene_is_asked_for_once_and_again_where_nothing_comes(reaching):
    reaching.see(scene(3.0, touched=("red",)))
    assert reaching.next(4.0) is None
    assert reaching.next(4.6) == NextScene(12)
    assert reaching.next(5.0) is None
    assert reaching.next(8.0) == NextScene(12)
    reaching.see(scene(8.1, episode=2, told=BLUE))
    assert reaching.next(8.2) == Say(BLUE)
    assert reaching.asked == "blue"


def test_a_try_without_a_touch_ends(reaching):
    assert reaching.next(10.9) is None
    assert reaching.next(11.1) is None
    assert reaching.tries == [Try("red", None, pytest.approx(10.1))]
    assert "touched none" in reaching.words()
    assert reaching.next(12.7) == NextScene(12)


def test_a_person_s_instruction_is_said_judged_and_kept(reaching):
    reaching.give("go to the blue one")
    assert reaching.next(2.0) == Say("go to the blue one")
    reaching.see(scene(4.0, touched=("blue",)))
    assert reaching.tries == [Try("blue", "blue", 2.0)]
    reaching.see(scene(6.0, episode=2, told=RED))
    assert reaching.next(6.1) == Say("go to the blue one")


def test_an_instruction_without_a_block_is_not_judged(reaching):
    reaching.give("dance")
    assert reaching.next(2.0) == Say("dance")
    reaching.see(scene(4.0, touched=("blue",)))
    assert reaching.tries == []
    assert "asked for no block" in reaching.words()
    assert reaching.next(5.6) == NextScene(12)


def test_a_scene_that_was_touched_before_anything_was_asked_is_passed_over():
    reaching = Reaching()
    reaching.see(scene(0.5, touched=("red",)))
    assert reaching.next(1.0) == NextScene(12)
    assert reaching.next(1.1) is None
    reaching.see(scene(1.3, episode=2))
    assert reaching.next(1.4) == Say(RED)
    assert reaching.tries == []


def test_an_instruction_after_the_touch_is_for_the_next_scene(reaching):
    reaching.see(scene(3.0, touched=("red",)))
    reaching.give(BLUE)
    assert reaching.next(3.1) is None
    assert reaching.next(4.6) == NextScene(12)
    reaching.see(scene(5.0, episode=2))
    assert reaching.next(5.1) == Say(BLUE)
