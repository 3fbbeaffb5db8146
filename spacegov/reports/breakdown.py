"""How findings divide: by class, by unit, one against another; every table adds up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from spacegov import numbers
from spacegov.reports import amounts
from spacegov.reports.asked import Asked
from spacegov.reports.charts import BAR, bar
from spacegov.reports.model import Cell, Column, Figure, Part, Split, Table
from spacegov.toolbox.summary import NOT_STATED
from spacegov.units import unit_named

_GAP = numbers.NARROW_SPACE
MOST_GROUPS = 14
MOST_CLASSES = 4
MATRIX_ROWS, MATRIX_COLUMNS = 12, 6
# Tints of parts that have no colour of their own, dark to light.
_TINTS = ("#1f4a75", "#3f74a8", "#7fa6cf", "#b4cbe2", "#dde6ef", "#c9cac3")


@dataclass(frozen=True)
class Group:
    """Findings of one value: words, number, amount of the measure, amount by class, colour."""

    key: str
    title: str
    rows: int
    amount: float
    parts: tuple[float, ...]
    people: float
    colour: str


def groups(asked: Asked, column: str) -> list[Group]:
    """Divide the main frame by a column: by class in the order of the legend, else the largest first."""
    frame = asked.frame
    return _grouped(asked, _keys(frame[column]), column)


def units(asked: Asked) -> list[Group]:
    """Divide the main frame by the unit in which the middle of each finding lies."""
    homes = asked.places.home(asked.frame.geometry.to_numpy())
    names = [asked.places.units[home].code if home >= 0 else NOT_STATED for home in homes]
    return _grouped(asked, names, None)


def _grouped(asked: Asked, keys: list[str], column: str | None) -> list[Group]:
    frame, measure = asked.frame, asked.measure
    sizes = np.ones(len(frame)) if measure.column is None else _numbers(frame[measure.column])
    people = _numbers(frame["people"]) if "people" in frame.columns else np.zeros(len(frame))
    colours = {value: colour for value, _, colour in asked.classes}
    own = column == asked.class_column
    of_class = frame[asked.class_column].astype(str).to_numpy() if asked.class_column else np.zeros(len(frame))
    names = np.array(keys, dtype=object)
    found = []
    for key in dict.fromkeys(keys):
        chosen = names == key
        parts = tuple(float(sizes[chosen & (of_class == value)].sum()) for value, _, _ in asked.classes)
        title = asked.words["not_stated"] if key == NOT_STATED else _title(asked, column, key)
        found.append(
            Group(
                key,
                title,
                int(chosen.sum()),
                math.fsum(sizes[chosen]),
                parts,
                math.fsum(people[chosen]),
                colours.get(key, BAR) if own else BAR,
            )
        )
    if own and asked.classes:
        order = asked.sorted_by_class([group.key for group in found])
        return sorted(found, key=lambda group: order.index(group.key))
    return sorted(found, key=lambda group: (group.key == NOT_STATED, -group.amount, group.title))


def _title(asked: Asked, column: str | None, key: str) -> str:
    spoken = {value: title for value, title, _ in asked.classes} if column == asked.class_column else {}
    if key in spoken and (column is None or not (asked.column(column) and asked.column(column).codes)):  # type: ignore[union-attr]
        return spoken[key]
    if key in ("True", "False"):
        return asked.words["yes" if key == "True" else "no"]
    return asked.value(column, key) if column is not None else asked.named(key)


def _keys(series: Any) -> list[str]:
    """Give values as text, missing ones as not stated."""
    gone = series.isna().tolist()
    return [NOT_STATED if lost else str(value) for value, lost in zip(series.tolist(), gone, strict=True)]


def is_missing(value: Any) -> bool:
    """Tell a missing value."""
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _numbers(series: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    import pandas as pd

    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(np.nan_to_num(values), dtype=np.float64)


def group_table(asked: Asked, found: list[Group], title: str, head: str, note: str = "") -> Table:
    """Make a table of groups: number, amount, share, people, a bar."""
    shown = _gathered(found)
    language, measure = asked.language, asked.measure
    columns, cells, total = [], [], []

    def add(column_title: str, column: amounts.Amounts, *, strong: bool = False) -> None:
        columns.append(Column(asked.with_unit(column_title, column.unit), number=True))
        cells.append([Cell(cell, tone="strong" if strong else "plain") for cell in column.cells])
        total.append(Cell(column.total))

    add(asked.words["number"], amounts.counts([group.rows for group in shown], language))
    if measure.kind != "count":
        add(measure.title, _write(asked, shown), strong=True)
    if any(group.people for group in shown):
        add(asked.title("people"), amounts.counts([group.people for group in shown], language))
    add(asked.words["share"], amounts.shares([group.amount for group in shown], language))
    largest = max((group.amount for group in shown), default=0)
    bars = [Cell(picture=bar(_bar_parts(asked, group), largest)) for group in shown]
    rows = tuple(
        (Cell(group.title), *(column[position] for column in cells), bars[position])
        for position, group in enumerate(shown)
    )
    return Table(
        columns=(Column(head, width=2.0), *columns, Column("", width=1.6)),
        rows=rows,
        total=(Cell(asked.words["total"]), *total, Cell()) if len(rows) > 1 else (),
        title=title,
        title_note=note,
        look="tight" if len(rows) > 10 else "plain",
    )


def unit_table(asked: Asked, found: list[Group], title: str, head: str, note: str) -> Table:
    """Make a table of units against classes, rounded so that rows and columns add up."""
    classes = asked.classes
    shown = _gathered(found)
    if not 2 <= len(classes) <= MOST_CLASSES or asked.measure.kind == "length":
        return group_table(asked, found, title, head, note)
    values = np.array([group.parts for group in shown])
    texts, row_totals, column_totals, whole, unit = _grid(asked, values, columns=_totals_of(asked))
    largest = max((group.amount for group in shown), default=0)
    heads = tuple(Column(asked.with_unit(words, unit), number=True) for _, words, _ in classes)
    count = asked.measure.kind == "count"
    number = () if count else (Column(asked.words["number"], number=True),)
    rows = tuple(
        (
            Cell(group.title),
            *(() if count else (Cell(numbers.count(group.rows, asked.language)),)),
            *(Cell(text) for text in texts[position]),
            Cell(row_totals[position], tone="strong"),
            Cell(picture=bar(_bar_parts(asked, group), largest, 30)),
        )
        for position, group in enumerate(shown)
    )
    total = (
        Cell(asked.words["total"]),
        *(() if count else (Cell(numbers.count(sum(group.rows for group in shown), asked.language)),)),
        *(Cell(text) for text in column_totals),
        Cell(whole),
        Cell(),
    )
    last = Column(asked.with_unit(asked.words["all"], unit), number=True)
    return Table(
        columns=(Column(head, width=1.7), *number, *heads, last, Column("", width=1.4)),
        rows=rows,
        total=total if len(rows) > 1 else (),
        title=title,
        title_note=note,
        look="tight",
    )


def matrix(asked: Asked, row: str, column: str) -> Table | None:
    """Set two columns against each other, None where one has too many values for a page."""
    down, across = groups(asked, row), groups(asked, column)
    if not (2 <= len(down) <= MATRIX_ROWS and 2 <= len(across) <= MATRIX_COLUMNS):
        return None
    frame = asked.frame
    sizes = np.ones(len(frame)) if asked.measure.column is None else _numbers(frame[asked.measure.column])
    rows, columns = (np.array(_keys(frame[name]), dtype=object) for name in (row, column))
    met = [[(rows == a.key) & (columns == b.key) for b in across] for a in down]
    values = np.array([[sizes[chosen].sum() for chosen in line] for line in met])
    texts, row_totals, column_totals, whole, unit = _grid(
        asked, values, rows=[group.amount for group in down], columns=[group.amount for group in across]
    )
    counted = asked.measure.kind != "count"

    def cell(text: str, chosen: Any) -> Cell:
        if not chosen.any():
            return Cell(asked.words["none"], tone="muted")
        return Cell(text, numbers.count(chosen.sum(), asked.language) if counted else "", tone="strong")

    def whole_cell(text: str, count: int) -> Cell:
        return Cell(text, numbers.count(count, asked.language) if counted else "", tone="strong")

    body = tuple(
        (
            Cell(a.title),
            *(cell(text, chosen) for text, chosen in zip(texts[i], met[i], strict=True)),
            whole_cell(row_totals[i], a.rows),
        )
        for i, a in enumerate(down)
    )
    title = asked.word("matrix_title", rows=asked.title(row), columns=lower(asked.title(column), asked.language))
    comma = "、" if asked.language == "zh" else ", "
    what = comma.join(filter(None, [unit, asked.words["number"].lower() if counted else ""]))
    return Table(
        columns=(
            Column(asked.title(row), width=1.6),
            *(Column(b.title, number=True, width=1.0) for b in across),
            Column(asked.words["all"], number=True, width=1.0),
        ),
        rows=body,
        total=(
            Cell(asked.words["all"]),
            *(whole_cell(text, b.rows) for text, b in zip(column_totals, across, strict=True)),
            whole_cell(whole, len(frame)),
        ),
        title=title,
        title_note=what,
        note=asked.words["sum_note"] if asked.measure.kind == "area" else "",
        look="matrix",
    )


def lower(text: str, language: str) -> str:
    """Begin a phrase with a small letter, unless it is an abbreviation."""
    return text if language == "zh" or text[1:2].isupper() else text[:1].lower() + text[1:]


def _totals_of(asked: Asked) -> list[float]:
    """Give the whole of every class, as the table by class tells it."""
    amounts_by = {group.key: group.amount for group in groups(asked, str(asked.class_column))}
    return [amounts_by.get(value, 0.0) for value, _, _ in asked.classes]


def _grid(
    asked: Asked,
    values: np.ndarray[Any, np.dtype[np.float64]],
    *,
    rows: list[float] | None = None,
    columns: list[float] | None = None,
) -> tuple[list[list[str]], list[str], list[str], str, str]:
    """Round a matrix of the measure; cells, row totals, column totals, the whole and the unit as written.

    Totals that stand in another table too are rounded as they are there.
    """
    unit, factor, decimals = "", 1.0, 0
    if asked.measure.kind == "area":
        unit = numbers.area_unit(float(values.sum()))
        factor, decimals = {"m²": (1.0, 0), "ha": (1e4, 1), "km²": (1e6, 1)}[unit]
    elif asked.measure.kind == "length":
        unit = numbers.length_unit(float(values.sum()))
        factor, decimals = {"m": (1.0, 0), "km": (1e3, 1)}[unit]
    scaled = values / factor

    def told(totals: list[float] | None) -> list[float] | None:
        return None if totals is None else numbers.rounded([total / factor for total in totals], decimals)

    grid = amounts.rounded_grid(scaled, decimals, rows=told(rows), columns=told(columns))
    language = asked.language

    def write(shown: float, exact: float) -> str:
        return amounts.written(shown, exact, language, decimals)

    return (
        [
            [write(s, e) for s, e in zip(shown, exact, strict=True)]
            for shown, exact in zip(grid.cells, scaled, strict=True)
        ],
        [write(s, e) for s, e in zip(grid.rows, scaled.sum(axis=1), strict=True)],
        [write(s, e) for s, e in zip(grid.columns, scaled.sum(axis=0), strict=True)],
        write(grid.whole, float(scaled.sum())),
        unit_named(unit).form(5, language) if unit else "",
    )


def _bar_parts(asked: Asked, group: Group) -> list[tuple[float, str]]:
    if group.colour == BAR and 2 <= len(asked.classes) <= MOST_CLASSES and sum(group.parts) > 0:
        return [(size, colour) for size, (_, _, colour) in zip(group.parts, asked.classes, strict=True)]
    return [(group.amount, group.colour)]


def _gathered(found: list[Group]) -> list[Group]:
    """Keep the groups that fit a table and gather the smallest ones into a last row."""
    if len(found) <= MOST_GROUPS:
        return found
    kept, rest = found[: MOST_GROUPS - 1], found[MOST_GROUPS - 1 :]
    gathered = Group(
        "",
        f"+ {len(rest)}",
        sum(group.rows for group in rest),
        math.fsum(group.amount for group in rest),
        tuple(math.fsum(sizes) for sizes in zip(*(group.parts for group in rest), strict=True)),
        math.fsum(group.people for group in rest),
        BAR,
    )
    return [*kept, gathered]


def split(asked: Asked, found: list[Group], title: str) -> Split:
    """Make the bar of a whole and its parts, with amounts that add up."""
    shown = _gathered(found)[:6] if len(found) <= 6 else [*found[:5], *_rest(found[5:])]
    sizes = [group.amount for group in shown]
    if asked.measure.kind == "count":
        texts = [numbers.count(size, asked.language) for size in sizes]
    else:
        column = _write(asked, shown)
        texts = [f"{cell}{numbers.NARROW_SPACE}{column.unit}" for cell in column.cells]
    parts = [
        Part(group.title, text, group.amount, group.colour if group.colour != BAR else _TINTS[position % len(_TINTS)])
        for position, (group, text) in enumerate(zip(shown, texts, strict=True))
    ]
    return Split(title, tuple(parts))


def _rest(rest: list[Group]) -> list[Group]:
    return [Group("", f"+ {len(rest)}", sum(g.rows for g in rest), math.fsum(g.amount for g in rest), (), 0.0, BAR)]


def figures(asked: Asked, found: list[Group]) -> tuple[Figure, ...]:
    """Give up to four key figures: the whole, and the classes that matter most, each in its own best unit."""
    if asked.frame is None:
        return ()
    whole = asked.total(asked.measure.column)
    shown = [group for group in found if group.key != NOT_STATED][:3] if len(found) > 1 else []
    amounts_shown = [whole, *(group.amount for group in shown)]
    titles = [asked.words["findings_all"], *(group.title for group in shown)]
    if asked.measure.kind == "count":
        texts = [numbers.count(amount, asked.language) for amount in amounts_shown]
        notes = ["", *(_share(asked, group.amount, whole) for group in shown)]
    else:
        texts = [asked.amount(amount) for amount in amounts_shown]
        notes = [asked.counted(count) for count in (len(asked.frame), *(group.rows for group in shown))]
    # What the table of classes tells in the same unit is told alike here.
    if asked.measure.kind != "count" and shown:
        written = _write(asked, found)
        known = {group.key: f"{text}{_GAP}{written.unit}" for group, text in zip(found, written.cells, strict=True)}
        small = {"ha": 1e4, "km²": 1e6, "km": 1e3}.get(texts[0].rpartition(_GAP)[2], 1.0)
        texts[1:] = [
            known[group.key] if group.amount >= small or text.endswith(f"{_GAP}{written.unit}") else text
            for group, text in zip(shown, texts[1:], strict=True)
        ]
    # The unit stands behind the last narrow space of a written amount.
    parted = [(text, "", "") if asked.measure.kind == "count" else text.rpartition(_GAP) for text in texts]
    return tuple(Figure(t, v, u, n) for t, (v, _, u), n in zip(titles, parted, notes, strict=True))


def _write(asked: Asked, found: list[Group]) -> amounts.Amounts:
    """Write the amounts of groups in one unit, so that they add up."""
    write = amounts.areas if asked.measure.kind == "area" else amounts.lengths
    return write([group.amount for group in found], asked.language)


def _share(asked: Asked, part: float, whole: float) -> str:
    return asked.word("of_all", share=numbers.share(part / whole, asked.language)) if whole else ""
