"""The demo: one scenario of each application on a workspace, each in a folder of its own, with an index page."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov import numbers
from spacegov.applications.demo_card import DemoCard, DemoScenario, RealQuestion
from spacegov.applications.words import APPLICATION_TITLES, department_titles
from spacegov.cards import read_card
from spacegov.content import content_path
from spacegov.errors import SpacegovError
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

__all__ = ["APPLICATION_TITLES", "Demo", "DemoAnswer", "run_demo"]

Progress = Callable[[float, str], None]
MOST_LINES = 4


@dataclass(frozen=True)
class DemoAnswer:
    """One card of the index page."""

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


@dataclass
class Demo:
    """What the demo made."""

    index: Path
    answers: list[DemoAnswer] = field(default_factory=list)
    real: list[DemoAnswer] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> list[str]:
        """Steps that gave no answer, as `scenario.step`, and questions to real layers, with the reason."""
        return [*(f"{answer.id}.{step}" for answer in self.answers for step in answer.failed), *self.missed]

    def to_json(self) -> dict[str, Any]:
        """Give what `spacegov demo --json` prints."""
        rows = [
            {
                "scenario": answer.id,
                "question": answer.question,
                "answer": answer.text,
                "failed": list(answer.failed),
                "seconds": answer.seconds,
                "files": answer.files,
            }
            for answer in self.answers
        ]
        real = [
            {"tool": answer.id, "question": answer.question, "answer": answer.text, "seconds": answer.seconds}
            for answer in self.real
        ]
        status = "partly failed" if self.failed else "done"
        return {"status": status, "index": str(self.index), "seconds": self.seconds, "answers": rows, "real": real}


def run_demo(
    workspace: Workspace,
    out: Path,
    language: Language,
    progress: Progress | None = None,
    *,
    card: DemoCard | None = None,
) -> Demo:
    """Run one scenario of each application and write the folder.

    Where the environment variable `SPACEGOV_REAL_DATA` names a folder with the real layers that the demo's card speaks
    of, its questions are asked of them too.

    Parameters
    ----------
    workspace : Workspace
        Whose layers answer.
    out : Path
        Folder to write; made when it is not there.
    language : {"en", "zh", "ru"}
    progress : callable, optional
    card : DemoCard, optional
        What to show; `tools/demo.yaml` by default.

    Returns
    -------
    Demo
    """
    from spacegov.applications.demo_page import write_index
    from spacegov.applications.folder import ready
    from spacegov.applications.real_data import answer_real

    ready(out)
    card = card or read_card(content_path("tools") / "demo.yaml", DemoCard)
    known = os.environ.get("SPACEGOV_REAL_DATA")
    real = [question for question in card.real if known and there(Path(known), question)]
    demo = Demo(out / "index.html")
    started = time.perf_counter()
    total = len(card.scenarios) + len(real)
    for number, entry in enumerate(card.scenarios):

        def told(done: float, what: str, number: int = number) -> None:
            if progress is not None:
                progress((number + min(done, 1.0)) / total, what)

        demo.answers.append(_answer(workspace, entry, out, language, told))
    for number, question in enumerate(real, start=len(card.scenarios)):
        if progress is not None:
            progress(number / total, say(question.place, language))
        try:
            demo.real.append(answer_real(workspace, question, Path(str(known)), out, language))
        except SpacegovError as error:
            demo.missed.append(f"{say(question.place, 'en')}: {error}")
    demo.seconds = round(time.perf_counter() - started, 1)
    write_index(workspace, demo, language)
    return demo


def there(folder: Path, question: RealQuestion) -> bool:
    """Tell whether all files of a question are in a folder."""
    from spacegov.layers.files import split_source

    named = [item for given in question.files.values() for item in (given if isinstance(given, list) else [given])]
    return all(split_source(str(folder / name))[0].is_file() for name in (*named, *question.below))


def _answer(workspace: Workspace, entry: DemoScenario, out: Path, language: Language, progress: Progress) -> DemoAnswer:
    from spacegov.applications.demo_pictures import scenario_picture
    from spacegov.applications.runner import run_scenario

    clock = time.perf_counter()
    folder = out / entry.scenario
    outcome = run_scenario(workspace, entry.scenario, out=folder, language=language, progress=progress)
    picture, legend = scenario_picture(outcome, entry, language)
    kinds = ("report", "pdf", "map", "tables", "layers")
    return DemoAnswer(
        id=entry.scenario,
        kicker=say(APPLICATION_TITLES[outcome.card.application], language),
        question=say(outcome.card.question, language),
        pieces=outcome.answer_pieces(language),
        seconds=round(time.perf_counter() - clock, 1),
        picture=picture,
        legend=legend,
        lines=_lines(outcome.main.result, entry.lines_by, language),
        notes=_notes(workspace, outcome, language),
        files={kind: f"{entry.scenario}/{outcome.files[kind].name}" for kind in kinds if kind in outcome.files},
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


def _notes(workspace: Workspace, outcome: ScenarioOutcome, language: Language) -> list[str]:
    """Tell who still decides, what no layer covers, and what failed."""
    from spacegov.applications.demo_page import WORDS

    words = WORDS[language]
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
        notes.append(f"{words['not_covered']}{title}, {numbers.area(area, language)}")
    notes += [f"{words['failed']}{say(each.step.title, language)}: {each.error}" for each in outcome.failed]
    return notes
