"""Findings one by one: those that matter most with a picture of their place, and tables without a place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from spacegov import numbers
from spacegov.maps.answers import is_drawable
from spacegov.maps.picture import PictureLayer
from spacegov.maps.style import compile_style
from spacegov.reports import amounts
from spacegov.reports.asked import DASH, Asked
from spacegov.reports.charts import sparkline
from spacegov.reports.drawing import draw_map
from spacegov.reports.model import Cell, Column, Table
from spacegov.reports.sayings import spoken
from spacegov.reports.widths import letters

if TYPE_CHECKING:
    from spacegov.maps.picture import Bounds

MOST_PICTURED = 10
MOST_ROWS = 20
MOST_COUNTED = 60
ROOM = 100.0
"""Letters that the columns of a list may take together on a page."""
_SIZES = ("area_m2", "length_m", "people")
# What a list of findings leaves out: it stands on the map, in the layer or is the same in every row.
_INNER = ("objects", "rank", "geometry", "error", "values", "records", "version")


def foremost(asked: Asked, most: int = MOST_PICTURED) -> list[int]:
    """Give the positions of the findings that matter most: strictest class first, then the largest."""
    frame = asked.frame
    sizes = np.ones(len(frame))
    if asked.measure.column is not None:
        sizes = np.nan_to_num(pd.to_numeric(frame[asked.measure.column], errors="coerce").to_numpy(dtype=np.float64))
    ranks = np.zeros(len(frame))
    if asked.class_column is not None:
        order = {value: position for position, (value, _, _) in enumerate(asked.classes)}
        ranks = frame[asked.class_column].astype(str).map(order).fillna(len(order)).to_numpy(dtype=np.float64)
    order_by = np.lexsort((np.arange(len(frame)), -np.round(sizes, 3), ranks))
    shapes = frame.geometry
    placed = ~(shapes.isna() | shapes.is_empty).to_numpy()
    return [int(position) for position in order_by if placed[position]][:most]


def columns_shown(asked: Asked, frame: Any, room: float = ROOM) -> list[str]:
    """Choose the columns of a list: those that say most, as many as a page is wide.

    Columns that are empty, alike in every row or hold long texts stay in the table of the run.
    """
    geometry = getattr(frame, "_geometry_column_name", None)
    names = [str(name) for name in frame.columns if name != geometry and name not in _INNER]
    names += ["values"] if "values" in frame.columns and _is_series(frame["values"].tolist()) else []
    # Columns without words are shown only where none has any.
    spoken = [name for name in names if name in asked.result.columns] or names
    always = [name for name in (asked.card.show.colour_by, *_SIZES, "share") if name in spoken]
    always = [name for name in always if frame[name].notna().any() and not _all_zero(frame[name])]
    left = room - sum(_width(asked, frame, name) for name in always)
    chosen = set(always)
    summed = [name for name in asked.card.show.sum_by if name in spoken]
    for name in [*summed, *spoken]:
        if name in chosen or _says_nothing(frame[name], alike=name in summed):
            continue
        width = _width(asked, frame, name)
        if width <= left and width <= 40:
            chosen.add(name)
            left -= width
    return [name for name in names if name in chosen]


def _says_nothing(column: Any, *, alike: bool) -> bool:
    """Tell a column that is mostly empty or, unless that is told too, alike in every row."""
    known = column.dropna()
    if len(known) < 0.6 * len(column):
        return True
    if not alike and len(column) > 2 and known.map(str).nunique() == 1 and len(known) == len(column):
        return True
    return _all_zero(known)


def _all_zero(column: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and (column.dropna() == 0).all())


def _width(asked: Asked, frame: Any, name: str) -> float:
    """Letters that a column takes: of its longest word in the head, and of most of its cells."""
    sample = [asked.value(name, value) for value in frame[name].head(40)]
    lengths = sorted(letters(text) for text in sample)
    typical = lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0
    head = max((letters(word) for word in asked.head(name).replace("-", " ").split()), default=0)
    words = max((letters(word) for text in sample for word in text.split()), default=0)
    # Longer texts wrap into two lines.
    return max(head, typical if typical <= 10 else max(min(words, 30), typical / 2 + 2)) + 2


def place_table(asked: Asked, positions: Sequence[int], *, name: str) -> Table:
    """Make the table of the foremost findings, each with a picture of its place and its number on the map."""
    frame = asked.frame.iloc[list(positions)]
    columns = columns_shown(asked, frame, ROOM - 24)
    table = frame_table(asked, frame, columns)
    pictures = _pictures(asked, positions, name)
    rows = tuple(
        (Cell(str(number), tone="strong"), Cell(picture=picture), *row)
        for number, (picture, row) in enumerate(zip(pictures, table.rows, strict=True), start=1)
    )
    return Table(
        columns=(Column(""), Column(asked.words["place"]), *table.columns),
        rows=rows,
        total=(Cell(), Cell(asked.words["largest_total"]), *_from_second(table.total)) if table.total else (),
    )


def _from_second(total: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Leave out the word of a total's first cell, which stands further left."""
    first = Cell() if total and not total[0].text[:1].isdigit() else total[0]
    return (first, *total[1:])


def _pictures(asked: Asked, positions: Sequence[int], name: str) -> list[Any]:
    frame = asked.drawn
    layers = [*asked.places.ground(frame.crs), *_around_it(asked), PictureLayer(frame, asked.style, marks=True)]
    return [
        draw_map(
            layers,
            around(asked.frame.geometry.iloc[position].bounds),
            asked.places,
            language=asked.language,
            words=f"{asked.words['place']} {number}",
            name=f"{name}-{number}",
            width_mm=24,
            height_mm=17,
            names=False,
            small=True,
        )
        for number, position in enumerate(positions, start=1)
    ]


def _around_it(asked: Asked) -> list[PictureLayer]:
    """Give the areas that were asked as thin outlines, so that a place is seen among its neighbours."""
    found = []
    for value in asked.result.inputs.values():
        for frame in value if isinstance(value, (list, tuple)) else [value]:
            if hasattr(frame, "columns") and is_drawable(frame) and frame.crs == asked.drawn.crs:
                style = compile_style({"colour": "parcel"}, {}, {}, frame)
                found.append(PictureLayer(frame, style, opacity=0.8))
    return found


def around(bounds: Bounds, *, least: float = 120.0, share: float = 0.35) -> Bounds:
    """Widen bounds so that a place is seen in its surroundings."""
    west, south, east, north = bounds
    margin = max(share * max(east - west, north - south), least / 2)
    return west - margin, south - margin, east + margin, north + margin


def frame_table(asked: Asked, frame: Any, columns: Sequence[str], *, title: str = "", note: str = "") -> Table:
    """Write rows of a frame as a table; columns of areas and lengths are rounded so that they add up."""
    heads, cells, total = [], [], []
    for name in columns:
        column, texts, whole = _column(asked, frame, name)
        heads.append(column)
        cells.append(texts)
        total.append(whole)
    summed = any(cell.text for cell in total)
    if summed and total and not total[0].text:
        total[0] = Cell(asked.words["largest_total"])
    return Table(
        columns=tuple(heads),
        rows=tuple(tuple(column[row] for column in cells) for row in range(len(frame))),
        total=tuple(total) if summed and len(frame) > 1 else (),
        title=title,
        note=note,
    )


def _column(asked: Asked, frame: Any, name: str) -> tuple[Column, list[Cell], Cell]:
    values = frame[name].tolist()
    numeric = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
    if numeric and asked.unit(name) in ("m²", "m2") and all(value >= 0 for value in values if _known(value)):
        return _sizes(asked, name, values, amounts.areas)
    if numeric and name == "length_m":
        return _sizes(asked, name, values, amounts.lengths)
    if _is_series(values):
        drawn = [
            Cell(picture=sparkline([float(part) for part in value])) if _known(value) else Cell("–") for value in values
        ]
        return Column(asked.head(name), width=1.0), drawn, Cell()
    words = asked.column(name)
    coded = words is not None and words.codes
    cells = [_cell(asked, name, value) for value in values]
    if numeric and not coded:
        return Column(asked.head(name), number=True), cells, Cell()
    return Column(asked.head(name, ""), width=1.0), cells, Cell()


def _cell(asked: Asked, name: str, value: Any) -> Cell:
    text = asked.value(name, value)
    tones = {"prohibited": "prohibited", "conditional": "conditional"}
    if name == asked.class_column and str(value) in tones:
        return Cell(text, tone=tones[str(value)])  # type: ignore[arg-type]
    return Cell(text, tone="muted" if text == DASH else "plain")


def _sizes(asked: Asked, name: str, values: list[Any], write: Any) -> tuple[Column, list[Cell], Cell]:
    known = [float(value) for value in values if _known(value)]
    column = write(known, asked.language)
    texts = iter(column.cells)
    cells = [Cell(next(texts)) if _known(value) else Cell(DASH, tone="muted") for value in values]
    added = name in ("area_m2", "length_m")
    return Column(asked.head(name, column.unit), number=True), cells, Cell(column.total) if added else Cell()


def _known(value: Any) -> bool:
    if value is None:
        return False
    return not (isinstance(value, float) and not math.isfinite(value))


def _is_series(values: list[Any]) -> bool:
    lists = [value for value in values if hasattr(value, "__len__") and not isinstance(value, (str, dict))]
    return bool(lists) and all(
        len(value) >= 4 and all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in value)
        for value in lists
    )


def other_tables(asked: Asked) -> list[Table]:
    """Write the answer's other tables that have no place, the first rows of each."""
    tables = []
    for name, frame in asked.result.frames.items():
        plain = hasattr(frame, "columns") and getattr(frame, "_geometry_column_name", None) not in frame.columns
        if frame is asked.result.frame or not plain or not len(frame):
            continue
        size = next((column for column in _SIZES if column in frame.columns), None)
        ranked = (
            frame
            if size is None or len(frame) <= MOST_ROWS
            else frame.sort_values(size, ascending=False, kind="stable")
        )
        shown = ranked.head(MOST_ROWS)
        columns = columns_shown(asked, shown)
        if len(columns) < 2:
            continue
        table = frame_table(asked, shown, columns, title=_frame_title(asked, name))
        note = rows_told(asked, len(shown), len(frame))
        total = table.total if len(shown) == len(frame) else ()
        tables.append(Table(table.columns, table.rows, table.title, "", total, note))
    return tables


def _frame_title(asked: Asked, name: str) -> str:
    plain = name.replace("_", " ")
    if asked.language == "en":
        return plain.capitalize()
    told = spoken(f"table {plain}", asked.language)
    return told if told != f"table {plain}" else f"{asked.words['table']} {plain}"


def rows_told(asked: Asked, shown: int, every: int) -> str:
    """Say how many rows are shown."""
    if shown == every:
        return ""
    count = numbers.count
    return asked.word("together_rows", count=count(shown, asked.language), all=count(every, asked.language))
