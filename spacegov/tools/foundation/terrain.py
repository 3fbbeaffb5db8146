"""Terrain from heights: slope, aspect, relief, hillshade, slope classes."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadPolicy, BadRaster
from spacegov.kinds import AreaBasis, Degrees, Metres, PolicyKind, ValueRaster
from spacegov.ledger import balance, doubt, figure, progress
from spacegov.raster import Raster as Band
from spacegov.tools.cells import cell_areas
from spacegov.tools.foundation._horn import Grid, aspect_of, focal_range, raster_gradient, window_cells
from spacegov.tools.foundation._records import answer_table

Azimuth = Annotated[float, Field(ge=0, le=360, json_schema_extra={"unit": "°"})]
Positive = Annotated[float, Field(gt=0)]

# Cells of ten metres and more average real cliffs to less.
_CLIFF_DEGREES = 70.0


class Terrain(NamedTuple):
    """Rasters on the cells of the heights, and the area of each slope class."""

    slope_degrees: Band
    slope_percent: Band
    aspect: Band
    relief: Band
    hillshade: Band
    slope_class: Band
    classes: pd.DataFrame


@checked(partition=None)
def derive_terrain(
    elevation: ValueRaster,
    *,
    slope_classes: Annotated[pd.DataFrame, PolicyKind(("class", "up_to_degrees"))],
    relief_window: Metres = 450.0,
    azimuth: Azimuth = 315.0,
    altitude: Degrees = 45.0,
    metres_per_unit: Positive = 1.0,
    area_basis: AreaBasis = "plane",
) -> Terrain:
    """Derive slope, aspect, relief, hillshade and slope classes from heights.

    Parameters
    ----------
    elevation : Raster
        Heights.
    slope_classes : DataFrame
        Classes by their upper limits in degrees, from gentle to steep.
    relief_window : float
        Side of the square in which the range of heights is taken; the odd number of cells nearest to it is used.
    azimuth, altitude : float
        Where the sun of the hillshade stands: clockwise from north, and above the horizon.
    metres_per_unit : float
        Of the heights; 0.3048 for feet.
    area_basis : {"plane", "ellipsoid"}
        How the areas of slope classes are measured.

    Returns
    -------
    slope_degrees, slope_percent : Raster
        Steepest slope in degrees (0 to 90), and in per cent (100 × rise over run).
    aspect : Raster
        Direction the ground falls to, in degrees clockwise from north; -1 where it is flat.
    relief : Raster
        Highest less lowest height around the cell, in metres.
    hillshade : Raster
        Light from 0 to 255.
    slope_class : Raster
        The table's classes as whole numbers, 0 where there is no slope.
    classes : DataFrame
        `class`, `name` (English, where the table has `name_en`), `above_degrees`, `up_to_degrees` (°), `cells`,
        `area_m2` (m²), `share` (of the ground with a slope, 0–1).

    Raises
    ------
    BadPolicy
        The limits do not rise, or the last is below the steepest slope.
    BadRaster
        No cell has a height, or there are fewer than 3 × 3 cells.
    BadInput
        The relief window is smaller than three cells.

    Notes
    -----
    Slope and aspect after Horn from the eight neighbours; a cell at the edge or beside a cell without data has none.
    Relief is focal: it takes the known heights within the window, so that cells near an edge see less ground; where
    less than a quarter of the window is known, a doubt gives the number of cells. A slope on the limit of two classes
    belongs to the gentler one. Heights in whole metres make steps, and a doubt gives the least slope they can show.
    Distances are those of the grid (its scale differs from 1 by less than 0.25 %). Linear in cells, about 2.5 million a
    second; not split, since windows already bound the memory of each step and a result is held whole.

    References
    ----------
    .. [1] Horn, B. K. P. (1981), Hill shading and the reflectance map, Proceedings of the IEEE 69(1), 14–47.

    Examples
    --------
    >>> from affine import Affine
    >>> plane = np.tile(np.arange(4.0) * 10, (4, 1))
    >>> heights = Band.from_array(plane, Affine(10, 0, 5e5, 0, -10, 3e6), "EPSG:4549")
    >>> table = pd.DataFrame({"class": [1, 2], "up_to_degrees": [25.0, 90.0]})
    >>> terrain = derive_terrain(heights, slope_classes=table, relief_window=30)
    >>> float(terrain.slope_degrees.read()[1, 1]), float(terrain.aspect.read()[1, 1])
    (45.0, 270.0)
    """
    limits = _limits(slope_classes)
    if min(elevation.shape) < 3:
        raise BadRaster(f"elevation: {elevation.shape} cells were given, at least 3 × 3 are needed; give a larger part")
    cells = window_cells(elevation, relief_window)
    heights = elevation.values() * metres_per_unit
    _doubt_steps(elevation, metres_per_unit)
    east, north = raster_gradient(elevation, metres_per_unit)
    rise = np.hypot(east, north)
    if np.isnan(rise).all():
        raise BadRaster(
            "elevation: no cell has all eight neighbours, none has a slope; fill the gaps or give a larger part"
        )
    progress(0.4, "slope")
    degrees = np.degrees(np.arctan(rise))
    _doubt_cliffs(degrees, heights)
    relief = focal_range(heights, cells)
    _doubt_edges(heights, cells)
    progress(0.7, "relief")
    codes = np.asarray(slope_classes["class"], dtype=np.int64)
    number = np.searchsorted(limits, np.nan_to_num(degrees), side="left")
    known = ~np.isnan(degrees)
    if (number[known] >= len(limits)).any():
        raise BadPolicy(
            f"slope_classes: slopes reach {np.nanmax(degrees):.1f}° and the last class ends at {limits[-1]:g}°; "
            "add a class up to 90°"
        )
    number[~known] = len(limits)
    slope_class = np.append(codes, 0)[number].astype(np.int16)
    classes = _classes(elevation, slope_classes, limits, number, known, area_basis)
    shade = _hillshade(east, north, azimuth, altitude)
    figure("mean_slope_degrees", float(np.nanmean(degrees)))
    figure("max_slope_degrees", float(np.nanmax(degrees)))
    figure("lowest_m", float(np.nanmin(heights)))
    figure("highest_m", float(np.nanmax(heights)))
    return Terrain(
        _band(elevation, degrees, "slope_degrees", "°"),
        _band(elevation, rise * 100, "slope_percent", "%"),
        _band(elevation, aspect_of(east, north), "aspect", "°"),
        _band(elevation, relief, "relief", "m"),
        _band(elevation, shade, "hillshade", None),
        elevation.like(slope_class, 0, layer="slope_class"),
        classes,
    )


def _band(elevation: Band, values: Grid, name: str, unit: str | None) -> Band:
    return elevation.like(values.astype(np.float32), None, layer=name, unit=unit)


def _limits(table: pd.DataFrame) -> Grid:
    limits = table["up_to_degrees"].to_numpy(np.float64)
    if not len(limits) or np.isnan(limits).any() or (np.diff(limits) <= 0).any():
        raise BadPolicy(f"slope_classes: the limits {limits.tolist()} were given, they must rise; mend the table")
    if (table["class"] == 0).any() or table["class"].duplicated().any():
        raise BadPolicy("slope_classes: a class is 0 or stands twice; 0 means no slope, give each class its own number")
    return limits


def _doubt_steps(elevation: Band, metres_per_unit: float) -> None:
    if elevation.dtype.kind in "iu":
        least = np.degrees(np.arctan(metres_per_unit / (8 * max(elevation.cell_size))))
        doubt(f"heights are whole numbers, slopes come in steps of about {least:.2g}°", elevation.name)


def _doubt_cliffs(degrees: Grid, heights: Grid) -> None:
    """A border of zeros that nobody declared as no data stands in the terrain as a cliff."""
    cliffs = int((degrees > _CLIFF_DEGREES).sum())
    values, counts = np.unique(heights[~np.isnan(heights)], return_counts=True)
    if cliffs and counts.max() > heights.size // 100:
        doubt(
            f"{cliffs} cells are steeper than {_CLIFF_DEGREES:g}° and {counts.max()} have the height "
            f"{values[counts.argmax()]:g}; if that stands for no data, declare it (gdal_edit -a_nodata)",
            "elevation",
        )


def _doubt_edges(heights: Grid, cells: int) -> None:
    from scipy.ndimage import uniform_filter

    known = ~np.isnan(heights)
    part = uniform_filter(known.astype(np.float64), size=cells, mode="constant")
    # Even in the corner of a raster a quarter of the window is there.
    thin = int((known & (part < 0.25)).sum())
    if thin:
        doubt(f"the relief of {thin} cells rests on less than a quarter of the window, beside gaps", "relief")


def _hillshade(east: Grid, north: Grid, azimuth: float, altitude: float) -> Grid:
    """Light of a surface whose normal is (-east, -north, 1) under a distant sun."""
    a, h = np.radians(azimuth), np.radians(altitude)
    light = np.sin(h) - np.cos(h) * (east * np.sin(a) + north * np.cos(a))
    shade: Grid = 255.0 * np.clip(light / np.sqrt(1 + east**2 + north**2), 0.0, 1.0)
    return shade


def _classes(
    elevation: Band,
    table: pd.DataFrame,
    limits: Grid,
    number: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    area_basis: AreaBasis,
) -> pd.DataFrame:
    ground = cell_areas(elevation, area_basis)
    count = np.bincount(number[known], minlength=len(limits))
    area = np.bincount(number[known], weights=ground[known], minlength=len(limits))
    whole = float(ground[known].sum())
    balance(whole, area, what="area of slope classes")
    names = table["name_en"] if "name_en" in table.columns else [""] * len(limits)
    return answer_table(
        {
            "class": (table["class"].to_numpy(), "int64"),
            "name": (list(names), "str"),
            "above_degrees": ([0.0, *limits[:-1]], "float64"),
            "up_to_degrees": (limits, "float64"),
            "cells": (count, "int64"),
            "area_m2": (area, "float64"),
            "share": (area / whole, "float64"),
        }
    )
