"""Every scenario card of ours and of the workspace, found by id or words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.applications.checking import check_names
from spacegov.applications.scenario import ScenarioCard
from spacegov.cards import card_of
from spacegov.text import Language, say
from spacegov.toolbox.filed import Filed

if TYPE_CHECKING:
    from spacegov.workspace import Workspace


class Scenarios(Filed[ScenarioCard]):
    """All scenarios of a workspace, by id.

    Made by the workspace as `ws.scenarios`. A card that is taken out has been held to its model and to the names of
    steps, tools, layers and departments; what tools take and answer is checked before a run.
    """

    what = "scenario"
    folder = "scenarios"

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.directory)
        self.workspace = workspace

    def make(self, name: str, path: Path, data: Any, text: str, application: str) -> ScenarioCard:
        """Hold a card to its model and to the names it uses."""
        card = card_of(data, ScenarioCard, str(path), text, id=name, application=application)
        check_names(self.workspace, card, str(path), text)
        return card

    def __repr__(self) -> str:
        return f"<{len(self)} scenarios; search with .find('words')>"


def describe(card: ScenarioCard, language: Language = "en") -> dict[str, Any]:
    """Give the facts that lists show."""
    return {
        "id": card.id,
        "title": say(card.title, language),
        "titles": dict(card.title),
        "application": card.application,
        "question": say(card.question, language),
        "departments": list(card.departments),
        "steps": len(card.steps),
        "days": sum(step.days for step in card.steps),
        "deliverable": say(card.deliverable.title, language),
    }
