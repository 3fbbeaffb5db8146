"""Exposure: who and what stands in a hazard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kinds import (
    AreaBasis,
    ColumnOf,
    CountRaster,
    CoverageOf,
    EdgedRaster,
    Features,
    Lines,
    PolicyKind,
    Polygons,
)
from spacegov.ledger import doubt, figure, progress
from spacegov.tools.security._exposure_tables import assess, objects_frame, ordered, population_table
from spacegov.tools.security._hazards import NOT_COVERED, NOT_EXPOSED, from_depth, from_zones
from spacegov.tools.security._receptors import Units
from spacegov.tools.values import amounts_of


class Exposure(NamedTuple):
    """Answer of `assess_exposure`."""

    objects: gpd.GeoDataFrame
    by_unit: pd.DataFrame
    by_class: pd.DataFrame


@checked(partition=None)
def assess_exposure(
    hazard: Polygons | None = None,
    depth: EdgedRaster | None = None,
    buildings: Polygons | None = None,
    population: CountRaster | None = None,
    roads: Lines | None = None,
    assets: Features | None = None,
    units: Polygons | None = None,
    *,
    hazard_class: Annotated[str, ColumnOf("hazard")] = "class",
    order: tuple[str, ...] = (),
    rank: Annotated[str | None, ColumnOf("hazard", numeric=True)] = None,
    depth_classes: Annotated[pd.DataFrame, PolicyKind(("class", "from_m"))] | None = None,
    people: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    value: Annotated[str | None, ColumnOf("assets", numeric=True)] = None,
    unit: Annotated[str, ColumnOf("units")] = "name",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("hazard")] = None,
    area_basis: AreaBasis = "plane",
) -> Exposure:
    """Count and sum people, buildings, roads and assets by hazard class and unit.

    Parameters
    ----------
    hazard
        Hazard zones with a class; where zones overlap the severest counts. Rows whose `answer` is `not_covered` are
        ground that nobody surveyed.
    depth
        Instead of zones: water depth in m, 0 for dry; cells without data are not covered.
    buildings
        Buildings, with people where `people` names the column.
    population
        People per cell, in the hazard's CRS.
    roads
        Roads; their lengths are summed where they lie.
    assets
        Other objects: points, lines or polygons, with a value where `value` names the column.
    units
        Units to sum by; without them everything is one unit, `all`.
    hazard_class
        Column of the hazard's class.
    order
        Classes from mild to severe; needed where classes are words and no `rank` is given.
    rank
        Column whose number grows with severity.
    depth_classes
        Depth classes for `depth`.
    people
        Column with the people in a building.
    value
        Column with the value of an asset.
    unit
        Column with the name of a unit.
    coverage
        Where the hazard layer is authoritative.
    area_basis
        How areas are measured.

    Returns
    -------
    objects : GeoDataFrame
        receptor : `buildings`, `roads` or `assets`
        feature : row position in its layer
        unit : the unit that holds most of it, `outside_units` for none
        class : severest class it has any part in, else `not_covered`, else `not_exposed`
        answer : `present`, `absent` or `not_covered`
        share : share of its area or length inside any class, 0 or 1 for points
        not_covered_share : share on ground without answer
        area_m2, length_m : size inside any class, m² and m
        people, value : of the whole object, persons and units of the column
        people_by_area, value_by_area : the same times `share`
    by_unit : DataFrame
        unit, receptor, class, objects (any touch: each once, in its severest class), area_m2, length_m (where they
        lie), people, value (any touch: whole objects in their severest class), people_by_area, value_by_area (shared
        out by area or length)
    by_class : DataFrame
        The same summed over units.

    Raises
    ------
    BadInput
        No hazard or both kinds, nothing that could be exposed, negative people or values, overlapping units.
    BadRaster
        A population raster with negative cells, or a negative depth.
    UnsuitableCrs
        Layers in different CRS.

    Notes
    -----
    Touching means a positive area or length inside, never a shared border; points count inside and on the border. Every
    table adds up to the same totals: that is checked for objects, sizes, people and values before the answer is given.
    A population raster is shared out by exact shares of its cells; its people have no objects. Not split over machines,
    since the hazard is flattened as a whole.

    Examples
    --------
    >>> from shapely import box
    >>> zones = gpd.GeoDataFrame({"class": ["low"]}, geometry=[box(0, 0, 50, 100)], crs="EPSG:4549")
    >>> houses = gpd.GeoDataFrame({"residents": [8, 3]}, geometry=[box(40, 0, 60, 10), box(70, 0, 80, 10)],
    ...                           crs="EPSG:4549")
    >>> zones.geometry, houses.geometry = (f.translate(500000, 3200000) for f in (zones.geometry, houses.geometry))
    >>> answer = assess_exposure(zones, buildings=houses, people="residents")
    >>> answer.by_class[["class", "objects", "people", "people_by_area"]]
             class  objects  people  people_by_area
    0          low        1     8.0             4.0
    1  not_exposed        1     3.0             7.0
    """
    layers = {"buildings": buildings, "roads": roads, "assets": assets}
    given = {name: layer for name, layer in layers.items() if layer is not None}
    if (hazard is None) == (depth is None):
        raise BadInput("hazard zones or a depth raster are needed, one of them; give hazard=… or depth=…")
    if not given and population is None:
        raise BadInput("nothing that could be exposed was given; give buildings, population, roads or assets")
    extent = _extent([*given.values(), units, hazard], [population, depth])
    if depth is not None:
        hazards = from_depth(depth, depth_classes, extent)
    else:
        hazards = from_zones(hazard, hazard_class, order, rank, coverage or {}, extent)
    named_units = Units.of(units, unit)
    progress(0.3, "objects")
    amounts = {"buildings": ("people", people), "assets": ("value", value)}
    objects: list[gpd.GeoDataFrame] = []
    tables: list[pd.DataFrame] = []
    for receptor, layer in given.items():
        what, column = amounts.get(receptor, ("", None))
        numbers = amounts_of(layer, column, receptor, what) if column else None
        rows, table = assess(receptor, layer, hazards, named_units, what, numbers, area_basis)
        objects.append(rows)
        tables.append(table)
    if population is not None:
        progress(0.8, "population")
        tables.append(population_table(population, hazards, named_units))
    by_unit = ordered(pd.concat(tables, ignore_index=True), hazards, named_units.names)
    by_class = ordered(by_unit.drop(columns="unit"), hazards, None)
    answer = objects_frame(objects, _crs(given, population))
    known = {"people", "people_by_area"} if people and buildings is not None else set()
    known |= {"population_by_area"} if population is not None else set()
    known |= {"road_length_m"} if roads is not None else set()
    known |= {"value"} if value and assets is not None else set()
    _report(answer, by_class, named_units, known)
    return Exposure(answer, by_unit, by_class)


def _extent(frames: list[Any], rasters: list[Any]) -> tuple[float, float, float, float]:
    """Box around everything, with a margin so that nothing lies on its border."""
    boxes = [frame.total_bounds for frame in frames if frame is not None and len(frame)]
    boxes += [raster.bounds for raster in rasters if raster is not None]
    corners = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    if not len(corners):
        return (0.0, 0.0, 1.0, 1.0)
    west, south = corners[:, :2].min(axis=0) - 1
    east, north = corners[:, 2:].max(axis=0) + 1
    return (float(west), float(south), float(east), float(north))


def _crs(given: dict[str, gpd.GeoDataFrame], population: Any) -> Any:
    return next(iter(given.values())).crs if given else population.crs


def _report(objects: gpd.GeoDataFrame, by_class: pd.DataFrame, units: Units, known: set[str]) -> None:
    exposed = by_class[~by_class["class"].isin([NOT_EXPOSED, NOT_COVERED])]
    for receptor in ("buildings", "roads", "assets"):
        if (by_class["receptor"] == receptor).any():
            figure(f"{receptor}_exposed", int(exposed.loc[exposed["receptor"] == receptor, "objects"].sum()))
    houses = exposed[exposed["receptor"] == "buildings"]
    cells = exposed[exposed["receptor"] == "population"]
    # what nobody gave is not none: it has no figure
    for name, rows, column in (
        ("people", houses, "people"),
        ("people_by_area", houses, "people_by_area"),
        ("population_by_area", cells, "people_by_area"),
        ("road_length_m", exposed[exposed["receptor"] == "roads"], "length_m"),
        ("value", exposed, "value"),
    ):
        if name in known:
            figure(name, float(rows[column].sum()))
    unknown = objects["answer"].eq(NOT_COVERED)
    figure("unanswered", int(unknown.sum()))
    if unknown.any():
        doubt(f"{int(unknown.sum())} objects stand where the hazard is not known; they are neither exposed nor safe")
    partly = objects["answer"].eq("present") & (objects["not_covered_share"] > 0)
    if partly.any():
        doubt(f"{int(partly.sum())} exposed objects stand partly on ground where the hazard is not known")
    if units.frame is not None and (objects["unit"] == units.names[units.outside]).any():
        doubt(f"{int((objects['unit'] == units.names[units.outside]).sum())} objects lie in no unit", "outside_units")
