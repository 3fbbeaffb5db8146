"""A scenario as its report reads it: one language, its departments, and every answer with the same units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from spacegov.applications.words import CHOICE_TITLES, department_titles
from spacegov.reports.asked import Asked
from spacegov.reports.places import Places
from spacegov.reports.sayings import spoken
from spacegov.reports.words import WORDS
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome, StepOutcome
    from spacegov.applications.scenario import Decision
    from spacegov.workspace import Workspace


class ScenarioAsked:
    """A scenario in one language.

    Parameters
    ----------
    outcome : ScenarioOutcome
    workspace : Workspace
    language : {"en", "zh", "ru"}
    """

    def __init__(self, outcome: ScenarioOutcome, workspace: Workspace, language: Language) -> None:
        self.outcome, self.card = outcome, outcome.card
        self.workspace, self.language = workspace, language
        self.words = WORDS[language]
        self.departments = department_titles(workspace, language)
        places = Places(workspace, language)
        self.asked = {
            each.step.id: Asked(each.result, language, places) for each in outcome.steps if each.result is not None
        }

    @property
    def main(self) -> Asked | None:
        """The answer of the step that the scenario shows."""
        return self.asked.get(self.outcome.main.step.id)

    @property
    def answered(self) -> Iterator[tuple[StepOutcome, Asked]]:
        """Every step with an answer, in order."""
        return ((each, self.asked[each.step.id]) for each in self.outcome.steps if each.step.id in self.asked)

    def title(self, each: StepOutcome) -> str:
        """Give what a step is called."""
        return say(each.step.title, self.language)

    def department(self, code: str) -> str:
        """Give the name of a department."""
        return self.departments.get(code, code)

    def reason(self, each: StepOutcome) -> str:
        """Write why a step gave no answer; what the program itself reports stays in English."""
        return spoken(each.error or "", self.language)

    def named(self, name: str, text: str) -> str:
        """Write a name, a colon and a text."""
        return f"{name}{'：' if self.language == 'zh' else ': '}{text}"

    def choices(self, decision: Decision) -> str:
        """Write between which answers a department chooses, in brackets."""
        told = [say(CHOICE_TITLES[choice], self.language) for choice in decision.choices]
        return f"（{'、'.join(told)}）" if self.language == "zh" else f" ({', '.join(told)})"


def ended(text: str) -> str:
    """Leave out the full stop that the sentence around a text has."""
    return text.rstrip(".。 ")
