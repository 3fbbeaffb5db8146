"""The workbook of a batch: what became of each part, the answers, and what they stand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spacegov.text import Language, say
from spacegov.toolbox.xlsx import Styles, columns_sheet, sheet_name, write_book


def write_workbook(
    path: Path,
    tables: Sequence[tuple[str, Any, Mapping[str, str]]],
    records: Sequence[tuple[str, Sequence[Mapping[str, Any]]]],
    language: Language,
) -> None:
    """Write a workbook.

    Parameters
    ----------
    path : Path
        The file; written as it is, the caller renames.
    tables : sequence of (str, DataFrame, dict)
        Name of the sheet, its rows, titles of columns.
    records : sequence of (str, sequence of dict)
        Task, and the provenance of each of its runs.
    language : {"en", "zh", "ru"}
    """

    def fill(book: Any, styles: Styles) -> None:
        taken: set[str] = set()
        for name, frame, titles in tables:
            shown = [titles.get(str(column), str(column)) for column in frame.columns]
            sheet = book.add_worksheet(sheet_name(name, taken))
            columns_sheet(sheet, frame, shown, styles, "the GeoParquet file")
        _method(book.add_worksheet(sheet_name("Sources and method", taken)), records, language, styles["head"])

    write_book(path, fill)


def _method(
    sheet: Any, records: Sequence[tuple[str, Sequence[Mapping[str, Any]]]], language: Language, head: Any
) -> None:
    """Say of each task what it stands on; what several parts share is said once."""
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 2, 100)
    for position, title in enumerate(("Task", "What", "Said")):
        sheet.write(0, position, title, head)
    row = 1
    for task, runs in records:
        for what, said in _said(runs, language):
            for position, text in enumerate((task, what, said)):
                sheet.write(row, position, text)
            row += 1


def _said(runs: Sequence[Mapping[str, Any]], language: Language) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    drops: Counter[str] = Counter()
    for run in runs:
        found[("Question", f"{run['tool']}: {say(run['question'], language)}")] = None
        found[("Software", str(run["software"]))] = None
        if run["cites"]:
            found[("Standards", "; ".join(run["cites"]))] = None
        for name, value in run["parameters"].items():
            found[("Parameter", f"{run['tool']}: {name} = {value}")] = None
        for rule in run["policies"]:
            found[("Rules", f"{rule['name']}, version {rule['version']}, {say(rule['source'] or '', language)}")] = None
        for item in run["inputs"]:
            words = (
                f"{say(item['title'] or '', language) or item['layer']} ({item['layer']}), version "
                f"{item['version'] or 'not stated'}, {item['crs']}, coverage {item['coverage']}"
            )
            found[("Input", words)] = None
        for doubt in run["doubts"]:
            found[("Doubt", f"{doubt['text']}{_where(doubt)}")] = None
        for drop in run["dropped"]:
            drops[drop["reason"]] += drop["count"]
    ranked = sorted(found, key=lambda item: _ORDER.index(item[0]))
    return [*ranked, *(("Left out", f"{count}: {reason}") for reason, count in drops.items())]


_ORDER = ("Question", "Software", "Standards", "Rules", "Parameter", "Input", "Doubt")


def _where(doubt: Mapping[str, Any]) -> str:
    return f" ({doubt['where']})" if doubt["where"] else ""
