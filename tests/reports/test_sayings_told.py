"""No English sentence stands in a report in Chinese or Russian, and what real runs told has words."""

from __future__ import annotations

import re

import pytest

from spacegov.reports.asked import Asked
from spacegov.reports.html_page import report_html
from spacegov.reports.sayings import spoken
from tests.reports.conftest import Page

RUNS = ("monitor-encroachment", "detect-plan-conflict", "check-three-lines", "extract-restrictions")
SENTENCE = re.compile(
    r"(?<![\w-])(the|of|is|are|was|were|and|or|in|on|no|not|have|has|to|with|without|by|from|for|its|their|which|that|"
    r"than|where|when|what|who|an?)\s[a-z]{2,}(?![\w=-])"
)
"""A small word of English before another word in small letters: no name of a tool, a column or a work has that."""


def english(text: str) -> list[str]:
    return [text[max(found.start() - 40, 0) : found.end() + 40] for found in SENTENCE.finditer(text)]


def test_english_is_told_from_names() -> None:
    assert english("未覆盖：3 buildings lie in no zone")
    assert english("строк, which nobody knows")
    names = "Dijkstra 1959; Church and ReVelle 1974; spacegov show measure-service-coverage; min_area 1 in m; v4 of 4"
    assert not english(names)


@pytest.mark.parametrize("language", ["zh", "ru"])
@pytest.mark.parametrize("name", RUNS)
def test_a_report_holds_no_english_sentence(report_in, name, language) -> None:
    page = Page(report_html(report_in(name, language)))
    assert [text for text in page.text if english(text)] == []
    assert [value for key, value in page.attributes if key == "aria-label" and value and english(value)] == []


@pytest.mark.parametrize("language", ["zh", "ru"])
@pytest.mark.parametrize("name", RUNS)
def test_what_a_run_told_is_said_in_words(answer_of, name, language) -> None:
    asked = Asked(answer_of(name), language)
    facts = asked.facts
    told = [*(drop.reason for drop in facts.dropped), *(record.what for record in facts.balances)]
    told += [doubt.text for doubt in facts.doubts]
    assert told or name == "extract-restrictions"
    assert [text for text in told if spoken(text, language, asked.terms.term) == text] == []
    places = [asked.terms.place(doubt.where) for doubt in facts.doubts if doubt.where]
    assert not [place for place in places if english(place)]
