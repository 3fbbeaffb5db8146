"""The viewer: static files of `web/dist`, under their own path."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from spacegov.content import content_path
from spacegov.errors import UnreadableFile
from spacegov.service.guard import needs
from spacegov.service.links import fresh
from spacegov.service.problems import Problem
from spacegov.service.sharing import Need
from spacegov.service.state import in_thread

router = APIRouter()
_HASHED = re.compile(r"[-.][0-9A-Za-z_-]{8,}\.\w+$")
"""Names that change with their content, as the bundler writes them into `assets`."""
TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}


@router.get("/viewer", include_in_schema=False)
@needs(Need.NOTHING)
async def without_slash() -> Response:
    """Send to the page itself."""
    return RedirectResponse("/viewer/", 308)


@router.get("/viewer/{path:path}", tags=["Viewer"], summary="The map in the browser")
@needs(Need.NOTHING)
async def static(request: Request, path: str) -> Response:
    """Give a file of the viewer; its page where none is named."""
    found = await in_thread(_file, path or "index.html")
    stat = found.stat()
    etag = '"' + hashlib.sha256(f"{found}:{stat.st_mtime_ns}:{stat.st_size}".encode()).hexdigest()[:24] + '"'
    forever = path.startswith("assets/") and _HASHED.search(found.name) is not None
    cache = "public, max-age=31536000, immutable" if forever else "no-cache"
    headers = {"etag": etag, "cache-control": cache}
    if fresh(request, etag):
        return Response(status_code=304, headers=headers)
    media = TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    return FileResponse(found, headers=headers, media_type=media)


def _file(path: str) -> Path:
    try:
        root = content_path("web").resolve()
    except UnreadableFile:
        raise Problem(404, "the viewer is not built; make it with: make setup") from None
    if "\x00" in path or "\\" in path:
        raise Problem(404, "the viewer has no such file; open /viewer/")
    found = (root / path).resolve()
    if not found.is_relative_to(root) or not found.is_file() or any(part.startswith(".") for part in Path(path).parts):
        raise Problem(404, f"the viewer has no file {path[:80]!r}; open /viewer/")
    return found
