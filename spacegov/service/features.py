"""OGC API Features, parts 1 to 3: collections, items, queryables."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.errors import UnknownName
from spacegov.layers.filter import quoted
from spacegov.service import crs as references
from spacegov.service import registry_items
from spacegov.service.collection import Collection, collection, open_layers
from spacegov.service.geojson import GEO, features_of
from spacegov.service.guard import REGISTRY, needs
from spacegov.service.links import JSON, SCHEMA, address, answer, link
from spacegov.service.params import only, whole
from spacegov.service.query import Query, read_query
from spacegov.service.records import page_of
from spacegov.service.sharing import Need
from spacegov.service.state import Service, in_thread
from spacegov.service.tables import Condition, both, counted, fetched
from spacegov.text import say

router = APIRouter()


@router.get("/collections", tags=["Features"], summary="Every layer that is open")
@needs(Need.NOTHING)
async def collections(request: Request) -> Response:
    """List the collections."""
    only(request, ("f",))
    service: Service = request.app.state.service

    def make() -> list[dict[str, Any]]:
        found = [describe(request, collection(service, layer.id)) for layer in open_layers(service)]
        return [*found, registry_items.describe(request)]

    links = [link(request, "/collections", "self")]
    return answer({"links": links, "collections": await in_thread(make)})


@router.get("/collections/{layer}", tags=["Features"], summary="One layer")
@needs(Need.DATA)
async def one_collection(request: Request, layer: str) -> Response:
    """Describe a collection."""
    only(request, ("f",))
    if layer == REGISTRY:
        return answer(registry_items.describe(request))
    service: Service = request.app.state.service
    return answer(await in_thread(lambda: describe(request, collection(service, layer))))


def describe(request: Request, found: Collection) -> dict[str, Any]:
    """Describe a collection as the standard asks."""
    own = f"/collections/{quote(found.id)}"
    facts: dict[str, Any] = {"id": found.id, "title": say(found.title), "description": found.about}
    links = [link(request, own, "self")]
    if found.layer is not None:
        record = f"/collections/{REGISTRY}/items/{quote(found.id)}"
        links.append(link(request, record, "describedby", GEO, "The layer's record in the register"))
    if not found.is_raster:
        table = found.table
        facts |= {"itemType": "feature", "crs": references.known(table.crs)}
        if table.crs is not None and references.uri_of(table.crs) is not None:
            facts["storageCrs"] = references.uri_of(table.crs)
        links += [
            link(request, f"{own}/items", "items", GEO, say(found.title)),
            link(request, f"{own}/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA),
            link(request, f"{own}/queryables", "queryables", JSON),  # the older name, which GDAL looks for
        ]
    else:
        facts |= {"itemType": "coverage", "dataType": "map"}
    bounds = bounds_of(found)
    extent: dict[str, Any] = {}
    if bounds is not None:
        extent["spatial"] = {"bbox": [list(bounds)], "crs": references.CRS84}
    period = period_of_layer(found)
    if period is not None:
        extent["temporal"] = {"interval": [period], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}
    if extent:
        facts["extent"] = extent
    if found.kind != "Table":
        rel = "map" if found.is_raster else "vector"
        tiles = f"{own}/tiles"
        links.append(link(request, tiles, f"http://www.opengis.net/def/rel/ogc/1.0/tilesets-{rel}"))
    return {**facts, "links": links}


def bounds_of(found: Collection) -> tuple[float, float, float, float] | None:
    """Give the bounds of a collection in degrees."""
    if not found.is_raster:
        return found.table.degrees
    from spacegov.service.tables import moved_box

    def make() -> tuple[float, float, float, float] | None:
        import rasterio

        with rasterio.open(found.file) as source:
            return None if source.crs is None else moved_box(tuple(source.bounds), source.crs.to_wkt(), "OGC:CRS84")

    return found.service.remember(("bounds", found.stamp), make)


def period_of_layer(found: Collection) -> list[str | None] | None:
    """Give since when and until when a layer is in force."""
    binding = found.layer.binding if found.layer is not None else None
    if binding is None or (binding.valid_from is None and binding.valid_to is None):
        return None
    days = (binding.valid_from, binding.valid_to)
    return [None if day is None else f"{day.isoformat()}T00:00:00Z" for day in days]


@router.get("/collections/{layer}/queryables", tags=["Features"], summary="What can be filtered")
@needs(Need.DATA)
async def queryables(request: Request, layer: str) -> Response:
    """Give the schema of what can be filtered."""
    only(request, ("f",))
    # GDAL up to 3.12 takes plain JSON alone, and the list of names that an older draft had.
    accepted = request.headers.get("accept", "")
    media = JSON if JSON in accepted and SCHEMA not in accepted else SCHEMA
    if layer == REGISTRY:
        return answer(registry_items.queryables(request), media=media)
    service: Service = request.app.state.service
    schema = await in_thread(lambda: schema_of(request, collection(service, layer)))
    if media == JSON:
        schema["queryables"] = [{"id": name} for name in schema["properties"] if name != "geometry"]
    return answer(schema, media=media)


def schema_of(request: Request, found: Collection) -> dict[str, Any]:
    """Give the JSON Schema of a collection's properties."""
    types: dict[str, dict[str, Any]] = {
        "string": {"type": "string"},
        "integer": {"type": "integer"},
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "datetime": {"type": "string", "format": "date-time"},
    }
    properties: dict[str, Any] = {}
    for name, kind in found.table.kinds.items():
        spec = found.fields.get(name)
        properties[name] = dict(types[kind])
        if spec is not None:
            properties[name]["title"] = say(spec.title)
            if getattr(spec, "unit", None):
                properties[name]["x-ogc-unit"] = spec.unit
        codes = found.layer.codes(name) if found.layer is not None and name in found.fields else None
        if codes and kind == "string":
            properties[name]["enum"] = codes
    if found.table.spatial:
        shapes = {"Polygons": "polygon", "Lines": "line", "Points": "point"}
        properties["geometry"] = {
            "format": f"geometry-{shapes.get(found.kind, 'any')}",
            "x-ogc-role": "primary-geometry",
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(request, f"/collections/{quote(found.id)}/queryables"),
        "type": "object",
        "title": say(found.title),
        "properties": properties,
        "additionalProperties": False,
    }


@router.get("/collections/{layer}/items", tags=["Features"], summary="Features of a layer")
@needs(Need.DATA)
async def items(request: Request, layer: str) -> Response:
    """Give a page of features."""
    service: Service = request.app.state.service
    if layer == REGISTRY:
        return await in_thread(registry_items.items, request, service)
    limits = service.limits
    limit = whole(request, "limit", limits.page, 1, limits.most_items)
    offset = whole(request, "offset", 0, 0)

    def make() -> bytes:
        found = collection(service, layer)
        query = read_query(request, found)
        table, seconds = found.table, limits.query_seconds
        records, known = page_of(
            table, query.condition, columns=query.columns, limit=limit, offset=offset, seconds=seconds
        )
        matched = service.remember(
            ("count", table.stamp, query.condition),
            lambda: counted(table, query.condition, seconds) if known is None else known,
        )
        days = days_of(found)
        features = features_of(records, table, query.crs, days)
        links = [_page(request, layer, "self", limit, offset)]
        if offset + len(features) < matched:
            links.append(_page(request, layer, "next", limit, offset + limit))
        if offset:
            links.append(_page(request, layer, "prev", limit, max(offset - limit, 0)))
        links.append(link(request, f"/collections/{quote(layer)}", "collection"))
        head = {"numberMatched": matched, "numberReturned": len(features), "timeStamp": _now(), "links": links}
        text = json.dumps(head, ensure_ascii=False)[:-1]
        return f'{{"type":"FeatureCollection",{text[1:]},"features":[{",".join(features)}]}}'.encode()

    content = await in_thread(make)
    wanted = request.query_params.get("crs", references.CRS84)
    return Response(content, media_type=GEO, headers={"content-crs": f"<{_full(wanted)}>"})


def _full(crs: str) -> str:
    if not crs.startswith("["):
        return crs
    authority, _, code = crs[1:-1].partition(":")
    return f"http://www.opengis.net/def/crs/{authority}/{'1.3' if authority == 'OGC' else '0'}/{code}"


def days_of(found: Collection) -> frozenset[str]:
    """Name the properties that are days by the card, whatever the file stores them as."""
    return frozenset(name for name, spec in found.fields.items() if getattr(spec, "type", None) == "date")


def _page(request: Request, layer: str, rel: str, limit: int, offset: int) -> dict[str, Any]:
    given = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]
    words = urlencode([*given, ("limit", limit), ("offset", offset)])
    return link(request, f"/collections/{quote(layer)}/items?{words}", rel, GEO)


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@router.get("/collections/{layer}/items/{feature}", tags=["Features"], summary="One feature")
@needs(Need.DATA)
async def item(request: Request, layer: str, feature: str) -> Response:
    """Give one feature."""
    service: Service = request.app.state.service
    only(request, ("f", "crs"))
    if layer == REGISTRY:
        return await in_thread(registry_items.item, request, service, feature)

    def make() -> bytes:
        found = collection(service, layer)
        table = found.table
        query = Query(
            Condition("TRUE"), list(table.kinds), references.chosen(request.query_params.get("crs"), "crs", table.crs)
        )
        named = _is(found, feature)
        if named is None:
            raise _no_feature(layer, feature)
        records = fetched(table, both([named]), columns=query.columns, limit=1, seconds=service.limits.query_seconds)
        if not records.num_rows:
            raise _no_feature(layer, feature)
        text = features_of(records, table, query.crs, days_of(found))[0]
        own = f"/collections/{quote(layer)}"
        links = [
            link(request, f"{own}/items/{quote(feature, safe='')}", "self", GEO),
            link(request, own, "collection"),
        ]
        return f'{text[:-1]},"links":{json.dumps(links)}}}'.encode()

    content = await in_thread(make)
    wanted = request.query_params.get("crs", references.CRS84)
    return Response(content, media_type=GEO, headers={"content-crs": f"<{_full(wanted)}>"})


def _is(found: Collection, feature: str) -> Condition | None:
    """Ask for one record by its name or number."""
    table = found.table
    if table.key is None:
        return (
            Condition("__row = ?", (int(feature),))
            if feature.isascii() and feature.isdigit() and len(feature) < 16
            else None
        )
    if table.kinds[table.key] == "integer":
        whole_number = feature.removeprefix("-")
        if not (whole_number.isascii() and whole_number.isdigit() and len(whole_number) < 19):
            return None
        return Condition(f"{quoted(table.key)} = ?", (int(feature),))
    return Condition(f"{quoted(table.key)} = ?", (feature,)) if table.kinds[table.key] == "string" else None


def _no_feature(layer: str, feature: str) -> UnknownName:
    return UnknownName(f"{layer} has no feature {feature[:80]!r}; /collections/{layer}/items lists them")
