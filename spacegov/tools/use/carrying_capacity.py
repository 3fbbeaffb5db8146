"""Carrying capacity: how much farmland, construction and people land and water allow, and which of them limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, suggest
from spacegov.kernels import pair_areas, polygon_areas, self_pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, PolicyKind, Polygons, Table, ValueRaster, name_of
from spacegov.ledger import doubt, dropped, figure
from spacegov.raster import Raster
from spacegov.tools.foundation._raster_zones import raster_in_zones
from spacegov.tools.foundation._records import answer_frame, record_names
from spacegov.tools.values import texts_of

_ITEMS = (
    "runoff_share", "usable_share", "farming_share", "town_share", "irrigation", "water_per_person", "land_per_person"
)  # fmt: skip
_HECTARE = 10_000.0
_SAME = 1e-6

Floats = NDArray[np.float64]
Coverage = Mapping[str, gpd.GeoDataFrame]


class Ground(NamedTuple):
    """Suitable ground of each unit, and ground of which it is not known, m²."""

    known: Floats
    unknown: Floats


@checked(partition=None)
def estimate_carrying_capacity(
    units: Polygons,
    farming: list[Polygons] | None = None,
    construction: list[Polygons] | None = None,
    water: ValueRaster | None = None,
    water_volumes: Table | None = None,
    *,
    quotas: Annotated[pd.DataFrame, PolicyKind(("item", "value"))],
    unit: Annotated[str, ColumnOf("units")],
    farming_class: Annotated[str | None, ColumnOf("farming")] = None,
    farming_suitable: list[str] | None = None,
    construction_class: Annotated[str | None, ColumnOf("construction")] = None,
    construction_suitable: list[str] | None = None,
    volume_unit: Annotated[str, ColumnOf("water_volumes")] = "unit",
    volume: Annotated[str, ColumnOf("water_volumes", numeric=True)] = "water_m3",
    area_basis: AreaBasis = "plane",
    farming_coverage: Annotated[Coverage | None, CoverageOf("farming")] = None,
    construction_coverage: Annotated[Coverage | None, CoverageOf("construction")] = None,
) -> gpd.GeoDataFrame:
    """Estimate the largest farmland, construction and population of each unit, and name the factor that limits.

    Parameters
    ----------
    units
        Administrative units or basins.
    farming, construction
        Ground that can be farmed, and that can be built on: such as the zones of the tools of suitability.
    water
        Yearly precipitation, mm.
    water_volumes
        Usable water of each unit, m³ a year; instead of `water`.
    quotas
        Shares of the water, water for a hectare and a person, land for a person.
    unit
        Column that names the units.
    farming_class, construction_class
        Columns with the class of the ground; all of it counts without them.
    farming_suitable, construction_suitable
        Classes that count; `not_covered` is ground of which it is not known, others do not count.
    volume_unit, volume
        Columns of the volumes: unit, m³ a year.
    area_basis
        How areas are measured.
    farming_coverage, construction_coverage
        Where each layer is authoritative; elsewhere it is not known whether the ground is suitable.

    Returns
    -------
    GeoDataFrame
        One row for each unit, in the order given.
        unit : name
        answer : `present`, or `not_covered` where water or ground is not known well enough for one number
        water_m3 : usable water a year, m³
        farming_land_m2, farming_water_m2 : farmland that land and that water allow, m²
        farmland_m2, farmland_at_most_m2 : the smaller, without and with the ground that is not known, m²
        farmland_limit : `land`, `water`, `both` or `unknown`
        construction_land_m2, construction_water_m2, construction_m2, construction_at_most_m2, construction_limit :
        the same for construction
        population, population_at_most : people on the construction land
        geometry

    Raises
    ------
    BadInput
        Neither farming nor construction, both kinds of water or none, units named twice, volumes of no unit.
    BadPolicy
        Quotas that are missing or not above 0; shares above 1.

    Notes
    -----
    Water for farming = precipitation · runoff · usable share · share of farming; by the irrigation of a hectare it
    gives farmland, and so for towns by the water and the land of a person. Land gives the suitable ground; what
    lies on itself counts once. The smaller limits. Water or ground that is not known is not put at a number: water
    that is unknown leaves the answer open, unknown ground gives a range. Ground may be suitable for both; the two
    answers are each for themselves and not to be added. Precipitation is the mean of cells weighted by their part
    in the unit. Cost: one overlay of units and ground; not split, since it is cheap and its sums are of all units.

    References
    ----------
    Guide to the evaluation of resource and environment carrying capacity and territorial suitability (trial), Ministry
    of Natural Resources, 2020-01.

    Examples
    --------
    >>> town = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(500000, 3300000, 501000, 3301000)], crs=4549)
    >>> flat = gpd.GeoDataFrame(geometry=[shapely.box(500000, 3300000, 501000, 3300500)], crs=4549)
    >>> volumes = pd.DataFrame({"unit": ["a"], "water_m3": [300_000.0]})
    >>> need = pd.DataFrame({"item": ["runoff_share", "usable_share", "farming_share", "town_share", "irrigation",
    ...     "water_per_person", "land_per_person"], "value": [0.5, 0.4, 0.6, 0.3, 6000.0, 100.0, 110.0]})
    >>> answer = estimate_carrying_capacity(town, [flat], [flat], None, volumes, quotas=need, unit="id")
    >>> answer[["farmland_m2", "farmland_limit", "construction_m2", "construction_limit", "population"]].values.tolist()
    [[300000.0, 'water', 99000.0, 'water', 900.0]]
    """
    names = record_names(units, unit)
    if len(set(names)) < len(names) or "" in set(names):
        raise BadInput(f"units: {unit!r} names a unit twice or not at all, one name for each is needed; choose another")
    if farming is None and construction is None:
        raise BadInput("farming: neither farming nor construction was given, one is needed; give suitable ground")
    if (water is None) == (water_volumes is None):
        raise BadInput("water: precipitation or volumes are needed, one of them; give water=… or water_volumes=…")
    need = _quotas(quotas)
    whole = np.asarray(polygon_areas(units, area_basis=area_basis), dtype=np.float64)
    usable = (
        _precipitation(units, water, whole) * need["runoff_share"] * need["usable_share"]
        if water is not None
        else _volumes(water_volumes, names, volume_unit, volume)
    )
    columns: dict[str, tuple[Any, str]] = {"unit": (names, "str"), "answer": ([""] * len(names), "str")}
    columns["water_m3"] = (usable, "float64")
    fields = usable * need["farming_share"] / need["irrigation"] * _HECTARE
    people = usable * need["town_share"] / need["water_per_person"]
    open_units = np.zeros(len(names), dtype=bool)
    for what, key, layers, by_water, column, suitable, coverage in (
        ("farming", "farmland", farming, fields, farming_class, farming_suitable, farming_coverage),
        (
            "construction", "construction", construction, people * need["land_per_person"], construction_class,
            construction_suitable, construction_coverage,
        ),
    ):  # fmt: skip
        ground = _ground(units, whole, layers, column, suitable, coverage or {}, what, area_basis)
        columns[f"{what}_land_m2"] = (ground.known, "float64")
        columns[f"{what}_water_m2"] = (by_water, "float64")
        least = np.minimum(ground.known, by_water)
        most = np.where(np.isnan(ground.known), np.nan, np.fmin(ground.known + ground.unknown, by_water))
        columns[f"{key}_m2"] = (least, "float64")
        columns[f"{key}_at_most_m2"] = (most, "float64")
        limits = _limit(ground, by_water, least)
        columns[f"{key}_limit"] = (limits, "str")
        if layers is not None:
            open_units |= ~(np.abs(most - least) <= _SAME * np.maximum(most, 1.0))
        figure(f"{key}_m2", float(np.nansum(least)))
        figure(f"{key}_by_water", sum(limit == "water" for limit in limits))
    for name, source in (("population", "construction_m2"), ("population_at_most", "construction_at_most_m2")):
        columns[name] = (np.floor(columns[source][0] / need["land_per_person"] + 1e-9), "float64")
    columns["answer"] = (np.where(open_units, "not_covered", "present"), "str")
    figure("population", float(np.nansum(columns["population"][0])))
    figure("open_units", int(open_units.sum()))
    if open_units.any():
        doubt(f"{int(open_units.sum())} units have no single answer: water or suitable ground is not known there")
    return answer_frame(columns, units.geometry.to_numpy(), units.crs)


def _quotas(table: pd.DataFrame) -> dict[str, float]:
    given = dict(zip(table["item"].astype(str), table["value"].astype(float), strict=True))
    for item in _ITEMS:
        if item not in given:
            raise BadPolicy(f"quotas: there is no {item!r}; {suggest(item, given)}")
        if not given[item] > 0 or (item.endswith("_share") and given[item] > 1):
            raise BadPolicy(f"quotas: {item!r} is {given[item]:g}, above 0 is needed, and a share up to 1; mend it")
    if given["farming_share"] + given["town_share"] > 1 + 1e-9:
        raise BadPolicy("quotas: the shares of farming and of towns are more than all of the water; lower one")
    return given


def _precipitation(units: gpd.GeoDataFrame, water: Raster, whole: Floats) -> Floats:
    """Precipitation of each unit in m³; unknown where a part of the unit has none."""
    plane = shapely.area(units.geometry.to_numpy())
    found = raster_in_zones(water, units, ["mean", "count"])
    share = found["count"].to_numpy(np.float64) * water.cell_area_m2 / plane
    depth = found["mean"].to_numpy(np.float64)
    if (depth < 0).any():
        raise BadInput(
            f"{water.name}: precipitation below 0 was given, millimetres of 0 or more are needed; rescale it"
        )
    return np.asarray(np.where(share >= 1 - 1e-3, depth / 1000 * whole, np.nan), dtype=np.float64)


def _volumes(table: Any, names: NDArray[Any], unit: str, volume: str) -> Floats:
    values = table[volume].to_numpy(dtype=np.float64)
    keys = texts_of(table[unit])
    if len(set(keys)) < len(keys) or (values < 0).any():
        raise BadInput(f"water_volumes: a unit of {unit!r} stands twice or has less than 0; give each one volume")
    strange = [key for key in keys if key not in set(names)]
    if strange:
        raise BadInput(f"water_volumes: {strange[0]!r} is no unit; {suggest(str(strange[0]), map(str, names))}")
    return np.asarray(pd.Series(values, index=keys).reindex(names), dtype=np.float64)


def _ground(
    units: gpd.GeoDataFrame,
    whole: Floats,
    layers: list[gpd.GeoDataFrame] | None,
    column: str | None,
    suitable: list[str] | None,
    coverage: Coverage,
    what: str,
    area_basis: AreaBasis,
) -> Ground:
    if layers is None:
        return Ground(np.full(len(units), np.nan), np.full(len(units), np.nan))
    if (column is None) != (suitable is None):
        raise BadInput(f"{what}_class: a column and the classes that count go together; give {what}_suitable=… too")
    good, open_ground, unknown = [], [], np.zeros(len(units))
    for layer in layers:
        classes = None if column is None else texts_of(layer[column])
        counts = np.ones(len(layer), bool) if classes is None else np.isin(classes, suitable or [])
        good.append(layer.geometry.to_numpy()[counts])
        if classes is not None:
            open_ground.append(layer.geometry.to_numpy()[np.isin(classes, ["not_covered"])])
            dropped(int((~counts & ~np.isin(classes, ["not_covered"])).sum()), f"ground of {what} not suitable")
        surveyed = coverage.get(name_of(layer, what))
        if surveyed is not None:
            unknown += whole - _within(units, surveyed.geometry.to_numpy(), area_basis)
    known = _within(units, np.concatenate(good), area_basis)
    if open_ground:
        unknown += _within(units, np.concatenate(open_ground), area_basis)
    return Ground(known, np.clip(unknown, 0.0, np.maximum(whole - known, 0.0)))


def _within(units: gpd.GeoDataFrame, shapes: NDArray[Any], area_basis: AreaBasis) -> Floats:
    """Ground of shapes in each unit; where they lie on each other it counts once."""
    frame = gpd.GeoDataFrame(geometry=shapes, crs=units.crs)
    if not len(frame):
        return np.zeros(len(units))
    twice = float(self_pair_areas(frame, area_basis="plane")["area_m2"].sum())
    if twice > _SAME * float(frame.geometry.area.sum()):
        frame = gpd.GeoDataFrame(geometry=[shapely.union_all(shapes)], crs=units.crs)
    pairs = pair_areas(units, frame, area_basis=area_basis)
    return np.asarray(np.bincount(pairs["left_index"], pairs["area_m2"], len(units)), dtype=np.float64)


def _limit(ground: Ground, by_water: Floats, least: Floats) -> list[str]:
    answer = []
    for land, rest, water, low in zip(ground.known, ground.unknown, by_water, least, strict=True):
        if np.isnan(low):
            answer.append("unknown")
        elif abs(land - water) <= _SAME * max(water, 1.0):
            answer.append("both")
        elif water < land:
            answer.append("water")
        else:
            answer.append("land" if rest == 0 or land + rest <= water else "unknown")
    return answer
