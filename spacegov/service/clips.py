"""Parts of layers cut to a drawn area, kept like uploads: so that any tool can be asked about an area alone."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.errors import BadInput, InvalidGeometry, shown, suggest
from spacegov.service.geojson import read_features
from spacegov.service.guard import UPLOAD, needs
from spacegov.service.links import answer
from spacegov.service.params import body_of, only
from spacegov.service.sharing import Need, permit_inputs
from spacegov.service.state import Service, in_thread
from spacegov.text import say

router = APIRouter(prefix="/api")
_BODY = ("layers", "geometry")
MOST = 20
"""Layers of one request."""


@router.post("/clips", tags=["Viewer"], summary="Layers cut to a drawn area")
@needs(Need.NOTHING)
async def clips(request: Request) -> Response:
    """Cut layers to an area; each part gets an id that serves as a layer id in `inputs`, until uploads are removed."""
    only(request, ())
    service: Service = request.app.state.service
    body = await body_of(request)
    if not isinstance(body, Mapping) or any(name not in body for name in _BODY):
        raise BadInput('the body must name layers and a geometry; send {"layers": ["…"], "geometry": {…}}')
    for key in body:
        if key not in _BODY:
            raise BadInput(f"the body has the member {shown(key)}; {suggest(str(key), _BODY)}")
    names = body["layers"]
    if not isinstance(names, list) or not 0 < len(names) <= MOST or not all(isinstance(name, str) for name in names):
        raise BadInput(f"layers: {shown(names)} was given; name 1 to {MOST} layers in a list")
    permit_inputs(service.workspace.layers, "layers", names)
    place = read_features(body["geometry"], service.limits)
    return answer({"clips": await in_thread(_cut_all, service, names, place)})


def _cut_all(service: Service, names: list[str], place: Mapping[str, Any]) -> dict[str, Any]:
    area = _area(service, place)
    found = {name: _cut(service, name, area) for name in dict.fromkeys(names)}
    return {name: part for name, part in found.items() if part is not None}


def _area(service: Service, place: Mapping[str, Any]) -> Any:
    import geopandas as gpd

    shapes = gpd.GeoDataFrame.from_features(place["features"], crs="OGC:CRS84").to_crs(service.workspace.crs).geometry
    area = shapes.union_all()
    if area.is_empty or area.geom_type not in ("Polygon", "MultiPolygon"):
        raise InvalidGeometry(f"geometry: {area.geom_type} was given, an area is needed; send a polygon")
    return area


def _cut(service: Service, name: str, area: Any) -> dict[str, Any] | None:
    """Cut one layer and store the part; None where it has nothing there."""
    import shapely

    from spacegov.toolbox.runs import write_frame

    layer = service.workspace.layers[name]
    if layer.card.kind not in ("Polygons", "Lines", "Points"):
        raise BadInput(f"layers: {name} is a {layer.card.kind.lower()} and cannot be cut; leave it out")
    frame = layer.read(bbox=area.bounds)
    shapes = frame.geometry.to_numpy()
    shapely.prepare(area)
    met = shapely.intersects(area, shapes)
    frame, shapes = frame[met], shapes[met]
    inside = shapely.covers(area, shapes)
    dimensions = shapely.get_dimensions(shapes)
    cut = shapes.copy()
    crossing = zip(shapely.intersection(shapes[~inside], area), dimensions[~inside], strict=True)
    cut[~inside] = [_same(shape, dimension) for shape, dimension in crossing]
    frame = frame.set_geometry(cut, crs=frame.crs)
    frame = frame[~shapely.is_empty(cut)]
    if frame.empty:
        return None
    if len(frame) > service.limits.upload_features:
        most = service.limits.upload_features
        raise BadInput(f"{name} has {len(frame)} records in the area, {most} are allowed; draw less")
    key = secrets.token_hex(16)
    folder = service.uploads / f".{key}.part"
    folder.mkdir()
    try:
        write_frame(frame, folder / f"{name}.parquet")  # answers call a file by its name
        bounds = [float(side) for side in frame.to_crs("OGC:CRS84").total_bounds]
        title = say(layer.card.title, service.workspace.settings.language)
        facts = {"name": title[:100], "features": len(frame), "bounds": bounds}
        (folder / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        folder.rename(service.uploads / key)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"id": f"{UPLOAD}{key}", "rows": len(frame), "version": layer.version}


def _same(shape: Any, dimension: int) -> Any:
    """Keep the parts of a cut that have the record's own dimension: a patch that only touches the area is not in it."""
    import shapely

    parts = shapely.get_parts(shape)
    kept = parts[shapely.get_dimensions(parts) == dimension]
    return kept[0] if len(kept) == 1 else shapely.union_all(kept) if len(kept) else shapely.Polygon()
