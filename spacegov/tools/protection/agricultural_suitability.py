"""Suitability for farming: slope, soil, water and warmth, combined by the rules of a named version."""

from __future__ import annotations

from typing import Annotated, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons, ValueRaster, name_of
from spacegov.ledger import doubt, progress
from spacegov.raster import Raster
from spacegov.tools.cells import cells_with, values_on
from spacegov.tools.graded_ground import GradedGround, grade_ground, ground_within, left_out, slope_degrees
from spacegov.tools.suitability import RULE_COLUMNS, read_rules

Positive = Annotated[float, Field(gt=0)]


@checked(partition=None)
def evaluate_agricultural_suitability(
    terrain: ValueRaster,
    soil: Polygons | None = None,
    water: ValueRaster | None = None,
    climate: ValueRaster | None = None,
    ecological: Polygons | None = None,
    territory: Polygons | None = None,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    soil_depth: Annotated[str, ColumnOf("soil", numeric=True)] = "thickness_cm",
    climate_days: Positive = 1.0,
    metres_per_unit: Positive = 1.0,
    area_basis: AreaBasis = "plane",
) -> GradedGround:
    """Grade ground by how well it can be farmed, and name the factor that decides.

    Parameters
    ----------
    terrain
        Heights; its cells are those of the answer.
    soil
        Soil units with their depth.
    water
        Yearly precipitation, mm.
    climate
        Accumulated temperature above 0 °C, °C·d; or a yearly mean in °C with `climate_days`.
    ecological
        Extremely important ecological area, which rules of 2020-01 leave out.
    territory
        Ground to grade; all of the terrain without it.
    rules
        Rule table of a named version (2019-06: five grades; 2020-01: classes outside the ecological area).
    soil_depth
        Column with the depth of the soil, cm.
    climate_days
        Days that `climate` is the mean of: 365 where no month lies below 0 °C; 1 for accumulated temperature.
    metres_per_unit
        Of the heights; 0.3048 for feet.
    area_basis
        How areas are measured.

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
    BadInput
        Rules that leave out the ecological area, and none given.
    BadPolicy
        Rules with gaps, holes or unknown steps.
    BadRaster
        Terrain without heights, a territory off the terrain.

    Notes
    -----
    Slope after Horn, in degrees from heights and cells in metres; the outer cells have none. A factor that is missing
    stays missing: no constant stands in. A cell is graded all the same where every value of the missing factor gives
    one grade, as on slopes that no water mends; elsewhere `lowest` and `highest` bound it. The deciding factor is the
    one whose best value would better the grade most. Precipitation and temperature are interpolated to the terrain's
    cells, soil is that of a cell's middle. A value on a limit has the better grade. Cost: linear in cells.

    References
    ----------
    Guide to the evaluation of resource and environment carrying capacity and territorial suitability (trial), Ministry
    of Natural Resources, 2019-06 and 2020-01. Horn 1981, Proceedings of the IEEE 69.

    Examples
    --------
    >>> import warnings; warnings.simplefilter("ignore")
    >>> import shapely
    >>> from affine import Affine
    >>> from spacegov.toolbox.policy import read_policy
    >>> flat = Raster.from_array(np.zeros((3, 3)), Affine(30, 0, 500000, 0, -30, 3300090), 4549)
    >>> loam = gpd.GeoDataFrame({"thickness_cm": [80]}, geometry=[shapely.box(*flat.bounds)], crs=4549)
    >>> answer = evaluate_agricultural_suitability(flat, loam, flat.like(np.full((3, 3), 500.0)),
    ...     flat.like(np.full((3, 3), 6000.0)), rules=read_policy("agricultural-suitability-2019-06"))
    >>> answer.zones[["class", "deciding", "missing", "cells"]].to_numpy().tolist()
    [['fairly-high', 'climate', '', 1], ['not_covered', '', 'slope', 8]]
    """
    read = read_rules(rules)
    inside = ground_within(terrain, territory)
    factors: dict[str, NDArray[np.float64] | None] = {"slope": slope_degrees(terrain, metres_per_unit)}
    progress(0.3, "factors")
    factors["soil"] = None if soil is None else _depth(terrain, soil, soil_depth)
    factors["water"] = None if water is None else values_on(water, terrain)
    factors["climate"] = None if climate is None else values_on(climate, terrain) * climate_days
    if climate is not None and climate_days != 1:
        doubt(f"accumulated temperature is the mean times {climate_days:g} days, which holds without frost", "climate")
    sources = {
        name: name_of(layer, name)
        for name, layer in (("slope", terrain), ("soil", soil), ("water", water), ("climate", climate))
        if layer is not None
    }
    outside = left_out(terrain, read, ecological)
    progress(0.6, "grades")
    return grade_ground(terrain, read, factors, sources, inside, outside, area_basis)


def _depth(terrain: Raster, soil: gpd.GeoDataFrame, column: str) -> Any:
    return cells_with(terrain, soil.geometry, soil[column].to_numpy(dtype=np.float64))
