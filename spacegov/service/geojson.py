"""Features as GeoJSON, out and in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.errors import BadInput, InvalidGeometry, shown
from spacegov.service import crs as references
from spacegov.service.settings import Limits
from spacegov.service.tables import Table, moved

if TYPE_CHECKING:
    import pyarrow as pa

GEO = "application/geo+json"
_TYPES = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


def geometries_of(records: pa.Table, table: Table, target: references.Reference) -> list[str]:
    """Write the shapes of records as GeoJSON geometries in a CRS, axes in its order."""
    import shapely

    if not table.spatial or table.crs is None:
        return ["null"] * records.num_rows
    shapes = shapely.force_2d(shapely.from_wkb(records["geometry"].to_numpy()))
    shapes = moved(shapes, table.crs, target.name)
    if target.northing_first:
        shapes = references.swapped(shapes)
    # A hundred-millionth of a degree is a millimetre; more digits are noise of the transformation.
    decimals = 9 if target.name in {"OGC:CRS84", "EPSG:4326"} else 4
    shapes = shapely.transform(shapes, lambda points: np.round(points, decimals))
    return ["null" if text is None else str(text) for text in shapely.to_geojson(shapes)]


def features_of(
    records: pa.Table, table: Table, target: references.Reference, days: frozenset[str] = frozenset()
) -> list[str]:
    """Write records as GeoJSON features.

    Parameters
    ----------
    records : pyarrow.Table
        With `__row`, and `geometry` where there are shapes.
    table : Table
        Whence they come.
    target : Reference
        The CRS of the answer.
    days : frozenset of str
        Properties that are days, although they are stored as times.
    """
    geometries = geometries_of(records, table, target)
    names = [name for name in records.column_names if name not in {"geometry", "__row"}]
    columns = {name: records[name].to_pylist() for name in names}
    ids = columns[table.key] if table.key in columns else records["__row"].to_pylist()
    hidden = {name for name in names if name.startswith("__")}
    features = []
    for number, geometry in enumerate(geometries):
        properties = {
            name: plain(values[number], day=name in days) for name, values in columns.items() if name not in hidden
        }
        text = json.dumps(properties, ensure_ascii=False)
        name = json.dumps(ids[number], ensure_ascii=False, default=str)
        features.append(f'{{"type":"Feature","id":{name},"geometry":{geometry},"properties":{text}}}')
    return features


def plain(value: Any, *, day: bool = False) -> Any:
    """Give a value as JSON can hold it."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.date().isoformat() if day else value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def read_features(data: Any, limits: Limits, name: str = "geometry") -> dict[str, Any]:
    """Take a geometry, feature or collection in degrees and give a collection that is sound.

    Raises
    ------
    BadInput
        It is no GeoJSON, too large, or not in degrees.
    InvalidGeometry
        A shape crosses itself.
    """
    features = list(_features(data, name))
    if not features:
        raise BadInput(f"{name}: it holds no feature; draw at least one")
    if len(features) > limits.features:
        raise BadInput(f"{name}: {len(features)} features were given, {limits.features} are allowed; send fewer")
    vertices = 0
    for number, feature in enumerate(features):
        geometry = feature["geometry"]
        vertices += _check_shape(geometry, f"{name}, feature {number + 1}")
        if vertices > limits.vertices:
            raise BadInput(f"{name}: more than {limits.vertices} vertices were given; simplify it, or send less")
    _check_sound([feature["geometry"] for feature in features], name)
    return {"type": "FeatureCollection", "features": features}


def _features(data: Any, name: str) -> Iterator[dict[str, Any]]:
    kind = data.get("type") if isinstance(data, Mapping) else None
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        for feature in data["features"]:
            if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
                raise BadInput(f"{name}: {shown(feature)} stands among its features and is none; check the collection")
            yield _feature(feature, name)
    elif kind == "Feature":
        yield _feature(data, name)
    elif kind in _TYPES:
        yield {"type": "Feature", "geometry": dict(data), "properties": {}}
    else:
        raise BadInput(f"{name}: {shown(data)} is no GeoJSON; send a geometry, a Feature or a FeatureCollection")


def _feature(feature: Mapping[str, Any], name: str) -> dict[str, Any]:
    geometry, properties = feature.get("geometry"), feature.get("properties") or {}
    if not isinstance(geometry, Mapping) or geometry.get("type") not in _TYPES:
        raise BadInput(
            f"{name}: a feature has {shown(geometry)} where a geometry is needed; one of {', '.join(_TYPES)}"
        )
    if not isinstance(properties, Mapping) or len(properties) > 200:
        raise BadInput(f"{name}: the properties of a feature must be an object of at most 200 values")
    kept = {
        str(key): value for key, value in properties.items() if isinstance(value, (str, int, float, bool, type(None)))
    }
    return {"type": "Feature", "geometry": dict(geometry), "properties": kept}


def _check_shape(geometry: Mapping[str, Any], place: str) -> int:
    """Count the vertices of a shape whose coordinates are numbers in degrees at the depth its type needs."""
    count = 0

    def walk(part: Any, depth: int) -> None:
        nonlocal count
        if not isinstance(part, list) or not part:
            raise BadInput(f"{place}: {shown(part)} stands where coordinates are needed; check the geometry")
        if depth:
            for inner in part:
                walk(inner, depth - 1)
            return
        numbers = [value for value in part if isinstance(value, (int, float)) and not isinstance(value, bool)]
        if len(numbers) != len(part) or not 2 <= len(part) <= 4 or not all(map(math.isfinite, numbers)):
            raise BadInput(f"{place}: {shown(part)} is no position; two numbers are needed, longitude and latitude")
        if not (-180 <= numbers[0] <= 180 and -90 <= numbers[1] <= 90):
            raise BadInput(
                f"{place}: the position {shown(part)} is not in degrees; send longitude and latitude (WGS 84)"
            )
        count += 1

    walk(geometry.get("coordinates"), _TYPES[geometry["type"]])
    return count


def _check_sound(geometries: list[dict[str, Any]], name: str) -> None:
    import shapely

    for number, geometry in enumerate(geometries):
        try:
            shape = shapely.from_geojson(json.dumps(geometry))
        except (shapely.errors.GEOSException, ValueError) as error:
            reason = " ".join(str(error).split())[:120]
            raise BadInput(f"{name}, feature {number + 1}: it is no shape ({reason}); close its rings") from None
        if shape.is_empty:
            raise BadInput(f"{name}, feature {number + 1}: the shape is empty; draw a point, a line or an area")
        if not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            raise InvalidGeometry(f"{name}, feature {number + 1}: the shape is not sound ({reason}); draw it again")
