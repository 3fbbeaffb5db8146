"""Every scenario of ours: its card holds, runs on the sample county, and says what it found in three languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from spacegov.applications.checking import check_scenario
from spacegov.applications.outcome import ScenarioOutcome
from spacegov.content import content_path
from spacegov.text import LANGUAGES, say
from spacegov.workspace import Workspace

PATHS = sorted(content_path("tools").glob("*/scenarios/*.yaml"))
IDS = [path.stem for path in PATHS]


@pytest.mark.parametrize("name", IDS)
def test_a_card_holds_and_speaks_three_languages(county: Workspace, name: str) -> None:
    card = county.scenarios[name]
    path = county.scenarios.path(name)
    check_scenario(county, card, str(path), path.read_text(encoding="utf-8"))
    assert card.application == path.parent.parent.name
    texts = [card.title, card.question, card.about, card.deliverable.title, *(step.title for step in card.steps)]
    texts += [step.decision.asked for step in card.steps if step.decision is not None]
    texts += [basis for step in card.steps for basis in step.basis if len(basis) > 1]
    if card.answer is not None:
        texts.append(card.answer)
    for text in texts:
        assert text is not None
        assert set(text) == set(LANGUAGES), text
    # Who signs has acted, and somebody decides: a scenario is work between departments, not a batch.
    assert set(card.deliverable.signatures) <= set(card.departments)
    assert any(step.decision is not None for step in card.steps)


@pytest.mark.parametrize("name", IDS)
def test_a_scenario_runs_and_answers(outcome_of: Callable[[str], ScenarioOutcome], name: str) -> None:
    outcome = outcome_of(name)
    assert [(each.step.id, each.error) for each in outcome.failed] == []
    for each in outcome.steps:
        assert each.status == ("proposed" if each.step.tool is None else "done")
        assert (each.result is None) == (each.step.tool is None)
    answers = [outcome.answer(language) for language in LANGUAGES]
    assert len(set(answers)) == len(LANGUAGES)
    for answer in answers:
        assert re.search(r"\d", answer)
        assert "–" not in re.sub(r"\d–\d", "", answer), "a figure that no step gives"
        assert "{" not in answer
    figures = set(outcome.figures)
    named = {field for text in (outcome.card.answer or {}).values() for field in re.findall(r"{([^}:]+)", text)}
    assert named <= figures


def test_scenarios_are_not_taken_for_tools(county: Workspace) -> None:
    assert set(IDS) & set(county.tools) == set()
    assert list(county.scenarios) == IDS or set(county.scenarios) == set(IDS)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("flood", "flood-warning"),
        ("洪水", "flood-warning"),
        ("паводке", "flood-warning"),
        ("landslde", "landslide-season"),
    ],
)
def test_scenarios_are_found_by_words(county: Workspace, query: str, found: str) -> None:
    assert county.scenarios.find(query)[0].id == found


def test_scenarios_of_an_application_come_in_order(county: Workspace) -> None:
    cards = county.scenarios.find(application="emergency")
    assert [card.id for card in cards] == ["outbreak-three-zones", "zone-release"]
    everything = county.scenarios.find()
    assert {card.id for card in everything} == set(IDS)
    assert say(everything[0].title) == "Review of the master plan"
