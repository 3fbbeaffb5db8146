"""One workbook of a scenario: what became of each step, the tables of every answer, and what they stand on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.applications.folder import frame_name
from spacegov.applications.words import STATUS_TITLES, STEP_WORDS, department_titles
from spacegov.text import Language, say
from spacegov.toolbox.export import require_folder
from spacegov.toolbox.result import require_suffix
from spacegov.toolbox.xlsx import Styles, method_rows, rows_sheet, sheet_name, table_sheet, write_book
from spacegov.toolbox.xlsx_words import METHOD_SHEET, METHOD_WORDS

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome

HEADS: dict[Language, tuple[str, ...]] = {
    "en": ("Step", "Department", "Tool", "Status", "Answer", "To be decided", "Working days", "Basis", "Seconds"),
    "zh": ("步骤", "部门", "工具", "状态", "结论", "待决定事项", "工作日", "依据", "用时（秒）"),
    "ru": ("Шаг", "Ведомство", "Инструмент", "Состояние", "Ответ", "Решить", "Рабочих дней", "Основание", "Секунд"),
}
WIDTHS = (40, 24, 26, 14, 80, 50, 14, 40, 10)


def write_workbook(outcome: ScenarioOutcome, path: Path, language: Language) -> Path:
    """Write the workbook.

    Parameters
    ----------
    outcome : ScenarioOutcome
    path : Path
        Ends in `.xlsx`; its folder exists.
    language : {"en", "zh", "ru"}

    Returns
    -------
    Path
    """
    require_suffix(path, (".xlsx",))
    require_folder(path)
    steps, sources = STEP_WORDS[language]["steps"], METHOD_SHEET[language]

    def fill(book: Any, styles: Styles) -> None:
        _steps(book.add_worksheet(steps), outcome, language, styles)
        taken = {steps.casefold(), sources.casefold()}
        for each in outcome.steps:
            if each.result is None:
                continue
            frames = each.result.frames
            for name, frame in frames.items():
                if hasattr(frame, "columns"):
                    sheet = book.add_worksheet(sheet_name(frame_name(each.step.id, name, frames), taken))
                    table_sheet(sheet, frame, each.result, language, styles)
        rows_sheet(book.add_worksheet(sources), _sources(outcome, language), styles)

    return write_book(path, fill)


def _steps(sheet: Any, outcome: ScenarioOutcome, language: Language, styles: Styles) -> None:
    made = next((each.result for each in outcome.steps if each.result is not None), None)
    names = {} if made is None else department_titles(made.workspace, language)
    for position, (head, width) in enumerate(zip(HEADS[language], WIDTHS, strict=True)):
        sheet.write(0, position, head, styles["head"])
        sheet.set_column(position, position, width)
    sheet.freeze_panes(1, 1)
    for row, each in enumerate(outcome.steps, start=1):
        step = each.step
        cells: tuple[str | float, ...] = (
            say(step.title, language),
            names.get(step.department, step.department),
            step.tool or "",
            STATUS_TITLES[each.status][language],
            each.result.answer(language) if each.result is not None else each.error or "",
            say(step.decision.asked, language) if step.decision is not None else "",
            step.days,
            "; ".join(say(basis, language) for basis in step.basis),
            each.seconds,
        )
        for position, value in enumerate(cells):
            sheet.write(row, position, value)


def _sources(outcome: ScenarioOutcome, language: Language) -> list[tuple[str, Any]]:
    words = METHOD_WORDS[language]
    rows: list[tuple[str, Any]] = [
        (words["scenario"], f"{say(outcome.card.title, language)} ({outcome.card.id})"),
        (words["question"], say(outcome.card.question, language)),
        (words["answer"], outcome.answer(language)),
        (words["standards"], "; ".join(outcome.card.cites)),
    ]
    for each in outcome.steps:
        if each.result is not None:
            rows += [("", ""), (words["step"], say(each.step.title, language)), *method_rows(each.result, language)]
    return rows
