"""The demo: its card fits the scenarios, its page leads to what it wrote, real layers are asked where they are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spacegov.applications.demo import run_demo, there
from spacegov.applications.demo_card import DemoCard
from spacegov.applications.demo_pictures import scenario_picture
from spacegov.applications.outcome import ScenarioOutcome
from spacegov.cards import card_of, read_card
from spacegov.content import content_path
from spacegov.text import LANGUAGES
from spacegov.toolbox.card import APPLICATIONS
from spacegov.workspace import Workspace

CARD = read_card(content_path("tools") / "demo.yaml", DemoCard)
SMALL = {
    "scenarios": [
        {
            "scenario": "red-line-watch",
            "wide": True,
            "draw": [{"from": "watch.encroachments", "where": "permitted = 'unpermitted'"}],
            "below": ["planned.ecological-red-line"],
            "lines_by": ["theme", "kind"],
        },
        {"scenario": "project-access"},
    ]
}


class Page(HTMLParser):
    """What a page links to and whether its elements close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.links.append(str(found["href"]))
        if "id" in found:
            self.ids.append(str(found["id"]))


def test_the_card_shows_a_scenario_of_each_application(county: Workspace) -> None:
    shown = [county.scenarios[entry.scenario] for entry in CARD.scenarios]
    assert [card.application for card in shown] == [name for name in APPLICATIONS if name != "foundation"]
    for entry, card in zip(CARD.scenarios, shown, strict=True):
        for item in entry.draw:
            source = item if isinstance(item, str) else item.source
            assert card.step_of(source) is not None, source
        for name in entry.below:
            assert county.layers[name].bound
    for question in CARD.real:
        assert question.tool in county.tools
        for text in (question.question, question.place, question.source, question.answer):
            assert set(text or {}) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_leads_to_what_was_written(county: Workspace, tmp_path: Path, language: str) -> None:
    card = card_of(SMALL, DemoCard, "small")
    if language != "en":
        card = card.model_copy(update={"scenarios": card.scenarios[:1]})
    told: list[float] = []
    demo = run_demo(county, tmp_path, language, lambda done, _: told.append(done), card=card)
    text = demo.index.read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.links) >= 4 * len(card.scenarios)
    assert all((tmp_path / link).is_file() for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"""(?:src|href)=["']?https?:""", text)
    assert told == sorted(told)
    first = demo.answers[0]
    assert first.question == county.scenarios["red-line-watch"].question[language]
    assert first.lines
    assert first.legend
    assert first.picture.startswith("<svg")
    for answer in demo.answers:
        assert answer.failed == ()
        assert "".join(piece for piece, _ in answer.pieces) == answer.text
    record = json.loads((tmp_path / "red-line-watch" / "scenario.json").read_text(encoding="utf-8"))
    assert record["status"] == demo.to_json()["status"] == "done"


def test_a_picture_of_nothing_is_none(outcome_of: Callable[[str], ScenarioOutcome]) -> None:
    outcome = outcome_of("master-plan-review")
    entry = card_of({"scenarios": [{"scenario": "master-plan-review", "draw": ["attributes"]}]}, DemoCard, "card")
    assert scenario_picture(outcome, entry.scenarios[0], "en") == ("", [])


REAL = Path(os.environ.get("SPACEGOV_REAL_DATA", ""))


@pytest.mark.skipif(not os.environ.get("SPACEGOV_REAL_DATA"), reason="SPACEGOV_REAL_DATA names no folder of layers")
def test_real_layers_are_asked_and_named(county: Workspace, tmp_path: Path) -> None:
    card = CARD.model_copy(update={"scenarios": [], "real": CARD.real[:1]})
    assert there(REAL, card.real[0])
    demo = run_demo(county, tmp_path, "en", card=card)
    assert demo.missed == []
    text = demo.index.read_text(encoding="utf-8")
    assert "Baltimore, United States" in text
    assert "City open data by way of mapbaltimore" in text
    assert demo.real[0].text.startswith("66 overlaps")
    assert all((tmp_path / link).is_file() for link in Page(text).links)


def test_real_layers_that_are_not_there_are_not_asked(
    county: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACEGOV_REAL_DATA", str(tmp_path))
    card = CARD.model_copy(update={"scenarios": []})
    demo = run_demo(county, tmp_path / "out", "en", card=card)
    assert demo.real == []
    assert "Baltimore" not in demo.index.read_text(encoding="utf-8")
