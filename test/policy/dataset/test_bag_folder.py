"""Bags have the numbers of the dataset's episodes, whatever ended the recording before."""

from pathlib import Path

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.dataset.bag_folder import BagFolder


def bag(folder: Path, whole: bool = True) -> None:
    folder.mkdir(parents=True)
    (folder / "x.mcap").write_text(folder.name)
    if whole:
        (folder / "metadata.yaml").touch()


@pytest.fixture
def bags(tmp_path: Path) -> BagFolder:
    return BagFolder(tmp_path / "set")


def left(bags: BagFolder) -> list[str]:
    return sorted(path.name for path in bags.path.iterdir()) if bags.path.exists() else []


def test_they_lie_beside_the_dataset(bags: BagFolder, tmp_path: Path) -> None:
    assert bags.of(12) == tmp_path / "set.bags" / "episode_000012"


def test_a_bag_whose_episode_was_saved_just_before_a_kill_is_put_into_place(
    bags: BagFolder,
) -> None:
    bag(bags.of(0))
    bag(bags.staged(1))
    bags.settle(2)
    assert left(bags) == ["episode_000000", "episode_000001"]


@pytest.mark.parametrize(("episodes", "whole"), [(1, True), (2, False)])
def test_a_bag_without_an_episode_or_its_end_is_forgotten(
    bags: BagFolder, episodes: int, whole: bool
) -> None:
    bag(bags.of(0))
    bag(bags.staged(1), whole)
    bags.settle(episodes)
    assert left(bags) == ["episode_000000"]


def test_the_bag_that_is_there_is_never_replaced(bags: BagFolder) -> None:
    bag(bags.of(0))
    (bags.of(0) / "x.mcap").write_text("mine")
    bag(bags.staged(0))
    bags.settle(1)
    assert (bags.of(0) / "x.mcap").read_text() == "mine"
    assert left(bags) == ["episode_000000"]


def test_bags_of_episodes_that_are_not_there_are_refused(bags: BagFolder) -> None:
    bag(bags.of(3))
    with pytest.raises(ConfigurationError, match="a bag of episode 3"):
        bags.settle(3)
    assert left(bags) == ["episode_000003"]


def test_without_bags_there_is_no_folder(bags: BagFolder) -> None:
    bags.settle(5)
    assert not bags.path.exists()
    bags.open()
    bags.clear()
    assert not bags.path.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "set.bags").touch()
    # It is in nobody's way who wants no bags.
    BagFolder(tmp_path / "set").settle(0)
    with pytest.raises(ConfigurationError, match="--bag"):
        BagFolder(tmp_path / "set").open()
