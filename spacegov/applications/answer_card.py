"""One card of an index page: what a scenario was asked and answered, with a picture and links to its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spacegov import numbers
from spacegov.applications.words import STATUS_TITLES, department_titles
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.demo_card import DemoScenario
    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

LINKED = ("report", "pdf", "map", "tables", "layers")
MOST_LINES = 4


@dataclass(frozen=True)
class AnswerCard:
    """What the page shows of one answer.

    Attributes
    ----------
    id : str
        Of the scenario or tool.
    kicker, question : str
        What stands above the question, and the question.
    pieces : list of tuple
        The answer in pieces: text, and whether it is a figure.
    seconds : float
    picture : str
        SVG, empty where the answer has no place.
    legend : list of dict
        `swatch` and `title` of each entry.
    lines : list of tuple
        The largest groups of the answer, name and amount.
    notes : list of str
    files : dict of str
        What is linked, by kind, as paths from the page.
    wide : bool
        Whether it takes the room of two.
    failed : tuple of str
        Steps that gave no answer.
    """

    id: str
    kicker: str
    question: str
    pieces: list[tuple[str, bool]]
    seconds: float
    picture: str
    legend: list[dict[str, Any]]
    lines: list[tuple[str, str]]
    notes: list[str]
    files: dict[str, str]
    wide: bool = False
    failed: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The answer in one sentence."""
        return "".join(text for text, _ in self.pieces)


def answer_card(
    outcome: ScenarioOutcome,
    entry: DemoScenario,
    language: Language,
    *,
    kicker: str,
    seconds: float,
    notes: list[str],
) -> AnswerCard:
    """Make the card of a scenario.

    Parameters
    ----------
    outcome : ScenarioOutcome
        Whose files lie in a folder beside the page.
    entry : DemoScenario
        What its picture shows.
    language : {"en", "zh", "ru"}
    kicker : str
        What stands above the question.
    seconds : float
    notes : list of str
        What stands below the answer.

    Returns
    -------
    AnswerCard
    """
    from spacegov.applications.demo_pictures import scenario_picture

    picture, legend = scenario_picture(outcome, entry, language)
    return AnswerCard(
        id=outcome.card.id,
        kicker=kicker,
        question=say(outcome.card.question, language),
        pieces=outcome.answer_pieces(language),
        seconds=seconds,
        picture=picture,
        legend=legend,
        lines=_lines(outcome.main.result, entry.lines_by, language),
        notes=notes,
        files={
            kind: f"{outcome.files[kind].parent.name}/{outcome.files[kind].name}"
            for kind in LINKED
            if kind in outcome.files
        },
        wide=entry.wide,
        failed=tuple(each.step.id for each in outcome.failed),
    )


def _lines(result: Result | None, by: list[str], language: Language) -> list[tuple[str, str]]:
    """Give the largest groups of the answer, by area or by number."""
    if result is None or not by or any(column not in getattr(result.frame, "columns", ()) for column in by):
        return []
    rows: list[tuple[float, str, str]] = []
    for values, part in result.frame.groupby(by, observed=True):
        words = [
            say((result.columns[column].codes or {}).get(str(value)), language) or str(value)
            for column, value in zip(by, values, strict=True)
        ]
        measured = "area_m2" in part.columns
        size = float(part["area_m2"].sum()) if measured else float(len(part))
        written = numbers.area(size, language) if measured else numbers.count(size, language)
        rows.append((size, " / ".join(words), written))
    return [(words, written) for _, words, written in sorted(rows, key=lambda row: (-row[0], row[1]))[:MOST_LINES]]


def open_notes(
    workspace: Workspace, outcome: ScenarioOutcome, language: Language, words: Mapping[str, str]
) -> list[str]:
    """Tell who still decides, what no layer covers, and what failed."""
    titles = department_titles(workspace, language)
    open_steps = dict.fromkeys(
        titles.get(each.step.department, each.step.department) for each in outcome.steps if each.status == "proposed"
    )
    notes = []
    if open_steps:
        notes.append(f"{words['decides']}{words['comma'].join(open_steps)}")
    gaps: dict[str, float] = {}
    for each in outcome.steps:
        if each.result is not None:
            gaps.update(each.result.summary.get("not_covered", {}))
    for name, area in gaps.items():
        title = workspace.layers[name].title(language)
        notes.append(f"{words['not_covered']}{title}{words['comma']}{numbers.area(area, language)}")
    notes += [f"{words['failed']}{say(each.step.title, language)}: {each.error}" for each in outcome.failed]
    return notes


def steps_told(outcome: ScenarioOutcome, language: Language) -> str:
    """Count the steps of a scenario by what became of them, such as `3 done, 1 to be decided`."""
    told = []
    for status, titles in STATUS_TITLES.items():
        count = sum(each.status == status for each in outcome.steps)
        if count:
            form = {"en": "{count} {title}", "zh": "{title} {count}", "ru": "{title}: {count}"}[language]
            told.append(form.format(count=count, title=titles[language]))
    return ("、" if language == "zh" else ", ").join(told)
