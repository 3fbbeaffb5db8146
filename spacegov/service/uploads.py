"""Files that clients send: written to disk as they come, read by a process of their own."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import shutil
import sys
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.errors import BadInput, shown, suggest
from spacegov.service.guard import UPLOAD, needs
from spacegov.service.links import answer, link
from spacegov.service.params import only
from spacegov.service.problems import Problem
from spacegov.service.sharing import Need
from spacegov.service.state import Service, in_thread

router = APIRouter()
SUFFIXES = (".geojson", ".json", ".gpkg", ".zip")
_STARTS = {".gpkg": b"SQLite format 3\x00", ".zip": b"PK\x03\x04"}
_NAME = re.compile(r"[^\w .()\-]+")


@router.post("/uploads", tags=["Uploads"], summary="Send a file", status_code=201)
@needs(Need.NOTHING)
async def upload(request: Request) -> Response:
    """Take a GeoJSON file, a GeoPackage or a zipped shapefile and give it an id."""
    only(request, ("name",))
    service: Service = request.app.state.service
    name = request.query_params.get("name", "upload.geojson")
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES or len(name) > 200:
        raise BadInput(f"name: {shown(name)} has the suffix {shown(suffix)}; {suggest(suffix, SUFFIXES)}")
    key = secrets.token_hex(16)
    folder = service.uploads / f".{key}.part"
    folder.mkdir()
    try:
        await _receive(request, folder / f"sent{suffix}", suffix)
        facts = await _read(service, folder, f"sent{suffix}")
        title = _NAME.sub(" ", Path(name).stem).strip() or "upload"
        facts = {"name": title[:100], **facts}
        (folder / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        (folder / f"sent{suffix}").unlink()
        await in_thread(folder.rename, service.uploads / key)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    own = f"/collections/{UPLOAD}{key}"
    content = {"id": f"{UPLOAD}{key}", **facts, "links": [link(request, own, "collection")]}
    return answer(content, status=201, headers={"location": link(request, own, "collection")["href"]})


async def _receive(request: Request, path: Path, suffix: str) -> None:
    size = 0
    with path.open("wb") as target:
        async for part in request.stream():
            size += len(part)
            await in_thread(target.write, part)
    if not size:
        raise BadInput("the body is empty; send the file as the body of the request")
    with path.open("rb") as sent:
        start = sent.read(16)
    expected = _STARTS.get(suffix)
    if expected is not None and not start.startswith(expected):
        raise BadInput(f"the file is not what its name says: it does not begin as a {suffix} file does; check the file")
    if expected is None and start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        raise BadInput("the file is not what its name says: GeoJSON begins with a brace; check the file")


async def _read(service: Service, folder: Path, name: str) -> dict[str, object]:
    """Let another process read the file, so that a hostile one ends that process alone."""
    limits = service.limits
    words = ["-m", "spacegov.service.intake", str(folder), name, service.workspace.crs]
    words += [str(limits.upload_features), str(limits.upload_vertices), str(int(limits.upload_seconds))]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=folder,
    )  # fmt: skip
    try:
        out, told = await asyncio.wait_for(process.communicate(), limits.upload_seconds + 5)
    except TimeoutError:
        raise Problem(
            504, f"the file takes longer than {limits.upload_seconds:g} s to read; send a smaller one"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        found = json.loads(out)
    except ValueError:
        service.log.warning("upload not read", code=process.returncode, told=told.decode(errors="replace")[-2000:])
        raise BadInput("the file cannot be read: its reader ended without an answer; check the file") from None
    if "error" in found:
        raise BadInput(service.scrubbed(str(found["error"])))
    return dict(found)
