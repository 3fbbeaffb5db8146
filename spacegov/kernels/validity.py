"""Invalid polygons have no defined area: they are refused by name, or made valid with the change put on record."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov import ledger
from spacegov.errors import InvalidGeometry

_SHOWN_ROWS = 5


def refuse_invalid(geometries: NDArray[Any], name: str, first_row: int = 0) -> None:
    """Raise when a polygon is invalid.

    Parameters
    ----------
    geometries : object (G,)
        Polygons.
    name : str
        What the layer is called in the message.
    first_row : int
        Row number of the first geometry, for layers read in parts.

    Raises
    ------
    InvalidGeometry
        Naming how many are invalid, and where and why the first one is.
    """
    invalid = np.flatnonzero(~shapely.is_valid(geometries) & ~shapely.is_missing(geometries))
    if len(invalid):
        raise invalid_geometry(geometries[invalid[0]], int(invalid[0]) + first_row, len(invalid), len(geometries), name)


def invalid_geometry(first: Any, row: int, count: int, total: int, name: str) -> InvalidGeometry:
    """Word the refusal of `count` invalid polygons, the first of which stands at `row`."""
    verb = "is" if count == 1 else "are"
    return InvalidGeometry(
        f"{count} of {total} polygons in {name} {verb} invalid and have no defined area "
        f"(the first is row {row}: {shapely.is_valid_reason(first)}); "
        "correct the layer, or pass repair=True to have them made valid with the change in area on record"
    )


def repair_invalid(geometries: NDArray[Any], name: str, first_row: int = 0) -> NDArray[Any]:
    """Make invalid polygons valid, and tell the ledger what that changed.

    Rings keep their meaning: what shells enclose, less what holes enclose. Lines and points into which a polygon
    collapses have no area and are left out.

    Parameters
    ----------
    geometries : object (G,)
        Polygons.
    name : str
        What the layer is called in the ledger.
    first_row : int
        Row number of the first geometry, for layers read in parts.

    Returns
    -------
    object (G,)
        Valid polygons and multipolygons; the given array itself when nothing was wrong.
    """
    invalid = np.flatnonzero(~shapely.is_valid(geometries) & ~shapely.is_missing(geometries))
    if not len(invalid):
        return geometries
    before = geometries[invalid]
    after = shapely.make_valid(before, method="structure", keep_collapsed=False)
    after = np.array([_polygon_part(geometry) for geometry in after], dtype=object)
    repaired = geometries.copy()
    repaired[invalid] = after
    change = float(np.sum(shapely.area(after) - shapely.area(before)))
    rows = ", ".join(str(int(row) + first_row) for row in invalid[:_SHOWN_ROWS])
    rest = len(invalid) - _SHOWN_ROWS
    ledger.doubt(
        f"{len(invalid)} invalid polygons of {name} were made valid, which changed their area "
        f"by {change:+.6g} square units of the layer, to {float(np.sum(shapely.area(after))):.6g}",
        where=f"{name}, rows {rows}" + (f" and {rest} more" if rest > 0 else ""),
    )
    return repaired


def _polygon_part(geometry: Any) -> Any:
    """Give the polygons of a geometry as one polygon or multipolygon, empty when there are none."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon")]
    polygons = [polygon for part in parts for polygon in shapely.get_parts(part)]
    return shapely.MultiPolygon(polygons) if polygons else shapely.Polygon()
