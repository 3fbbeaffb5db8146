"""What a tool's card says: the question, the default layers, the rules, the words and the worked example.

Types, units, defaults, limits and method are the function's; a card never repeats them.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from spacegov.cards import Card
from spacegov.text import TEXT_SCHEMA, Text

Application: TypeAlias = Literal["foundation", "integration", "protection", "use", "security", "emergency"]
APPLICATIONS: tuple[Application, ...] = ("foundation", "integration", "protection", "use", "security", "emergency")


def _english_alone(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


Phrase: TypeAlias = Annotated[
    Text, BeforeValidator(_english_alone), WithJsonSchema({"anyOf": [TEXT_SCHEMA, {"type": "string"}]})
]
"""A text that may stand in English alone, without naming the language."""


class Column(Card):
    """Words for one column of the answer."""

    title: Text
    unit: str | None = None
    codes: dict[str, Text] | None = None
    scheme: str | None = None
    about: Text | str | None = None


class Show(Card):
    """How the answer is drawn and summed; `beside` names frames that the map shows with the main one."""

    frame: str | None = None
    colour_by: str | None = None
    colour: str | None = None
    classes: tuple[dict[str, Any], ...] | None = None
    label: str | None = None
    ramp: str | None = None
    beside: tuple[str, ...] = ()
    sum_by: tuple[str, ...] = ()

    @property
    def style(self) -> dict[str, Any]:
        """The part that `spacegov.maps.style` compiles."""
        given = self.model_dump(include={"colour_by", "colour", "classes", "label", "ramp"}, exclude_none=True)
        return {**given, "classes": list(given["classes"])} if "classes" in given else given


class Example(Card):
    """A worked example on the sample county, which is also a test."""

    given: dict[str, Any] = Field(default={})
    expect: dict[str, Any]


class ToolCard(Card):
    """One tool: the question and everything about it that is policy or wording."""

    id: str
    application: Application
    title: Text
    question: Phrase
    about: Text | str | None = None
    run: str = Field(pattern=r"^spacegov\.tools\.[a-z_.]+:[a-z_0-9]+$")
    layers: dict[str, str | list[str]] = Field(default={})
    policy: dict[str, str] = Field(default={})
    options: dict[str, Any] = Field(default={})
    cites: tuple[str, ...] = ()
    columns: dict[str, Column] = Field(default={})
    show: Show = Show()
    vary: dict[str, list[Any]] = Field(default={})
    answer: Phrase | None = None
    example: Example | None = None


class PolicyColumn(Card):
    """One column of a rule table."""

    type: Literal["string", "integer", "number", "boolean", "date"]
    unit: str | None = None
    title: Text | None = None
    about: Text | str | None = None


class PolicyCard(Card):
    """A rule table of one version, with its source and the days it is in force."""

    id: str
    title: Text
    source: Text | str
    version: str
    valid_from: str | None = None
    valid_to: str | None = None
    note: Text | str | None = None
    columns: dict[str, PolicyColumn]
    rows: list[list[Any] | dict[str, Any]]

    @field_validator("valid_from", "valid_to")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        with suppress(ValueError):
            return None if value is None else date.fromisoformat(value).isoformat()
        raise ValueError("a date such as 2025-10-01")
