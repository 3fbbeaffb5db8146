"""Running a scenario unattended: every computing step in order, decisions left as proposals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

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
    folder : Path or None
        Where layers, tables, maps and the report were written.
    """

    card: ScenarioCard
    steps: tuple[StepOutcome, ...]
    started: datetime
    seconds: float
    folder: Path | None = None

    @property
    def failed(self) -> tuple[StepOutcome, ...]:
        """Steps that failed or could not be begun."""
        return tuple(step for step in self.steps if step.status in {"failed", "skipped"})

    @property
    def main(self) -> StepOutcome:
        """The step whose answer is the scenario's."""
        return next(step for step in self.steps if step.step.id == self.card.main.id)
