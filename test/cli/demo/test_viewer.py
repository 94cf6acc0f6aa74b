"""How the viewer of a demo is started, and what is said when it fails."""

import os
from pathlib import Path

import pytest

from pi0_ros.bringup import DEMO, SIM
from pi0_ros.cli.demo.terminal import Terminal
from pi0_ros.cli.demo.viewer import Viewer, WantedView, view_words


def words_for(wanted: WantedView, **arguments: str) -> str:
    specs = SIM.nodes(arguments)
    return " ".join(view_words(wanted, next(s for s in specs if s.name == "pi0_policy")))


def test_it_looks_at_the_demos_arm() -> None:
    words = words_for(WantedView(8080, None), namespace="left", transport="compressed")
    assert words.startswith("view --params-file /")
    assert "demo_arm.yaml --namespace left --transport compressed --port 8080" in words
    assert "--video" not in words
    words = words_for(WantedView(None, Path("a.mp4")))
    assert "--transport" not in words
    assert words.endswith("--no-page --video a.mp4 --video-from run")


def test_without_a_wish_there_is_no_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    viewer = Viewer(None, DEMO.nodes({}), os.environ, tmp_path)
    terminal = Terminal("")
    viewer.follow(terminal)
    viewer.ask_to_end()
    viewer.end(terminal)
    assert viewer.problems() == []
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("video", ["missing/a.mp4", None])
def test_one_that_fails_is_told_once_and_is_a_problem_where_a_video_was_asked_for(
    video: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A port that nobody may take fails, too.
    wanted = WantedView(99_999, None if video is None else tmp_path / video)
    viewer = Viewer(wanted, DEMO.nodes({}), os.environ, tmp_path)
    terminal = Terminal("")
    viewer.end(terminal)
    viewer.follow(terminal)
    viewer.follow(terminal)
    said = capsys.readouterr().out
    assert said.count("view ended with exit status 2: ") == said.count("the arm goes on") == 1
    assert "argument --port" in said
    problems = viewer.problems()
    assert len(problems) == (video is not None)
    if problems:
        assert f"--video {tmp_path / 'missing/a.mp4'}: missing or not complete" in problems[0]
