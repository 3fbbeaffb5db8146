"""An answer for the eyes: the question, the sentence with its numbers, a small table for each way to sum it up."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from spacegov import numbers
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result

SHOWN_GROUPS = 8
WORDS: dict[str, dict[Language, str]] = {
    "number": {"en": "Number", "zh": "数量", "ru": "Количество"},
    "area": {"en": "Area", "zh": "面积", "ru": "Площадь"},
    "length": {"en": "Length", "zh": "长度", "ru": "Длина"},
    "more": {"en": "and {} more", "zh": "另有 {} 项", "ru": "и ещё {}"},
    "not_stated": {"en": "not stated", "zh": "未注明", "ru": "не указано"},
    "not_covered": {"en": "not covered by", "zh": "无权威数据", "ru": "нет данных слоя"},
    "left_out": {"en": "left out", "zh": "未计入", "ru": "не учтено"},
    "doubt": {"en": "doubt", "zh": "存疑", "ru": "сомнение"},
}


def tell(result: Result, language: Language, files: Mapping[str, str]) -> None:
    """Print an answer to the terminal."""
    facts = result.provenance
    typer.echo(say(result.tool.card.question, language))
    typer.echo(result.answer(language))
    for column, values in result.summary.get("by", {}).items():
        typer.echo()
        for line in table_lines(*_grouped(result, column, values, language)):
            typer.echo(f"  {line}")
    if result.summary.get("by"):
        typer.echo()
    for layer, area_m2 in result.summary.get("not_covered", {}).items():
        typer.echo(f"  {say(WORDS['not_covered'], language)} {layer}: {numbers.area(area_m2, language)}")
    for drop in facts.dropped:
        area = f", {numbers.area(drop.area_m2, language)}" if drop.area_m2 is not None else ""
        typer.echo(f"  {say(WORDS['left_out'], language)}: {numbers.count(drop.count, language)} ({drop.reason}{area})")
    for doubt in facts.doubts:
        typer.echo(f"  {say(WORDS['doubt'], language)}: {doubt.text}{f' ({doubt.where})' if doubt.where else ''}")
    if result.sensitivity is not None and len(result.sensitivity):
        typer.echo(result.sensitivity.to_string(index=False))
    for name, path in files.items():
        typer.echo(f"  {name}: {path}")


def _grouped(
    result: Result, column: str, values: Mapping[str, Mapping[str, Any]], language: Language
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the table of one column, the largest groups first, areas and lengths in one unit."""
    from spacegov.toolbox.result import column_title
    from spacegov.toolbox.summary import NOT_STATED

    card = result.columns.get(column)
    words = card.codes or {} if card is not None else {}
    layers = result.workspace.layers
    show = result.tool.card.show
    # a column of few codes keeps the order of the map's legend or of the card, others put the largest groups first
    legend = [str(entry.get("value")) for entry in show.classes or ()] if column == show.colour_by else []
    few = len(words) <= 2 * SHOWN_GROUPS and len(values) <= SHOWN_GROUPS
    if not legend and few and set(values) <= {*words, NOT_STATED}:
        legend = list(words)
    ranked = sorted(
        values.items(),
        key=lambda item: (
            legend.index(item[0]) if item[0] in legend else len(legend),
            -item[1].get("area_m2", 0.0),
            -item[1]["rows"],
            item[0],
        ),
    )

    def title(value: str) -> str:
        if value == NOT_STATED:
            return say(WORDS["not_stated"], language)
        return say(words.get(value), language) or (layers[value].title(language) if value in layers else value)

    heads, cells = [column_title(result, column, language)], [[title(value) for value, _ in ranked]]
    # one row for each class, as of a raster, is no number worth a column
    if any(own["rows"] != 1 for _, own in ranked) or not any(own.get("area_m2") for _, own in ranked):
        heads.append(say(WORDS["number"], language))
        cells.append([numbers.count(own["rows"], language) for _, own in ranked])
    areas, lengths = ([own.get(key) for _, own in ranked] for key in ("area_m2", "length_m"))
    if any(areas):
        unit = numbers.area_unit(areas)
        heads.append(say(WORDS["area"], language))
        cells.append([numbers.area(value, language, unit=unit) for value in areas])
    if any(lengths):
        measure = numbers.length_unit(lengths)
        heads.append(say(WORDS["length"], language))
        cells.append([numbers.length(value, language, unit=measure) for value in lengths])
    rows = [list(row) for row in zip(*cells, strict=True)]
    if len(rows) > SHOWN_GROUPS:
        more = say(WORDS["more"], language).format(numbers.count(len(rows) - SHOWN_GROUPS, language))
        rows = [*rows[:SHOWN_GROUPS], [more] + [""] * (len(heads) - 1)]
    return heads, rows


def table_lines(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Lay out a table: words to the left, numbers to the right; Chinese characters take two places.

    Examples
    --------
    >>> table_lines(["Kind", "Number"], [["road", "12"], ["pond", "3"]])
    ['Kind  Number', 'road      12', 'pond       3']
    """
    widths = [max(_width(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) if place == 0 else " " * (width - _width(cell)) + cell
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [heads, *rows]
    ]


def _width(text: str) -> int:
    """Places a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )
