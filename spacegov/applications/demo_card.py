"""The demo's card, `tools/demo.yaml`: which scenarios are shown, and which questions are asked of real layers."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from spacegov.applications.scenario import Source
from spacegov.cards import Card
from spacegov.text import Text


class DemoScenario(Card):
    """One scenario of the demo.

    Attributes
    ----------
    scenario : str
        Its id.
    draw : list of Source
        Answers that the picture shows, from the ground up: `step`, `step.frame`, or a part of one. By default the
        scenario's own.
    below : list of str
        Layers drawn under them.
    focus : tuple of float or None
        What the picture shows: west, south, east, north in the analysis CRS.
    focus_on : dict
        Column and value of the features that the picture shows, where no focus is given.
    lines_by : list of str
        Columns of the scenario's answer whose largest groups a wide card lists.
    wide : bool
        Whether it takes a wide card.
    """

    scenario: str
    draw: list[Source] = Field(default=[])
    below: list[str] = Field(default=[])
    focus: tuple[float, float, float, float] | None = None
    focus_on: dict[str, str] = Field(default={})
    lines_by: list[str] = Field(default=[])
    wide: bool = False


class RealQuestion(Card):
    """One question asked of real layers, where they are at hand.

    Attributes
    ----------
    tool : str
        Tool id.
    files : dict
        Inputs as files in the folder of real layers, `file.gpkg:layer`.
    given : dict
        Options.
    crs : str or None
        CRS to bring the files to.
    repair : bool
        Whether broken polygons are mended, on record.
    question, place, source : Text
        The question in words; whose ground; where the layers come from.
    answer : Text or None
        The answer in words; the tool's by default.
    below : dict
        Files drawn under the answer, each with a colour of the palette.
    """

    tool: str
    files: dict[str, str | list[str]]
    given: dict[str, Any] = Field(default={})
    crs: str | None = None
    repair: bool = False
    question: Text
    place: Text
    source: Text
    answer: Text | None = None
    below: dict[str, str] = Field(default={})


class DemoCard(Card):
    """What the demo shows."""

    scenarios: list[DemoScenario]
    real: list[RealQuestion] = Field(default=[])
