"""How an answer was computed: the method in steps, the settings, what was left out, how much the settings matter."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from spacegov import numbers, yaml12
from spacegov.reports import amounts
from spacegov.reports.asked import DASH, Asked
from spacegov.reports.charts import line_chart
from spacegov.reports.model import Balance, Block, Cell, Chart, Column, Paragraph, Row, Run, Section, Side, Steps, Table
from spacegov.text import Language
from spacegov.units import unit_named

_SENTENCE = re.compile(r"(?<=[a-z0-9)`²%][.])\s+(?=[A-Z`])")
_SHORT = re.compile(r"\b(e\.g|i\.e|cf|No|Art|art|vs|approx)\.$")


def method_steps(asked: Asked) -> tuple[str, ...]:
    """Give the method as sentences: the card's words or ours; in English the card's and the function's notes."""
    about = asked.card.about
    told = about.get(asked.language) if isinstance(about, dict) else about if asked.language == "en" else None
    told = told or methods().get(asked.card.id, {}).get(asked.language)
    steps = _sentences(told, asked.language) if told else []
    if asked.language == "en":
        steps += _sentences(_notes(asked.result.tool.function), "en")
    return tuple(dict.fromkeys(steps))


@cache
def methods() -> dict[str, dict[Language, str]]:
    """Read the methods of tools whose card does not describe them, by the tool's id."""
    found: dict[str, dict[Language, str]] = yaml12.load(Path(__file__).parent / "methods.yaml")
    return found


def _notes(function: Any) -> str:
    """Give the section Notes of a numpydoc docstring as running text."""
    text = inspect.getdoc(function) or ""
    found = re.search(r"^Notes\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return " ".join(found.group(1).replace("`", "").replace("*", "").split()) if found else ""


def _sentences(text: str, language: str) -> list[str]:
    if language == "zh":
        return [part.strip() for part in re.findall(r"[^。！？]+[。！？]?", text) if part.strip()]
    parts = _SENTENCE.split(text) if language == "en" else re.split(r"(?<=[.!?])\s+(?=[А-ЯЁA-Z])", text)
    joined: list[str] = []
    for part in parts:
        if joined and _SHORT.search(joined[-1]):
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part.strip())
    return [part for part in joined if part]


def settings_rows(asked: Asked) -> list[Row]:
    """Write every option with its value and unit, and in English with its meaning."""
    fields = asked.result.tool.signature.options.model_fields
    rows = []
    for name, value in asked.facts.parameters.items():
        field = fields.get(name)
        extra = field.json_schema_extra if field is not None and isinstance(field.json_schema_extra, dict) else {}
        text = _setting(asked, value, str(extra.get("unit") or ""))
        meaning = (field.description or "") if field is not None and asked.language == "en" else ""
        meaning = meaning.replace("`", "")
        rows.append((Cell(name, tone="code"), Cell(text), *((Cell(meaning),) if asked.language == "en" else ())))
    return rows


def _setting(asked: Asked, value: Any, unit: str) -> str:
    if value is None:
        return asked.words["not_set"]
    if isinstance(value, bool):
        return asked.words["yes" if value else "no"]
    if isinstance(value, (int, float)):
        if unit == "1" or unit.startswith("share"):
            return numbers.share(value, asked.language)
        text = numbers.number(value, asked.language)
        return numbers.with_unit(text, value, unit, asked.language) if unit else text
    if isinstance(value, (list, tuple)):
        return ", ".join(_setting(asked, part, unit) for part in value) or asked.words["not_set"]
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_setting(asked, part, '')}" for key, part in value.items()) or asked.words["not_set"]
    return str(value)


def method_section(asked: Asked) -> Section:
    """Write the section of the method, with the settings."""
    words = asked.words
    blocks: list[Block] = []
    steps = method_steps(asked)
    if steps:
        blocks.append(Steps(steps))
    if asked.language != "en":
        blocks.append(Paragraph(asked.word("method_english", tool=asked.result.tool.id), "note"))
    rows = settings_rows(asked)
    if rows:
        heads = [Column(words["setting"]), Column(words["value"], width=0.9)]
        if asked.language == "en":
            heads.append(Column(words["meaning"], width=2.4))
        blocks.append(Table(tuple(heads), tuple(rows), title=words["settings"]))
    return Section("method", words["method"], tuple(blocks), lede=words["method_lede"])


def dropped_table(asked: Asked) -> Table | None:
    """Write what was left out: reason, pieces, area."""
    drops = asked.facts.dropped
    if not drops:
        return None
    words, language = asked.words, asked.language
    sized = [drop.area_m2 for drop in drops if drop.area_m2 is not None]
    column = amounts.areas(sized, language)
    texts = iter(column.cells)
    rows = tuple(
        (
            Cell(asked.terms.sentence(drop.reason)),
            Cell(numbers.count(drop.count, language)),
            *((Cell(next(texts)) if drop.area_m2 is not None else Cell(DASH, tone="muted"),) if sized else ()),
        )
        for drop in drops
    )
    heads = [Column(words["reason"], width=2.0), Column(words["pieces"], number=True)]
    total = [Cell(words["total"]), Cell(numbers.count(sum(drop.count for drop in drops), language))]
    if sized:
        heads.append(Column(asked.with_unit(words["area"], column.unit), number=True))
        total.append(Cell(column.total))
    return Table(tuple(heads), rows, words["dropped_title"], total=tuple(total) if len(rows) > 1 else ())


def doubts_table(asked: Asked) -> Table | None:
    """Write the reasons to trust the answer less."""
    doubts = asked.facts.doubts
    if not doubts:
        return None
    words = asked.words
    located = any(doubt.where for doubt in doubts)
    rows = tuple(
        (
            Cell(asked.terms.sentence(doubt.text)),
            *((Cell(asked.terms.place(doubt.where) if doubt.where else DASH, tone="muted"),) if located else ()),
        )
        for doubt in doubts
    )
    heads = (Column(words["doubts"], width=2.2), *((Column(words["where"], width=1.0),) if located else ()))
    return Table(heads, rows)


def dropped_section(asked: Asked) -> Section:
    """Write the section of what was left out and what is doubtful."""
    words = asked.words
    dropped, doubts = dropped_table(asked), doubts_table(asked)
    blocks: list[Block] = [
        dropped if dropped is not None else Paragraph(words["nothing_dropped"]),
        doubts if doubts is not None else Paragraph(words["no_doubts"]),
    ]
    return Section("dropped", words["dropped"], tuple(blocks))


def sensitivity_blocks(asked: Asked) -> list[Block]:
    """Write how the figures move with every option that was tried: a table, and a line where both are numbers."""
    tried = asked.result.sensitivity
    if tried is None or not len(tried):
        return []
    blocks: list[Block] = []
    for option, rows in tried.groupby("option", sort=False):
        shown = [name for name in _moving(asked, rows) if rows[name].notna().any()]
        if shown:
            blocks += _tried(asked, str(option), rows.reset_index(drop=True), shown)
    return blocks


def _moving(asked: Asked, rows: Any) -> list[str]:
    """Choose the figures to show: number and measure, then those that move most for their size."""
    first = [name for name in ("rows", asked.measure.column) if name in rows.columns]
    others = [
        str(name)
        for name in rows.columns
        if name not in {"option", "value", "chosen", *first, "unit"}
        and pd.api.types.is_numeric_dtype(rows[name])
        and rows[name].nunique() > 1
        and str(name) in asked.result.columns
    ]
    return [str(name) for name in first] + others[: 4 - len(first)]


def _tried(asked: Asked, option: str, rows: Any, shown: Sequence[str]) -> list[Block]:
    words = asked.words
    heads, columns = [Column(words["value"], width=1.3)], []
    for name in shown:
        head, cells = _figure(asked, name, [float(value) for value in rows[name].fillna(0)])
        heads.append(Column(head, number=True))
        columns.append(cells)
    chosen = [bool(value) for value in rows["chosen"]]
    unit = _option_unit(asked, option)
    body = tuple(
        (
            Cell(
                _setting(asked, _number_of(value), unit),
                words["this_report"] if chosen[position] else "",
                tone="strong" if chosen[position] else "plain",
            ),
            *(Cell(column[position], tone="strong" if chosen[position] else "plain") for column in columns),
        )
        for position, value in enumerate(rows["value"])
    )
    drawn = next((name for name in (*shown[1:], shown[0]) if rows[name].nunique() > 1), None)
    note = words["unmoved"]
    if drawn is not None:
        _, texts = _figure(asked, drawn, [float(rows[drawn].min()), float(rows[drawn].max())])
        note = f"{_head(asked, drawn)}: {asked.word('moves', low=texts[0], high=texts[1])}"
    table = Table(tuple(heads), body, asked.word("sensitivity_title", option=option), note=note)
    values = [_number_of(value) for value in rows["value"]]
    if drawn is None or len(values) < 3 or not all(isinstance(value, (int, float)) for value in values):
        return [table]
    factor, title = _axis(asked, drawn, [float(value) for value in rows[drawn]])
    points = sorted(zip([float(v) for v in values], [float(y) / factor for y in rows[drawn]], strict=True))
    at = next((float(value) for value, this in zip(values, chosen, strict=True) if this), None)
    spoken = unit_named(unit).form(5, asked.language) if unit else ""
    across = f"{option}, {spoken}" if spoken else option
    chart = line_chart(points, language=asked.language, x_title=across, y_title=title, chosen=at, width_mm=78)
    return [Side((table, Chart(chart, "")))]


def _number_of(value: Any) -> Any:
    """Give a value that was kept as text back as the number it is."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value.item() if hasattr(value, "item") else value


def _option_unit(asked: Asked, option: str) -> str:
    field = asked.result.tool.signature.options.model_fields.get(option)
    extra = field.json_schema_extra if field is not None and isinstance(field.json_schema_extra, dict) else {}
    return str(extra.get("unit") or "")


def _head(asked: Asked, name: str) -> str:
    return asked.words["number"] if name == "rows" else asked.title(name)


def _figure(asked: Asked, name: str, values: list[float]) -> tuple[str, list[str]]:
    """Write a figure's values, the unit in the head; each is its own whole, so each is rounded by itself."""
    head = _head(asked, name)
    if name.endswith("_m2"):
        unit = numbers.area_unit(values)
        factor, decimals = {"m²": (1.0, 0), "ha": (1e4, 2), "km²": (1e6, 2)}[unit]
        word = unit_named(unit).form(5, asked.language)
        return asked.with_unit(head, word), [
            numbers.number(value / factor, asked.language, decimals) for value in values
        ]
    if name.endswith("_share"):
        return asked.with_unit(head, "%"), [numbers.number(value * 100, asked.language, 1) for value in values]
    return head, [numbers.number(value, asked.language) for value in values]


def _axis(asked: Asked, name: str, values: list[float]) -> tuple[float, str]:
    head, _ = _figure(asked, name, values)
    if name.endswith("_m2"):
        return {"m²": 1.0, "ha": 1e4, "km²": 1e6}[numbers.area_unit(values)], head
    return (0.01, head) if name.endswith("_share") else (1.0, head)


def sensitivity_section(asked: Asked) -> Section | None:
    """Write the section of sensitivity, None where nothing was varied."""
    blocks = sensitivity_blocks(asked)
    return Section("sensitivity", asked.words["sensitivity"], tuple(blocks)) if blocks else None


def balances(asked: Asked) -> tuple[Balance, ...]:
    """Write whether the pieces of the answer add up to what went in; areas to the square metre."""
    found = []
    for record in asked.facts.balances:
        # What is balanced may be ground or a number of things; both are written whole.
        whole, parts = (numbers.number(value, asked.language, 0) for value in (record.whole, record.parts))
        size = abs(record.difference)
        difference = numbers.number(0.0 if size < 0.5 else size, asked.language, 0)
        closes = size <= 1e-6 * max(abs(record.whole), 1.0)
        equation = (
            Run(f"{asked.words['whole']} "),
            Run(whole, strong=True),
            Run(f" = {asked.words['parts']} "),
            Run(parts, strong=True),
        )
        verdict = asked.word("closes" if closes else "open", difference=difference)
        found.append(Balance(asked.terms.sentence(record.what), equation, verdict, closes))
    return tuple(found)


def balance_table(words: Mapping[str, str], found: Sequence[Balance]) -> Table:
    """Write many balances as a table."""
    rows = tuple(
        (
            Cell(one.title),
            *(Cell(run.text) for run in one.equation if run.strong),
            Cell(one.verdict, tone="good" if one.closes else "prohibited"),
        )
        for one in found
    )
    heads = (
        Column(words["finding"], width=2.0),
        Column(words["whole"], number=True),
        Column(words["parts"], number=True),
        Column(words["state"], width=1.3),
    )
    return Table(heads, rows)


def balance_section(asked: Asked) -> Section:
    """Write the section of the area balance."""
    found = balances(asked)
    if not found:
        return Section("balance", asked.words["balance"], (), lede=asked.words["no_balance"])
    return Section("balance", asked.words["balance"], found, lede=asked.words["balance_lede"])
