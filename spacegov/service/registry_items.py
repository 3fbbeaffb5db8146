"""OGC API Records over the register of layers: what is known, by whom it is kept, who may have it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi.responses import Response

from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.layers.card import SPACES, LayerCard
from spacegov.service import crs as references
from spacegov.service.guard import REGISTRY
from spacegov.service.links import address, answer, link
from spacegov.service.params import box_of, only, period_of, whole
from spacegov.service.sharing import Need, allows, department, permit
from spacegov.text import say

if TYPE_CHECKING:
    from fastapi import Request

    from spacegov.service.state import Service

GEO = "application/geo+json"
FACETS = ("space", "steward", "sharing", "status")
PARAMETERS = ("f", "q", "bbox", "bbox-crs", "datetime", "ids", "externalIds", "type", "limit", "offset", *FACETS)
WITHHELD = "withheld"
"""The status of a layer of which only the card is told."""


def describe(request: Request) -> dict[str, Any]:
    """Describe the register as a collection of records."""
    own = f"/collections/{REGISTRY}"
    return {
        "id": REGISTRY,
        "title": "Register of layers",
        "description": "Every layer that is known, with its department, sharing class and status.",
        "itemType": "record",
        "type": "Collection",
        "crs": [references.CRS84],
        "storageCrs": references.CRS84,
        "links": [
            link(request, own, "self"),
            link(request, f"{own}/items", "items", GEO, "Records"),
            link(
                request,
                f"{own}/queryables",
                "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                "application/schema+json",
            ),
        ],
    }


def queryables(request: Request) -> dict[str, Any]:
    """Give the schema of what records can be asked for."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in FACETS}
    properties["space"]["enum"] = list(SPACES)
    properties["sharing"]["enum"] = ["open", "conditional"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(request, f"/collections/{REGISTRY}/queryables"),
        "type": "object",
        "title": "Register of layers",
        "properties": {**properties, "geometry": {"format": "geometry-polygon", "x-ogc-role": "primary-geometry"}},
        "additionalProperties": False,
    }


def status_of(service: Service, card: LayerCard) -> str:
    """Give a layer's status as anyone may know it."""
    if not allows(card, Need.DATA):
        return WITHHELD
    binding = service.workspace.layers.binding(card.id)
    return "not-bound" if binding is None else binding.status


def facets_of(service: Service, card: LayerCard) -> dict[str, str]:
    """Give the values a layer is sorted by."""
    status = status_of(service, card)
    return {"space": card.space, "steward": card.steward, "sharing": card.sharing.class_, "status": status}


def record(request: Request, service: Service, card: LayerCard) -> dict[str, Any]:
    """Give the record of a layer; of a withheld one what its card says."""
    from spacegov.service.collection import collection
    from spacegov.service.features import bounds_of

    language = service.workspace.settings.language
    facets = facets_of(service, card)
    here = facets["status"] not in (WITHHELD, "not-bound")
    layer = service.workspace.layers[card.id]
    properties: dict[str, Any] = {
        "type": "dataset",
        "title": say(card.title, language),
        "description": say(card.about, language),
        "titles": dict(card.title),
        "language": {"code": language},
        "keywords": [*card.title.values(), card.space, card.kind],
        "contacts": [{"organization": department(service.workspace.layers, card, language), "roles": ["custodian"]}],
        "kind": card.kind,
        "level": card.level,
        "tier": card.quality.tier,
        **facets,
    }
    if card.sharing.reason is not None:
        properties["sharingReason"] = say(card.sharing.reason, language)
    if card.update is not None:
        properties["updateFrequency"] = card.update
    own = f"/collections/{REGISTRY}/items/{quote(card.id)}"
    links = [link(request, own, "self", GEO), link(request, f"/collections/{REGISTRY}", "collection")]
    geometry, time = None, None
    if here:
        found = collection(service, card.id)
        bounds = bounds_of(found)
        geometry = None if bounds is None else _rectangle(bounds)
        version = layer.version
        if version is not None:
            properties["version"] = version
        binding = layer.binding
        if binding is not None and binding.licence:
            properties["license"] = binding.licence
        if binding is not None and (binding.valid_from or binding.valid_to):
            days = [str(day) if day else ".." for day in (binding.valid_from, binding.valid_to)]
            time = {"interval": days}
        data = f"/collections/{quote(card.id)}"
        links.append(link(request, data, "item" if found.is_raster else "items", title=say(card.title, language)))
    return {
        "type": "Feature",
        "id": card.id,
        "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/req/record-core"],
        "time": time,
        "geometry": geometry,
        "properties": properties,
        "links": links,
    }


def _rectangle(box: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = (round(side, 7) for side in box)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def items(request: Request, service: Service) -> Response:
    """Give a page of records."""
    only(request, PARAMETERS)
    limit = whole(request, "limit", service.limits.page, 1, service.limits.most_items)
    offset = whole(request, "offset", 0, 0)
    found = matching(request, service)
    counts = {name: Counter(facets_of(service, card)[name] for card in found) for name in FACETS}
    page = [record(request, service, card) for card in found[offset : offset + limit]]
    links = [_page(request, "self", limit, offset)]
    if offset + len(page) < len(found):
        links.append(_page(request, "next", limit, offset + limit))
    if offset:
        links.append(_page(request, "prev", limit, max(offset - limit, 0)))
    content = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberMatched": len(found),
        "numberReturned": len(page),
        "links": links,
        "facets": {
            name: {"type": "term", "buckets": [{"value": value, "count": n} for value, n in counts[name].most_common()]}
            for name in FACETS
        },
        "features": page,
    }
    return answer(content, media=GEO, headers={"content-crs": f"<{references.CRS84}>"})


def matching(request: Request, service: Service) -> list[LayerCard]:
    """Find the cards that a request asks for."""
    given = request.query_params
    registry = service.workspace.layers
    shown = {card.id: card for card in registry.shown()}
    names = [name for name in registry.names_by(given.get("q", "").replace(",", " ")) if name in shown]
    cards = [shown[name] for name in names]
    for facet in FACETS:
        if facet in given:
            known = {facets_of(service, card)[facet] for card in shown.values()}
            if given[facet] not in known:
                raise BadInput(f"{facet}: there is no {given[facet][:80]!r}; {suggest(given[facet], known)}")
            cards = [card for card in cards if facets_of(service, card)[facet] == given[facet]]
    wanted = given.get("ids") or given.get("externalIds")
    if wanted is not None:
        cards = [card for card in cards if card.id in wanted.split(",")]
    if "type" in given and "dataset" not in given["type"].split(","):
        cards = []
    if "bbox" in given:
        boxes = box_of(given["bbox"], references.chosen(given.get("bbox-crs"), "bbox-crs", None))
        cards = [card for card in cards if _meets(service, card, boxes)]
    if "datetime" in given:
        period = period_of(given["datetime"])
        cards = [card for card in cards if _in_force(service, card, period)]
    return cards


def _meets(service: Service, card: LayerCard, boxes: list[Any]) -> bool:
    """Tell whether a layer lies in a box; one whose place is not told or known is never left out for its place."""
    from spacegov.service.collection import collection
    from spacegov.service.features import bounds_of

    if status_of(service, card) in (WITHHELD, "not-bound"):
        return True
    own = bounds_of(collection(service, card.id))
    return own is None or any(
        own[0] <= box[2] and own[2] >= box[0] and own[1] <= box[3] and own[3] >= box[1] for box in boxes
    )


def _in_force(service: Service, card: LayerCard, period: tuple[datetime | None, datetime | None]) -> bool:
    binding = service.workspace.layers.binding(card.id)
    if status_of(service, card) == WITHHELD or binding is None:
        return True
    begin, end = period
    late = binding.valid_from is not None and end is not None and binding.valid_from > end.date()
    early = binding.valid_to is not None and begin is not None and binding.valid_to < begin.date()
    return not (late or early)


def item(request: Request, service: Service, name: str) -> Response:
    """Give one record."""
    only(request, ("f", "crs"))
    registry = service.workspace.layers
    if name not in registry:
        raise UnknownName(f"the register has no layer {name[:80]!r}; /collections/{REGISTRY}/items lists them")
    permit(registry, name, Need.CARD)
    return answer(record(request, service, registry.card(name)), media=GEO)


def _page(request: Request, rel: str, limit: int, offset: int) -> dict[str, Any]:
    given = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]
    words = urlencode([*given, ("limit", limit), ("offset", offset)])
    return link(request, f"/collections/{REGISTRY}/items?{words}", rel, GEO)
