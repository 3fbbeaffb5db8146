"""Factors of landslides as classes of cells: slope, aspect, relief, height, distances, and rasters as given."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spacegov.errors import BadInput, BadRaster
from spacegov.kinds import name_of
from spacegov.raster import Raster, require_same_grid
from spacegov.tools.cells import cells_under
from spacegov.tools.foundation._horn import gradient

_ASPECTS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west", "flat")
_FLAT_DEGREES = 1.0


@dataclass(frozen=True)
class Factor:
    """One factor.

    Attributes
    ----------
    name : str
        Factor.
    codes : array of int64, shape (rows, columns)
        Class of each cell from 0; -1 where unknown.
    labels : list of str
        What the classes are.
    """

    name: str
    codes: NDArray[np.int64]
    labels: list[str]


def factors_of(
    terrain: Raster,
    rasters: list[Raster],
    near: list[gpd.GeoDataFrame],
    categorical: tuple[str, ...],
    classes: int,
) -> list[Factor]:
    """Derive and class all factors.

    Parameters
    ----------
    terrain : Raster
        Heights, m.
    rasters : list of Raster
        Further factors on the same cells.
    near : list of GeoDataFrame
        Lines whose distance is a factor.
    categorical : tuple of str
        Names of rasters whose values are codes.
    classes : int
        Classes of a number, by quantiles of the ground.
    """
    heights = terrain.values()
    width, height = terrain.cell_size
    east, north = gradient(heights, width, height)
    slope = np.degrees(np.arctan(np.hypot(east, north)))
    found = [
        by_quantiles("height", heights, classes, "m"),
        by_quantiles("slope", slope, classes, "°"),
        _aspect(east, north, slope),
        by_quantiles("relief", _relief(heights), classes, "m"),
    ]
    for number, lines in enumerate(near):
        cells = cells_under(terrain, lines.geometry)
        if not cells.any():
            raise BadInput(
                f"near[{number}] ({name_of(lines, 'lines')}): no line lies on the terrain, so there is no distance; "
                "leave the layer out"
            )
        away = ndimage.distance_transform_edt(~cells, sampling=(height, width))
        distance = np.where(np.isfinite(heights), away, np.nan)
        found.append(by_quantiles(f"distance to {name_of(lines, f'near {number + 1}')}", distance, classes, "m"))
    for number, raster in enumerate(rasters):
        require_same_grid(terrain, raster)
        name = name_of(raster, f"factor {number + 1}")
        found.append(_coded(name, raster) if name in categorical else by_quantiles(name, raster.values(), classes, ""))
    names = [factor.name for factor in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput(f"factors: {repeated[0]!r} is given twice and would count twice; leave one out")
    unknown = [name for name in categorical if name not in names]
    if unknown:
        raise BadInput(f"categorical: there is no factor {unknown[0]!r}; the factors are {', '.join(names)}")
    return found


def by_quantiles(name: str, values: NDArray[np.float64], classes: int, unit: str) -> Factor:
    """Class numbers so that every class has about the same ground."""
    known = np.isfinite(values)
    if not known.any():
        raise BadRaster(f"{name}: every cell is nodata, values are needed; leave the factor out")
    limits = np.unique(np.quantile(values[known], np.linspace(0, 1, classes + 1)[1:-1]))
    limits = limits[limits > values[known].min()]
    codes = np.where(known, np.searchsorted(limits, np.where(known, values, 0.0), side="right"), -1)
    ends = [f"{value:.4g}" for value in limits]
    tail = f" {unit}" if unit else ""
    if not ends:
        labels = [f"{values[known].min():.4g}{tail}"]
    else:
        labels = [f"below {ends[0]}{tail}"]
        labels += [f"{low}–{high}{tail}" for low, high in itertools.pairwise(ends)]
        labels += [f"{ends[-1]}{tail} and more"]
    return Factor(name, codes.astype(np.int64), labels)


def _aspect(east: NDArray[Any], north: NDArray[Any], slope: NDArray[Any]) -> Factor:
    """Eight directions a slope faces, and flat ground."""
    faces = np.degrees(np.arctan2(-east, -north)) % 360
    known = np.isfinite(slope)
    codes = np.where(known, ((np.where(known, faces, 0) + 22.5) // 45).astype(np.int64) % 8, -1)
    codes = np.where(known & (np.nan_to_num(slope) < _FLAT_DEGREES), 8, codes)
    return Factor("aspect", codes, list(_ASPECTS))


def _relief(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Range of heights among the nine cells; unknown beside unknown ones."""
    known = np.isfinite(heights)
    high = ndimage.maximum_filter(np.where(known, heights, -np.inf), size=3, mode="nearest")
    low = ndimage.minimum_filter(np.where(known, heights, np.inf), size=3, mode="nearest")
    whole = ndimage.minimum_filter(known, size=3, mode="nearest")
    answer = np.full(heights.shape, np.nan)
    np.subtract(high, low, out=answer, where=known & whole)
    return answer


def _coded(name: str, raster: Raster) -> Factor:
    values, valid = raster.read_codes()
    kinds, inverse = np.unique(values[valid], return_inverse=True)
    codes = np.full(values.shape, -1, dtype=np.int64)
    codes[valid] = inverse
    return Factor(name, codes, [str(kind) for kind in kinds])
