"""The legend as a table: swatch, words, counts and sizes, in one unit per column and adding up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from markupsafe import Markup

from spacegov import numbers
from spacegov.maps.swatch import swatch
from spacegov.maps.words import WORDS
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.maps.compiled import LegendEntry
    from spacegov.maps.page import MapLayer


@dataclasses.dataclass(frozen=True)
class Row:
    """One line: swatch, words, a quieter line, cells."""

    swatch: Markup
    title: str
    note: str
    cells: list[str]
    empty: bool


@dataclasses.dataclass(frozen=True)
class Section:
    """The legend of one layer."""

    id: str
    heading: str
    field: str
    columns: list[str]
    rows: list[Row]
    total: list[str] = dataclasses.field(default_factory=list)
    note: str = ""


def section_of(layer: MapLayer, layer_id: str, language: Language, *, headed: bool) -> Section:
    """Write the legend of a layer.

    Parameters
    ----------
    layer : MapLayer
        The layer.
    layer_id : str
        Its id in the page.
    language : {"en", "zh", "ru"}
        Of all words.
    headed : bool
        Whether its title stands above, as it must where several legends follow each other.
    """
    style = layer.style
    entries = style.entries
    titles = [say(entry.title, language) for entry in entries]
    if style.field is None:
        titles = [say(layer.title, language)]
    columns: list[str] = []
    cells: list[list[str]] = [[] for _ in entries]
    total: list[str] = []
    for title, texts, whole in _columns(entries, style.counted, layer, language):
        columns.append(title)
        for row, text in zip(cells, texts, strict=True):
            row.append(text)
        total.append(whole)
    rows = [
        Row(
            swatch=Markup(swatch(layer_id, position, entry, style.shape)),  # noqa: S704  built from the palette alone
            title=titles[position],
            note=say(entry.note, language),
            cells=cells[position],
            empty=entry.count == 0,
        )
        for position, entry in enumerate(entries)
    ]
    title = say(layer.title, language)
    heading = title if headed and style.field is not None else ""
    field_title = say(style.title, language) if style.field is not None else ""
    return Section(
        id=layer_id,
        heading=heading,
        field="" if field_title == heading else field_title,
        columns=columns,
        rows=rows,
        total=total if len(rows) > 1 else [],
        note=say(layer.note, language),
    )


def _columns(
    entries: tuple[LegendEntry, ...], counted: bool, layer: MapLayer, language: Language
) -> list[tuple[str, list[str], str]]:
    """Title, cells and total of each column the legend has."""
    words = WORDS[language]
    columns = []
    if counted:
        counts = [entry.count or 0 for entry in entries]
        title = say(layer.count_title, language) or words["number"]
        columns.append((title, [numbers.count(n, language) for n in counts], numbers.count(sum(counts), language)))
    areas = [entry.area_m2 for entry in entries if entry.area_m2 is not None]
    lengths = [entry.length_m for entry in entries if entry.length_m is not None]
    if len(areas) == len(entries) and sum(areas) > 0:
        whole = numbers.area(sum(areas), language)
        columns.append((words["area"], numbers.areas(areas, language), whole))
    elif len(lengths) == len(entries) and sum(lengths) > 0:
        whole = numbers.length(sum(lengths), language)
        columns.append((words["length"], numbers.lengths(lengths, language), whole))
    return columns
