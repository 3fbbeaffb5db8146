"""What every OGC API has: the landing page, what is conformed to, and the description of the interface."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from spacegov.service.guard import needs
from spacegov.service.links import answer, link
from spacegov.service.openapi import document
from spacegov.service.params import only
from spacegov.service.sharing import Need
from spacegov.service.state import Service
from spacegov.text import say

router = APIRouter()

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_SPEC = "http://www.opengis.net/spec"
CONFORMANCE = [
    f"{_SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-common-2/1.0/conf/collections",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/oas30",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/geojson",
    f"{_SPEC}/ogcapi-features-2/1.0/conf/crs",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/queryables",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/filter",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/features-filter",
    f"{_SPEC}/cql2/1.0/conf/cql2-text",
    f"{_SPEC}/cql2/1.0/conf/cql2-json",
    f"{_SPEC}/cql2/1.0/conf/basic-cql2",
    f"{_SPEC}/cql2/1.0/conf/basic-spatial-functions",
    f"{_SPEC}/ogcapi-records-1/1.0/conf/record-core",
    f"{_SPEC}/ogcapi-records-1/1.0/conf/record-collection",
    f"{_SPEC}/ogcapi-records-1/1.0/conf/json",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/tileset",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/tilesets-list",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/mvt",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/png",
    f"{_SPEC}/tms/2.0/conf/json-tilematrixset",
    f"{_SPEC}/ogcapi-processes-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-processes-1/1.0/conf/ogc-process-description",
    f"{_SPEC}/ogcapi-processes-1/1.0/conf/json",
    f"{_SPEC}/ogcapi-processes-1/1.0/conf/oas30",
    f"{_SPEC}/ogcapi-processes-1/1.0/conf/dismiss",
]


@router.get("/", tags=["Core"], summary="Landing page")
@needs(Need.NOTHING)
async def landing(request: Request) -> Response:
    """Say what there is; a browser is sent to the viewer."""
    only(request, ("f",))
    accepted = request.headers.get("accept", "")
    if "text/html" in accepted and "f" not in request.query_params:
        return RedirectResponse("/viewer/", 307)
    service: Service = request.app.state.service
    settings = service.workspace.settings
    rel = "http://www.opengis.net/def/rel/ogc/1.0"
    links = [
        link(request, "/", "self", title="This document"),
        link(request, "/api", "service-desc", OPENAPI, "The interface"),
        link(request, "/viewer/", "service-doc", "text/html", "The map"),
        link(request, "/conformance", "conformance", title="What is conformed to"),
        link(request, "/conformance", f"{rel}/conformance"),
        link(request, "/collections", "data", title="Layers"),
        link(request, "/collections", f"{rel}/data"),
        link(request, "/processes", f"{rel}/processes", title="Tools and scenarios"),
        link(request, "/tileMatrixSets", f"{rel}/tiling-schemes", title="Tile matrix sets"),
    ]
    title = say(settings.name, settings.language)
    about = say(settings.about, settings.language) or "Layers, tools and answers of a territory."
    return answer({"title": title, "description": about, "links": links})


@router.get("/conformance", tags=["Core"], summary="What is conformed to")
@needs(Need.NOTHING)
async def conformance(request: Request) -> Response:
    """List the requirements classes that are kept."""
    only(request, ("f",))
    return answer({"conformsTo": CONFORMANCE})


@router.get("/api", tags=["Core"], summary="This description")
@needs(Need.NOTHING)
async def api(request: Request) -> Response:
    """Give the OpenAPI document."""
    only(request, ("f",))
    return answer(document(request), media=OPENAPI)
