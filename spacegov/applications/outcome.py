"""What became of a scenario and of each of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from spacegov.errors import UnknownName, suggest
from spacegov.text import Language, say
from spacegov.toolbox.sentence import answer_pieces, fill_pieces

if TYPE_CHECKING:
    from spacegov.applications.scenario import ScenarioCard, Step
    from spacegov.toolbox.result import Result

Status: TypeAlias = Literal["done", "failed", "skipped", "proposed"]


@dataclass(frozen=True)
class StepOutcome:
    """What became of one step.

    Attributes
    ----------
    step : Step
    status : {"done", "failed", "skipped", "proposed"}
        Answered by its tool; its tool failed; not begun since a step it depends on failed; left for people to decide.
    result : Result or None
        The tool's answer.
    error : str or None
        Why it failed or was skipped.
    seconds : float
    """

    step: Step
    status: Status
    result: Result | None = None
    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class ScenarioOutcome:
    """What a scenario came to.

    Attributes
    ----------
    card : ScenarioCard
    steps : tuple of StepOutcome
        In the card's order.
    started : datetime
        In UTC.
    seconds : float
        Of its steps.
    folder : Path or None
        Where layers, tables, maps and the report were written.
    files : dict of Path
        What was written there, by kind.
    folder_seconds : float
        What writing them took besides.
    """

    card: ScenarioCard
    steps: tuple[StepOutcome, ...]
    started: datetime
    seconds: float
    folder: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    folder_seconds: float = 0.0

    @property
    def failed(self) -> tuple[StepOutcome, ...]:
        """Steps that failed or could not be begun."""
        return tuple(step for step in self.steps if step.status in {"failed", "skipped"})

    @property
    def main(self) -> StepOutcome:
        """The step whose answer is the scenario's."""
        return next(step for step in self.steps if step.step.id == self.card.main.id)

    def step(self, name: str) -> StepOutcome:
        """Give the outcome of a step.

        Raises
        ------
        UnknownName
            There is no such step.
        """
        for outcome in self.steps:
            if outcome.step.id == name:
                return outcome
        raise UnknownName(
            f"{self.card.id}: there is no step {name!r}; {suggest(name, (each.step.id for each in self.steps))}"
        )

    def answer_pieces(self, language: Language = "en") -> list[tuple[str, bool]]:
        """Give the scenario's answer in pieces: text, and whether it is a figure.

        The card's words need every step they speak of; where one of them failed, the step shown answers alone.
        """
        main = self.main
        if self.card.answer is not None and not self.failed:
            return fill_pieces(say(self.card.answer, language), self.figures, language)
        if main.result is None:
            return [(str(main.error), False)]
        return answer_pieces(main.result.tool.card, main.result.summary, language)

    def answer(self, language: Language = "en") -> str:
        """Give the scenario's answer in one sentence."""
        return "".join(text for text, _ in self.answer_pieces(language))

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of all steps, by `step.figure`."""
        return {
            f"{outcome.step.id}.{name}": value
            for outcome in self.steps
            if outcome.result is not None
            for name, value in outcome.result.summary.items()
            if not isinstance(value, (dict, list))
        }

    def to_json(self, files: Mapping[str, str] | None = None, language: Language = "en") -> dict[str, Any]:
        """Give what `spacegov scenario --json` prints."""
        return {
            "scenario": self.card.id,
            "status": "partly failed" if self.failed else "done",
            "title": say(self.card.title, language),
            "question": say(self.card.question, language),
            "answer": self.answer(language),
            "steps": [_step_facts(outcome, language) for outcome in self.steps],
            "deliverable": say(self.card.deliverable.title, language),
            "signatures": list(self.card.deliverable.signatures),
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": self.seconds,
            **({} if self.folder is None else {"folder_seconds": self.folder_seconds}),
            "files": dict(files or {}),
        }

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} steps failed" if self.failed else ""
        return f"<Scenario {self.card.id}: {self.answer()}{failed}, {self.seconds:.1f} s>"


def _step_facts(outcome: StepOutcome, language: Language) -> dict[str, Any]:
    result = outcome.result
    return {
        "id": outcome.step.id,
        "department": outcome.step.department,
        "title": say(outcome.step.title, language),
        "tool": outcome.step.tool,
        "status": outcome.status,
        "answer": None if result is None else result.answer(language),
        "error": outcome.error,
        "days": outcome.step.days,
        "seconds": outcome.seconds,
        "run": None if result is None or result.folder is None else str(result.folder),
    }
