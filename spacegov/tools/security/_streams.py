"""Streams of a terrain: accumulation, links between confluences, Strahler order."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.raster import Raster
from spacegov.tools.security._hydrology import Flow, path_end

_COLUMNS = {"link": "int64", "order": "int64", "catchment_m2": "float64", "length_m": "float64", "to_link": "int64"}


@dataclass(frozen=True)
class Streams:
    """The stream network by links.

    Attributes
    ----------
    ends : array of int64, shape (links,)
        Lowest cell of each link, largest catchment first.
    to_link : array of int64
        Number (from 1) of the link below; 0 where the stream ends.
    order : array of int64
        Strahler order.
    of_cell : array of int64, shape (cells,)
        Number of the link a cell belongs to; 0 for none.
    downstream : array of int64, shape (cells,)
        Next cell.
    step_m : array of float64, shape (cells,)
        Length of stream from each cell to the next.
    catchment : array of float64, shape (cells,)
        Catchment of each cell.
    """

    ends: NDArray[np.int64]
    to_link: NDArray[np.int64]
    order: NDArray[np.int64]
    of_cell: NDArray[np.int64]
    downstream: NDArray[np.int64]
    step_m: NDArray[np.float64]
    catchment: NDArray[np.float64]


def accumulate(flow: Flow, amount: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum an amount down the flow paths, each cell with itself.

    Parameters
    ----------
    flow : Flow
        Directions.
    amount : array of float64, shape (rows, columns)
        What every cell adds.
    """
    from pyflwdir import from_array

    paths = from_array(flow.direction, ftype="d8", check_ftype=False)
    total = np.asarray(paths.accuflux(amount, nodata=-1.0), dtype=np.float64)
    return np.where(flow.direction == 247, 0.0, total)


def find_streams(flow: Flow, wet: NDArray[np.bool_], catchment: NDArray[np.float64]) -> Streams:
    """Cut streams into links at confluences.

    Parameters
    ----------
    flow : Flow
        Directions.
    wet : array of bool
        Cells that are stream; with every cell, all cells below it on its path.
    catchment : array of float64
        Catchment of every cell.
    """
    stream = (wet & (flow.direction != 247)).ravel()
    down = flow.downstream
    cells = np.flatnonzero(stream)
    onward = cells[down[cells] != cells]
    inflow = np.bincount(down[onward], minlength=stream.size)
    is_end = np.zeros(stream.size, dtype=bool)
    is_end[cells] = (down[cells] == cells) | (inflow[down[cells]] > 1)
    ends = np.flatnonzero(is_end)
    size = catchment.ravel()
    ends = ends[np.lexsort((ends, -size[ends]))]
    number = np.zeros(stream.size, dtype=np.int64)
    number[ends] = np.arange(1, len(ends) + 1)
    reached = path_end(np.where(stream, down, -1), is_end)
    of_cell = np.where(stream & (reached >= 0), number[np.where(reached >= 0, reached, 0)], 0)
    below = down[ends]
    to_link = np.where(below == ends, 0, of_cell[below])
    return Streams(ends, to_link, _strahler(to_link), of_cell, down, _steps(flow, stream), size)


def _strahler(to_link: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order of each link: one more where two of the highest order meet."""
    count = len(to_link)
    order = np.ones(count, dtype=np.int64)
    waiting = np.bincount(to_link[to_link > 0] - 1, minlength=count)
    ready = list(np.flatnonzero(waiting == 0))
    above: list[list[int]] = [[] for _ in range(count)]
    while ready:
        link = int(ready.pop())
        if above[link]:
            highest = max(above[link])
            order[link] = highest + (above[link].count(highest) > 1)
        below = int(to_link[link]) - 1
        if below >= 0:
            above[below].append(int(order[link]))
            waiting[below] -= 1
            if waiting[below] == 0:
                ready.append(np.int64(below))
    return order


def _steps(flow: Flow, stream: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Length from each stream cell to the next."""
    width, height = flow.cell_size
    columns = flow.filled.shape[1]
    own = np.arange(stream.size)
    there = np.where(stream, flow.downstream, own)
    right, below = there % columns - own % columns, there // columns - own // columns
    return np.asarray(np.hypot(right * width, below * height), dtype=np.float64)


def stream_frame(terrain: Raster, streams: Streams, catchment: NDArray[np.float64]) -> gpd.GeoDataFrame:
    """Draw the links from their upper to their lower end, joined to the cell below."""
    columns = terrain.shape[1]
    t = terrain.transform
    cells = np.flatnonzero(streams.of_cell)
    # along a link catchments grow, so that sorting by them is sorting downstream
    cells = cells[np.lexsort((catchment.ravel()[cells], streams.of_cell[cells]))]
    link = streams.of_cell[cells]
    lines = []
    lengths = []
    bounds = np.searchsorted(link, np.arange(1, len(streams.ends) + 2))
    for number in range(len(streams.ends)):
        path = cells[bounds[number] : bounds[number + 1]]
        below = streams.downstream[path[-1]]
        path = np.append(path, below) if below != path[-1] else path
        x, y = t.c + (path % columns + 0.5) * t.a, t.f + (path // columns + 0.5) * t.e
        if len(path) == 1:
            # a link of one cell at the edge of the terrain is drawn across it
            x, y = np.append(x - t.a / 2, x + t.a / 2), np.append(y, y)
        lines.append(shapely.LineString(np.column_stack([x, y])))
        lengths.append(float(streams.step_m[cells[bounds[number] : bounds[number + 1]]].sum()))
    table = pd.DataFrame(
        {
            "link": np.arange(1, len(streams.ends) + 1),
            "order": streams.order,
            "catchment_m2": catchment.ravel()[streams.ends],
            "length_m": lengths,
            "to_link": streams.to_link,
        }
    ).astype(_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(lines, crs=terrain.crs), crs=terrain.crs)
