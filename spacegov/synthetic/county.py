"""The sample county: every layer of it, and the answers that are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic import (
    broken_shapes,
    built_registers,
    economy,
    environment,
    facilities,
    farming,
    faults,
    movement,
    outbreak,
    papers,
    plan_papers,
    plans,
    planted_changes,
    planted_conflicts,
    planted_events,
    planted_lines,
    registers,
    rivers,
    sector_plans,
)
from spacegov.synthetic.base import Base, Draws, make_base
from spacegov.synthetic.frame import Grid

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
    county = register_county(base, draws)
    notices, truth = outbreak.outbreak_papers(county.layers, county.truth, draws)
    county.layers.update(notices)
    county.truth["outbreak_papers"] = truth
    _papers_of_plans(county)
    return county


def _papers_of_plans(county: County) -> None:
    """What is told of the finished plans: figures of a text, limits, the neighbour's plan."""
    layers, truth = county.layers, county.truth
    plan = layers["planned.land-use-plan"]
    layers["planned.land-use-figures"], truth["plan_figures"] = plan_papers.plan_figures(plan)
    layers["planned.master-plan-limits"], truth["master_limits"] = plan_papers.master_limits(
        layers["planned.detailed-plan"]
    )
    layers["planned.facility-requirements"], truth["facility_requirements"] = plan_papers.facility_requirements(
        layers["planned.service-facilities"]
    )
    layers["planned.neighbour-land-use-plan"], truth["edge_faults"] = plan_papers.neighbour_plan(plan)


def register_county(base: Base, draws: Draws) -> County:
    """Draw up all registers and plans of a bare county and plant the known answers."""
    layers: dict[str, Any] = registers.units(base) | registers.rivers_and_water(base)
    layers["natural.forest"] = registers.forest(base, draws("forest"))
    layers["natural.geohazard-points"] = registers.geohazards(base, draws("geohazards"))
    layers["artificial.roads"] = built_registers.road_register(base)
    layers |= built_registers.blocks_and_parcels(base, draws("rights"))
    layers["artificial.buildings"] = built_registers.building_register(base, draws("people"))
    layers |= built_registers.services(base, draws("services"))
    drawn = plans.draw_plans(base, draws, layers["natural.forest"])
    layers["artificial.land-survey"] = plans.survey_layer(base, drawn, draws("survey"))
    layers |= _rasters(base)
    truth = _plant(base, drawn, layers, draws)
    layers |= drawn.layers
    _further(base, drawn, layers, truth, draws)
    layers["planned.land-use-plan"] = plans.merge_patches(layers["planned.land-use-plan"])
    truth["attribute_faults"] = faults.plant_faults(layers, draws)
    return County(layers, _coverage(base, drawn), truth)


def _further(base: Base, drawn: plans.Plans, layers: dict[str, Any], truth: dict[str, Any], draws: Draws) -> None:
    """The registers and plans of all other departments."""
    buildings = layers["artificial.buildings"]
    layers |= (
        environment.rock_and_soil(base, draws)
        | environment.water_hazards(base)
        | environment.living_nature(base, draws)
    )
    layers["natural.contours"] = environment.contours(base)
    layers["natural.water-quality"] = environment.river_sections(base, draws)
    for name, (values, grid) in environment.climate_and_plants(base, draws).items():
        layers[name] = _cut(values.astype(np.float32), grid, base, -9999.0)
    layers |= (
        facilities.facility_points(base, draws)
        | facilities.stops_and_stations(base, draws)
        | facilities.supply_lines(base, draws)
    )
    layers["artificial.addresses"] = facilities.addresses(base, buildings)
    layers["artificial.land-survey"] = farming.with_registered_areas(layers["artificial.land-survey"])
    layers["artificial.farm-parcels"] = farming.farm_parcels(
        base, drawn, layers["artificial.land-survey"], draws("farm-parcels")
    )
    layers["artificial.land-survey-2020"], truth["land_use_change"] = farming.earlier_survey(
        base, drawn, draws("survey-2020")
    )
    ground = drawn.ground
    more, truth["farmland_balance"] = farming.conversion_and_replacement(base, drawn, ground, draws)
    layers |= more
    layers["artificial.temporary-land"], truth["temporary_land"] = farming.temporary_land(base, drawn, ground, draws)
    layers["artificial.land-supply"], truth["land_supply"] = economy.land_supply(base, draws)
    layers["artificial.parcel-output"], truth["low_output"] = economy.parcel_output(base, draws)
    layers["artificial.indicator-series"], truth["indicators"] = economy.indicator_series(draws)
    layers["planned.quotas"], truth["quotas"] = economy.quotas(base, layers)
    more, truth["contacts"] = movement.visits_and_positions(buildings, layers["artificial.outbreak-cases"], draws)
    layers |= more
    layers |= sector_plans.alternatives(base, drawn) | sector_plans.protection(
        base, draws, layers["planned.ecological-red-line"]
    )
    layers |= sector_plans.development(base, drawn, draws) | sector_plans.service_plans(base, draws)
    layers["planned.detailed-plan"], truth["development_intensity"] = sector_plans.detailed_plan(
        base, buildings, draws("detailed-plan")
    )
    truth["services"] = planted_events.far_from_schools(layers["artificial.blocks"], layers["artificial.schools"])
    truth["unpermitted_buildings"] = planted_changes.unpermitted(
        layers["artificial.change-patches"], truth["encroachments"]
    )
    layers["artificial.land-filings"], truth["land_filings"] = papers.land_filings(
        layers["artificial.change-patches"], layers["artificial.land-survey-2020"], layers["artificial.villages"]
    )
    layers["artificial.approved-batches"], truth["approved_batches"] = papers.approved_batches(
        base, layers["artificial.land-supply"], draws
    )


def _cut(values: Any, grid: Grid, base: Base, nodata: float) -> RasterLayer:
    """The part of a raster that holds the county."""
    west, south, east, north = shapely.total_bounds(base.village_shapes)
    left, right = int((west - grid.west) // grid.cell), int(np.ceil((east - grid.west) / grid.cell))
    top, bottom = int((grid.north - north) // grid.cell), int(np.ceil((grid.north - south) / grid.cell))
    part = Grid(grid.west + left * grid.cell, grid.north - top * grid.cell, grid.cell, bottom - top, right - left)
    return RasterLayer(values[top:bottom, left:right], part, nodata)


def _rasters(base: Base) -> dict[str, RasterLayer]:
    """Relief and land cover, cut to the county's box."""
    grid = base.terrain.grid
    return {
        "natural.terrain": _cut(base.terrain.height.astype(np.float32), grid, base, -9999.0),
        "natural.land-cover": _cut(plans.land_cover(base), grid, base, 0.0),
    }


def _plant(base: Base, drawn: plans.Plans, layers: dict[str, Any], draws: Draws) -> dict[str, Any]:
    ground = drawn.ground
    woods = (
        (base.faces.origin == "natural")
        & np.isin(base.faces.member, (4, 5, 6))
        & (shapely.area(base.faces.shapes) > 400)
    )
    forest_face = np.where(woods, np.cumsum(woods) - 1, -1)
    truth: dict[str, Any] = {"county": "Lanhe", "seed": draws.seed, "version": VERSION, "area_basis": "plane"}
    truth["plan_conflicts"] = planted_conflicts.plant_conflicts(base, drawn, ground, forest_face, draws("conflicts"))
    truth["three_lines"] = planted_lines.plant_three_lines(base, drawn, ground, draws("three-lines"))
    changes, truth["encroachments"] = planted_changes.plant_changes(base, drawn, ground, draws("changes"))
    layers |= changes
    layers["artificial.survey-submission"], truth["broken_geometry"] = broken_shapes.broken_shapes(base)
    layers["natural.drill-zones"], truth["exposure"] = planted_events.drill_zones(base, layers["artificial.buildings"])
    layers["artificial.outbreak-cases"], truth["outbreak"] = planted_events.cases(
        layers["artificial.buildings"], draws("cases")
    )
    truth["people"] = {
        "residents": int(layers["artificial.buildings"]["residents"].sum()),
        "buildings": len(layers["artificial.buildings"]),
        "by_township": {
            str(k): int(v) for k, v in layers["artificial.buildings"].groupby("township_id")["residents"].sum().items()
        },
    }
    return truth


def _coverage(base: Base, drawn: plans.Plans) -> dict[str, Any]:
    """Where layers were really surveyed or planned: elsewhere nobody has looked."""
    del drawn
    codes = np.array(registers.village_codes(base))
    townships = np.array([code[:4] for code in codes])
    mountains = shapely.coverage_union_all(base.village_shapes[environment.steepness(base) > 0.10])
    planned = shapely.coverage_union_all(base.village_shapes[~np.isin(townships, sector_plans.NO_VILLAGE_PLAN)])
    farms = shapely.coverage_union_all(base.village_shapes[np.isin(townships, farming.CADASTRE)])
    above, far = environment.above_main_rivers(base)
    valley = shapely.intersection(
        rivers.outline((far < 2_500) & (above < 60), base.terrain, 4.0, 25.0),
        shapely.coverage_union_all(base.village_shapes),
        grid_size=0.001,
    )

    def ground(words: str, shape: Any) -> Any:
        return registers.frame({"survey": [words]}, [shape])

    return {
        "natural.geohazard-points": ground("mountain survey 2020 (1:50,000)", mountains),
        "natural.landslide-susceptibility": ground("mountain survey 2020 (1:50,000)", mountains),
        "natural.flood-hazard": ground("flood risk map of rivers with banks, 2023", valley),
        "natural.habitat": ground("biodiversity survey 2021, mountain villages", mountains),
        "planned.village-plan": ground("townships with village plans", planned),
        "artificial.farm-parcels": ground("townships with a farmland cadastre", farms),
        "planned.detailed-plan": ground("county town", base.places[0].ground),
    }
