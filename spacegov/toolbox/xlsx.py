"""A workbook of a result: one sheet a table, and one that says what it stands on."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from spacegov.text import Language, say
from spacegov.toolbox.export import require_folder, writing
from spacegov.toolbox.result import column_title, require_suffix
from spacegov.toolbox.xlsx_words import GAP_SHEET, METHOD_SHEET, METHOD_WORDS

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result

Styles: TypeAlias = dict[str, Any]
ROW_LIMIT = 1_000_000
_SHEET_NAME = 31


def write_xlsx(result: Result, path: Path) -> Path:
    """Write a result's tables and the sheet "Sources and method"; geometry stays out, its area and length do not."""
    require_suffix(path, (".xlsx",))
    require_folder(path)
    language = result.workspace.settings.language

    def fill(book: Any, styles: Styles) -> None:
        for name, frame in result.frames.items():
            if hasattr(frame, "columns"):
                table_sheet(book.add_worksheet(sheet_name(name)), frame, result, language, styles)
        if result.not_covered is not None:
            table_sheet(book.add_worksheet(GAP_SHEET[language]), result.not_covered, result, language, styles)
        rows_sheet(book.add_worksheet(METHOD_SHEET[language]), method_rows(result, language), styles)

    return write_book(path, fill)


def write_book(path: Path, fill: Callable[[Any, Styles], None]) -> Path:
    """Write a workbook, whole or not at all.

    Parameters
    ----------
    path : Path
    fill : callable
        Given the workbook and its formats `head` and `bold`; adds the sheets.
    """
    import xlsxwriter

    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part.xlsx")
    # Formulas and links of field values stay text: a cell must never act on the reader's machine.
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
        "remove_timezone": True,
    }
    # Made in memory first: a full disk would leave xlsxwriter with an open archive that it cannot close.
    content = io.BytesIO()
    try:
        with xlsxwriter.Workbook(content, options) as book:
            styles = {"head": book.add_format({"bold": True, "bottom": 1}), "bold": book.add_format({"bold": True})}
            fill(book, styles)
        with writing(path):
            temporary.write_bytes(content.getvalue())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def sheet_name(name: str, taken: set[str] | None = None) -> str:
    """Give a name that a sheet may have, and that none of those taken has."""
    plain = name.replace("_", " ")
    short, number = plain[:_SHEET_NAME], 2
    if taken is not None:
        while short.casefold() in taken:
            end = f" {number}"
            short, number = plain[: _SHEET_NAME - len(end)] + end, number + 1
        taken.add(short.casefold())
    return short


def table_sheet(sheet: Any, frame: Any, result: Result, language: Language, styles: Styles) -> None:
    """Fill a sheet with a frame's columns but its geometry, under their titles."""
    geometry = getattr(frame, "_geometry_column_name", None)
    columns = [column for column in frame.columns if column != geometry]
    titles = [column_title(result, str(column), language) for column in columns]
    columns_sheet(sheet, frame[columns], titles, styles, "the run folder")


def columns_sheet(sheet: Any, frame: Any, titles: Sequence[str], styles: Styles, rest: str) -> None:
    """Fill a sheet with a table under titles of its columns; where it is too long, tell where the rest is."""
    for position, title in enumerate(titles):
        sheet.write(0, position, title, styles["head"])
        sheet.set_column(position, position, max(12, min(len(title) + 2, 40)))
    sheet.freeze_panes(1, 0)
    # In constant memory a sheet is written row by row; asking each value for its type once is most of the cost.
    cells = [cell_values(frame[column].head(ROW_LIMIT)) for column in frame.columns]
    for row, values in enumerate(zip(*cells, strict=True), start=1):
        for position, value in enumerate(values):
            if value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(row, position, value)
            elif isinstance(value, bool):
                sheet.write_boolean(row, position, value)
            else:
                sheet.write_number(row, position, value)
    if len(frame) > ROW_LIMIT:
        sheet.write(ROW_LIMIT + 1, 0, f"{len(frame) - ROW_LIMIT} further rows are in {rest}")


def cell_values(column: Any) -> list[Any]:
    """Give a column's values as numbers, text, truth values and None for missing ones."""
    missing = column.isna().tolist()
    values = [value.item() if hasattr(value, "item") else value for value in column.tolist()]
    return [
        None
        if gone or (isinstance(value, float) and not math.isfinite(value))
        else value
        if isinstance(value, (str, int, float))
        else str(value)
        for value, gone in zip(values, missing, strict=True)
    ]


def method_rows(result: Result, language: Language) -> list[tuple[str, Any]]:
    """Give what a result stands on, a name and a text each."""
    from spacegov.reports.asked import Asked

    facts, words = result.provenance, METHOD_WORDS[language]
    asked = Asked(result, language)

    def told(text: str) -> str:
        return text if language == "en" else asked.terms.sentence(text)

    return [
        (words["question"], say(result.tool.card.question, language)),
        (words["answer"], result.answer(language)),
        (words["tool"], f"{facts.tool}, {facts.software}"),
        (words["standards"], "; ".join(facts.cites)),
        (words["run"], facts.started.isoformat(timespec="seconds")),
        (words["rows"], f"{facts.rows_in}, {facts.rows_out}"),
        *((words["parameter"].format(name=name), str(value)) for name, value in facts.parameters.items()),
        *(
            (
                words["rules"].format(name=policy.parameter),
                words["rules_text"].format(
                    name=policy.name, version=policy.version, source=told(say(policy.source, language))
                ),
            )
            for policy in facts.policies
        ),
        *(
            (
                words["input"].format(name=item.role),
                words["input_text"].format(
                    title=say(item.title, language) or item.layer,
                    layer=item.layer,
                    version=item.version or words["not_stated"],
                    rows=item.rows,
                    crs=item.crs,
                    coverage=item.coverage if language == "en" else asked.words.get(f"coverage_{item.coverage}", "–"),
                    sha256=item.sha256,
                ),
            )
            for item in facts.inputs
        ),
        *((words["left_out"], f"{drop.count}: {told(drop.reason)}") for drop in facts.dropped),
        *(
            (
                words["balance"],
                words["balance_text"].format(
                    what=told(entry.what), whole=entry.whole, parts=entry.parts, difference=entry.difference
                ),
            )
            for entry in facts.balances
        ),
        *(
            (words["doubt"], f"{told(doubt.text)}{f' ({asked.terms.place(doubt.where)})' if doubt.where else ''}")
            for doubt in facts.doubts
        ),
    ]


def rows_sheet(sheet: Any, rows: Iterable[tuple[str, Any]], styles: Styles) -> None:
    """Fill a sheet with a name and a text in each row."""
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 110)
    for row, (name, value) in enumerate(rows):
        sheet.write(row, 0, name, styles["bold"])
        sheet.write(row, 1, value)
