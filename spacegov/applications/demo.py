"""The demo: one scenario of each application on a workspace, each in a folder of its own, with an index page."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.applications.answer_card import AnswerCard, answer_card, open_notes
from spacegov.applications.demo_card import DemoCard, DemoScenario, RealQuestion
from spacegov.applications.index_page import CARD_WORDS
from spacegov.applications.words import APPLICATION_TITLES
from spacegov.cards import read_card
from spacegov.content import content_path
from spacegov.errors import SpacegovError
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

Progress = Callable[[float, str], None]


@dataclass
class Demo:
    """What the demo made."""

    index: Path
    answers: list[AnswerCard] = field(default_factory=list)
    real: list[AnswerCard] = field(default_factory=list)
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


def _answer(workspace: Workspace, entry: DemoScenario, out: Path, language: Language, progress: Progress) -> AnswerCard:
    from spacegov.applications.runner import run_scenario

    clock = time.perf_counter()
    outcome = run_scenario(workspace, entry.scenario, out=out / entry.scenario, language=language, progress=progress)
    return answer_card(
        outcome,
        entry,
        language,
        kicker=say(APPLICATION_TITLES[outcome.card.application], language),
        seconds=round(time.perf_counter() - clock, 1),
        notes=open_notes(workspace, outcome, language, CARD_WORDS[language]),
    )
