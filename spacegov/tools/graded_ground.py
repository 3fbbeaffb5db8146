"""Ground graded by a rule table: zones, areas by factor, and rasters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.errors import BadInput, BadRaster, EmptyLayer
from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis
from spacegov.ledger import balance, doubt, figure
from spacegov.raster import Raster
from spacegov.tools.cells import cell_areas, cells_with, polygons_of
from spacegov.tools.foundation._horn import raster_gradient
from spacegov.tools.suitability import Rules, grade, names_of_bits

OUTSIDE_CODE = 9
_NO_GROUND = -1

Floats = NDArray[np.float64]


class GradedGround(NamedTuple):
    """Answer of the tools that grade ground by a rule table."""

    zones: gpd.GeoDataFrame
    factors: pd.DataFrame
    grade: Raster
    lowest: Raster
    highest: Raster
    deciding: Raster


def ground_within(grid: Raster, territory: gpd.GeoDataFrame | None) -> NDArray[np.bool_]:
    """Cells whose middle lies in a territory; all of them where none is given.

    Raises
    ------
    EmptyLayer, BadRaster
        The territory has no feature, or lies off the raster.
    """
    if territory is None:
        return np.ones(grid.shape, dtype=bool)
    if not len(territory):
        raise EmptyLayer(
            "territory: a layer without a feature was given, at least one is needed; leave it out or give another"
        )
    inside = ~np.isnan(cells_with(grid, territory.geometry, np.zeros(len(territory))))
    if not inside.any():
        raise BadRaster(f"{grid.name}: no cell lies in the territory; give a raster of the same ground")
    return np.asarray(inside, dtype=bool)


def slope_degrees(terrain: Raster, metres_per_unit: float) -> NDArray[np.float64]:
    """Slope of every cell in degrees, refusing a terrain without heights."""
    terrain.values()
    if terrain.dtype.kind in "iu":
        least = np.degrees(np.arctan(metres_per_unit / (8 * max(terrain.cell_size))))
        doubt(f"heights are whole numbers, slopes come in steps of about {least:.2g}°", terrain.name)
    east, north = raster_gradient(terrain, metres_per_unit)
    return np.asarray(np.degrees(np.arctan(np.hypot(east, north))), dtype=np.float64)


def left_out(terrain: Raster, rules: Rules, ecological: gpd.GeoDataFrame | None) -> NDArray[np.bool_] | None:
    """Cells that the rules leave out, refusing to go without the layer where they need it."""
    if not rules.outside:
        if ecological is not None:
            doubt(f"{rules.version} grades ecological areas too: the layer given for them has no effect", "ecological")
        return None
    if ecological is None:
        raise BadInput(
            f"ecological: none was given, {rules.version} grades ground outside the extremely important ecological "
            "area; give ecological=…, or an answer of evaluate-ecological-importance"
        )
    return ~np.isnan(cells_with(terrain, ecological.geometry, np.zeros(len(ecological))))


def grade_ground(
    grid: Raster,
    rules: Rules,
    values: Mapping[str, Floats | None],
    sources: Mapping[str, str],
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_] | None,
    area_basis: AreaBasis,
    *,
    best: int = 1,
) -> GradedGround:
    """Grade the cells of a grid and draw the zones.

    Parameters
    ----------
    grid : Raster
        The cells.
    rules : Rules
        The rules.
    values : mapping of str to array or None
        Value of every cell for each factor; None where the factor was not given.
    sources : mapping of str to str
        Layer of each factor.
    inside : array of bool
        Cells to grade.
    outside : array of bool or None
        Cells that the rules leave out.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured.
    best : int
        The grade whose area is the figure `best_m2`: 1, or the last.
    """
    classes = {}
    for name, factor in rules.factors.items():
        given = values.get(name)
        classes[name] = np.zeros(grid.shape, np.int64) if given is None else factor.classes_of(given)
    found = grade(rules, classes)
    known = found.lowest == found.highest
    left_out = np.zeros(grid.shape, bool) if outside is None else outside & inside
    areas = cell_areas(grid, area_basis)
    bits = np.where(known, found.deciding, found.missing)
    key = (found.lowest.astype(np.int64) * 16 + found.highest) << len(rules.factors) | bits
    key[left_out] = -1
    kinds, number = np.unique(key[inside], return_inverse=True)
    codes = np.full(grid.shape, _NO_GROUND, dtype=np.int64)
    codes[inside] = number
    zones = _zones(grid, rules, kinds, codes, areas, inside, area_basis)
    factors = _factors(rules, values, sources, found.deciding, classes, areas, inside & ~left_out, known)
    _report(zones, factors, rules, best, float(areas[inside].sum()))
    levels = np.where(known, found.lowest, 0)
    return GradedGround(
        zones,
        factors,
        _levels(grid, levels, inside, left_out, "grade"),
        _levels(grid, found.lowest, inside, left_out, "lowest"),
        _levels(grid, found.highest, inside, left_out, "highest"),
        grid.like(
            np.where(inside & ~left_out, found.deciding, _NO_GROUND).astype(np.int32), _NO_GROUND, layer="deciding"
        ),
    )


def _levels(grid: Raster, values: Any, inside: Any, left_out: Any, name: str) -> Raster:
    cells = np.where(inside, np.where(left_out, OUTSIDE_CODE, values), _NO_GROUND)
    return grid.like(cells.astype(np.int16), _NO_GROUND, layer=name)


def _zones(
    grid: Raster,
    rules: Rules,
    kinds: NDArray[np.int64],
    codes: NDArray[np.int64],
    areas: Floats,
    inside: NDArray[np.bool_],
    area_basis: AreaBasis,
) -> gpd.GeoDataFrame:
    shapes = polygons_of(codes, grid, inside)
    cells = np.bincount(codes[inside], minlength=len(kinds))
    area = np.bincount(codes[inside], areas[inside], len(kinds))
    whole = float(area.sum())
    width = len(rules.factors)
    rows = []
    for place in shapes:
        kind = int(kinds[place])
        bits, levels = kind & ((1 << width) - 1), kind >> width
        low, high = levels // 16, levels % 16
        names = names_of_bits(bits, rules.factors)
        outside, known = kind < 0, low == high
        rows.append(
            {
                "class": "outside" if outside else rules.classes[low] if known else "not_covered",
                "grade": 0 if outside or not known else low,
                "answer": "present" if outside or known else "not_covered",
                "lowest": 0 if outside else low,
                "highest": 0 if outside else high,
                "deciding": "+".join(sorted(rules.outside)) if outside else names if known else "",
                "missing": "" if outside or known else names,
                "cells": int(cells[place]),
                "area_m2": float(area[place]),
                "share": float(area[place]) / whole,
                "rules": rules.version,
            }
        )
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows), geometry=gpd.GeoSeries(list(shapes.values()), crs=grid.crs), crs=grid.crs
    )
    drawn = polygon_areas(frame, area_basis=area_basis, trusted=True)
    balance(float(areas[inside].sum()), drawn.tolist(), what="area of the graded ground")
    order = ["answer", "grade", "lowest", "highest", "deciding", "missing"]
    return frame.sort_values(order, ascending=[False, True, True, True, True, True], ignore_index=True)


def _factors(
    rules: Rules,
    values: Mapping[str, Floats | None],
    sources: Mapping[str, str],
    deciding: NDArray[np.int64],
    classes: Mapping[str, NDArray[np.int64]],
    areas: Floats,
    asked: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(rules.factors):
        there = asked & (classes[name] > 0)
        decides = asked & known & ((deciding >> place & 1) == 1)
        rows.append(
            {
                "factor": name,
                "given": values.get(name) is not None,
                "source": sources.get(name, ""),
                "code": 1 << place,
                "known_m2": float(areas[there].sum()),
                "missing_m2": float(areas[asked].sum()) - float(areas[there].sum()),
                "decides_m2": float(areas[decides].sum()),
            }
        )
    return pd.DataFrame(rows)


def _report(zones: gpd.GeoDataFrame, factors: pd.DataFrame, rules: Rules, best: int, ground: float) -> None:
    graded = zones[zones["grade"] > 0]
    unknown = float(zones.loc[zones["answer"] == "not_covered", "area_m2"].sum())
    outside = float(zones.loc[zones["class"] == "outside", "area_m2"].sum())
    worst = len(rules.classes) if best == 1 else 1
    figure("ground_m2", ground)
    figure("graded_m2", float(graded["area_m2"].sum()))
    figure("best_m2", float(graded.loc[graded["grade"] == best, "area_m2"].sum()))
    figure("worst_m2", float(graded.loc[graded["grade"] == worst, "area_m2"].sum()))
    figure("unknown_m2", unknown)
    figure("outside_m2", outside)
    absent = factors.loc[~factors["given"], "factor"].tolist()
    if absent:
        doubt(f"{', '.join(absent)} was not given and stays unknown: grades stand only where it cannot change them")
    if unknown:
        doubt(f"{unknown:.0f} m² have a range of grades only, for want of a factor", "not_covered")
