"""OGC API Processes: every tool, and its execution, waited for or as a job."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.errors import Defect
from spacegov.service.execution import VARY, WITHIN, Order, is_spatial, order, outputs_of
from spacegov.service.guard import needs
from spacegov.service.jobs import LONG, QUICK, Job
from spacegov.service.links import address, answer, link
from spacegov.service.params import body_of, only, whole
from spacegov.service.problems import FAULT, Problem, request_id
from spacegov.service.results import Results, failure, results_answer
from spacegov.service.sharing import Need
from spacegov.service.state import Service, in_thread
from spacegov.text import say
from spacegov.toolbox.tool import Tool

router = APIRouter()
_GEOJSON = {
    "oneOf": [
        {"type": "string", "description": "id of a layer, an upload or a result"},
        {"type": "object", "format": "geojson-feature-collection", "description": "GeoJSON in degrees"},
    ]
}


def summary(request: Request, tool: Tool) -> dict[str, Any]:
    """Give what lists of processes show of a tool."""
    language = request.app.state.service.workspace.settings.language
    own = f"/processes/{quote(tool.id)}"
    return {
        "id": tool.id,
        "title": tool.title(language),
        "description": say(tool.card.question, language),
        "version": tool.version,
        "keywords": [tool.card.application],
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": [link(request, own, "self", title=tool.title(language))],
    }


@router.get("/processes", tags=["Processes"], summary="Every tool")
@needs(Need.NOTHING)
async def processes(request: Request) -> Response:
    """List the processes."""
    only(request, ("f", "limit", "offset"))
    service: Service = request.app.state.service
    limit = whole(request, "limit", 1000, 1, 1000)
    offset = whole(request, "offset", 0, 0)
    tools = await in_thread(service.workspace.tools.find)
    links = [link(request, "/processes", "self")]
    if offset + limit < len(tools):
        links.append(link(request, f"/processes?limit={limit}&offset={offset + limit}", "next"))
    return answer({"processes": [summary(request, tool) for tool in tools[offset : offset + limit]], "links": links})


@router.get("/processes/{tool}", tags=["Processes"], summary="One tool")
@needs(Need.NOTHING)
async def process(request: Request, tool: str) -> Response:
    """Describe a process: its inputs as JSON Schema, its outputs."""
    only(request, ("f",))
    service: Service = request.app.state.service

    def make() -> dict[str, Any]:
        found = service.workspace.tools[tool]
        rel = "http://www.opengis.net/def/rel/ogc/1.0/execute"
        facts = summary(request, found)
        facts["links"].append(link(request, f"/processes/{quote(found.id)}/execution", rel))
        return {**facts, "inputs": inputs_of(found), "outputs": _outputs(found)}

    return answer(await in_thread(make))


def inputs_of(tool: Tool) -> dict[str, Any]:
    """Describe the inputs of a tool."""
    schema = tool.schema()
    required = set(schema.get("required", []))
    described: dict[str, Any] = {}
    for name, own in schema["properties"].items():
        spec = tool.signature.inputs.get(name)
        several = spec is not None and (spec.many or spec.kind.form == "layers")
        taken = own
        if spec is not None:
            one = _GEOJSON if spec.kind.form not in ("raster", "table") else {"type": "string"}
            taken = {"type": "array", "items": one} if several else dict(one)
            taken = {**taken, **({"default": own["default"]} if "default" in own else {})}
        described[name] = {
            "title": own.get("title") or name.replace("_", " ").capitalize(),
            "description": own.get("description", ""),
            "schema": {**taken, **({"$defs": schema["$defs"]} if "$ref" in str(taken) else {})},
            "minOccurs": 1 if name in required else 0,
            "maxOccurs": 1,
            **({"layer": own["layer"]} if "layer" in own else {}),
        }
    if tool.card.vary and VARY not in described:
        described[VARY] = {
            "title": "Vary",
            "description": f"Try other values of {', '.join(tool.card.vary)} too, to show how the answer moves.",
            "schema": {"type": "boolean", "default": False},
            "minOccurs": 0,
            "maxOccurs": 1,
        }
    if is_spatial(tool) and WITHIN not in described:
        described[WITHIN] = {
            "title": "Within",
            "description": "The area asked about: the layers named by id are cut to it, what is sent is taken whole.",
            "schema": dict(_GEOJSON),
            "minOccurs": 0,
            "maxOccurs": 1,
        }
    return described


def _outputs(tool: Tool) -> dict[str, Any]:
    plain = {"summary": "Figures", "provenance": "Sources and method", "answer": "The answer in a sentence"}
    described = {}
    for name in outputs_of(tool):
        kind = {"type": "string"} if name == "answer" else {"type": "object"}
        described[name] = {"title": plain.get(name) or name.replace("_", " ").capitalize(), "schema": kind}
    return described


@router.post("/processes/{tool}/execution", tags=["Processes"], summary="Ask a tool")
@needs(Need.NOTHING)
async def execute(request: Request, tool: str) -> Response:
    """Run a tool: wait for the answer, or with `Prefer: respond-async` start a job."""
    only(request, ("f",))
    service: Service = request.app.state.service
    if tool not in service.workspace.tools:
        await in_thread(lambda: service.workspace.tools[tool])
    body = await body_of(request)
    prefers = [part.strip().lower() for part in request.headers.get("prefer", "").split(",")]
    placed = await in_thread(order, service, tool, body)
    if "respond-async" in prefers:
        job = await start(request, placed, lane=LONG, seconds=service.limits.job_seconds)
        found = await in_thread(service.jobs.get, job)
        assert found is not None
        headers = {"location": address(request, f"/jobs/{job}"), "preference-applied": "respond-async"}
        return answer(status_of(request, found), status=201, headers=headers)
    done = await waited(request, placed)
    return await in_thread(results_answer, request, service, Results(done, placed))


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
        service.jobs.add, placed.tool.id, placed.given, lane=lane, seconds=seconds, request=request_id(request),
        job=placed.job,
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
    return {name: value for name, value in facts.items() if value is not None}
