"""Reasons against motion stand until their own source takes them back."""

from pi0_ros.core.vetoes import Vetoes


def test_a_reason_is_news_once():
    vetoes = Vetoes()
    assert vetoes.put("estop", "pressed")
    assert not vetoes.put("estop", "still pressed")
    assert vetoes.reasons == ("still pressed",)
    assert not vetoes.put("estop", "")
    assert vetoes.reasons == ()
    assert vetoes.put("estop", "pressed")


def test_sources_take_back_only_what_they_said():
    vetoes = Vetoes()
    vetoes.put("estop", "pressed")
    assert vetoes.put("topic", "nobody there")
    vetoes.put("estop", "")
    assert vetoes.reasons == ("nobody there",)


def test_nothing_to_take_back_is_no_news():
    assert not Vetoes().put("estop", "")
