"""The OpenAPI document: written from the routes, in version 3.0, every reference inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute

from spacegov.service.collection import open_layers
from spacegov.service.openapi_parts import BODIES, COMPONENTS, FORMS, PARAMETERS, PLAIN_ANSWER, QUERIES, RESPONSES

if TYPE_CHECKING:
    from fastapi import Request

    from spacegov.service.state import Service


def document(request: Request) -> dict[str, Any]:
    """Describe the interface."""
    from importlib.metadata import version

    service: Service = request.app.state.service
    paths: dict[str, Any] = {}
    for route in _routes(request.app.routes):
        if not route.include_in_schema:
            continue
        own = paths.setdefault(_named(route.path_format), {})
        for method in sorted(route.methods or ()):
            own[method.lower()] = _operation(route, method)
    components = {**COMPONENTS, "parameters": _parameters(service)}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "spacegov",
            "version": version("spacegov"),
            "description": "Layers, tools and answers of a territory.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": [{"url": str(request.base_url).rstrip("/")}],
        "tags": [{"name": name} for name in ("Core", "Features", "Tiles", "Processes", "Jobs", "Uploads", "Viewer")],
        "paths": dict(sorted(paths.items())),
        "components": components,
    }


def _named(path: str) -> str:
    """Write a path with the standards' names of its parts, which clients look for."""
    for name, parameter in PARAMETERS.items():
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", f"{{{parameter['name']}}}")
    return path


def _routes(routes: Any) -> list[APIRoute]:
    found: list[APIRoute] = []
    for route in routes:
        if isinstance(route, APIRoute):
            found.append(route)
        else:
            inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
            found += _routes(inner or [])
    return found


def _operation(route: APIRoute, method: str) -> dict[str, Any]:
    key = (method, route.path_format)
    names = [part[1:-1].partition(":")[0] for part in route.path_format.split("/") if part.startswith("{")]
    parameters = [{"$ref": f"#/components/parameters/{name}"} for name in [*names, *QUERIES.get(key, ())]]
    if ("GET", route.path_format) == key and route.path_format in FORMS:
        parameters.append({"$ref": f"#/components/parameters/{FORMS[route.path_format]}"})
    operation: dict[str, Any] = {
        "operationId": f"{route.name}",
        "summary": route.summary,
        "description": (route.endpoint.__doc__ or "").strip(),
        "tags": list(route.tags),
        "parameters": parameters,
        "responses": {**RESPONSES.get(key, PLAIN_ANSWER), **_errors(names, key)},
    }
    if key in BODIES:
        operation["requestBody"] = BODIES[key]
    return operation


def _errors(names: list[str], key: tuple[str, str]) -> dict[str, Any]:
    codes = ["400", "403", "500"]
    if names:
        codes.append("404")
    if key in BODIES:
        codes += ["404", "413", "415", "422", "429", "503", "504"]
    elif "layer" in names:
        codes.append("504")
    if "job" in names:
        codes += ["410", "413", "422", "504"]
    return {code: {"$ref": "#/components/responses/Problem"} for code in sorted(set(codes))}


def _parameters(service: Service) -> dict[str, Any]:
    limits = service.limits
    limit = {
        "name": "limit", "in": "query", "required": False, "style": "form", "explode": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": limits.most_items, "default": limits.page},
    }  # fmt: skip
    examples = {"matrix_set": "WebMercatorQuad", "matrix": "8", "row": "105", "column": "213"}
    layers, tools = open_layers(service), list(service.workspace.tools)
    vectors = [layer.id for layer in layers if layer.card.kind not in ("Raster", "Table")]
    examples |= {"layer": vectors[0]} if vectors else {}
    examples |= {"tool": tools[0]} if tools else {}
    found = {**PARAMETERS, "limit": limit}
    return {**found, **{name: {**PARAMETERS[name], "example": example} for name, example in examples.items()}}
