"""What the viewer needs beside the standard interfaces: catalogue, styles, tools with their forms, the extract."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.errors import BadInput, UnknownName, shown, suggest
from spacegov.layers.card import LayerCard
from spacegov.maps.palette import Theme
from spacegov.service.collection import Collection, collection
from spacegov.service.execution import order
from spacegov.service.features import bounds_of
from spacegov.service.geojson import read_features
from spacegov.service.guard import REGISTRY, is_layer, needs
from spacegov.service.links import answer
from spacegov.service.params import body_of, only, point_of
from spacegov.service.processes import waited
from spacegov.service.raster_tiles import value_at
from spacegov.service.registry_items import FACETS, WITHHELD, facets_of
from spacegov.service.results import facts_of, frame_value, frames_of
from spacegov.service.sharing import Need, Withheld, allows, department, permit_inputs
from spacegov.service.state import Service, in_thread
from spacegov.service.tiles import MATRIX_SET
from spacegov.toolbox.card import APPLICATIONS
from spacegov.toolbox.tool import Tool

router = APIRouter(prefix="/api")
COLUMNS = ("id", "title", "space", "steward", "sharing", "status", "coverage", "kind", "version", "tier", "theme")
EXTRACT = "extract-restrictions"
_TITLES: dict[str, dict[str, str]] = {
    "foundation": {"en": "Foundation", "zh": "基础", "ru": "Основа"},
    "integration": {"en": "Multi-plan integration", "zh": "多规合一", "ru": "Согласование планов"},
    "protection": {"en": "Space protection", "zh": "空间保护", "ru": "Охрана пространства"},
    "use": {"en": "Space use", "zh": "空间利用", "ru": "Использование пространства"},
    "security": {"en": "Space security", "zh": "空间安全", "ru": "Безопасность пространства"},
    "emergency": {"en": "Emergency", "zh": "应急", "ru": "Чрезвычайные ситуации"},
}


@router.get("/workspace", tags=["Viewer"], summary="The territory")
@needs(Need.NOTHING)
async def workspace(request: Request) -> Response:
    """Give names, bounds, background, departments and limits."""
    only(request, ())
    service: Service = request.app.state.service
    return answer(await in_thread(_workspace, service))


def _workspace(service: Service) -> dict[str, Any]:
    from importlib.metadata import version

    settings = service.workspace.settings
    registry = service.workspace.layers

    def given(name: str) -> bool:
        return name in registry and allows(registry.card(name), Need.DATA) and registry[name].bound

    bounds = None
    for name in settings.units.values():
        if given(name):
            bounds = bounds_of(collection(service, name))
            break
    background = {
        role: [name for name in ([names] if isinstance(names, str) else names) if given(name)]
        for role, names in settings.background.items()
    }
    limits = service.limits
    return {
        "title": dict(settings.name),
        "about": settings.about,
        "crs": settings.crs,
        "areaBasis": settings.area_basis,
        "language": settings.language,
        "bounds": bounds,
        "units": {level: name for level, name in settings.units.items() if given(name)},
        "background": background,
        "stewards": {key: {"title": dict(each.title), "code": each.code} for key, each in registry.stewards.items()},
        "applications": [{"id": name, "title": _TITLES[name]} for name in APPLICATIONS],
        "limits": {
            "bodyBytes": limits.body_bytes, "uploadBytes": limits.upload_bytes, "features": limits.features,
            "vertices": limits.vertices, "waitSeconds": limits.wait_seconds,
        },
        "version": version("spacegov"),
    }  # fmt: skip


@router.get("/catalogue", tags=["Viewer"], summary="Every layer in one answer")
@needs(Need.NOTHING)
async def catalogue(request: Request) -> Response:
    """Give the facts of all layers that may be shown, as rows under named columns."""
    only(request, ())
    service: Service = request.app.state.service
    return await in_thread(_catalogue, service)


def _catalogue(service: Service) -> Response:
    registry = service.workspace.layers
    rows, facets = [], []
    for card in registry.shown():
        values = facets_of(service, card)
        facets.append(values)
        here = values["status"] != WITHHELD
        layer = registry[card.id]
        binding = layer.binding if here else None
        coverage = None if binding is None else "whole" if binding.coverage == "whole" else "partial"
        version = layer.version if here else None
        theme = card.restriction.theme if card.restriction is not None else None
        rows.append([card.id, dict(card.title), card.space, card.steward, card.sharing.class_, values["status"],
                     coverage, card.kind, version, card.quality.tier, theme])  # fmt: skip
    counts = {name: dict(Counter(each[name] for each in facets).most_common()) for name in FACETS}
    return answer({"columns": COLUMNS, "rows": rows, "facets": counts})


@router.get("/layers/{layer}", tags=["Viewer"], summary="The card of a layer")
@needs(Need.CARD)
async def layer_card(request: Request, layer: str) -> Response:
    """Give a layer's card; of an open layer where its data are, too."""
    only(request, ())
    service: Service = request.app.state.service
    return answer(await in_thread(_card, service, layer))


def _card(service: Service, name: str) -> dict[str, Any]:
    registry = service.workspace.layers
    if not is_layer(name):
        if name == REGISTRY:
            raise UnknownName("the register is no layer; ask /api/catalogue")
        return _data_facts(collection(service, name))
    card = registry.card(name)
    facts = card.model_dump(mode="json", by_alias=True, exclude={"style"})
    for field, spec in card.fields.items():
        if spec.scheme is not None:
            codes = registry.schemes[spec.scheme].codes
            facts["fields"][field]["codes"] = {code: dict(each.title) for code, each in codes.items()}
    facts |= {"department": dict(registry.stewards[card.steward].title), **_status(service, card)}
    layer = registry[name]
    if allows(card, Need.DATA) and layer.bound:
        binding = layer.binding
        facts["binding"] = None if binding is None else binding.model_dump(mode="json", exclude={"source", "coverage"})
        facts["coverage"] = "whole" if binding is not None and binding.coverage == "whole" else "partial"
        facts["quality"]["import"] = layer.quality
        facts |= _data_facts(collection(service, name))
    return facts


def _status(service: Service, card: LayerCard) -> dict[str, Any]:
    return {"status": facets_of(service, card)["status"]}


def _data_facts(found: Collection) -> dict[str, Any]:
    facts: dict[str, Any] = {"id": found.id, "title": dict(found.title), "kind": found.kind, "bounds": bounds_of(found)}
    if found.layer is not None:
        facts["version"] = found.layer.version
    if not found.is_raster:
        facts |= {"rows": found.table.rows, "key": found.table.key, "columns": found.table.kinds}
        facts["items"] = f"/collections/{quote(found.id)}/items"
    if found.is_raster or found.table.spatial:
        facts["tiles"] = _tiles(found, "light")
    return facts


def _tiles(found: Collection, theme: str) -> str:
    from hashlib import sha256

    version = sha256(found.stamp.encode()).hexdigest()[:12]
    words = f"?version={version}" + (f"&theme={theme}" if found.is_raster else "")
    return f"/collections/{quote(found.id)}/tiles/{MATRIX_SET}/{{z}}/{{y}}/{{x}}{words}"


@router.get("/layers/{layer}/style", tags=["Viewer"], summary="How a layer is drawn")
@needs(Need.DATA)
async def layer_style(request: Request, layer: str) -> Response:
    """Give MapLibre layers, pattern images, the source and the legend."""
    from spacegov.service.styles import style_answer

    only(request, ("theme",))
    given = request.query_params.get("theme", "light")
    if given not in ("light", "dark"):
        raise BadInput(f"theme: there is no {shown(given)}; write light or dark")
    theme: Theme = "dark" if given == "dark" else "light"
    service: Service = request.app.state.service

    def make() -> dict[str, Any]:
        found = collection(service, layer) if layer != REGISTRY else None
        if found is None or not (found.is_raster or found.table.spatial):
            raise UnknownName(f"{layer} has no shapes and is not drawn; ask for its items")
        return style_answer(found, theme, _tiles(found, theme))

    return answer(_finite(await in_thread(make)))


@router.get("/layers/{layer}/value", tags=["Viewer"], summary="The value of a raster at a place")
@needs(Need.DATA)
async def layer_value(request: Request, layer: str) -> Response:
    """Give the value of the cell at a place, null where the raster has no data."""
    only(request, ("at",))
    place = point_of(request.query_params.get("at", ""))
    service: Service = request.app.state.service

    def make() -> dict[str, Any]:
        found = collection(service, layer) if layer != REGISTRY else None
        if found is None or not found.is_raster:
            raise UnknownName(f"{layer} is no raster and has no cells; ask for its items")
        return {"value": value_at(found, *place)}

    return answer(_finite(await in_thread(make)))


def _finite(value: Any) -> Any:
    """Replace what JSON cannot hold."""
    import math

    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


@router.get("/tools", tags=["Viewer"], summary="Every tool with the schema of its form")
@needs(Need.NOTHING)
async def tools(request: Request) -> Response:
    """Give the cards and schemas of all tools."""
    only(request, ())
    service: Service = request.app.state.service

    def make() -> bytes:
        found = [_tool(service, tool) for tool in service.workspace.tools.find()]
        return json.dumps(_finite(found), ensure_ascii=False, allow_nan=False, default=str).encode()

    content = await in_thread(lambda: service.remember(("tools",), make))
    return Response(content, media_type="application/json")


def _tool(service: Service, tool: Tool) -> dict[str, Any]:
    """Give a tool's card and schema, and which of its default layers are withheld."""
    registry = service.workspace.layers
    named = [name for names in tool.card.layers.values() for name in ([names] if isinstance(names, str) else names)]
    withheld = {}
    for name in dict.fromkeys(named):
        try:
            permit_inputs(registry, name, [name])
        except Withheld:
            withheld[name] = department(registry, registry.card(name))
        except UnknownName:
            continue
    card = tool.card.model_dump(mode="json", exclude={"run"}, exclude_none=True)
    return {**card, "schema": tool.schema(), "withheld": withheld, "frames": list(tool.signature.returns)}


@router.post("/extract", tags=["Viewer"], summary="All restrictions on a place")
@needs(Need.NOTHING)
async def extract(request: Request) -> Response:
    """Ask every layer that restricts about a drawn place: present, absent, not covered, failed."""
    only(request, ())
    service: Service = request.app.state.service
    body = await body_of(request)
    if not isinstance(body, Mapping) or "geometry" not in body:
        raise BadInput('the body must be an object with a geometry; send {"geometry": {"type": "Point", …}}')
    for key in body:
        if key not in ("geometry", "themes", "on"):
            raise BadInput(f"the body has the member {shown(key)}; {suggest(str(key), ('geometry', 'themes', 'on'))}")
    place = read_features(body["geometry"], service.limits)
    inputs: dict[str, Any] = {
        "place": place,
        **{key: body[key] for key in ("themes", "on") if body.get(key) is not None},
    }
    placed = await in_thread(order, service, EXTRACT, {"inputs": inputs})
    job = await waited(request, placed)

    def make() -> dict[str, Any]:
        facts = facts_of(service, job)
        frames = {name: json.loads(frame_value(service, job, name)) for name in frames_of(service, job)}
        for value in frames.values():
            for feature in value["features"]:
                if "error" in feature["properties"] and feature["properties"]["error"]:
                    feature["properties"]["error"] = service.scrubbed(feature["properties"]["error"])
        return {"job": job.id, **facts, **frames}

    return answer(_finite(await in_thread(make)))
