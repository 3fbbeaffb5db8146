"""The answer in one sentence: the card's words with the run's figures."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from spacegov import numbers
from spacegov.text import Language, say
from spacegov.toolbox.card import ToolCard


class _Words(string.Formatter):
    """Formats `{rows:count}` or `{area_m2:area}` by the rules of `spacegov.numbers`."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            return value
        writers = {
            "count": numbers.count,
            "area": numbers.area,
            "length": numbers.length,
            "volume": numbers.volume,
            "share": numbers.share,
            "number": numbers.number,
        }
        if format_spec and format_spec not in writers:
            return numbers.quantity(value, format_spec, self.language)
        return writers[format_spec or "number"](value, self.language)  # type: ignore[operator, no-any-return]


def fill_pieces(template: str, figures: Mapping[str, Any], language: Language = "en") -> list[tuple[str, bool]]:
    """Fill a sentence with figures, in pieces: text, and whether it is a figure.

    Names are looked up as they are written, so that a figure of a step may be called `step.figure`.

    Examples
    --------
    >>> fill_pieces("{find.rows:count} of {all.rows:count} places", {"find.rows": 12, "all.rows": 30})
    [('12', True), (' of ', False), ('30', True), (' places', False)]
    """
    words = _Words(language)
    pieces = []
    for text, name, written, _ in words.parse(template):
        if text:
            pieces.append((text, False))
        if name is not None:
            pieces.append((words.format_field(figures.get(name), written or ""), True))
    return pieces


def answer_pieces(card: ToolCard, summary: Mapping[str, Any], language: Language = "en") -> list[tuple[str, bool]]:
    """Give the answer in one sentence, in pieces: text, and whether it is one of the run's figures.

    Parameters
    ----------
    card : ToolCard
        Whose `answer` is filled.
    summary : mapping
        The run's figures.
    language : {"en", "zh", "ru"}

    Returns
    -------
    list of (str, bool)
        The sentence; without one in the card, rows and area.
    """
    template = say(card.answer, language)
    if not template:
        rows = {"en": "{rows:count} rows", "zh": "{rows:count} 条", "ru": "строк: {rows:count}"}[language]
        area = {"en": ", {area_m2:area}", "zh": "，{area_m2:area}", "ru": ", {area_m2:area}"}[language]
        template = rows + (area if "area_m2" in summary else "")
    return fill_pieces(template, summary, language)


def answer_sentence(card: ToolCard, summary: Mapping[str, Any], language: Language = "en") -> str:
    """Give the answer in one sentence; see `answer_pieces`."""
    return "".join(text for text, _ in answer_pieces(card, summary, language))
