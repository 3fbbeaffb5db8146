"""What tools say is said in the report's language, with every number in its place."""

from __future__ import annotations

import re

import pytest

from spacegov.reports.sayings import sayings, spoken


def test_every_saying_has_all_languages_and_keeps_its_gaps() -> None:
    assert len(sayings()) > 60
    for _, words in sayings():
        gaps = words["en"].count("{}")
        for language in ("zh", "ru"):
            assert len(re.findall(r"\{\d?\}", words[language])) == gaps, words["en"]


@pytest.mark.parametrize("language", ["zh", "ru"])
def test_every_saying_is_known_again_with_what_was_put_in(language) -> None:
    for _, words in sayings():
        told = words["en"].format(*(f"{number}7" for number in range(1, words["en"].count("{}") + 1)))
        said = spoken(told, language)
        assert said != told
        for number in range(1, words["en"].count("{}") + 1):
            assert f"{number}7" in said


def test_the_order_of_what_was_put_in_may_differ() -> None:
    assert (
        spoken("4 counts below 5 are withheld: they are not zero", "ru") == "скрыто значений меньше 5: 4; это не ноль"
    )


def test_what_is_not_known_stays_as_it_is() -> None:
    assert spoken("a {brace} nobody knows", "zh") == "a {brace} nobody knows"
    assert spoken("3 buildings lie in no zone", "en") == "3 buildings lie in no zone"
