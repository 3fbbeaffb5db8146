"""The answers of jobs: figures, frames as collections or inside the answer, files to take away."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.responses import Response

from spacegov.errors import BadInput, suggest
from spacegov.service import crs as references
from spacegov.service.collection import asked, collection, result_file
from spacegov.service.execution import Wish
from spacegov.service.geojson import GEO, features_of
from spacegov.service.guard import RESULT
from spacegov.service.jobs import DISMISSED, Job
from spacegov.service.links import JSON, answer, link
from spacegov.service.problems import FAULT, Problem
from spacegov.service.tables import Condition, fetched

if TYPE_CHECKING:
    from fastapi import Request

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
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""What a report may do: show itself."""
_BESIDE = ("not_covered", "sensitivity")
"""Frames that come with whichever outputs were asked for."""


@dataclass(frozen=True)
class Results:
    """A job that succeeded, and what is wanted of its answer."""

    job: Job
    wish: Wish = field(default_factory=Wish)

    @classmethod
    def of(cls, service: Service, job: Job) -> Results:
        """Give a job with what was asked of it when it was started."""
        kept = service.jobs.wish(job.id)
        return cls(job) if kept is None else cls(job, Wish(**{key: _tuple(each) for key, each in kept.items()}))


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


def facts_of(service: Service, job: Job, step: str = "") -> dict[str, Any]:
    """Give what a job's process printed, or what is kept of a step, without the paths of this machine."""
    facts = _kept(service, job, step) if step else service.jobs.answer(job.id)
    provenance = facts.get("provenance", {})
    for record in provenance.get("inputs", []):
        source = str(record.get("source", ""))
        if not source.startswith("answer of ") and ("/" in source or "\\" in source):
            record["source"] = "given with the request"
    return {key: scrubbed(service, facts[key]) for key in ("answer", "summary", "provenance") if key in facts}


def _kept(service: Service, job: Job, step: str) -> dict[str, Any]:
    try:
        found = json.loads((_run(service, job, step) / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _gone() from None
    return found if isinstance(found, dict) else {}


def _gone() -> Problem:
    return Problem(404, "the answer of this job is gone; start it anew")


def _run(service: Service, job: Job, step: str) -> Path:
    run = service.jobs.run_folder(job.id, step)
    if run is None or not run.is_dir():
        raise _gone()
    return run


def scrubbed(service: Service, value: Any) -> Any:
    """Take paths of this machine out of every text of a value."""
    if isinstance(value, str):
        return service.scrubbed(value)
    if isinstance(value, Mapping):
        return {key: scrubbed(service, item) for key, item in value.items()}
    return [scrubbed(service, item) for item in value] if isinstance(value, list) else value


def frames_of(service: Service, job: Job, step: str = "") -> list[str]:
    """Name the frames of an answer that are there."""
    run = _run(service, job, step)
    return sorted(path.stem for path in run.iterdir() if path.suffix in {".parquet", ".tif"})


def results_answer(request: Request, service: Service, results: Results) -> Response:
    """Give the results document, or the one frame that was asked for raw."""
    job, wish = results.job, results.wish
    facts = facts_of(service, job)
    frames = frames_of(service, job)
    wanted = wish.wanted
    chosen = [name for name in frames if not wanted or name in wanted or name in _BESIDE]
    document: dict[str, Any] = {name: facts[name] for name in facts if not wanted or name in wanted}
    if wish.raw and len(wanted) == 1:
        return raw_answer(service, job, wanted[0], facts)
    for name in chosen:
        document[name] = reference(request, job, name)
        path = result_file(service, job.id, name)
        if name in wish.by_reference or path.suffix == ".tif":
            continue
        found = collection(service, f"{RESULT}{job.id}.{name}").table
        if name in wish.by_value or found.rows <= INLINE:
            document[name] |= inline(service, job, name)
    links = [link(request, f"/jobs/{job.id}", "monitor"), link(request, f"/jobs/{job.id}/results", "self")]
    return answer({**document, "job": job.id, "links": links}, media=JSON)


def raw_answer(service: Service, job: Job, name: str, facts: Mapping[str, Any]) -> Response:
    """Give one output alone."""
    return answer(facts[name]) if name in facts else Response(frame_value(service, job, name), media_type=GEO)


def inline(service: Service, job: Job, name: str) -> dict[str, Any]:
    """Give a frame inside the answer.

    Raises
    ------
    Problem
        413 where it is too large.
    """
    rows = collection(service, f"{RESULT}{job.id}.{name}").table.rows
    if rows > service.limits.most_items:
        raise Problem(413, f"{name} has {rows} features, too many for one answer; ask for it by reference")
    return {"value": json.loads(frame_value(service, job, name)), "mediaType": GEO}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def reference(request: Request, job: Job, name: str) -> dict[str, Any]:
    """Give a frame as a link to its collection."""
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
            write_frame(service, job, name, path)
        content = path.read_bytes()
    return file_answer(content, title, form)


def file_answer(content: bytes, title: str, form: str, policy: str = PAGE_POLICY) -> Response:
    """Give a file; a page is shown by itself, in a sandbox, since it holds words of others."""
    page = form == "html"
    headers = {"content-disposition": f'{"inline" if page else "attachment"}; filename="{title}.{form}"'}
    if page:
        headers["content-security-policy"] = policy
    return Response(content, media_type=MEDIA[form], headers=headers)


def write_frame(service: Service, job: Job, name: str, path: Path) -> None:
    """Write a frame in the form that the name of a file asks for."""
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


def result_of(service: Service, job: Job, step: str = "", *, frames_too: bool = True) -> Result:
    """Give the result of a job, or of a step of its scenario, as the toolbox knows it, from its run folder.

    Parameters
    ----------
    service : Service
    job : Job
        A job that succeeded.
    step : str
        A step that was answered; empty for a tool's job.
    frames_too : bool
        Whether its frames are read; its figures need none.
    """
    from spacegov.toolbox.provenance import Provenance
    from spacegov.toolbox.result import Result

    tool, _ = asked(service, job, step)
    facts = facts_of(service, job, step)
    head = f"{step}." if step else ""
    names = frames_of(service, job, step) if frames_too else []
    frames = {name: _frame(result_file(service, job.id, f"{head}{name}")) for name in names}
    return Result(
        tool=tool,
        workspace=service.workspace,
        not_covered=frames.pop("not_covered", None),
        sensitivity=frames.pop("sensitivity", None),
        frames=frames,
        summary=facts["summary"],
        provenance=Provenance.model_validate(facts["provenance"]),
    )
