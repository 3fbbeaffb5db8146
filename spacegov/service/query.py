"""From the parameters of a request for items to a condition on records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, UnknownName, shown, suggest
from spacegov.layers.filter import GEOMETRY, compile_filter, quoted
from spacegov.service import crs as references
from spacegov.service.params import box_of, only, period_of, value_of
from spacegov.service.tables import Condition, Table, both, meets_box, meets_shape, mover

if TYPE_CHECKING:
    from fastapi import Request

    from spacegov.service.collection import Collection
    from spacegov.service.tables import Box

FIXED = (
    "f",
    "limit",
    "offset",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "properties",
    "filter",
    "filter-lang",
    "filter-crs",
)
TEXT, JSON, OLDER_TEXT = "cql2-text", "cql2-json", "cql-text"
"""Languages of filters; the older text is what GDAL writes: that of CQL2 with ILIKE."""
_ILIKE = re.compile(r"(\w+|\"[^\"]+\") ILIKE ('(?:[^']|'')*')")
_NARROWING = {"s_intersects", "s_within", "s_equals", "s_touches", "s_crosses", "s_overlaps"}


@dataclass(frozen=True)
class Query:
    """What is asked of a collection.

    Attributes
    ----------
    condition : Condition
        Which records.
    columns : list of str
        Which properties.
    crs : Reference
        In which CRS the shapes are given.
    """

    condition: Condition
    columns: list[str]
    crs: references.Reference


def read_query(request: Request, found: Collection) -> Query:
    """Read the parameters.

    Raises
    ------
    BadInput
        One of them is malformed; the sentence names it.
    """
    table = found.table
    only(request, [*FIXED, *table.kinds])
    given = request.query_params
    conditions: list[Condition] = []
    if "bbox" in given:
        box_crs = references.chosen(given.get("bbox-crs"), "bbox-crs", table.crs)
        conditions.append(in_boxes(table, box_of(given["bbox"], box_crs), box_crs.name))
    elif "bbox-crs" in given:
        raise BadInput("bbox-crs is given without bbox; give both or none")
    if "datetime" in given:
        conditions.append(at_time(found, given["datetime"]))
    for name, kind in table.kinds.items():
        if name in given and name not in FIXED:
            conditions.append(Condition(f"{quoted(name)} = ?", (value_of(given[name], kind, name),)))
    if "filter" in given:
        conditions.append(filtered(table, given["filter"], given.get("filter-lang"), given.get("filter-crs")))
    elif "filter-lang" in given or "filter-crs" in given:
        raise BadInput("filter-lang or filter-crs is given without filter; give filter too, or leave them out")
    return Query(
        both(conditions),
        columns_of(table, given.get("properties")),
        references.chosen(given.get("crs"), "crs", table.crs),
    )


def columns_of(table: Table, wanted: str | None) -> list[str]:
    """Choose properties; the one that names the record always comes."""
    if wanted is None:
        return list(table.kinds)
    names = [name for name in wanted.split(",") if name]
    for name in names:
        if name not in table.kinds:
            raise BadInput(f"properties: there is no property {shown(name)}; {suggest(name, table.kinds)}")
    key = [table.key] if table.key is not None and table.key not in names else []
    return [*key, *dict.fromkeys(names)]


def in_boxes(table: Table, boxes: list[Box], crs: str) -> Condition:
    """Ask for records that meet one of several boxes."""
    import shapely

    if not table.spatial or table.crs is None:
        return Condition("TRUE")
    parts = []
    for box in boxes:
        shape = shapely.box(*box)
        if table.crs != crs:
            shape = _brought(shape, crs, table.crs)
            if shape is None:
                continue
        parts.append(meets_shape(table, shape))
    if not parts:
        return Condition("FALSE")
    if len(parts) == 1:
        return parts[0]
    return Condition(
        " OR ".join(f"({part.sql})" for part in parts), tuple(value for part in parts for value in part.values)
    )


def _brought(shape: Any, source: str, target: str) -> Any:
    """Bring a box to another CRS with its bent sides; one far outside of it is cut to where the CRS is of use."""
    import numpy as np
    import shapely
    from pyproj import CRS

    area = CRS.from_user_input(target).area_of_use
    if area is not None:
        # A projection is only true near its own area; a box of the whole earth has no image in it.
        margin = 6.0
        use = shapely.box(
            area.west - margin, max(area.south - margin, -89), area.east + margin, min(area.north + margin, 89)
        )
        if source in {"OGC:CRS84", "EPSG:4326"}:
            shape = shapely.intersection(shape, use)
        elif source == "EPSG:3857":
            corners = mover("OGC:CRS84", source).transform_bounds(*use.bounds)
            shape = shapely.intersection(shape, shapely.box(*corners))
        if shape.is_empty:
            return None
    width = max(shape.bounds[2] - shape.bounds[0], shape.bounds[3] - shape.bounds[1])
    dense = shapely.segmentize(shape, width / 64) if width else shape
    transformer = mover(source, target)
    moved = shapely.transform(dense, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1])))
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        return None
    return moved if moved.is_valid else moved.buffer(0)


def at_time(found: Collection, text: str) -> Condition:
    """Ask for records of a time; those of a collection without one all answer, as the standard says."""
    begin, end = period_of(text)
    days = [name for name, kind in found.table.kinds.items() if kind in {"date", "datetime"}]
    if len(days) != 1:
        return Condition("TRUE")
    name = quoted(days[0])
    parts = []
    if begin is not None:
        parts.append(Condition(f"{name} >= ?", (begin.replace(tzinfo=None),)))
    if end is not None:
        parts.append(Condition(f"{name} <= ?", (end.replace(tzinfo=None),)))
    inside = both(parts)
    return Condition(f"{name} IS NULL OR ({inside.sql})", inside.values)


def filtered(table: Table, text: str, language: str | None, crs: str | None) -> Condition:
    """Compile a filter; where it asks for a place, records far from it are passed over."""
    language = language or TEXT
    if language == OLDER_TEXT:
        language, text = TEXT, _ILIKE.sub(r"CASEI(\1) LIKE CASEI(\2)", text)
    if language not in (TEXT, JSON):
        raise BadInput(f"filter-lang: there is no {shown(language)}; {suggest(language, (TEXT, JSON))}")
    if (language == JSON) != text.lstrip().startswith("{"):
        raise BadInput(f"filter: it is not written as {language}; write it so, or name its language with filter-lang")
    source = references.chosen(crs, "filter-crs", table.crs)
    # compiling may ask for the same shape more than once
    shapes: dict[bytes, Any] = {}

    def to_native(shape: Any) -> Any:
        if source.northing_first:
            shape = references.swapped(shape)
        native = _native(shape, source.name, table.crs)
        shapes[native.wkb] = native
        return native

    try:
        done = compile_filter(text, table.kinds, to_native=to_native)
    except UnknownName as error:  # of a property, not of what the address names
        raise BadInput(str(error)) from None
    if done.spatial and not table.spatial:
        raise BadInput("the filter asks for a place, and the collection is a table without shapes; leave that part out")
    condition = Condition(done.sql, done.values)
    if done.spatial and len(shapes) == 1 and _narrows(text):
        return both([meets_box(table, next(iter(shapes.values())).bounds), condition])
    return condition


def _native(shape: Any, source: str, target: str | None) -> Any:
    import numpy as np
    import shapely

    if target is None or source == target:
        return shape
    transformer = mover(source, target)
    moved = shapely.transform(shape, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1])))
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise BadInput("the filter's geometry lies outside of where the collection can be; check its coordinates")
    return moved


def _narrows(text: str) -> bool:
    """Tell whether a filter holds only of records near its one geometry."""
    import json

    import cql2

    read = cql2.parse_json if text.lstrip().startswith("{") else cql2.parse_text
    tree = json.loads(json.dumps(read(text).to_json()))

    def asks(node: Any) -> bool:
        if not isinstance(node, dict):
            return False
        operator, given = str(node.get("op", "")).lower(), node.get("args", [])
        if operator == "and":
            return any(asks(each) for each in given)
        return operator in _NARROWING and any(
            isinstance(each, dict) and each.get("property") == GEOMETRY for each in given
        )

    return asks(tree)
