"""Suitability for construction: slope, height, relief, water, hazard and access, by the rules of a named version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import UnknownName, suggest
from spacegov.kinds import (
    AreaBasis,
    ColumnOf,
    CoverageOf,
    Lines,
    Metres,
    PolicyKind,
    Polygons,
    Share,
    ValueRaster,
    name_of,
)
from spacegov.ledger import doubt, progress
from spacegov.raster import Raster
from spacegov.tools.cells import cells_under, cells_with, values_on
from spacegov.tools.foundation._horn import focal_range, window_cells
from spacegov.tools.graded_ground import GradedGround, grade_ground, ground_within, left_out, slope_degrees
from spacegov.tools.suitability import RULE_COLUMNS, Factor, Rules, read_rules
from spacegov.tools.values import text_of

Positive = Annotated[float, Field(gt=0)]


@checked(partition=None)
def evaluate_construction_suitability(
    terrain: ValueRaster,
    water: ValueRaster | None = None,
    hazards: list[Polygons] | None = None,
    roads: Lines | None = None,
    ecological: Polygons | None = None,
    territory: Polygons | None = None,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    hazard_level: Annotated[str, ColumnOf("hazards")] = "level",
    water_share: Share = 1.0,
    relief_window: Metres = 450.0,
    metres_per_unit: Positive = 1.0,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("hazards")] = None,
) -> GradedGround:
    """Grade ground by how well it can be built on, and name the factor that decides.

    Parameters
    ----------
    terrain
        Heights; its cells are those of the answer.
    water
        Yearly water resources, mm of depth (1 mm is 1000 m³/km²); or precipitation with `water_share`.
    hazards
        Zones of hazard; the gravest level counts where several lie on one place.
    roads
        Roads, to which the straight distance is taken.
    ecological
        Extremely important ecological area, which rules of 2020-01 leave out.
    territory
        Ground to grade; all of the terrain without it.
    rules
        Rule table of a named version (2019-06: five grades; 2020-01: classes outside the ecological area).
    hazard_level
        Column with the level of hazard, a code of the rules.
    water_share
        Part of `water` that becomes a resource: the runoff coefficient where precipitation is given.
    relief_window
        Side of the square in which the range of heights is taken; the odd number of cells nearest to it is used.
    metres_per_unit
        Of the heights; 0.3048 for feet.
    area_basis
        How areas are measured.
    coverage
        Where each layer of hazards was surveyed; elsewhere the hazard is unknown.

    Returns
    -------
    zones : GeoDataFrame
        One row for each grade, deciding factors and missing factors.
        class : name of the grade, `not_covered` where factors are missing, `outside` in the ecological area
        grade : 1 (best) onwards; 0 without one
        answer : `present` or `not_covered`
        lowest, highest : range of the grade, given what is missing
        deciding : factors that decide, joined by +; missing : unknown factors that leave the grade open
        cells, area_m2 (m²), share (of the ground), rules (name of the table), geometry
    factors : DataFrame
        factor, given, source (layer), code (bit in the raster `deciding`), known_m2, missing_m2, decides_m2 (m²)
    grade, lowest, highest : Raster
        Grades; 0 not known, 9 outside, -1 beyond the ground.
    deciding : Raster
        Sum of the codes of the deciding factors.

    Raises
    ------
    UnknownName
        A level of hazard that the rules do not know.
    BadInput
        Rules that leave out the ecological area, and none given; a relief window below three cells.
    BadPolicy
        Rules with gaps, holes or unknown steps.
    BadRaster
        Terrain without heights, a territory off the terrain.

    Notes
    -----
    Slope after Horn, in degrees from heights and cells in metres; relief is focal. A factor that is missing stays
    missing: no constant stands in. A cell is graded all the same where every value of the missing factor gives one
    grade; elsewhere `lowest` and `highest` bound it. Ground without a hazard zone has the level `none` only where the
    hazards were surveyed. Distance to roads is straight and knows the roads on the terrain only. The deciding factor
    is the one whose best value would better the grade most. A value on a limit has the better grade. Linear in cells.

    References
    ----------
    Guide to the evaluation of resource and environment carrying capacity and territorial suitability (trial), Ministry
    of Natural Resources, 2019-06 and 2020-01. Horn 1981, Proceedings of the IEEE 69.

    Examples
    --------
    >>> import shapely, warnings; warnings.simplefilter("ignore")
    >>> from affine import Affine
    >>> from spacegov.toolbox.policy import read_policy
    >>> flat = Raster.from_array(np.zeros((3, 3)), Affine(200, 0, 500000, 0, -200, 3300600), 4549)
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(500000, 3300100), (500600, 3300100)])], crs=4549)
    >>> slides = gpd.GeoDataFrame({"level": ["moderate"]}, geometry=[shapely.box(*flat.bounds)], crs=4549)
    >>> answer = evaluate_construction_suitability(flat, flat.like(np.full((3, 3), 500.0)), [slides], road,
    ...     rules=read_policy("construction-suitability-2019-06"), relief_window=600)
    >>> answer.zones[["class", "deciding", "missing", "cells"]].to_numpy().tolist()
    [['fairly-high', 'hazard', '', 1], ['not_covered', '', 'slope', 8]]
    """
    read = read_rules(rules)
    inside = ground_within(terrain, territory)
    heights = terrain.values() * metres_per_unit
    factors: dict[str, NDArray[np.float64] | None] = {
        "slope": slope_degrees(terrain, metres_per_unit),
        "elevation": heights,
        "relief": focal_range(heights, window_cells(terrain, relief_window)),
        "water": None if water is None else values_on(water, terrain) * water_share,
        "hazard": None,
        "access": None if roads is None else _distance(terrain, roads),
    }
    if water is not None and water_share != 1:
        doubt(f"water resources are taken as {water_share:g} of {water.name}, as given", "water")
    if hazards and "hazard" in read.factors:
        factors["hazard"] = _levels(terrain, hazards, hazard_level, read.factors["hazard"], coverage or {})
    progress(0.5, "grades")
    sources = dict.fromkeys(("slope", "elevation", "relief"), terrain.name)
    sources |= {} if water is None else {"water": name_of(water, "water")}
    sources |= {} if roads is None else {"access": name_of(roads, "roads")}
    sources |= {"hazard": ", ".join(name_of(layer, "hazards") for layer in hazards)} if hazards else {}
    outside = left_out(terrain, read, ecological)
    return grade_ground(terrain, read, _used(read, factors), sources, inside, outside, area_basis)


def _used(rules: Rules, factors: Mapping[str, NDArray[np.float64] | None]) -> dict[str, NDArray[np.float64] | None]:
    """Give the factors that the rules ask for, refusing rules that ask for others."""
    for name in rules.factors:
        if name not in factors:
            raise UnknownName(f"rules: there is no factor {name!r} of construction; {suggest(name, factors)}")
    return {name: factors[name] for name in rules.factors}


def _distance(terrain: Raster, roads: gpd.GeoDataFrame) -> NDArray[np.float64] | None:
    from scipy.ndimage import distance_transform_edt

    cells = cells_under(terrain, roads.geometry)
    if not cells.any():
        doubt("no road lies on the terrain, the distance to roads stays unknown", name_of(roads, "roads"))
        return None
    width, height = terrain.cell_size
    return np.asarray(distance_transform_edt(~cells, sampling=(height, width)), dtype=np.float64)


def _levels(
    terrain: Raster,
    hazards: list[gpd.GeoDataFrame],
    column: str,
    factor: Factor,
    coverage: Mapping[str, gpd.GeoDataFrame],
) -> NDArray[np.float64]:
    """Place of each cell's gravest level among the codes of the rules; NaN where a layer was not surveyed."""
    graver = np.argsort(np.argsort(factor.amounts, kind="stable"), kind="stable")
    by_rank = np.argsort(graver, kind="stable")
    answer = np.zeros(terrain.shape)
    for number, layer in enumerate(hazards):
        name = name_of(layer, f"hazards {number + 1}")
        levels = [text_of(value) for value in layer[column]]
        for level in levels:
            if level not in factor.codes:
                raise UnknownName(
                    f"{name}: the rules have no level {level!r} of hazard; {suggest(str(level), factor.codes)}"
                )
        if "none" not in factor.codes:
            raise UnknownName("rules: the hazard has no level 'none' for ground without a hazard zone; add it")
        rank = np.array([graver[factor.codes.index(str(level))] for level in levels], dtype=np.float64)
        # the gravest is painted last
        order = np.argsort(rank, kind="stable")
        painted = cells_with(terrain, layer.geometry.to_numpy()[order], rank[order])
        nothing = float(graver[factor.codes.index("none")])
        painted = np.where(np.isnan(painted), nothing, painted)
        surveyed = coverage.get(name)
        if surveyed is not None:
            painted[np.isnan(cells_with(terrain, surveyed.geometry, np.zeros(len(surveyed))))] = np.nan
        answer = painted if number == 0 else np.maximum(answer, painted)
    known = ~np.isnan(answer)
    return np.where(known, by_rank[np.where(known, answer, 0).astype(np.int64)], np.nan)
