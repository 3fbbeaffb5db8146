"""What an answer stands on and what it could not tell: layers as they were read, the four answers, who signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import shapely

from spacegov import numbers
from spacegov.layers.coverage import covered_share
from spacegov.reports.asked import DASH, Asked
from spacegov.reports.model import Block, Cell, Column, Paragraph, Picture, Row, Section, Table
from spacegov.reports.sayings import spoken
from spacegov.reports.words import WORDS
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.layers.layer import Layer

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_COLUMNS = 12
MOST_LAYERS = 24
_HALF = 3.6
_SIGNS = {
    "present": '<circle cx="5" cy="5" r="3.6" fill="#1b1e22"/>',
    "absent": '<circle cx="5" cy="5" r="3.1" fill="none" stroke="#1d6b45" stroke-width="1.1"/>',
    "not_covered": '<path d="M1 9L9 1M1 5.6L5.6 1M4.4 9L9 4.4" stroke="#5c6068" stroke-width="0.8"/>'
    '<rect x="0.8" y="0.8" width="8.4" height="8.4" fill="none" stroke="#5c6068" stroke-width="0.8"/>',
    "failed": '<path d="M1.8 1.8L8.2 8.2M8.2 1.8L1.8 8.2" stroke="#a3281f" stroke-width="1.9"/>',
}


def sign(answer: str, words: str) -> Picture:
    """Draw the sign of an answer: full, open, hatched, crossed."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" role="img">{_SIGNS[answer]}</svg>'
    return Picture(svg, _HALF, _HALF, words)


def layer_rows(all_asked: Iterable[Asked]) -> list[Row]:
    """Write every layer as it was read, once each."""
    rows: list[Row] = []
    seen: set[tuple[str, str]] = set()
    for asked, item in [(each, item) for each in all_asked for item in each.facts.inputs]:
        if (item.layer, item.sha256) in seen:
            continue
        seen.add((item.layer, item.sha256))
        title = say(item.title, asked.language) or item.layer
        version = item.version or ""
        state = asked.words.get(f"state_{item.status}", item.status or asked.words["not_stated"])
        covered = asked.words.get(f"coverage_{item.coverage}", asked.words["coverage_unknown"])
        rows.append(
            (
                Cell(title, item.layer if item.layer != title else ""),
                Cell(asked.department(item.steward)),
                Cell(numbers.date(version, asked.language) if _DAY.fullmatch(version) else version or DASH),
                Cell(state),
                Cell(covered),
                Cell(numbers.count(item.rows, asked.language)),
                Cell(f"{item.sha256[:4]} {item.sha256[4:8]}", tone="code"),
            )
        )
    return rows


def layer_table(words: Mapping[str, str], rows: Sequence[Row]) -> Table:
    """Make the table of layers."""
    heads = (
        Column(words["layer"], width=2.0),
        Column(words["department"], width=1.25),
        Column(words["version"]),
        Column(words["state"]),
        Column(words["coverage"]),
        Column(words["features"], number=True),
        Column("sha256"),
    )
    return Table(heads, tuple(rows), words["layers_read"], note=words["hash_note"])


def licences(asked: Iterable[Asked]) -> list[str]:
    """Give the licences of everything that was read."""
    found = [spoken(item.licence, each.language) for each in asked for item in each.facts.inputs if item.licence]
    return list(dict.fromkeys(found))


def sources_section(asked: Asked) -> Section:
    """Write the section of sources."""
    blocks: list[Block] = [layer_table(asked.words, layer_rows([asked]))]
    named = licences([asked])
    if named:
        blocks.append(Paragraph(asked.word("licence", licences="; ".join(named)), "note"))
    return Section("sources", asked.words["sources"], tuple(blocks))


def answers_table(asked: Asked, counted: dict[str, int]) -> Table:
    """Write how many answers are of which kind."""
    words, language = asked.words, asked.language
    rows = tuple(
        (
            Cell(words[f"{answer}_long"], picture=sign(answer, words[answer])),
            Cell(numbers.count(count, language)),
        )
        for answer, count in counted.items()
    )
    total = (Cell(words["total"]), Cell(numbers.count(sum(counted.values()), language)))
    return Table(
        (Column(words["answer"], width=3.0), Column(words["number"], number=True)),
        rows,
        words["answers_title"],
        total=total,
    )


def coverage_table(asked: Asked) -> Table | None:
    """Write which layer could answer in which unit, None where the territory has no units to show."""
    units = asked.places.units
    layers = _layers_asked(asked) if asked.facts.workspace is not None else []
    if not 1 < len(units) <= MOST_COLUMNS or not layers:
        return None
    words, language = asked.words, asked.language
    rows = []
    partly = False
    for layer, frame in layers:
        cells = [Cell(layer.title(language))]
        missing = _missing(asked, layer)
        for position, unit in enumerate(units):
            part = missing[position]
            some = 0.001 < part <= 0.995
            partly = partly or some
            answer = "not_covered" if part > 0.001 else _there(frame, unit.shape)
            cells.append(Cell(picture=sign(answer, words[answer]), note=numbers.share(part, language) if some else ""))
        rows.append(tuple(cells))
    heads = (Column(words["layer"], width=2.4), *(Column(unit.name, centred=True, width=1.0) for unit in units))
    notes = [f"{words['present']}: ●", f"{words['absent_long']}: ○", f"{words['not_covered_long']}: ▨"]
    if partly:
        notes.append(f"{words['partly_covered']}: ▨ %")
    return Table(heads, tuple(rows), words["gaps_title"], note="; ".join(notes), look="tight")


def _layers_asked(asked: Asked) -> list[tuple[Layer, Any]]:
    """Give the layers of features that were asked, each with its features: as the tool took them, else read."""
    frames: dict[str, Any] = {}
    for value in asked.result.inputs.values():
        for frame in value if isinstance(value, (list, tuple)) else [value]:
            layer = getattr(frame, "attrs", {}).get("layer") if hasattr(frame, "columns") else None
            if layer and getattr(frame, "_geometry_column_name", None) in frame.columns:
                frames[str(layer)] = frame
    known = asked.result.workspace.layers
    found: list[tuple[Layer, Any]] = []
    names = dict.fromkeys(item.layer for item in asked.facts.inputs)
    # More than fit a page are not read for it.
    for name in names if len(names) <= MOST_LAYERS else ():
        if name not in known or not known[name].bound or known[name].card.kind in ("Raster", "Table"):
            continue
        found.append((known[name], frames[name] if name in frames else known[name].read()))
    return found


def _missing(asked: Asked, layer: Layer) -> list[float]:
    """Give the share of each unit where a layer is not authoritative."""
    import geopandas as gpd

    coverage = layer.coverage
    if coverage is None:
        return [0.0 for _ in asked.places.units]
    shapes = [unit.shape for unit in asked.places.units]
    return [
        1.0 - float(share) for share in covered_share(gpd.GeoDataFrame(geometry=shapes, crs=coverage.crs), coverage)
    ]


def _there(frame: Any, ground: Any) -> str:
    if not len(frame):
        return "absent"
    # What only touches the border from outside is not there.
    return "present" if len(frame.sindex.query(shapely.buffer(ground, -1.0), predicate="intersects")) else "absent"


def gap_layers(asked: Asked) -> list[str]:
    """Say for every layer with gaps on how much ground nobody can answer."""
    summary = asked.result.summary.get("not_covered", {})
    if not summary:
        return []
    territory = asked.places.territory
    texts = []
    for layer, area in summary.items():
        text = asked.word("gap_layer", layer=asked.named(layer), area=numbers.area(area, asked.language))
        if territory is not None and asked.facts.workspace is not None:
            text += asked.word("gap_share", share=numbers.share(area / territory.area, asked.language))
        texts.append(text)
    return texts


def gap_texts(asked: Asked) -> list[str]:
    """Say everything that has no answer: ground of layers, questions, ground of the answer itself."""
    texts = gap_layers(asked)
    unanswered = asked.result.summary.get("unanswered_m2")
    # Where ground has no answer, its rows are pieces of that ground, not questions.
    counted = {} if isinstance(unanswered, (int, float)) else asked.answers
    everything = numbers.count(sum(counted.values()), asked.language)
    for answer, key in (("not_covered", "gap_answers"), ("failed", "gap_failed")):
        if counted.get(answer):
            texts.append(asked.word(key, count=numbers.count(counted[answer], asked.language), all=everything))
    if isinstance(unanswered, (int, float)) and unanswered > 0:
        texts.append(asked.word("gap_unanswered", area=numbers.area(float(unanswered), asked.language)))
    return texts


def gaps_section(asked: Asked) -> Section:
    """Write the section of what could not be answered."""
    words, language = asked.words, asked.language
    blocks: list[Block] = []
    counted = {} if "unanswered_m2" in asked.result.summary else asked.answers
    lede = ""
    if counted:
        told = counted["present"] + counted["absent"]
        every = sum(counted.values())
        if told < every:
            lede = asked.word("gaps_lede", answered=numbers.count(told, language), all=numbers.count(every, language))
        blocks.append(answers_table(asked, counted))
    texts = gap_texts(asked)
    if texts:
        blocks.insert(0, Paragraph(not_answered(texts, language, named=False)))
    elif not lede:
        lede = words["gaps_none"]
    grid = coverage_table(asked)
    if grid is not None:
        blocks.append(grid)
    return Section("gaps", words["gaps"], tuple(blocks), lede=lede)


def not_answered(texts: Sequence[str], language: Language, *, named: bool = True) -> str:
    """Say in one sentence what has no answer, and in another what that does not mean."""
    words = WORDS[language]
    chinese = language == "zh"
    joined = ("；" if chinese else "; ").join(texts)
    space = "" if chinese else " "
    begun = f"{words['not_answered']}{space}{joined}" if named else joined[:1].upper() + joined[1:]
    return f"{begun}{'。' if chinese else '.'}{space}{words['not_nothing']}"


def caveat(asked: Asked, doubts_section: str) -> tuple[tuple[str, ...], bool]:
    """Write the lines below the answer: what has no answer, drafts, doubts; and whether there are gaps."""
    words, language = asked.words, asked.language
    texts = gap_texts(asked)
    lines = []
    if texts:
        lines.append(not_answered(texts, language))
    elif asked.facts.inputs and all(item.coverage == "whole" for item in asked.facts.inputs):
        lines.append(words["all_covered"])
    drafts = [say(item.title, language) or item.layer for item in asked.facts.inputs if item.status == "draft"]
    if drafts:
        lines.append(asked.word("drafts", layers=", ".join(dict.fromkeys(drafts))))
    if asked.facts.doubts:
        count = numbers.count(len(asked.facts.doubts), language)
        lines.append(asked.word("doubts_told", count=count, section=doubts_section))
    return tuple(lines), bool(texts)


def departments(asked: Asked) -> dict[str, tuple[list[str], int]]:
    """Give who is concerned: department, what it answers for, how many findings concern it."""
    found: dict[str, tuple[list[str], int]] = {}
    for item in asked.facts.inputs:
        if item.steward:
            layers, _ = found.setdefault(item.steward, ([], 0))
            title = say(item.title, asked.language) or item.layer
            if title not in layers:
                layers.append(title)
    frame = asked.frame
    columns = [name for name in ("department_1", "department_2") if frame is not None and name in frame.columns]
    columns = columns or [name for name in ("department",) if frame is not None and name in frame.columns]
    if columns:
        named = [{str(value) for value in row if isinstance(value, str)} for row in frame[columns].to_numpy()]
        for key in sorted({key for keys in named for key in keys}):
            layers, _ = found.setdefault(key, ([], 0))
            found[key] = (layers, sum(key in keys for keys in named))
    return found


SIGN_LINES = (Cell(tone="line"),) * 3
"""Name, seal and date, to be written by hand."""


def sign_columns(words: Mapping[str, str]) -> tuple[Column, ...]:
    """Head the lines of a signature."""
    widths = {"sign_name": 1.0, "sign_seal": 1.2, "sign_date": 0.7}
    return tuple(Column(words[name], width=width) for name, width in widths.items())


def signatures_section(asked: Asked) -> Section:
    """Write the page that departments sign."""
    words, language = asked.words, asked.language
    concerned = departments(asked)
    counted = any(count for _, count in concerned.values())
    rows = tuple(
        (
            Cell(asked.department(key), tone="strong"),
            Cell(_few(layers) or DASH),
            *((Cell(numbers.count(count, language)),) if counted else ()),
            *SIGN_LINES,
        )
        for key, (layers, count) in concerned.items()
    )
    heads = (
        Column(words["department"], width=1.3),
        Column(words["sign_role"], width=1.7),
        *((Column(words["sign_findings"], number=True),) if counted else ()),
        *sign_columns(words),
    )
    table = Table(heads, rows, look="signatures")
    return Section("signatures", words["signatures"], (table,), lede=words["sign_lede"])


def _few(texts: Sequence[str]) -> str:
    shown = list(texts[:3])
    return ", ".join(shown) + (f" +{len(texts) - 3}" if len(texts) > 3 else "")
