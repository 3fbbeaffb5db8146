"""The answers of jobs: figures, frames as collections or inside the answer, files to take away."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.responses import Response

from spacegov.errors import BadInput, suggest
from spacegov.service import crs as references
from spacegov.service.collection import collection, result_file
from spacegov.service.geojson import GEO, features_of
from spacegov.service.guard import RESULT
from spacegov.service.jobs import DISMISSED, Job
from spacegov.service.links import JSON, answer, link
from spacegov.service.problems import FAULT, Problem
from spacegov.service.tables import Condition, fetched

if TYPE_CHECKING:
    from fastapi import Request

    from spacegov.service.execution import Order
    from spacegov.service.state import Service
    from spacegov.text import Language
    from spacegov.toolbox.result import Result

INLINE = 1_000
"""Features up to which a frame stands in the answer itself, unless asked otherwise."""
MEDIA = {
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "geojson": GEO,
    "csv": "text/csv; charset=utf-8",
    "tif": "image/tiff; application=geotiff",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
}
WORKBOOK, REPORT = "workbook", "report"
_FORMS = {WORKBOOK: ("xlsx",), REPORT: ("pdf", "html")}
_FRAME_FORMS = ("geojson", "gpkg", "parquet", "csv", "tif")
_BESIDE = ("not_covered", "sensitivity")
"""Frames that come with whichever outputs were asked for."""


@dataclass(frozen=True)
class Results:
    """A job that succeeded, and what was asked of its answer."""

    job: Job
    order: Order | None = None


def failure(service: Service, job: Job | None) -> Problem:
    """Say why a job has no answer."""
    if job is None:
        return Problem(404, "the job is gone; start it anew")
    if job.state == DISMISSED:
        return Problem(410, "the job was cancelled; start it anew")
    if job.exit_code == 2:
        return Problem(422, service.scrubbed(job.error or "the tool refuses its input"))
    if job.exit_code == 124:
        return Problem(504, str(job.error))
    service.log.error("job failed", job=job.id, tool=job.tool, error=job.error)
    return Problem(500, FAULT)


def facts_of(service: Service, job: Job) -> dict[str, Any]:
    """Give what a job's process printed, without the paths of this machine."""
    facts = service.jobs.answer(job.id)
    provenance = facts.get("provenance", {})
    for record in provenance.get("inputs", []):
        if "/" in str(record.get("source", "")) or "\\" in str(record.get("source", "")):
            record["source"] = "given with the request"
    return {key: _scrubbed(service, facts.get(key)) for key in ("answer", "summary", "provenance")}


def _scrubbed(service: Service, value: Any) -> Any:
    if isinstance(value, str):
        return service.scrubbed(value)
    if isinstance(value, Mapping):
        return {key: _scrubbed(service, item) for key, item in value.items()}
    return [_scrubbed(service, item) for item in value] if isinstance(value, list) else value


def frames_of(service: Service, job: Job) -> list[str]:
    """Name the frames of an answer that are there."""
    run = service.jobs.run_folder(job.id)
    if run is None or not run.is_dir():
        raise Problem(404, "the answer of this job is gone; start it anew")
    return sorted(path.stem for path in run.iterdir() if path.suffix in {".parquet", ".tif"})


def results_answer(request: Request, service: Service, results: Results) -> Response:
    """Give the results document, or the one frame that was asked for raw."""
    job, placed = results.job, results.order
    facts = facts_of(service, job)
    frames = frames_of(service, job)
    wanted = placed.wanted if placed is not None else ()
    chosen = [name for name in frames if not wanted or name in wanted or name in _BESIDE]
    by_value = placed.by_value if placed is not None else frozenset()
    by_reference = placed.by_reference if placed is not None else frozenset()
    document: dict[str, Any] = {name: facts[name] for name in facts if not wanted or name in wanted}
    if placed is not None and placed.raw and len(wanted) == 1:
        name = wanted[0]
        if name in facts:
            return answer(facts[name])
        value = frame_value(service, job, name)
        return Response(value, media_type=GEO) if isinstance(value, bytes) else answer(value)
    for name in chosen:
        document[name] = _reference(request, job, name)
        path = result_file(service, job.id, name)
        if name in by_reference or path.suffix == ".tif":
            continue
        found = collection(service, f"{RESULT}{job.id}.{name}").table
        if name in by_value or found.rows <= INLINE:
            if found.rows > service.limits.most_items:
                raise Problem(
                    413, f"{name} has {found.rows} features, too many for one answer; ask for it by reference"
                )
            value = frame_value(service, job, name)
            document[name] = {"value": json.loads(value), "mediaType": GEO, **_reference(request, job, name)}
    links = [link(request, f"/jobs/{job.id}", "monitor"), link(request, f"/jobs/{job.id}/results", "self")]
    return answer({**document, "job": job.id, "links": links}, media=JSON)


def _reference(request: Request, job: Job, name: str) -> dict[str, Any]:
    own = f"/collections/{RESULT}{job.id}.{name}"
    service: Service = request.app.state.service
    raster = result_file(service, job.id, name).suffix == ".tif"
    found = link(request, own if raster else f"{own}/items", "item", JSON if raster else GEO, name)
    return {**found, "collection": f"{RESULT}{job.id}.{name}"}


def frame_value(service: Service, job: Job, name: str) -> bytes:
    """Give a frame as GeoJSON in degrees."""
    found = collection(service, f"{RESULT}{job.id}.{name}")
    table = found.table
    records = fetched(table, Condition("TRUE"), columns=list(table.kinds), limit=service.limits.most_items)
    features = features_of(records, table, references.reference(references.CRS84))
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


def download(service: Service, job: Job, name: str, wanted: str | None, language: Language | None) -> Response:
    """Give a frame, the workbook of all tables, or the report, as a file."""
    allowed = _FORMS.get(name, _FRAME_FORMS)
    form = wanted or allowed[0]
    if form not in allowed:
        raise BadInput(f"f: {name} is not given as {form[:40]!r}; {suggest(form, allowed)}")
    title = job.tool if name in _FORMS else f"{job.tool}-{name}"
    with tempfile.TemporaryDirectory(dir=service.jobs.folder / job.id) as folder:
        path = Path(folder) / f"{name}.{form}"
        if name == WORKBOOK:
            result_of(service, job).to_xlsx(path)
        elif name == REPORT:
            result_of(service, job).report(path, language=language)
        else:
            _write(service, job, name, path)
        content = path.read_bytes()
    headers = {"content-disposition": f'attachment; filename="{title}.{form}"'}
    return Response(content, media_type=MEDIA[form], headers=headers)


def _write(service: Service, job: Job, name: str, path: Path) -> None:
    from spacegov.toolbox.export import write_any

    stored = result_file(service, job.id, name)
    if path.suffix == stored.suffix:
        shutil.copyfile(stored, path)
    elif stored.suffix == ".tif" or path.suffix == ".tif":
        form = stored.suffix.removeprefix(".")
        raise BadInput(f"f: {name} is not given as {path.suffix.removeprefix('.')!r}; write f={form}")
    else:
        write_any(_frame(stored), path)


def _frame(path: Path) -> Any:
    from spacegov.layers.files import read_vector
    from spacegov.raster import Raster

    return Raster.open(path) if path.suffix == ".tif" else read_vector(path)


def result_of(service: Service, job: Job) -> Result:
    """Give the result of a job as the toolbox knows it, from its run folder."""
    from spacegov.toolbox.provenance import Provenance
    from spacegov.toolbox.result import Result

    facts = facts_of(service, job)
    names = frames_of(service, job)
    frames = {name: _frame(result_file(service, job.id, name)) for name in names}
    return Result(
        tool=service.workspace.tools[job.tool],
        workspace=service.workspace,
        not_covered=frames.pop("not_covered", None),
        sensitivity=frames.pop("sensitivity", None),
        frames=frames,
        summary=facts["summary"],
        provenance=Provenance.model_validate(facts["provenance"]),
    )
