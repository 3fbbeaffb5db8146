"""Links and JSON answers, alike in every interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.responses import Response

if TYPE_CHECKING:
    from fastapi import Request

JSON = "application/json"
SCHEMA = "application/schema+json"


def address(request: Request, path: str) -> str:
    """Give the full address of a path of ours."""
    return f"{str(request.base_url).rstrip('/')}{path}"


def link(
    request: Request, path: str, rel: str, media: str = JSON, title: str | None = None, **extra: Any
) -> dict[str, Any]:
    """Give one link."""
    found: dict[str, Any] = {"href": address(request, path), "rel": rel, "type": media}
    if title is not None:
        found["title"] = title
    return {**found, **extra}


def answer(data: Any, *, media: str = JSON, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Give a JSON answer."""
    import json

    content = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)
    return Response(content.encode(), status, headers, media)


def fresh(request: Request, etag: str) -> bool:
    """Tell whether the client has this version already."""
    return etag in [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
