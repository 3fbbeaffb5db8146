"""A result as a report reads it: one language, words instead of codes, what is measured and how it is classed."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spacegov import numbers
from spacegov.layers.coverage import Answer
from spacegov.maps.answers import is_drawable, style_of_result
from spacegov.reports.places import Places
from spacegov.reports.terms import Terms
from spacegov.reports.words import WORDS
from spacegov.text import Language, say
from spacegov.toolbox.words import column_words
from spacegov.units import Unit, unit_named

if TYPE_CHECKING:
    from spacegov.maps.compiled import CompiledStyle
    from spacegov.toolbox.card import Column
    from spacegov.toolbox.result import Result

DASH = "–"
_PLAIN = {"area_m2": "area", "length_m": "length", "people": "people"}
NO_BREAK = "\u00a0"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_LISTED = 4
ANSWERS = tuple(answer.value for answer in Answer)
FINDING = Unit(("finding", "findings"), "项结果", ("результат", "результата", "результатов"))


@dataclass(frozen=True)
class Measure:
    """What findings are added up by: a column, and how it is written (`area`, `length`, `count`)."""

    column: str | None
    kind: str
    title: str


class Asked:
    """A result in one language.

    Parameters
    ----------
    result : Result
    language : {"en", "zh", "ru"}
    places : Places, optional
        The units of its workspace, where several results share them.
    """

    def __init__(self, result: Result, language: Language, places: Places | None = None) -> None:
        self.result = result
        self.language = language
        self.words = WORDS[language]
        self.places = places or Places(result.workspace, language)
        self.terms = Terms(result, language, self.places)
        self.card = result.tool.card
        self.facts = result.provenance

    def word(self, key: str, **parts: str) -> str:
        """Give one of the report's own phrases."""
        return self.words[key].format(**parts)

    @cached_property
    def answers(self) -> dict[str, int]:
        """How many rows of the main frame are of each of the four answers; empty where its rows are no answers."""
        frame = self.result.frame
        if "answer" not in getattr(frame, "columns", ()):
            return {}
        counted = frame["answer"].astype(str).value_counts().to_dict()
        return {key: int(counted.get(key, 0)) for key in ANSWERS} if set(counted) <= set(ANSWERS) else {}

    @cached_property
    def frame(self) -> Any:
        """The findings: the main frame without rows that only say that nothing is there or known; None for a raster."""
        frame = self.result.frame
        if not hasattr(frame, "columns"):
            return None
        if self.answers and self.card.show.colour_by != "answer" and is_drawable(frame):
            frame = frame[frame["answer"].astype(str) == Answer.PRESENT.value]
        return frame.reset_index(drop=True)

    @cached_property
    def unanswered(self) -> Any:
        """Rows of the main frame that say where there is no answer, None where there are none to draw."""
        frame = self.result.frame
        if not self.answers or self.card.show.colour_by == "answer":
            return None
        rows = frame[frame["answer"].astype(str) == Answer.NOT_COVERED.value]
        return rows if is_drawable(rows) and not rows.geometry.is_empty.all() else None

    @cached_property
    def is_map(self) -> bool:
        """Whether the findings can be drawn."""
        return is_drawable(self.result.frame) if self.frame is None else is_drawable(self.frame)

    @cached_property
    def drawn(self) -> Any:
        """What is drawn: the findings, or the raster."""
        return self.result.frame if self.frame is None else self.frame

    @cached_property
    def style(self) -> CompiledStyle:
        """How the findings are drawn."""
        if self.frame is None:
            return style_of_result(self.result, self.drawn)
        return style_of_result(replace(self.result, frames={**self.result.frames, self.main: self.frame}), self.frame)

    @property
    def main(self) -> str:
        """Name of the main frame."""
        return next(name for name, frame in self.result.frames.items() if frame is self.result.frame)

    @cached_property
    def measure(self) -> Measure:
        """What findings are added up by: area where they have one, else length, else their number."""
        for column, kind in (("area_m2", "area"), ("length_m", "length")):
            if self.frame is not None and column in self.frame.columns and self.total(column) > 0:
                return Measure(column, kind, self.title(column))
        return Measure(None, "count", self.words["number"])

    def total(self, column: str | None) -> float:
        """Add up a column of the main frame; None counts the rows."""
        if self.frame is None:
            return 0.0
        if column is None:
            return float(len(self.frame))
        return math.fsum(float(value) for value in self.frame[column].dropna())

    def amount(self, value: float) -> str:
        """Write an amount of the measure with its unit."""
        if self.measure.kind == "area":
            return numbers.area(value, self.language)
        return numbers.length(value, self.language) if self.measure.kind == "length" else self.counted(value)

    def counted(self, count: float) -> str:
        """Write a number of findings."""
        text = numbers.count(count, self.language)
        # A word keeps its distance; a unit stands close.
        return f"{text}{'' if self.language == 'zh' else NO_BREAK}{FINDING.form(count, self.language)}"

    def column(self, name: str) -> Column | None:
        """Give the words of a column."""
        return self.result.columns.get(name)

    def title(self, name: str) -> str:
        """Give a column's title without its unit."""
        words = self.column(name)
        if words is not None:
            return say(words.title, self.language)
        return self.words.get(_PLAIN.get(name, ""), name.replace("_", " "))

    def unit(self, name: str) -> str | None:
        """Give a column's unit, `share` for shares."""
        words = self.column(name)
        if words is not None and words.unit:
            return words.unit
        return "share" if name == "share" or name.startswith("share_") or name.endswith("_share") else None

    def head(self, name: str, unit: str | None = None) -> str:
        """Give a column's title with its unit."""
        title = self.title(name)
        shown = unit if unit is not None else self.unit(name)
        if shown in (None, "", "year"):
            return title
        word = "%" if shown in ("share", "1") else unit_named(str(shown)).form(5, self.language)
        return self.with_unit(title, word)

    def with_unit(self, title: str, word: str) -> str:
        """Set a unit behind a column's title."""
        if not word:
            return title
        return f"{title}（{word}）" if self.language == "zh" else f"{title},{NO_BREAK}{word}"

    def value(self, name: str, value: Any) -> str:
        """Write a value of a column in words; the unit stands in the head."""
        if _missing(value):
            return DASH
        if isinstance(value, (bool,)) or type(value).__name__ == "bool_":
            return self.words["yes" if value else "no"]
        words = self.column(name)
        title = (words.codes or {}).get(str(value)) if words is not None else None
        if title is not None:
            return say(title, self.language)
        if isinstance(value, Mapping):
            return "; ".join(f"{self.named(str(key))}: {self.value(name, part)}" for key, part in value.items())
        if isinstance(value, (list, tuple, set)) or getattr(value, "ndim", None) == 1:
            return self._listed(name, list(value))
        if hasattr(value, "item"):
            value = value.item()
        if isinstance(value, (dt.datetime, dt.date)):
            return numbers.date(value.date() if isinstance(value, dt.datetime) else value, self.language)
        if isinstance(value, (int, float)):
            return self._number(name, value)
        text = str(value)
        return numbers.date(text, self.language) if _DAY.fullmatch(text) else self.terms.cell(text, name)

    def _number(self, name: str, value: float) -> str:
        unit = self.unit(name)
        if unit in ("share", "1"):
            return numbers.number(value * 100, self.language, 1)
        if unit == "year" or (unit is None and value == int(value) and abs(value) < 10_000):
            return numbers.quantity(value, unit, self.language)
        return numbers.number(value, self.language)

    def _listed(self, name: str, values: list[Any]) -> str:
        shown = [self.value(name, value) for value in values[:MOST_LISTED]]
        more = f" +{len(values) - MOST_LISTED}" if len(values) > MOST_LISTED else ""
        return ", ".join(shown) + more if shown else DASH

    def named(self, text: str) -> str:
        """Give the name behind a code: of a layer, a department, a unit; other texts as they are."""
        return self.terms.named(text)

    def department(self, key: str | None) -> str:
        """Give the name of a department."""
        return self.terms.department(key)

    @cached_property
    def class_column(self) -> str | None:
        """The column that decides the colour, where it holds classes rather than numbers."""
        column = self.card.show.colour_by
        if self.frame is None or column is None or column not in self.frame.columns:
            return None
        return column if self._is_classed(column) else None

    def _is_classed(self, column: str) -> bool:
        import pandas as pd

        values = self.frame[column]
        return not (pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))

    @cached_property
    def classes(self) -> list[tuple[str, str, str]]:
        """Value, words and colour of every class that has features, in the order of the legend."""
        if self.class_column is None or not self.is_map:
            return []
        return [
            (str(value), say(entry.title, self.language), entry.symbol.light)
            for entry in self.style.entries
            if entry.count
            for value in (entry.values or (None,))
            if value is not None
        ]

    def columns_of(self, frame: Any) -> dict[str, Column]:
        """Words for another frame's columns."""
        return column_words(self.card, [str(name) for name in frame.columns], (), self.result.workspace.layers.schemes)

    def sorted_by_class(self, values: Iterable[str]) -> list[str]:
        """Sort class values by their place in the legend; others follow as they come."""
        order = {value: position for position, (value, _, _) in enumerate(self.classes)}
        return sorted(values, key=lambda value: order.get(value, len(order)))


def _missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, str) and not value):
        return True
    return isinstance(value, float) and not math.isfinite(value)
