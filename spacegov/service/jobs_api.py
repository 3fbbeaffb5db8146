"""OGC API Processes: the status of jobs, their end, their results."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.service.guard import needs
from spacegov.service.jobs import SUCCESSFUL, Job
from spacegov.service.links import answer
from spacegov.service.params import language_of, only
from spacegov.service.problems import Problem
from spacegov.service.processes import status_of
from spacegov.service.results import Results, download, failure, results_answer
from spacegov.service.scenario_processes import is_scenario
from spacegov.service.scenario_results import scenario_answer, scenario_download
from spacegov.service.sharing import Need
from spacegov.service.state import Service, in_thread

router = APIRouter(prefix="/jobs")
_ID = re.compile(r"[0-9a-f]{32}")


async def _job(request: Request, name: str) -> Job:
    service: Service = request.app.state.service
    found = await in_thread(service.jobs.get, name) if _ID.fullmatch(name) else None
    if found is None:
        raise Problem(404, f"there is no job {name[:64]!r}; finished jobs are removed after a while, start it anew")
    return found


@router.get("/{job}", tags=["Jobs"], summary="How a job stands")
@needs(Need.NOTHING)
async def status(request: Request, job: str) -> Response:
    """Give status, progress and step."""
    only(request, ("f",))
    return answer(status_of(request, await _job(request, job)))


@router.delete("/{job}", tags=["Jobs"], summary="Cancel a job, or remove a finished one")
@needs(Need.NOTHING)
async def dismiss(request: Request, job: str) -> Response:
    """End a job that waits or runs; remove one that has ended, with its answer."""
    import asyncio

    only(request, ("f",))
    service: Service = request.app.state.service
    found = await _job(request, job)
    if found.ended:
        await in_thread(service.jobs.remove, job)
        return answer({**status_of(request, found), "status": "dismissed", "message": "removed", "links": []})
    await in_thread(service.jobs.cancel, job)
    for _ in range(100):
        found = await _job(request, job)
        if found.ended:
            break
        await asyncio.sleep(0.02)
    return answer(status_of(request, found))


def _finished(service: Service, found: Job) -> Job:
    if not found.ended:
        raise Problem(
            404, f"the job is {found.state} and has no results yet; ask for its status until it is successful"
        )
    if found.state != SUCCESSFUL:
        raise failure(service, found)
    return found


@router.get("/{job}/results", tags=["Jobs"], summary="The answer")
@needs(Need.NOTHING)
async def results(request: Request, job: str) -> Response:
    """Give the results of a job."""
    only(request, ("f",))
    service: Service = request.app.state.service
    found = _finished(service, await _job(request, job))
    make = scenario_answer if is_scenario(service, found.tool) else results_answer
    return await in_thread(make, request, service, Results.of(service, found))


@router.get("/{job}/results/{frame}", tags=["Jobs"], summary="A part of the answer as a file")
@needs(Need.NOTHING)
async def result_frame(request: Request, job: str, frame: str) -> Response:
    """Give a frame, the workbook, the report, and of a scenario all layers or the map, as a file."""
    only(request, ("f", "lang"))
    language = language_of(request)
    service: Service = request.app.state.service
    found = _finished(service, await _job(request, job))
    make = scenario_download if is_scenario(service, found.tool) else download
    return await in_thread(make, service, found, frame, request.query_params.get("f"), language)
