"""Scenario cards: workflows in which several departments do one job together.

A scenario is `tools/<application>/scenarios/<id>.yaml`. Its steps are questions to tools or decisions of people; a step
takes layers, or what an earlier step answered. Days are working days.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from spacegov.cards import Card
from spacegov.layers.card import SPACES
from spacegov.text import Text
from spacegov.toolbox.card import Application, Phrase

Choice: TypeAlias = Literal["agree", "object", "return", "correct"]
"""Agree; object, with a reason; return to the step before; ask the steward of a layer for a correction."""


class Selection(Card):
    """A part of a layer or of an earlier answer.

    Attributes
    ----------
    source : str
        `from` in YAML: a layer id, `step` or `step.frame`.
    where : str or None
        A CQL2 filter over its columns, such as `verdict = 'prohibited'`.
    rename : dict
        New column names, each with the column it is taken from, after the filter.
    """

    source: str = Field(alias="from")
    where: str | None = None
    rename: dict[str, str] = Field(default={})

    @property
    def whole(self) -> bool:
        """Whether it is taken as it is."""
        return self.where is None and not self.rename


Source: TypeAlias = str | Selection


class Decision(Card):
    """What people decide at a step.

    Attributes
    ----------
    asked : Text
        The question put to the department.
    proposal : Text or None
        What an unattended run proposes; the answer of the step's tool by default.
    choices : tuple of str
        What may be decided.
    """

    asked: Text
    proposal: Text | None = None
    choices: tuple[Choice, ...] = ("agree", "object", "return")


class Step(Card):
    """One step of a scenario.

    Attributes
    ----------
    id : str
        Unique within the scenario.
    department : str
        Code of the department that acts, as in `stewards.yaml`.
    title : Text
    tool : str or None
        The question asked; without one the step is a decision of people.
    inputs : dict
        By the tool's input names: a layer id, `step` or `step.frame`, a part of either, or several of them. What is not
        given comes from the tool's card.
    options, policy : dict
        As in the tool's card.
    after : tuple of str
        Further steps that come before this one.
    decision : Decision or None
        What is decided on the step's answer.
    days : int
        Working days allowed.
    basis : tuple of Phrase
        Legal basis, with article.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    department: str
    title: Text
    tool: str | None = None
    inputs: dict[str, Source | list[Source]] = Field(default={})
    options: dict[str, Any] = Field(default={})
    policy: dict[str, str] = Field(default={})
    after: tuple[str, ...] = ()
    decision: Decision | None = None
    days: Annotated[int, Field(ge=0, le=365)]
    basis: tuple[Phrase, ...] = ()

    @field_validator("id")
    @classmethod
    def _not_a_space(cls, value: str) -> str:
        if value in SPACES:
            raise ValueError(f"another id than the name of a space ({', '.join(SPACES)})")
        return value

    @model_validator(mode="after")
    def _asks_or_decides(self) -> Step:
        if self.tool is None and self.decision is None:
            raise ValueError("a step with a tool, a decision, or both")
        if self.tool is None and (self.inputs or self.options or self.policy):
            raise ValueError("a tool for the inputs, options or policy given; name it, or remove them")
        return self

    def sources(self) -> list[tuple[str, int | None, Selection]]:
        """Give every source of its inputs: input name, position where several are given, the source."""
        found: list[tuple[str, int | None, Selection]] = []
        for name, given in self.inputs.items():
            for position, item in enumerate(given) if isinstance(given, list) else [(None, given)]:
                selection = item if isinstance(item, Selection) else Selection(**{"from": item})
                found.append((name, position, selection))
        return found


class Deliverable(Card):
    """What a scenario ends in.

    Attributes
    ----------
    title : Text
    signatures : tuple of str
        Codes of the departments that sign.
    about : Text or None
    """

    title: Text
    signatures: tuple[str, ...]
    about: Text | None = None


class ScenarioCard(Card):
    """One scenario.

    Attributes
    ----------
    id, application : str
        From the file's place.
    title, question : Text
    about : Text or None
    steps : tuple of Step
        In the order in which people go through them.
    shows : str or None
        The step whose answer is the scenario's; the last one with a tool by default.
    draws : tuple of str
        Steps whose answers the map opens with, the foremost first; the one shown by default.
    answer : Text or None
        The answer in words, with figures of steps such as `{conflicts.rows:count}`; that of the step shown by default.
    deliverable : Deliverable
    cites : tuple of str
        Standards and laws.
    """

    id: str
    application: Application
    title: Text
    question: Text
    about: Text | None = None
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    shows: str | None = None
    draws: tuple[str, ...] = ()
    answer: Text | None = None
    deliverable: Deliverable
    cites: tuple[str, ...] = ()

    @property
    def main(self) -> Step:
        """The step whose answer is the scenario's."""
        asking = [step for step in self.steps if step.tool is not None]
        return next((step for step in asking if step.id == self.shows), asking[-1])

    @property
    def departments(self) -> tuple[str, ...]:
        """Codes of the departments that act, in order."""
        return tuple(dict.fromkeys(step.department for step in self.steps))

    def step_of(self, source: str) -> tuple[Step, str | None] | None:
        """Give the step and the frame that a source names; None for a layer."""
        name, _, frame = source.partition(".")
        step = next((step for step in self.steps if step.id == name), None)
        return None if step is None else (step, frame or None)

    def needs(self, step: Step) -> list[Step]:
        """Give the steps that a step depends on, in the card's order."""
        named = {found[0].id for _, _, item in step.sources() if (found := self.step_of(item.source)) is not None}
        named.update(step.after)
        return [other for other in self.steps if other.id in named]
