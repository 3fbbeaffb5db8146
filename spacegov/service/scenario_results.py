"""The answers of scenarios: what became of each step, what is to be decided, layers, and the files of the whole."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.responses import Response

from spacegov.applications.outcome import ScenarioOutcome, StepOutcome
from spacegov.applications.words import CHOICE_TITLES
from spacegov.errors import BadInput, suggest
from spacegov.service.collection import collection
from spacegov.service.frame_titles import frame_title
from spacegov.service.guard import RESULT
from spacegov.service.links import answer, link
from spacegov.service.problems import FAULT, Problem
from spacegov.service.results import (
    MEDIA,
    PAGE_POLICY,
    REPORT,
    WORKBOOK,
    Results,
    download,
    facts_of,
    file_answer,
    frames_of,
    inline,
    raw_answer,
    reference,
    result_of,
)
from spacegov.service.scenario_processes import ANSWER, STATUS, STEPS
from spacegov.text import LANGUAGES

if TYPE_CHECKING:
    from fastapi import Request

    from spacegov.applications.scenario import Decision
    from spacegov.service.jobs import Job
    from spacegov.service.state import Service
    from spacegov.text import Language, Text

LAYERS, MAP = "layers", "map"
FILES: dict[str, tuple[str, ...]] = {REPORT: ("pdf", "html"), WORKBOOK: ("xlsx",), LAYERS: ("gpkg",), MAP: ("html",)}
"""Files of a scenario as a whole, and their forms."""
MAP_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts"
)
"""What the map may do: run its own script, which stands in the page, and reach nothing."""
_OUR_FAULT = "this is a fault of spacegov"
_WITHHELD = re.compile(r"(?P<layer>[a-z]+\.[a-z0-9-]+) is withheld by ")


def outcome_of(service: Service, job: Job, *, frames_too: bool) -> ScenarioOutcome:
    """Give what a scenario's job came to, from what its steps left.

    Parameters
    ----------
    service : Service
    job : Job
        One that succeeded, in whole or in part.
    frames_too : bool
        Whether the frames of all steps are read; sentences and figures need none.

    Raises
    ------
    Problem
        404 where a step's answer is gone.
    """
    from datetime import datetime

    card = service.workspace.scenarios[job.tool]
    facts = service.jobs.answer(job.id)
    told = {each["id"]: each for each in facts["steps"]}
    steps = []
    for step in card.steps:
        known = told.get(step.id)
        if known is None:
            steps.append(StepOutcome(step, "skipped", error="the card has changed since; run the scenario anew"))
            continue
        result = result_of(service, job, step.id, frames_too=frames_too) if known["run"] is not None else None
        error = _error(service, job, step.id, known["error"])
        steps.append(StepOutcome(step, known["status"], result, error, known["seconds"]))
    return ScenarioOutcome(card, tuple(steps), datetime.fromisoformat(facts["started"]), facts["seconds"])


def _error(service: Service, job: Job, step: str, error: str | None) -> str | None:
    """Say why a step gave no answer; a fault of ours is told by the log alone, as everywhere in the service."""
    if error is None or not error.startswith(_OUR_FAULT):
        return None if error is None else service.scrubbed(error)
    service.log.error("step failed", job=job.id, scenario=job.tool, step=step, error=error)
    return FAULT


def scenario_answer(request: Request, service: Service, results: Results) -> Response:
    """Give the results document of a scenario, or the one output that was asked for raw."""
    job, wish = results.job, results.wish
    from spacegov.reports.fonts import can_set

    outcome = outcome_of(service, job, frames_too=False)
    language = service.workspace.settings.language
    answered = [each.step.id for each in outcome.steps if each.result is not None]
    frames = [f"{step}.{frame}" for step in answered for frame in frames_of(service, job, step)]
    facts: dict[str, Any] = {
        STATUS: status_of(outcome),
        ANSWER: outcome.answer(language),
        STEPS: [_step(service, job, each, frames) for each in outcome.steps],
    }
    if wish.raw and len(wish.wanted) == 1:
        return raw_answer(service, job, wish.wanted[0], facts)
    document = {name: value for name, value in facts.items() if not wish.wanted or name in wish.wanted}
    for name in frames:
        if not wish.wanted or name in wish.wanted:
            document[name] = _frame(request, service, job, name)
            if name in wish.by_value:
                document[name] |= inline(service, job, name)
    links = [link(request, f"/jobs/{job.id}", "monitor"), link(request, f"/jobs/{job.id}/results", "self")]
    placed_frames = [each for each in document.values() if isinstance(each, dict) and each.get("spatial")]
    links += [
        _file_link(request, job, name, form)
        for name, forms in FILES.items()
        for form in forms
        if placed_frames or name in (REPORT, WORKBOOK)
    ]
    whole = {
        "scenario": outcome.card.id,
        "answers": {each: outcome.answer(each) for each in LANGUAGES},
        "draws": _drawn(outcome, document),
        "deliverable": outcome.card.deliverable.model_dump(mode="json"),
        "seconds": outcome.seconds,
        "pdf": [each for each in LANGUAGES if can_set(each)],
    }
    return answer({**document, **({} if wish.wanted else whole), "job": job.id, "links": links})


def status_of(outcome: ScenarioOutcome) -> str:
    """Say in a word whether every step was answered, some, or none."""
    if not outcome.failed:
        return "done"
    return "partly failed" if any(each.result is not None for each in outcome.steps) else "failed"


def _file_link(request: Request, job: Job, name: str, form: str) -> dict[str, Any]:
    return link(request, f"/jobs/{job.id}/results/{name}?f={form}", "enclosure", MEDIA[form], f"{name}.{form}")


def _frame(request: Request, service: Service, job: Job, name: str) -> dict[str, Any]:
    """Give a frame as a link, with what a client must know before it follows it."""
    found = collection(service, f"{RESULT}{job.id}.{name}")
    told = {"spatial": True} if found.is_raster else {"spatial": found.table.spatial, "rows": found.table.rows}
    return {**reference(request, job, name), "titles": frame_title(name.rpartition(".")[2]), **told}


def _drawn(outcome: ScenarioOutcome, document: Mapping[str, Any]) -> list[str]:
    """Name the frames that a map opens with, the foremost first."""
    named = []
    for step in outcome.card.draws or (outcome.card.main.id,):
        result = outcome.step(step).result
        frames = [name for name in document if name.startswith(f"{step}.") and document[name]["spatial"]]
        frames = [name for name in frames if document[name].get("rows") != 0 and not name.endswith(".not_covered")]
        shown = f"{step}.{result.tool.card.show.frame}" if result is not None else ""
        named += [shown] if shown in frames else frames[:1]
    return named


def _step(service: Service, job: Job, each: StepOutcome, frames: list[str]) -> dict[str, Any]:
    step, result = each.step, each.result
    facts = facts_of(service, job, step.id) if result is not None else {}
    told: Text | None = None if result is None else {name: result.answer(name) for name in LANGUAGES}
    return {
        "id": step.id,
        "title": dict(step.title),
        "department": step.department,
        "tool": step.tool,
        "status": each.status,
        "answer": told,
        "error": each.error,
        "withheld": _withheld(service, each.error),
        "decision": None if step.decision is None else decision_facts(step.decision),
        "days": step.days,
        "seconds": each.seconds,
        "summary": facts.get("summary"),
        "provenance": facts.get("provenance"),
        "frames": [name for name in frames if name.startswith(f"{step.id}.")],
    }


def decision_facts(decision: Decision) -> dict[str, Any]:
    """Give what is to be decided: nothing is, before people do."""
    return {
        "asked": dict(decision.asked),
        "proposal": None if decision.proposal is None else dict(decision.proposal),
        "choices": [{"id": choice, "title": dict(CHOICE_TITLES[choice])} for choice in decision.choices],
    }


def _withheld(service: Service, error: str | None) -> dict[str, Any] | None:
    """Say which layer a step would have needed, and whom to ask for it."""
    found = _WITHHELD.search(error or "")
    registry = service.workspace.layers
    if found is None or found["layer"] not in registry:
        return None
    card = registry.card(found["layer"])
    return {"layer": card.id, "department": dict(registry.stewards[card.steward].title)}


def scenario_download(service: Service, job: Job, name: str, wanted: str | None, language: Language | None) -> Response:
    """Give a file of a scenario: the report, the workbook, all layers, the map, or one frame of a step.

    Raises
    ------
    BadInput
        It is not given in that form, or cannot be made in that language here.
    Problem
        404 where no step was answered, or none with a place for layers and map.
    """
    if name not in FILES:
        return download(service, job, name, wanted, language)
    form = wanted or FILES[name][0]
    if form not in FILES[name]:
        raise BadInput(f"f: {name} is not given as {form[:40]!r}; {suggest(form, FILES[name])}")
    chosen = language or service.workspace.settings.language
    path = service.jobs.folder / job.id / "files" / f"{name}-{chosen}.{form}"
    # Two that ask at the same time wait for one that writes.
    service.remember(("file", job.id, path.name), lambda: _make(service, job, name, path, chosen))
    return file_answer(path.read_bytes(), job.tool, form, MAP_POLICY if name == MAP else PAGE_POLICY)


def _make(service: Service, job: Job, name: str, path: Path, language: Language) -> None:
    """Write a file of a scenario, unless it was written before; it appears whole or not at all."""
    from spacegov.applications.folder import write_layers
    from spacegov.applications.scenario_map import scenario_map
    from spacegov.applications.workbook import write_workbook
    from spacegov.reports.of_scenario import report_of_scenario
    from spacegov.reports.write import ready_to_write, write_report

    if path.is_file():
        return
    path.parent.mkdir(exist_ok=True)
    if name == REPORT:
        ready_to_write(path, language)
    outcome = outcome_of(service, job, frames_too=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        if name == REPORT:
            write_report(report_of_scenario(outcome, language, workspace=service.workspace), made)
        elif name == WORKBOOK:
            write_workbook(outcome, made, language)
        elif name == LAYERS:
            found = write_layers(outcome, Path(folder)).get(LAYERS)
            made = Path(folder) / found if found is not None else made
        else:
            drawn = scenario_map(outcome, language)
            if drawn is not None:
                drawn.save(str(made))
        if not made.is_file():
            raise Problem(404, f"{job.tool}: no step answered with a place, so there is no {name}; see its workbook")
        made.replace(path)
