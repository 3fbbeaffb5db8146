"""OGC API Tiles: vector tiles, stored or cut on request, and rasters in their card's colours."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.service.collection import Collection, collection
from spacegov.service.features import bounds_of
from spacegov.service.guard import REGISTRY, needs
from spacegov.service.links import answer, fresh, link
from spacegov.service.params import only
from spacegov.service.query import filtered
from spacegov.service.sharing import Need
from spacegov.service.state import Service, in_thread
from spacegov.service.tables import Condition
from spacegov.service.tile_memory import Tile, kept
from spacegov.text import say

router = APIRouter()
MATRIX_SET = "WebMercatorQuad"
MATRIX_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
DEEPEST = 22
HALF = 20037508.342789244
MVT, PNG = "application/vnd.mapbox-vector-tile", "image/png"


@router.get("/tileMatrixSets", tags=["Tiles"], summary="Tile matrix sets")
@needs(Need.NOTHING)
async def matrix_sets(request: Request) -> Response:
    """List the tile matrix sets."""
    only(request, ("f",))
    own = f"/tileMatrixSets/{MATRIX_SET}"
    facts = {"id": MATRIX_SET, "title": "Google Maps Compatible for the World", "uri": MATRIX_URI, "crs": MERCATOR}
    return answer({"tileMatrixSets": [{**facts, "links": [link(request, own, "self")]}]})


@router.get("/tileMatrixSets/{matrix_set}", tags=["Tiles"], summary="One tile matrix set")
@needs(Need.NOTHING)
async def matrix_set(request: Request, matrix_set: str) -> Response:
    """Describe a tile matrix set."""
    only(request, ("f",))
    _known(matrix_set)
    matrices = []
    for level in range(DEEPEST + 1):
        cell = 2 * HALF / 256 / 2**level
        matrices.append(
            {
                "id": str(level), "scaleDenominator": cell / 0.00028, "cellSize": cell, "pointOfOrigin": [-HALF, HALF],
                "cornerOfOrigin": "topLeft", "tileWidth": 256, "tileHeight": 256,
                "matrixWidth": 2**level, "matrixHeight": 2**level,
            }
        )  # fmt: skip
    content = {
        "id": MATRIX_SET, "title": "Google Maps Compatible for the World", "uri": MATRIX_URI, "crs": MERCATOR,
        "orderedAxes": ["X", "Y"], "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }  # fmt: skip
    return answer(content)


def _known(name: str) -> None:
    if name != MATRIX_SET:
        raise UnknownName(f"there is no tile matrix set {name[:80]!r}; {suggest(name, (MATRIX_SET,))}")


def _tiled(service: Service, name: str) -> Collection:
    if name == REGISTRY:
        raise UnknownName(f"{REGISTRY} has records and no tiles; ask for its items")
    found = collection(service, name)
    if not found.is_raster and not found.table.spatial:
        raise UnknownName(f"{name} is a table without shapes and has no tiles; ask for its items")
    return found


def template(name: str) -> str:
    """Give the path of a collection's tiles with level, row and column to fill in."""
    return f"/collections/{quote(name)}/tiles/{MATRIX_SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"


@router.get("/collections/{layer}/tiles", tags=["Tiles"], summary="Tilesets of a layer")
@needs(Need.DATA)
async def tilesets(request: Request, layer: str) -> Response:
    """List the tilesets of a collection."""
    only(request, ("f",))
    service: Service = request.app.state.service
    found = await in_thread(_tiled, service, layer)
    return answer(
        {"tilesets": [_tileset(request, found)], "links": [link(request, f"/collections/{quote(layer)}/tiles", "self")]}
    )


@router.get("/collections/{layer}/tiles/{matrix_set}", tags=["Tiles"], summary="One tileset")
@needs(Need.DATA)
async def tileset(request: Request, layer: str, matrix_set: str) -> Response:
    """Describe a tileset."""
    only(request, ("f",))
    _known(matrix_set)
    service: Service = request.app.state.service
    found = await in_thread(_tiled, service, layer)
    bounds = await in_thread(bounds_of, found)
    content = _tileset(request, found)
    if bounds is not None:
        content["boundingBox"] = {"lowerLeft": list(bounds[:2]), "upperRight": list(bounds[2:]),
                                  "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}  # fmt: skip
    content["tileMatrixSetLimits"] = _limits(bounds)
    if not found.is_raster:
        content["layers"] = [{"id": "features", "dataType": "vector", "title": say(found.title)}]
    return answer(content)


def _tileset(request: Request, found: Collection) -> dict[str, Any]:
    own = f"/collections/{quote(found.id)}/tiles/{MATRIX_SET}"
    media = PNG if found.is_raster else MVT
    tile = link(request, "", "item", media, templated=True)
    tile["href"] += template(found.id)
    return {
        "title": say(found.title),
        "dataType": "map" if found.is_raster else "vector",
        "crs": MERCATOR,
        "tileMatrixSetURI": MATRIX_URI,
        "links": [
            link(request, own, "self"),
            link(request, f"/tileMatrixSets/{MATRIX_SET}", "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"),
            tile,
        ],
    }


def _limits(bounds: tuple[float, float, float, float] | None) -> list[dict[str, Any]]:
    if bounds is None:
        return []
    limits = []
    for level in range(DEEPEST + 1):
        west, north = tile_at(bounds[0], bounds[3], level)
        east, south = tile_at(bounds[2], bounds[1], level)
        limits.append({"tileMatrix": str(level), "minTileRow": north, "maxTileRow": south,
                       "minTileCol": west, "maxTileCol": east})  # fmt: skip
    return limits


def tile_at(longitude: float, latitude: float, level: int) -> tuple[int, int]:
    """Give column and row of the tile at a place.

    Examples
    --------
    >>> tile_at(0.0, 0.0, 1)
    (1, 1)
    """
    import math

    side = 2**level
    bounded = max(min(latitude, 85.0511), -85.0511)
    column = int((longitude + 180) / 360 * side)
    row = int((1 - math.asinh(math.tan(math.radians(bounded))) / math.pi) / 2 * side)
    return min(max(column, 0), side - 1), min(max(row, 0), side - 1)


def tile_box(level: int, row: int, column: int) -> tuple[float, float, float, float]:
    """Give the box of a tile in Web Mercator."""
    size = 2 * HALF / 2**level
    return -HALF + column * size, HALF - (row + 1) * size, -HALF + (column + 1) * size, HALF - row * size


@router.get("/collections/{layer}/tiles/{matrix_set}/{matrix}/{row}/{column}", tags=["Tiles"], summary="One tile")
@needs(Need.DATA)
async def tile(request: Request, layer: str, matrix_set: str, matrix: str, row: str, column: str) -> Response:
    """Give a tile: vector features, those of a filter if one is given, or a picture of a raster."""
    only(request, ("f", "theme", "version", "filter", "filter-lang"))
    _known(matrix_set)
    place = _place(matrix, row, column)
    service: Service = request.app.state.service
    # one turn in the threads: behind many requests each turn is a wait
    return await in_thread(_tile, request, service, layer, place)


def _tile(request: Request, service: Service, layer: str, place: tuple[int, int, int]) -> Response:
    found = _tiled(service, layer)
    form, theme = _form(request, found)
    asked = request.query_params.get("filter")
    if found.is_raster and asked is not None:
        raise BadInput(f"{layer} is a raster, which no filter of records can narrow; leave filter out")
    condition = _condition(request, found)
    etag = '"' + hashlib.sha256(f"{found.stamp}:{place}:{form}:{theme}:{asked}".encode()).hexdigest()[:24] + '"'
    cache = "public, max-age=86400, immutable" if "version" in request.query_params else "no-cache"
    headers = {"etag": etag, "cache-control": cache}
    if fresh(request, etag):
        return Response(status_code=304, headers=headers)
    if found.is_raster:
        from spacegov.service.raster_tiles import raster_tile

        key = (found.stamp, *place, form, theme)
        picture = kept(key, lambda: Tile(raster_tile(found, *place, form=form, theme=theme))).content
        if not picture:
            return Response(status_code=204, headers=headers)
        return Response(picture, media_type=PNG, headers=headers)
    from spacegov.service.vector_tiles import vector_tile

    made = vector_tile(found, *place, condition)
    if made.dropped:
        headers["spacegov-dropped"] = str(made.dropped)
    if not made.content:
        return Response(status_code=204, headers=headers)
    content = made.content
    if made.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
    elif made.packed:
        content = gzip.decompress(content)
    return Response(content, media_type=MVT, headers={**headers, "vary": "accept-encoding"})


def _condition(request: Request, found: Collection) -> Condition | None:
    given = request.query_params
    if "filter" in given:
        return filtered(found.table, given["filter"], given.get("filter-lang"), None)
    if "filter-lang" in given:
        raise BadInput("filter-lang is given without filter; give both or none")
    return None


def _form(request: Request, found: Collection) -> tuple[str, str]:
    allowed = ("png", "terrarium") if found.is_raster else ("mvt",)
    form = request.query_params.get("f", allowed[0])
    if form not in allowed:
        raise BadInput(f"f: these tiles are not given as {form[:40]!r}; {suggest(form, allowed)}")
    theme = request.query_params.get("theme", "light")
    if theme not in ("light", "dark"):
        raise BadInput(f"theme: there is no {theme[:40]!r}; write light or dark")
    return form, theme


def _place(matrix: str, row: str, column: str) -> tuple[int, int, int]:
    numbers = (matrix, row, column)
    if not all(text.isascii() and text.isdigit() and len(text) < 9 for text in numbers):
        raise UnknownName(f"there is no tile {'/'.join(numbers)[:60]}; level, row and column are whole numbers")
    level, y, x = map(int, numbers)
    if level > DEEPEST or x >= 2**level or y >= 2**level:
        raise UnknownName(f"there is no tile {level}/{y}/{x}; levels run to {DEEPEST}, rows and columns to 2^level - 1")
    return level, y, x
