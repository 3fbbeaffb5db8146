"""People of a population raster by unit and hazard class."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov import numbers
from spacegov.errors import BadRaster
from spacegov.ledger import balance, doubt
from spacegov.raster import Raster
from spacegov.tools.security._hazards import Hazards
from spacegov.tools.security._receptors import Units


def people_of_raster(population: Raster, hazards: Hazards, units: Units) -> pd.DataFrame:
    """Sum a population raster by unit and hazard class, cells weighted by the share of them inside.

    Returns
    -------
    DataFrame
        unit, rank, people
    """
    counts = population.values()
    known = np.isfinite(counts)
    negative = int((counts[known] < 0).sum())
    if negative:
        raise BadRaster(
            f"population ({population.name}): {negative} cells hold negative people, the lowest "
            f"{float(np.nanmin(counts)):g}; people cannot be negative, mark these cells as nodata first"
        )
    frame: Any = shapely.box(*population.bounds)
    areas: list[Any] = [frame]
    if units.frame is not None:
        inside = [shapely.intersection(area, frame) for area in units.frame.geometry]
        areas = [*inside, shapely.difference(frame, shapely.union_all(inside))]
    ground = {
        int(rank): shapely.union_all(hazards.ground.geometry[hazards.ground["rank"] == rank].to_numpy())
        for rank in sorted(hazards.ground["rank"].unique())
    }
    shapes = [
        shape for area in areas for shape in (area, *(shapely.intersection(one, area) for one in ground.values()))
    ]
    sums = iter(_sums(population, counts, shapes))
    _tell_unknown(population, counts, [shape for rank, shape in ground.items() if rank > 0])
    rows: list[tuple[int, int, float]] = []
    for number in range(len(areas)):
        people = next(sums)
        exposed = [(number, rank, next(sums)) for rank in ground]
        rest = people - sum(row[2] for row in exposed)
        rows += [*exposed, (number, -1, max(rest, 0.0))]
    balance(
        float(np.nansum(counts)), [row[2] for row in rows], what="people of the population raster by unit and class"
    )
    return pd.DataFrame(rows, columns=["unit", "rank", "people"])


def _tell_unknown(population: Raster, counts: NDArray[np.float64], exposed: list[Any]) -> None:
    """Tell of hazard beside the raster or on cells without data: people there are not none, but not known."""
    whole = float(sum(shapely.area(shape) for shape in exposed))
    width, height = population.cell_size
    known = sum(_sums(population, np.where(np.isfinite(counts), width * height, np.nan), exposed))
    if whole - known > max(1e-6 * whole, 1.0):
        doubt(f"on {numbers.area(whole - known)} of the hazard the population is not known; nobody is counted there")


def _sums(population: Raster, counts: NDArray[np.float64], shapes: list[Any]) -> list[float]:
    """Sum the raster under every shape by exact shares of cells."""
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource
    from pyproj import CRS

    west, south, east, north = population.bounds
    source = NumPyRasterSource(
        counts, west, south, east, north, nodata=float("nan"), srs_wkt=CRS.from_user_input(population.crs).to_wkt()
    )
    filled = [index for index, shape in enumerate(shapes) if not shape.is_empty and shape.area > 0]
    answer = [0.0] * len(shapes)
    if filled:
        polygons = gpd.GeoDataFrame(geometry=[shapes[index] for index in filled], crs=population.crs)
        table = exact_extract(source, polygons, "sum", output="pandas")
        for index, value in zip(filled, table["sum"], strict=True):
            answer[index] = 0.0 if value is None or np.isnan(value) else float(value)
    return answer
