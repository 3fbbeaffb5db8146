"""The sample county: every layer of it, and the answers that are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic import planting, plans, registers
from spacegov.synthetic.base import Base, Draws, make_base
from spacegov.synthetic.frame import Grid
from spacegov.synthetic.planted import Ground

SEED = 2025
VERSION = "2025-12-31"


@dataclass(frozen=True)
class RasterLayer:
    """Cells of a raster layer with their grid and the value that means no data."""

    values: Any
    grid: Grid
    nodata: float | None


@dataclass(frozen=True)
class County:
    """Layers by id (frames and rasters), coverage polygons of layers that do not cover the county, and the truth."""

    layers: dict[str, Any]
    coverage: dict[str, Any]
    truth: dict[str, Any]


def make_county(seed: int = SEED) -> County:
    """Make the sample county.

    Parameters
    ----------
    seed
        The same seed gives the same county.

    Returns
    -------
    County
        Layers, coverage and truth.
    """
    draws = Draws(seed)
    base = make_base(draws)
    return register_county(base, draws)


def register_county(base: Base, draws: Draws) -> County:
    """Draw up all registers and plans of a bare county and plant the known answers."""
    layers: dict[str, Any] = registers.units(base) | registers.rivers_and_water(base)
    layers["natural.forest"] = registers.forest(base, draws("forest"))
    layers["natural.geohazard-points"] = registers.geohazards(base, draws("geohazards"))
    layers["artificial.roads"] = registers.road_register(base)
    layers |= registers.blocks_and_parcels(base, draws("rights"))
    layers["artificial.buildings"] = registers.building_register(base, draws("people"))
    layers |= registers.services(base, draws("services"))
    drawn = plans.draw_plans(base, draws, layers["natural.forest"])
    layers["artificial.land-survey"] = plans.survey_layer(base, drawn, draws("survey"))
    layers |= _rasters(base)
    truth = _plant(base, drawn, layers, draws)
    layers |= drawn.layers
    return County(layers, _coverage(base, drawn), truth)


def _rasters(base: Base) -> dict[str, RasterLayer]:
    """Rasters cut to the county's box."""
    grid = base.terrain.grid
    west, south, east, north = shapely.total_bounds(base.village_shapes)
    left, right = int((west - grid.west) // grid.cell), int(np.ceil((east - grid.west) / grid.cell))
    top, bottom = int((grid.north - north) // grid.cell), int(np.ceil((grid.north - south) / grid.cell))
    part = Grid(grid.west + left * grid.cell, grid.north - top * grid.cell, grid.cell, bottom - top, right - left)
    window = (slice(top, bottom), slice(left, right))
    return {
        "natural.terrain": RasterLayer(base.terrain.height[window].astype(np.float32), part, -9999.0),
        "natural.land-cover": RasterLayer(plans.land_cover(base)[window], part, 0.0),
    }


def _plant(base: Base, drawn: plans.Plans, layers: dict[str, Any], draws: Draws) -> dict[str, Any]:
    ground = Ground.of(base.faces.shapes)
    woods = (base.faces.origin == "natural") & np.isin(base.faces.member, (4, 5, 6)) & (shapely.area(base.faces.shapes) > 400)
    forest_face = np.where(woods, np.cumsum(woods) - 1, -1)
    truth: dict[str, Any] = {"county": "Lanhe", "seed": draws.seed, "version": VERSION}
    truth["plan_conflicts"] = planting.plant_conflicts(base, drawn, ground, forest_face, draws("conflicts"))
    truth["three_lines"] = planting.plant_three_lines(base, drawn, ground, draws("three-lines"))
    changes, truth["encroachments"] = planting.plant_changes(base, drawn, ground, draws("changes"))
    layers |= changes
    layers["artificial.survey-submission"], truth["broken_geometry"] = planting.broken_shapes(base)
    layers["natural.drill-zones"], truth["exposure"] = planting.drill_zones(base, layers["artificial.buildings"])
    layers["artificial.outbreak-cases"], truth["outbreak"] = planting.cases(layers["artificial.buildings"], draws("cases"))
    truth["people"] = {"residents": int(layers["artificial.buildings"]["residents"].sum()), "buildings": len(layers["artificial.buildings"]),
                       "by_township": {str(k): int(v) for k, v in layers["artificial.buildings"].groupby("township_id")["residents"].sum().items()}}
    return truth


def _coverage(base: Base, drawn: plans.Plans) -> dict[str, Any]:
    """Where layers were really surveyed: geohazards in villages with steep land only."""
    steep = np.bincount(base.faces.village, shapely.area(base.faces.shapes) * (drawn.slope > 8)) / np.bincount(base.faces.village, shapely.area(base.faces.shapes))
    mountains = shapely.coverage_union_all(base.village_shapes[steep > 0.10])
    return {"natural.geohazard-points": registers.frame({"survey": ["mountain survey 2020 (1:50,000)"]}, [mountains])}
