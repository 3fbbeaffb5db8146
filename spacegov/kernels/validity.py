"""Invalid polygons have no defined area: they are refused by name, or made valid with the change put on record.

A compiled test proves most polygons valid; GEOS decides on the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov import ledger
from spacegov.errors import InvalidGeometry
from spacegov.kernels.compilation import ensure_compiled, is_compiled
from spacegov.kernels.parallel import balanced_slices, in_threads
from spacegov.kernels.ragged import BoolArray, IntArray, Ragged

_SHOWN_ROWS = 5
# for fewer vertices than this, asking GEOS is quicker than loading a kernel
_FEW_VERTICES = 10_000

Geometries = NDArray[Any]


def find_invalid(layer: Ragged, shapes: Callable[[IntArray], Geometries], *, threads: int = 1) -> IntArray:
    """Rows of a layer whose polygons are invalid.

    Parameters
    ----------
    layer : Ragged
        The layer.
    shapes : callable
        Gives the shapely geometries of some rows; asked for those the quick test leaves open.
    threads : int
        Threads to use.

    Returns
    -------
    int64 (I,)
        Row numbers, ascending.
    """
    from spacegov.kernels.screening import screen_simple

    sure = np.zeros(len(layer), np.bool_)
    arrays = layer.coordinates, layer.ring_offsets, layer.geometry_offsets

    def simple(rows: tuple[int, int]) -> None:
        screen_simple(*arrays, *rows, sure)

    list(in_threads(simple, balanced_slices(layer.vertex_counts + 1, threads), threads))
    _screen_large(layer, sure, threads)
    open_rows = np.flatnonzero(~sure)
    if not len(open_rows):
        return open_rows

    def decide(rows: tuple[int, int]) -> NDArray[np.bool_]:
        geometries = shapes(open_rows[slice(*rows)])
        return np.asarray(~shapely.is_valid(geometries) & ~shapely.is_missing(geometries))

    slices = balanced_slices(layer.vertex_counts[open_rows] + 1, threads)
    invalid = np.concatenate(list(in_threads(decide, slices, threads)))
    return np.asarray(open_rows[invalid], dtype=np.int64)


def _screen_large(layer: Ragged, sure: BoolArray, threads: int) -> None:
    """Mark more geometries as certainly valid, of those that are not short rings."""
    rows = np.flatnonzero(~sure)
    weights = layer.vertex_counts[rows] + 1
    if weights.sum() < _FEW_VERTICES and not is_compiled("large"):
        return
    if len(rows):
        ensure_compiled("large")
        from spacegov.kernels.screening_large import screen_large

        def large(part: tuple[int, int]) -> None:
            screen_large(layer.coordinates, layer.ring_offsets, layer.geometry_offsets, rows[slice(*part)], sure)

        list(in_threads(large, balanced_slices(weights, threads), threads))


def invalid_geometry(first: Any, row: int, count: int, total: int, name: str) -> InvalidGeometry:
    """Word the refusal of `count` invalid polygons, the first of which stands at `row`."""
    verb = "is" if count == 1 else "are"
    return InvalidGeometry(
        f"{count} of {total} polygons in {name} {verb} invalid and have no defined area "
        f"(the first is row {row}: {shapely.is_valid_reason(first)}); "
        "correct the layer, or pass repair=True to have them made valid with the change in area on record"
    )


def make_valid(geometries: Geometries) -> Geometries:
    """Make polygons valid, keeping polygons only.

    Rings keep their meaning: what shells enclose, less what holes enclose. Lines and points into which a polygon
    collapses have no area and are left out.
    """
    valid = np.empty(len(geometries), dtype=object)
    for k, geometry in enumerate(shapely.make_valid(geometries, method="structure", keep_collapsed=False)):
        valid[k] = _polygon_part(geometry)
    return valid


def _polygon_part(geometry: Any) -> Any:
    """Give the polygons of a geometry as one polygon or multipolygon, empty when there are none."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon")]
    polygons = [polygon for part in parts for polygon in shapely.get_parts(part)]
    return shapely.MultiPolygon(polygons) if polygons else shapely.Polygon()


class Repair(NamedTuple):
    """Polygons of a layer made valid: their rows, and their area before and after."""

    name: str
    rows: IntArray
    before: float
    after: float


def record_repairs(name: str, repairs: Sequence[Repair]) -> None:
    """Tell the ledger what making polygons of a layer valid changed."""
    rows = np.sort(np.concatenate([repair.rows for repair in repairs]))
    after = math.fsum(repair.after for repair in repairs)
    change = after - math.fsum(repair.before for repair in repairs)
    shown = ", ".join(str(int(row)) for row in rows[:_SHOWN_ROWS])
    rest = len(rows) - _SHOWN_ROWS
    ledger.doubt(
        f"{len(rows)} invalid polygons of {name} were made valid, which changed their area "
        f"by {change:+.6g} square units of the layer, to {after:.6g}",
        where=f"{name}, rows {shown}" + (f" and {rest} more" if rest > 0 else ""),
    )
