"""Every scenario of a workspace, one after the other, each in a folder of its own, with an index page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.applications.answer_card import AnswerCard, answer_card, open_notes, steps_told
from spacegov.applications.demo_card import DemoCard, DemoScenario
from spacegov.applications.index_page import CARD_WORDS
from spacegov.applications.words import STATUS_TITLES, STEP_WORDS
from spacegov.cards import read_card
from spacegov.content import content_path
from spacegov.errors import BadInput, SpacegovError
from spacegov.text import Language, say
from spacegov.toolbox.card import Application

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.workspace import Workspace

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Ran:
    """What one scenario came to; its answers themselves are in its folder.

    Attributes
    ----------
    id, application : str
    facts : dict
        What `spacegov scenario --json` prints of it; of one that did not run its id, status and error.
    card : AnswerCard
        What the index page shows.
    steps : str
        Its steps counted by what became of them.
    deliverable : str
    seconds : float
        With its folder.
    """

    id: str
    application: Application
    facts: dict[str, Any]
    card: AnswerCard
    steps: str
    deliverable: str
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether a step of it gave no answer, or all of it."""
        return bool(self.facts["status"] != "done")


@dataclass
class EveryScenario:
    """What all scenarios came to.

    Attributes
    ----------
    index : Path
        The page that leads to all of them.
    total : int
        How many were to be run.
    ran : list of Ran
        In the order of the applications.
    seconds : float
    """

    index: Path
    total: int
    ran: list[Ran] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> list[str]:
        """Ids of scenarios that failed in part or whole."""
        return [each.id for each in self.ran if each.failed]

    def to_json(self) -> dict[str, Any]:
        """Give what `spacegov scenario --all --json` prints."""
        return {
            "status": "partly failed" if self.failed else "done",
            "failed": self.failed,
            "index": str(self.index),
            "seconds": self.seconds,
            "scenarios": [each.facts for each in self.ran],
        }


def run_every(
    workspace: Workspace,
    out: Path,
    language: Language | None = None,
    *,
    application: str | None = None,
    told: Callable[[Ran], None] | None = None,
    progress: Progress | None = None,
) -> EveryScenario:
    """Run every scenario of a workspace, each into the folder of its id.

    A scenario that fails does not stop the others. The index page is written anew after each, so that it always leads
    to the folders that are whole.

    Parameters
    ----------
    workspace : Workspace
    out : Path
        Folder to write; made when it is not there. What an earlier run left there is replaced, scenario by scenario.
    language : {"en", "zh", "ru"}, optional
        Of what is written; the workspace's by default.
    application : str, optional
        Only the scenarios of one.
    told : callable, optional
        Given each scenario as soon as its folder is whole.
    progress : callable, optional
        Told the share done, and what is done.

    Returns
    -------
    EveryScenario

    Raises
    ------
    UnknownName
        There is no such application.
    BadInput
        It has no scenarios, or `out` is a file.
    UnreadableFile
        The folder may not be written to.
    """
    from spacegov.applications.every_page import write_index
    from spacegov.applications.folder import ready

    chosen = language or workspace.settings.language
    names = workspace.scenarios.names(application)
    if not names:
        raise BadInput(f"--application: {application} has no scenarios; spacegov scenarios lists what there is")
    ready(out)
    shown = read_card(content_path("tools") / "demo.yaml", DemoCard).scenarios
    pictures = {entry.scenario: entry.model_copy(update={"wide": False, "lines_by": []}) for entry in shown}
    every = EveryScenario(out / "index.html", len(names))
    started = time.perf_counter()
    for number, name in enumerate(names):

        def step(done: float, what: str, number: int = number, name: str = name) -> None:
            if progress is not None:
                progress((number + min(done, 1.0)) / len(names), f"{name}: {what}" if what else name)

        step(0.0, "")
        every.ran.append(_run(workspace, name, out, chosen, pictures.get(name), step))
        every.seconds = round(time.perf_counter() - started, 1)
        write_index(workspace, every, chosen)
        if told is not None:
            told(every.ran[-1])
    return every


def _run(
    workspace: Workspace, name: str, out: Path, language: Language, entry: DemoScenario | None, progress: Progress
) -> Ran:
    """Run one scenario and make its folder; whatever goes wrong is told of this one alone."""
    from spacegov.applications.runner import run_scenario

    clock = time.perf_counter()
    try:
        outcome = run_scenario(workspace, name, out=out / name, language=language, progress=progress)
        return _ran(workspace, outcome, entry, language, clock)
    except SpacegovError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001  a defect in one scenario must not lose what the others found
        reason = f"this is a fault of spacegov, not of your input ({type(error).__name__}: {error})"
    seconds = round(time.perf_counter() - clock, 1)
    failed = CARD_WORDS[language]["failed"]
    return Ran(
        id=name,
        application=workspace.scenarios.application(name),
        facts={"scenario": name, "status": "failed", "error": reason, "seconds": seconds, "files": {}},
        card=AnswerCard(name, name, name, [], seconds, "", [], [], [f"{failed}{reason}"], {}, failed=(name,)),
        steps=f"{STATUS_TITLES['failed'][language]}: {reason}",
        deliverable="",
        seconds=seconds,
    )


def _ran(
    workspace: Workspace, outcome: ScenarioOutcome, entry: DemoScenario | None, language: Language, clock: float
) -> Ran:
    card, words = outcome.card, CARD_WORDS[language]
    steps, deliverable = steps_told(outcome, language), say(card.deliverable.title, language)
    notes = [
        f"{STEP_WORDS[language]['deliverable']}{words['colon']}{deliverable}",
        f"{STEP_WORDS[language]['steps']}{words['colon']}{steps}",
        *open_notes(workspace, outcome, language, words),
    ]
    drawn = entry or DemoScenario(scenario=card.id, draw=list(reversed(card.draws)))
    page = answer_card(
        outcome,
        drawn,
        language,
        kicker=say(card.title, language),
        seconds=round(time.perf_counter() - clock, 1),
        notes=notes,
    )
    files = {kind: str(path) for kind, path in outcome.files.items()}
    return Ran(
        id=card.id,
        application=card.application,
        facts=outcome.to_json(files, language),
        card=page,
        steps=steps,
        deliverable=deliverable,
        seconds=round(time.perf_counter() - clock, 1),
    )
