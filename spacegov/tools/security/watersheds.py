"""Watersheds: where water gathers, and which ground drains where."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov import numbers
from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis, Metres, Points, SquareMetres, ValueRaster
from spacegov.ledger import balance, doubt, figure, progress
from spacegov.raster import Raster
from spacegov.tools.cells import cell_areas, polygons_of
from spacegov.tools.security._hydrology import Flow, drain, edge_cells, path_end
from spacegov.tools.security._streams import Streams, accumulate, find_streams, stream_frame

_BASIN_COLUMNS = {
    "basin": "int64",
    "kind": "str",
    "outlet": "int64",
    "outlet_x": "float64",
    "outlet_y": "float64",
    "area_m2": "float64",
    "catchment_m2": "float64",
    "stream_length_m": "float64",
    "lowest_m": "float64",
    "highest_m": "float64",
    "edge_cells": "int64",
}


class Watersheds(NamedTuple):
    """Answer of `delineate_watersheds`."""

    basins: gpd.GeoDataFrame
    streams: gpd.GeoDataFrame
    filled: Raster
    direction: Raster
    accumulation: Raster


@checked(partition=None)
def delineate_watersheds(
    terrain: ValueRaster,
    outlets: Points | None = None,
    *,
    min_catchment: SquareMetres = 1_000_000.0,
    by: Literal["outlets", "links"] = "outlets",
    snap: Metres = 100.0,
    area_basis: AreaBasis = "plane",
) -> Watersheds:
    """Find streams and the ground that drains to them.

    Parameters
    ----------
    terrain
        Digital elevation model, metres.
    outlets
        Places whose catchments are wanted; without them every stream that leaves the terrain is an outlet.
    min_catchment
        Catchment from which water counts as a stream.
    by
        A basin for each outlet, or for each link of the stream network between confluences.
    snap
        How far a given outlet may be moved to the cell with the largest catchment.
    area_basis
        How areas are measured.

    Returns
    -------
    basins : GeoDataFrame
        basin : number from 1, largest catchment first; 0 is ground that reaches no outlet
        kind : `outlet`, `link`, or `rest` for ground that leaves the terrain before any outlet
        outlet : row position of the given outlet; -1 without
        outlet_x, outlet_y : place of the outlet cell's centre
        area_m2 : area, m²; a basin ends where the next upstream one begins
        catchment_m2 : everything that drains through its outlet, m²
        stream_length_m : length of its streams, m
        lowest_m, highest_m : heights, m
        edge_cells : cells at the edge of the known terrain besides the outlet; water may come in there
    streams : GeoDataFrame
        link : number; order : Strahler order; catchment_m2 : at its lower end, m²; length_m : m; to_link : 0 at the end
    filled : Raster
        Terrain with depressions filled, m.
    direction : Raster
        D8 codes (1 east, then clockwise to 128 north-east); 0 where water leaves, 247 is no data.
    accumulation : Raster
        Catchment of each cell with itself, m².

    Raises
    ------
    BadInput
        An outlet outside the known terrain.
    BadRaster
        A terrain without data.

    Notes
    -----
    Depressions by priority flood, directions by steepest descent on filled ground, along the flood's tree on flats.
    Every known cell belongs to one row: the areas balance to the terrain. Not split over machines: a flow path has no
    bound. Memory about 120 bytes a cell.

    References
    ----------
    O'Callaghan and Mark 1984; Wang and Liu 2006, IJGIS 20; Strahler 1957.

    Examples
    --------
    >>> from affine import Affine
    >>> valley = Raster.from_array([[9.0, 5.0, 9.0], [9.0, 4.0, 9.0], [9.0, 3.0, 9.0]],
    ...                            Affine(10, 0, 500000, 0, -10, 3300030), "EPSG:4549")
    >>> import warnings; warnings.simplefilter("ignore")
    >>> answer = delineate_watersheds(valley, min_catchment=500)
    >>> answer.basins[["kind", "area_m2", "stream_length_m"]]
         kind  area_m2  stream_length_m
    0  outlet    900.0             10.0
    >>> answer.accumulation.read()[:, 1]
    array([300., 600., 900.])
    """
    heights = terrain.values()
    valid = np.isfinite(heights)
    flow = drain(heights, None, terrain.cell_size)
    progress(0.4, "catchments")
    areas = cell_areas(terrain, area_basis)
    catchment = accumulate(flow, np.where(valid, areas, 0.0))
    streams = find_streams(flow, catchment >= max(min_catchment, np.finfo(float).tiny), catchment)
    given = _outlet_cells(terrain, outlets, catchment, valid, snap) if outlets is not None else None
    stops = _stops(flow, streams, given, by)
    progress(0.7, "basins")
    end = path_end(flow.downstream, stops)
    basins = _basins(
        terrain, heights, areas, catchment, end, stops, streams, given, "link" if by == "links" else "outlet"
    )
    balance(float(areas[valid].sum()), polygon_areas(basins, area_basis=area_basis).tolist(), what="area of basins")
    lines = stream_frame(terrain, streams, catchment)
    _report(basins, lines, flow, heights, areas)
    return Watersheds(
        basins,
        lines,
        terrain.like(flow.filled, layer="filled", unit="m"),
        terrain.like(flow.direction, nodata=247, layer="direction"),
        terrain.like(np.where(valid, catchment, np.nan), layer="accumulation", unit="m²"),
    )


def _outlet_cells(
    terrain: Raster, outlets: gpd.GeoDataFrame, catchment: NDArray[np.float64], valid: NDArray[np.bool_], snap: float
) -> NDArray[np.int64]:
    """Cell of every outlet: the largest catchment within the distance; of equal ones the nearest, then the first."""
    t = terrain.transform
    width, height = terrain.cell_size
    rows, columns = terrain.shape
    reach_x, reach_y = int(snap // width), int(snap // height)
    cells = []
    places = shapely.get_coordinates(shapely.centroid(outlets.geometry.to_numpy()))
    for number, (x, y) in enumerate(places):
        column, row = int((x - t.c) // t.a), int((y - t.f) // t.e)
        if not (0 <= row < rows and 0 <= column < columns and valid[row, column]):
            raise BadInput(
                f"outlets: feature {outlets.index[number]} at ({x:.1f}, {y:.1f}) lies on no known terrain; "
                "move it, or give a terrain that holds it"
            )
        part = np.s_[
            max(row - reach_y, 0) : min(row + reach_y + 1, rows),
            max(column - reach_x, 0) : min(column + reach_x + 1, columns),
        ]
        r, c = np.mgrid[part]
        away = np.hypot((r - row) * height, (c - column) * width)
        allowed = valid[part] & (away <= snap)
        size = np.where(allowed, catchment[part], -1.0)
        best = np.lexsort((away.ravel(), -size.ravel()))[0]
        cells.append(int(r.ravel()[best] * columns + c.ravel()[best]))
    found = np.array(cells, dtype=np.int64)
    _, first = np.unique(found, return_index=True)
    again = np.setdiff1d(np.arange(len(found)), first)
    if len(again):
        doubt(
            f"{len(again)} outlets lie on the cell of an earlier one and share its basin; move them apart, or "
            "lower snap",
            ", ".join(str(outlets.index[number]) for number in again[:5]),
        )
    return found


def _stops(
    flow: Flow, streams: Streams, given: NDArray[np.int64] | None, by: Literal["outlets", "links"]
) -> NDArray[np.bool_]:
    stops = np.zeros(flow.filled.size, dtype=bool)
    if given is not None:
        stops[given] = True
    elif by == "outlets":
        stops[streams.ends[streams.to_link == 0]] = True
    if by == "links":
        stops[streams.ends] = True
    return stops


def _basins(
    terrain: Raster,
    heights: NDArray[np.float64],
    areas: NDArray[np.float64],
    catchment: NDArray[np.float64],
    end: NDArray[np.int64],
    stops: NDArray[np.bool_],
    streams: Streams,
    given: NDArray[np.int64] | None,
    kind: str,
) -> gpd.GeoDataFrame:
    cells = np.flatnonzero(stops)
    cells = cells[np.lexsort((cells, -catchment.ravel()[cells]))]
    number = np.zeros(end.size, dtype=np.int64)
    number[cells] = np.arange(1, len(cells) + 1)
    valid = end >= 0
    label = np.where(valid, number[np.where(valid, end, 0)], -1)
    shapes = polygons_of(label.reshape(heights.shape), terrain, valid.reshape(heights.shape))
    size = len(cells) + 1
    known = label[valid]
    z = heights.ravel()[valid]
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, known, z)
    np.maximum.at(high, known, z)
    edge = edge_cells(valid.reshape(heights.shape)).ravel() & ~stops
    table = pd.DataFrame({"basin": list(shapes)})
    basin = table["basin"].to_numpy()
    cell = np.concatenate([[0], cells])[basin]
    t = terrain.transform
    named = basin > 0
    table["kind"] = np.where(named, kind, "rest")
    table["outlet"] = -1
    if given is not None:
        first = {int(c): position for position, c in reversed(list(enumerate(given)))}
        table["outlet"] = [first.get(int(c), -1) if b else -1 for c, b in zip(cell, named, strict=True)]
    table["outlet_x"] = np.where(named, t.c + (cell % heights.shape[1] + 0.5) * t.a, np.nan)
    table["outlet_y"] = np.where(named, t.f + (cell // heights.shape[1] + 0.5) * t.e, np.nan)
    table["area_m2"] = np.bincount(known, areas.ravel()[valid], size)[basin]
    table["catchment_m2"] = np.where(named, catchment.ravel()[cell], np.nan)
    table["stream_length_m"] = np.bincount(known, streams.step_m[valid], size)[basin]
    table["lowest_m"], table["highest_m"] = low[basin], high[basin]
    table["edge_cells"] = np.bincount(label[edge], minlength=size)[basin]
    frame = gpd.GeoDataFrame(
        table.astype(_BASIN_COLUMNS), geometry=gpd.GeoSeries(list(shapes.values()), crs=terrain.crs), crs=terrain.crs
    )
    order = frame["basin"].replace(0, size).sort_values(kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _report(
    basins: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, flow: Flow, heights: NDArray[np.float64], areas: NDArray[Any]
) -> None:
    named = basins[basins["basin"] > 0]
    figure("basin_count", len(named))
    figure("stream_length_m", float(lines["length_m"].sum()))
    figure("rest_m2", float(basins.loc[basins["basin"] == 0, "area_m2"].sum()))
    depth = np.nan_to_num(flow.filled - heights)
    figure("filled_m3", float((depth * areas).sum()))
    edge = edge_cells(np.isfinite(heights))
    lowest = float(np.nanmin(heights))
    level = float((heights[edge] == lowest).mean())
    if level > 0.5 and bool((heights == lowest)[~edge].any()):
        doubt(
            f"the terrain lies level at {numbers.number(lowest)} m along {numbers.share(level)} of its edge, where "
            "every stream ends: if that is no water but missing data, mark it as nodata first",
            "edge of the terrain",
        )
    open_basins = named[named["edge_cells"] > 0]
    if len(open_basins):
        doubt(
            f"{len(open_basins)} basins touch the edge of the known terrain besides their outlet: water may come in "
            "from outside and their catchments be larger",
            "edge of the terrain",
        )
    if named.empty:
        doubt("no stream has a catchment that large: every cell is rest; lower min_catchment")
