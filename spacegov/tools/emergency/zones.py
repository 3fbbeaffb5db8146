"""The three-zone map: containment, control and prevention, building by building."""

from __future__ import annotations

from datetime import date
from typing import Annotated, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons, Table
from spacegov.ledger import doubt, figure
from spacegov.tools.emergency._cases import places_of, read_cases, unique_ids
from spacegov.tools.emergency._protocol import COLUMNS, NOT_COVERED, Protocol, read_protocol, tell_version
from spacegov.tools.emergency._states import balance_counties, building_states, zone_frame
from spacegov.tools.emergency._zoning import Ground, draw, holder_of, settle


class ThreeZones(NamedTuple):
    """Answer of `delineate_three_zones`."""

    zones: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame


@checked(partition=None)
def delineate_three_zones(
    cases: Table,
    buildings: Polygons,
    blocks: Polygons,
    units: Polygons,
    compounds: Polygons | None = None,
    *,
    protocol: Annotated[pd.DataFrame, PolicyKind(COLUMNS)],
    case_building: Annotated[str, ColumnOf("cases")] = "building_id",
    case_date: Annotated[str, ColumnOf("cases")] = "date",
    onset: Annotated[str | None, ColumnOf("cases")] = None,
    place: Annotated[str | None, ColumnOf("cases")] = None,
    visited: Annotated[str | None, ColumnOf("cases")] = None,
    building: Annotated[str, ColumnOf("buildings")] = "building_id",
    people: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    unit: Annotated[str, ColumnOf("units")] = "name",
    until: date | None = None,
    area_basis: AreaBasis = "plane",
) -> ThreeZones:
    """Draw the zones of an outbreak and give every building its zone.

    Parameters
    ----------
    cases
        A row for each place of a case: its building and the day of the positive test.
    buildings
        Buildings with an id.
    blocks
        Blocks bounded by roads and water.
    units
        Counties; the rest of a county with cases is the loosest zone.
    compounds
        Residence compounds, where they are surveyed; without them blocks stand for compounds, as a local default.
    protocol
        Zones, ranks and extents of one version.
    case_building
        Column of the case's building.
    case_date
        Column of the day of the positive test.
    onset
        Column of the day of onset; the test's day where empty.
    place
        Column of the kind of place: `residence`, `high-risk` or `some-risk`; all are residences without it.
    visited
        Column of the day a place was visited; a residence needs none.
    building
        Column of the building's id.
    people
        Column of the people in a building.
    unit
        Column of the county's name.
    until
        Cases known up to and on this day.
    area_basis
        How areas are measured.

    Returns
    -------
    zones : GeoDataFrame
        zone_id : zone and number, from north to south
        zone : type by the protocol
        rank : 1 is strictest
        county : name of the unit
        basis : `protocol`, or `local-default` where a block stands for a compound or neighbours were added
        protocol : policy table with version
        cases, buildings : numbers in the zone
        people : persons in its buildings
        area_m2 : area, m²
        a row for each connected part of a strict zone, one for the rest of each county; sorted by rank
    buildings : GeoDataFrame
        The buildings with
        zone : strictest zone it meets, `normal` in a county without cases, `not_covered` outside all units
        rank : its rank; 0 for none
        zone_id : the zone, empty for none
        county : unit, empty for none
        cases : cases in the building
        answer : `present`, `absent` or `not_covered`

    Raises
    ------
    UnknownName
        A case in a building that is not in the layer, or a kind of place that the protocol does not know.
    EmptyLayer
        No case at all.
    BadInput
        Building ids that repeat, or dates that cannot be read.
    BadPolicy
        A protocol that contradicts itself.

    Notes
    -----
    Each rule of the protocol draws around the buildings of its kind of place: the building, the compound (or the block
    that holds most of it), or the blocks within a distance. Zones of one type are united, the stricter is cut out of
    the looser, all are cut at county borders; the rest of a county with cases takes the loosest type. A
    building belongs to the strictest zone it meets, borders included. A visited place counts from `before_days` before
    onset (day 0). Zones and rest balance to the county's area. Not split over machines: the rest is the whole county's.

    References
    ----------
    The policy table names the protocol and its source.

    Examples
    --------
    >>> from shapely import box
    >>> import warnings; warnings.simplefilter("ignore")  # a historical protocol is a doubt
    >>> from spacegov.toolbox.policy import read_policy
    >>> def layer(ids, shapes):
    ...     moved = gpd.GeoSeries(shapes, crs="EPSG:4549").translate(500000, 3200000)
    ...     return gpd.GeoDataFrame({"building_id": ids, "name": ids}, geometry=moved)
    >>> answer = delineate_three_zones(
    ...     pd.DataFrame({"building_id": ["A"], "date": ["2022-05-01"]}),
    ...     layer(["A", "B", "C"], [box(10, 10, 20, 20), box(70, 10, 80, 20), box(400, 10, 410, 20)]),
    ...     layer(["left", "right"], [box(0, 0, 50, 50), box(60, 0, 110, 50)]),
    ...     layer(["County"], [box(0, 0, 500, 500)]),
    ...     protocol=read_policy("three-zones-community-2022"),
    ... )
    >>> answer.zones[["zone_id", "buildings", "area_m2"]]
              zone_id  buildings   area_m2
    0   containment-1          1    2500.0
    1       control-1          1    2500.0
    2    prevention-1          1  245000.0
    >>> answer.buildings["zone"].tolist()
    ['containment', 'control', 'prevention']
    """
    rules = read_protocol(protocol)
    tell_version(protocol)
    unique_ids(units, unit, "units")
    names = unique_ids(buildings, building, "buildings")
    known = read_cases(cases, names, rules, case_building, case_date, onset, place, visited, until)
    shapes = buildings.geometry.to_numpy()
    block_shapes = blocks.geometry.to_numpy()
    compound_shapes = compounds.geometry.to_numpy() if compounds is not None else block_shapes[:0]
    used = np.unique(known["position"].to_numpy())
    ground = Ground(
        shapes,
        block_shapes,
        compound_shapes,
        _scatter(len(shapes), used, holder_of(shapes[used], block_shapes)),
        _scatter(len(shapes), used, holder_of(shapes[used], compound_shapes)),
    )
    counties = units.geometry.to_numpy()
    county_of = holder_of(shapes, counties)
    with_cases = np.isin(np.arange(len(counties)), county_of[used])
    _tell_outside(names, used, county_of)

    drafts = draw(rules, ground, lambda rule: places_of(known, rule), names)
    parts = settle(rules, drafts, counties, with_cases)
    zones = zone_frame(parts, units, unit, rules, area_basis)
    balance_counties(zones, units, unit, with_cases, rules, area_basis)
    states = building_states(buildings, zones, known["position"].to_numpy(dtype=np.int64), county_of, units, unit)
    counted = _count(zones, states, people)
    _report(counted, states, known, rules)
    return ThreeZones(counted, states)


def _scatter(count: int, where: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    answer = np.full(count, -1, dtype=np.int64)
    answer[where] = values
    return answer


def _tell_outside(names: list[str], used: NDArray[np.int64], county_of: NDArray[np.int64]) -> None:
    outside = [names[position] for position in used if county_of[position] < 0]
    if outside:
        raise BadInput(
            f"units: {len(outside)} case buildings lie in no unit, the first is {outside[0]!r}; give the counties "
            "that hold all cases"
        )


def _count(zones: gpd.GeoDataFrame, states: gpd.GeoDataFrame, people: str | None) -> gpd.GeoDataFrame:
    inside = states[states["zone_id"] != ""].groupby("zone_id")
    counted = zones.copy()
    for column, values in (("buildings", inside.size()), ("cases", inside["cases"].sum())):
        counted[column] = counted["zone_id"].map(values).fillna(0).astype("int64")
    if people is not None:
        if (states[people] < 0).any():
            raise BadInput(
                f"buildings: {int((states[people] < 0).sum())} have negative people in {people!r}; mend them"
            )
        counted["people"] = counted["zone_id"].map(inside[people].sum()).fillna(0.0).astype("float64")
    return counted


def _report(zones: gpd.GeoDataFrame, states: gpd.GeoDataFrame, known: pd.DataFrame, rules: Protocol) -> None:
    figure("cases", len(known))
    for zone in rules.zones:
        own = zones[zones["zone"] == zone]
        name = zone.replace("-", "_")
        figure(f"{name}_buildings", int(own["buildings"].sum()))
        figure(f"{name}_people", float(own["people"].sum()))
        figure(f"{name}_area_m2", float(own["area_m2"].sum()))
    local = zones[zones["basis"] == "local-default"]
    if len(local):
        doubt(
            f"{len(local)} zones are drawn by blocks or distances, which are in no protocol (local-default)",
            ", ".join(local["zone_id"].tolist()[:10]),
        )
    unknown = int((states["answer"] == NOT_COVERED).sum())
    if unknown:
        doubt(f"{unknown} buildings lie in no unit and have no zone", "units")
