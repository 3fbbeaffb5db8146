"""OGC API Processes: every tool and every scenario, and their execution, waited for or as a job."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.errors import Defect, UnknownName, shown, suggest
from spacegov.service import scenario_processes, tool_processes
from spacegov.service.execution import Order, Wish, order
from spacegov.service.guard import needs
from spacegov.service.jobs import LONG, QUICK, RUNNING, Job
from spacegov.service.links import address, answer, link
from spacegov.service.params import body_of, only, whole
from spacegov.service.problems import FAULT, Problem, request_id
from spacegov.service.results import Results, failure, results_answer
from spacegov.service.scenario_processes import is_scenario, order_scenario, scenarios_of, step_now
from spacegov.service.sharing import Need
from spacegov.service.state import Service, in_thread

router = APIRouter()


def _linked(request: Request, facts: dict[str, Any]) -> dict[str, Any]:
    own = f"/processes/{quote(facts['id'])}"
    return {**facts, "links": [link(request, own, "self", title=facts["title"])]}


@router.get("/processes", tags=["Processes"], summary="Every tool and scenario")
@needs(Need.NOTHING)
async def processes(request: Request) -> Response:
    """List the processes: tools, and after them scenarios."""
    only(request, ("f", "limit", "offset"))
    service: Service = request.app.state.service
    limit = whole(request, "limit", 1000, 1, 1000)
    offset = whole(request, "offset", 0, 0)
    language = service.workspace.settings.language

    def make() -> list[dict[str, Any]]:
        tools = [tool_processes.summary(tool, language) for tool in service.workspace.tools.find()]
        return [*tools, *(scenario_processes.summary(card, language) for card in scenarios_of(service))]

    found = await in_thread(make)
    links = [link(request, "/processes", "self")]
    if offset + limit < len(found):
        links.append(link(request, f"/processes?limit={limit}&offset={offset + limit}", "next"))
    return answer({"processes": [_linked(request, facts) for facts in found[offset : offset + limit]], "links": links})


@router.get("/processes/{tool}", tags=["Processes"], summary="One tool or scenario")
@needs(Need.NOTHING)
async def process(request: Request, tool: str) -> Response:
    """Describe a process: its inputs as JSON Schema, its outputs; of a scenario its steps too."""
    only(request, ("f",))
    service: Service = request.app.state.service
    language = service.workspace.settings.language

    def make() -> dict[str, Any]:
        known(service, tool)
        if is_scenario(service, tool):
            facts = scenario_processes.describe(service, service.workspace.scenarios[tool])
        else:
            facts = tool_processes.describe(service.workspace.tools[tool], language)
        found = _linked(request, facts)
        rel = "http://www.opengis.net/def/rel/ogc/1.0/execute"
        found["links"].append(link(request, f"/processes/{quote(tool)}/execution", rel))
        return found

    return answer(await in_thread(make))


def known(service: Service, process: str) -> None:
    """Refuse what is neither a tool nor a scenario.

    Raises
    ------
    UnknownName
    """
    names = [*service.workspace.tools, *service.workspace.scenarios]
    if process not in names:
        raise UnknownName(f"there is no tool and no scenario {shown(process)}; {suggest(process[:100], names)}")


@router.post("/processes/{tool}/execution", tags=["Processes"], summary="Ask a tool, run a scenario")
@needs(Need.NOTHING)
async def execute(request: Request, tool: str) -> Response:
    """Run a tool: wait for the answer, or with `Prefer: respond-async` start a job; a scenario is always a job."""
    only(request, ("f",))
    service: Service = request.app.state.service
    await in_thread(known, service, tool)
    body = await body_of(request)
    prefers = [part.strip().lower() for part in request.headers.get("prefer", "").split(",")]
    scenario = is_scenario(service, tool)
    placed = await in_thread(_ordered, service, tool, body)
    if scenario or "respond-async" in prefers:
        job = await start(request, placed, lane=LONG, seconds=service.limits.job_seconds)
        found = await in_thread(service.jobs.get, job)
        assert found is not None
        headers = {"location": address(request, f"/jobs/{job}")}
        if "respond-async" in prefers:
            headers["preference-applied"] = "respond-async"
        return answer(status_of(request, found), status=201, headers=headers)
    done = await waited(request, placed)
    return await in_thread(results_answer, request, service, Results(done, placed.wish))


def _ordered(service: Service, process: str, body: Any) -> Order:
    if is_scenario(service, process):
        return order_scenario(service, service.workspace.scenarios[process], body)
    return order(service, process, body)


async def start(request: Request, placed: Order, *, lane: str, seconds: float) -> str:
    """Put an order into the queue.

    Raises
    ------
    Problem
        503 where the service stops, 429 where too many jobs wait.
    """
    service: Service = request.app.state.service
    if service.stopping:
        raise Problem(503, "the service is stopping; ask again in a minute", retry_after="60")
    if await in_thread(service.jobs.waiting) >= service.limits.waiting:
        raise Problem(429, f"{service.limits.waiting} jobs wait already; ask again later", retry_after="60")
    return await in_thread(
        service.jobs.add, placed.process, placed.given, lane=lane, seconds=seconds, request=request_id(request),
        job=placed.job, wish=asdict(placed.wish) if placed.wish != Wish() else None,
    )  # fmt: skip


async def waited(request: Request, placed: Order) -> Job:
    """Run an order and wait for its end; it ends too when the client goes away.

    Raises
    ------
    Problem
        504 where it takes too long, 422 where the tool refuses its input, 500 where it fails.
    """
    service: Service = request.app.state.service
    seconds = service.limits.wait_seconds
    job = await start(request, placed, lane=QUICK, seconds=seconds)
    until = asyncio.get_running_loop().time() + seconds
    while True:
        found = await in_thread(service.jobs.get, job)
        if found is None or found.ended:
            break
        late = asyncio.get_running_loop().time() > until
        if late or await request.is_disconnected():
            await in_thread(service.jobs.cancel, job)
            raise Problem(504, f"the tool takes longer than {seconds:g} s; ask with the header Prefer: respond-async")
        await asyncio.sleep(0.02)
    if found is None or found.state != "successful":
        raise failure(service, found)
    return found


def status_of(request: Request, job: Job) -> dict[str, Any]:
    """Give the status of a job as the standard asks."""
    from datetime import UTC, datetime

    def moment(value: float | None) -> str | None:
        return None if value is None else datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")

    service: Service = request.app.state.service
    own = f"/jobs/{job.id}"
    links = [link(request, own, "self")]
    if job.state == "successful":
        links.append(link(request, f"{own}/results", "http://www.opengis.net/def/rel/ogc/1.0/results"))
    # A fault of ours is told by the log alone: its words may show what lies inside.
    message = FAULT if job.exit_code == Defect.exit_code else service.scrubbed(job.error or job.step)
    facts = {
        "jobID": job.id, "processID": job.tool, "type": "process", "status": job.state, "message": message,
        "progress": round(job.progress * 100), "created": moment(job.created), "started": moment(job.started),
        "finished": moment(job.finished), "updated": moment(job.updated), "links": links,
    }  # fmt: skip
    if job.state == RUNNING and is_scenario(service, job.tool):
        facts["step"] = step_now(service.workspace.scenarios[job.tool], job)
    return {name: value for name, value in facts.items() if value is not None}
