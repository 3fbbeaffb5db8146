"""The report of one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from spacegov import numbers
from spacegov.applications.words import APPLICATION_TITLES
from spacegov.reports import amounts, breakdown, evidence, listing, map_section, method, standing
from spacegov.reports.asked import Asked
from spacegov.reports.charts import bar
from spacegov.reports.model import (
    Block,
    Cell,
    Column,
    Figure,
    Part,
    Report,
    Run,
    Section,
    Sentence,
    Split,
    Table,
)
from spacegov.text import Language, say
from spacegov.toolbox.sentence import answer_pieces

if TYPE_CHECKING:
    from spacegov.reports.breakdown import Group
    from spacegov.reports.places import Places
    from spacegov.toolbox.result import Result

MOST_SPLITS = 2


def report_of(result: Result, language: Language | None = None) -> Report:
    """Write the report of an answer.

    Parameters
    ----------
    result : Result
        What `workspace.run` gave.
    language : {"en", "zh", "ru"}, optional
        The workspace's by default.

    Returns
    -------
    Report
        Cover with the answer first; then where the findings lie, how they divide, which matter most, legal basis,
        method, what was left out, sensitivity where options were varied, sources, gaps, area balance, signatures.
    """
    asked = Asked(result, language or result.workspace.settings.language)
    return cover(asked, [*finding_sections(asked, "m"), *evidence_sections(asked)])


def cover(asked: Asked, sections: list[Section]) -> Report:
    """Put the cover before numbered sections."""
    facts, language = asked.facts, asked.language
    numbered = {section.key: str(number) for number, section in enumerate(sections, start=1)}
    caveat, gaps = evidence.caveat(asked, numbered.get("dropped", ""))
    return Report(
        language=language,
        territory=territory(asked),
        subject=asked.result.tool.title(language),
        kicker=say(APPLICATION_TITLES[asked.card.application], language),
        question=say(asked.card.question, language),
        answer=(answer(asked),),
        made=facts.started,
        date=numbers.date(facts.started.date(), language),
        state=asked.words["proposal"],
        run=f"{facts.key[:4]} {facts.key[4:8]}",
        caveat=caveat,
        gaps=gaps,
        figures=figures(asked),
        splits=splits(asked),
        colophon=colophon(asked),
        sections=tuple(sections),
        words=layout_words(asked.words),
    )


def layout_words(words: dict[str, str]) -> dict[str, str]:
    """Give the words that a layout needs."""
    return {key: words[key] for key in ("contents", "page", "page_of", "page_end", "run")}


def territory(asked: Asked) -> str:
    """Name the ground that was asked about: the workspace, or the layers where they are files."""
    if asked.facts.workspace is not None:
        return say(asked.result.workspace.settings.name, asked.language)
    titles = [say(item.title, asked.language) or item.layer for item in asked.facts.inputs]
    return ", ".join(dict.fromkeys(titles)) or asked.words["not_stated"]


def answer(asked: Asked) -> Sentence:
    """Give the answer as a sentence whose figures stand out."""
    return sentence(answer_pieces(asked.card, asked.result.summary, asked.language), asked.language)


def sentence(pieces: Iterable[tuple[str, bool]], language: Language) -> Sentence:
    """Make a sentence of pieces, ended with a full stop."""
    runs = [Run(text, strong) for text, strong in pieces]
    if runs and not runs[-1].text.rstrip().endswith((".", "。", "!", "?")):
        runs.append(Run("。" if language == "zh" else "."))
    return tuple(runs)


def colophon(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Say what computed the answer, by which rules, and how areas were measured."""
    facts, words = asked.facts, asked.words
    rows = [(words["computed_by"], f"{facts.tool}, {facts.software}")]
    if facts.policies:
        rows.append((words["rules"], ", ".join(policy.name for policy in facts.policies)))
    crs = next((item.crs for item in facts.inputs if item.crs), None)
    if crs is not None:
        basis = "on_ellipsoid" if facts.parameters.get("area_basis") == "ellipsoid" else "in_plane"
        rows.append((words["areas"], asked.word(basis, crs=crs)))
    return tuple(rows)


def _columns(asked: Asked) -> list[str]:
    """Give the columns that the answer is summed by, the one that decides the colour first."""
    if asked.frame is None or not len(asked.frame):
        return []
    named = [name for name in asked.card.show.sum_by if name in asked.frame.columns]
    if asked.class_column is not None:
        named = [asked.class_column, *(name for name in named if name != asked.class_column)]
    return named


def figures(asked: Asked) -> tuple[Figure, ...]:
    """Give the key figures of the cover."""
    columns = _columns(asked)
    found = breakdown.figures(asked, breakdown.groups(asked, columns[0]) if columns else [])
    # A lone figure says what the answer has said.
    return found if len(found) > 1 else ()


def splits(asked: Asked) -> tuple[Split, ...]:
    """Give the bars of the cover: the whole by its first two columns, or by the classes of a raster."""
    found = []
    for column in _columns(asked)[:MOST_SPLITS]:
        divided = breakdown.groups(asked, column)
        if sum(group.amount > 0 for group in divided) > 1:
            found.append(breakdown.split(asked, divided, asked.word("by", what=_lower(asked, asked.title(column)))))
    if asked.frame is None and asked.is_map:
        rows = map_section.raster_rows(asked)
        written = amounts.areas([area for _, area, _ in rows], asked.language)
        parts = tuple(
            Part(title, f"{cell}{numbers.NARROW_SPACE}{written.unit}", area, colour)
            for (title, area, colour), cell in zip(rows, written.cells, strict=True)
        )
        if len(parts) > 1:
            found.append(Split(asked.result.tool.title(asked.language), parts))
    return tuple(found)


def _lower(asked: Asked, text: str) -> str:
    return breakdown.lower(text, asked.language) if asked.language == "en" else text


def finding_sections(asked: Asked, name: str, *, short: bool = False) -> list[Section]:
    """Write the sections about the findings: map and breakdown; unless in short, the foremost and tables."""
    words = asked.words
    if asked.frame is not None and not len(asked.frame):
        return [Section("breakdown", words["breakdown"], tuple(listing.other_tables(asked)), lede=words["no_findings"])]
    sections = []
    pictured = asked.is_map and asked.frame is not None and asked.style.shape != "raster"
    # Among very many findings of no size none is foremost.
    pictured = pictured and (asked.measure.column is not None or len(asked.frame) <= listing.MOST_COUNTED)
    foremost = listing.foremost(asked) if pictured else []
    if foremost and not map_section.compact(asked, foremost):
        foremost = []
    numbered = foremost if len(asked.frame if asked.frame is not None else ()) > 1 else []
    numbered = [] if short else numbered
    drawn = map_section.answer_map(asked, numbered, name=name, small=short)
    if drawn is not None:
        blocks: list[Block] = [drawn]
        detail = map_section.detail_map(asked, numbered, name=f"{name}d")
        if detail is not None:
            blocks.append(detail)
        blocks += _by_unit(asked)
        title = words["map_result" if asked.frame is None else "map"]
        sections.append(Section("map", title, tuple(blocks), new_page=True))
    blocks = _breakdown(asked)
    if blocks:
        sections.append(Section("breakdown", words["breakdown"], tuple(blocks)))
    if short and sections:
        return sections
    if foremost:
        sections.append(_foremost(asked, foremost, name))
    blocks = _lists(asked, pictured=bool(foremost))
    if blocks:
        sections.append(Section("tables", words["tables"], tuple(blocks)))
    return sections


def _foremost(asked: Asked, foremost: list[int], name: str) -> Section:
    table = listing.place_table(asked, foremost, name=f"{name}f")
    language = asked.language
    count, every = numbers.count(len(foremost), language), numbers.count(len(asked.frame), language)
    if len(foremost) == len(asked.frame):
        lede = asked.word("shown_all", count=every)
    elif asked.measure.column is not None:
        part = asked.frame[asked.measure.column].iloc[foremost].sum()
        whole = asked.total(asked.measure.column)
        lede = asked.word("together", area=asked.amount(part), share=numbers.share(part / whole, language), count=every)
    else:
        lede = asked.word("together_rows", count=count, all=every)
    title = asked.word("largest" if asked.measure.column is not None else "first", count=count)
    return Section("foremost", title, (table,), lede=lede)


def _by_unit(asked: Asked) -> list[Block]:
    """Divide findings by unit, where they are small beside one and the answer does not do so itself."""
    frame, units = asked.frame, asked.places.units
    if frame is None or len(frame) < 2 or len(units) < 2 or "unit" in asked.card.show.sum_by:
        return []
    if frame.geometry.isna().any() or frame.geometry.is_empty.any():
        return []
    home = asked.facts.workspace is not None
    smallest = min(unit.shape.area for unit in units)
    if not home or (asked.style.shape == "polygon" and float(frame.geometry.area.max()) > 0.25 * smallest):
        return []
    found = breakdown.units(asked)
    level = list(asked.places.levels)[-1]
    layer = next(
        (name for key, name in asked.result.workspace.settings.units.items() if asked.places.levels.get(key) is units),
        level,
    )
    head = asked.named(layer)
    title = asked.word("by", what=_lower(asked, head))
    return [breakdown.unit_table(asked, found, title, head, asked.words["township_note"])]


def _breakdown(asked: Asked) -> list[Block]:
    columns = _columns(asked)
    blocks: list[Block] = []
    crossed: list[str] = []
    for pair in (columns[-2:], columns[:2]):
        if len(pair) == 2 and pair[0] != pair[1]:
            table = breakdown.matrix(asked, pair[0], pair[1]) or breakdown.matrix(asked, pair[1], pair[0])
            if table is not None:
                blocks.append(table)
                crossed = pair
                break
    for column in columns:
        found = breakdown.groups(asked, column)
        if len(found) > 1 and (column not in crossed or column == columns[0]):
            head = asked.title(column)
            blocks.append(breakdown.group_table(asked, found, asked.word("by", what=_lower(asked, head)), head))
    if asked.frame is None and asked.is_map:
        blocks += _raster(asked)
    # One note for all of them, below the last.
    tables = [replace(block, note="") for block in blocks if isinstance(block, Table)]
    if tables:
        tables[-1] = replace(tables[-1], note=asked.words["sum_note"])
    return [*tables]


def _raster(asked: Asked) -> list[Block]:
    rows = map_section.raster_rows(asked)
    if len(rows) < 2:
        return []
    sizes = [area for _, area, _ in rows]
    column, part = amounts.areas(sizes, asked.language), amounts.shares(sizes, asked.language)
    words = asked.words
    heads = (
        Column(asked.result.tool.title(asked.language), width=2.0),
        Column(asked.with_unit(words["area"], column.unit), number=True),
        Column(asked.with_unit(words["share"], "%"), number=True),
        Column("", width=1.6),
    )
    body = tuple(
        (Cell(title), Cell(cell, tone="strong"), Cell(share), Cell(picture=bar([(area, colour)], max(sizes))))
        for (title, area, colour), cell, share in zip(rows, column.cells, part.cells, strict=True)
    )
    total = (Cell(words["total"]), Cell(column.total), Cell(part.total), Cell())
    return [Table(heads, body, total=total)]


def _lists(asked: Asked, *, pictured: bool) -> list[Block]:
    """Write rows as they are: of an answer without places, and of its further tables."""
    blocks: list[Block] = []
    frame = asked.frame
    few = frame is not None and len(frame) <= listing.MOST_ROWS
    if frame is not None and not pictured and len(frame) and (few or not asked.is_map):
        shown = frame.head(listing.MOST_ROWS)
        columns = listing.columns_shown(asked, shown)
        if columns:
            table = listing.frame_table(asked, shown, columns)
            whole = table.total if len(shown) == len(frame) else ()
            blocks.append(replace(table, total=whole, note=listing.rows_told(asked, len(shown), len(frame))))
    return [*blocks, *listing.other_tables(asked)]


def evidence_sections(asked: Asked) -> list[Section]:
    """Write the sections about what the findings stand on."""
    sensitivity = method.sensitivity_section(asked)
    return [
        standing.legal_section(asked),
        method.method_section(asked),
        method.dropped_section(asked),
        *([sensitivity] if sensitivity is not None else []),
        evidence.sources_section(asked),
        evidence.gaps_section(asked),
        method.balance_section(asked),
        evidence.signatures_section(asked),
    ]


def shared(result: Result, language: Language, places: Places) -> Asked:
    """Read a result with the units that other results of the same report read too."""
    return Asked(result, language, places)


def groups_of(asked: Asked) -> list[Group]:
    """Divide an answer by its first column; empty where it has none."""
    columns = _columns(asked)
    return breakdown.groups(asked, columns[0]) if columns else []
