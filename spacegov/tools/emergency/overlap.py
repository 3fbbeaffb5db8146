"""Which notice stands where several speak: the stricter wins, and every building has one state."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.kernels import self_pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons
from spacegov.ledger import dropped, figure
from spacegov.tools.emergency._cases import days_of, unique_ids
from spacegov.tools.emergency._protocol import COLUMNS, Protocol, read_protocol, tell_version
from spacegov.tools.emergency._states import balance_counties, building_states, zone_frame
from spacegov.tools.emergency._zoning import Draft, holder_of, settle
from spacegov.tools.values import text_of, texts_of

_OVERLAP_COLUMNS = {
    "notice_1": "str",
    "zone_1": "str",
    "notice_2": "str",
    "zone_2": "str",
    "stands": "str",
    "area_m2": "float64",
}


class ResolvedZones(NamedTuple):
    """Answer of `resolve_zone_overlap`."""

    zones: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    overlaps: gpd.GeoDataFrame


@checked(partition=None)
def resolve_zone_overlap(
    notices: Polygons,
    buildings: Polygons,
    units: Polygons,
    *,
    protocol: Annotated[pd.DataFrame, PolicyKind(COLUMNS)],
    on: date,
    notice: Annotated[str, ColumnOf("notices")] = "notice",
    zone: Annotated[str, ColumnOf("notices")] = "zone",
    replaces: Annotated[str | None, ColumnOf("notices")] = None,
    valid_from: Annotated[str | None, ColumnOf("notices")] = None,
    valid_to: Annotated[str | None, ColumnOf("notices")] = None,
    building: Annotated[str, ColumnOf("buildings")] = "building_id",
    unit: Annotated[str, ColumnOf("units")] = "name",
    area_basis: AreaBasis = "plane",
) -> ResolvedZones:
    """Settle overlapping notices into one zone for every place and building.

    Parameters
    ----------
    notices
        Zones as they were announced, with the number of their notice.
    buildings
        Buildings with an id.
    units
        Counties.
    protocol
        Zones and ranks of one version.
    on
        The day asked about.
    notice, zone
        Columns of the notice's number and the type of zone.
    replaces
        Column with the numbers of notices that this one replaces, with `;` between them.
    valid_from, valid_to
        Columns of the first and last day.
    building, unit
        Columns of the ids of buildings and the names of counties.
    area_basis
        How areas are measured.

    Returns
    -------
    zones : GeoDataFrame
        As of `delineate_three_zones`: zone_id, zone, rank, county, basis (`notice`, or `protocol` for the rest),
        protocol, cases (0), buildings, people (empty), area_m2
    buildings : GeoDataFrame
        The buildings with zone, rank, zone_id, county, cases (0), answer
    overlaps : GeoDataFrame
        Ground on which two notices in force announce different zones: notice_1, zone_1, notice_2, zone_2, stands
        (the stricter), area_m2

    Raises
    ------
    UnknownName
        A type of zone that the protocol does not know.
    BadInput
        Dates that cannot be read, ids that repeat.

    Notes
    -----
    A notice is in force from its first to its last day, unless a notice issued by then replaces it by number. Where
    several remain the stricter wins; the rest of a county is the loosest zone while any stricter zone stands in it, and
    normal when none does. A notice for the rest covers all of it and overlaps nothing. Zones and rest balance to the
    county's area. Not split over machines: the rest is the whole county's.

    References
    ----------
    The policy table names the protocol and its source.

    Examples
    --------
    >>> import warnings; warnings.simplefilter("ignore")  # a historical protocol is a doubt
    >>> from spacegov.toolbox.policy import read_policy
    >>> square = lambda a, b: shapely.box(500000 + a, 3200000, 500000 + b, 3200100)
    >>> frame = lambda shapes, **columns: gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    >>> answer = resolve_zone_overlap(
    ...     frame([square(0, 60), square(40, 100)], notice=["1", "2"], zone=["control", "containment"]),
    ...     frame([square(50, 55), square(200, 210)], building_id=["A", "B"]),
    ...     frame([square(0, 300)], name=["County"]),
    ...     protocol=read_policy("three-zones-community-2022"), on=date(2022, 5, 1))
    >>> answer.zones[["zone", "area_m2"]].to_numpy().tolist()
    [['containment', 6000.0], ['control', 4000.0], ['prevention', 20000.0]]
    >>> answer.overlaps[["notice_1", "notice_2", "stands", "area_m2"]].to_numpy().tolist()
    [['1', '2', 'containment', 2000.0]]
    """
    rules = read_protocol(protocol)
    tell_version(protocol)
    unique_ids(buildings, building, "buildings")
    unique_ids(units, unit, "units")
    _check_zones(notices, zone, rules)
    standing = notices[_in_force(notices, on, notice, replaces, valid_from, valid_to)]
    drafts: dict[str, list[Draft]] = {name: [] for name in rules.zones}
    for name, shape in zip(texts_of(standing[zone]), standing.geometry, strict=True):
        if name != rules.rest:
            drafts[name].append(Draft(shape, "notice"))
    counties = units.geometry.to_numpy()
    with_zones = _counties_with(drafts, counties)
    parts = settle(rules, drafts, counties, with_zones)
    zones = zone_frame(parts, units, unit, rules, area_basis)
    balance_counties(zones, units, unit, with_zones, rules, area_basis)
    county_of = holder_of(buildings.geometry.to_numpy(), counties)
    nothing = np.zeros(0, dtype=np.int64)
    states = building_states(buildings, zones, nothing, county_of, units, unit)
    inside = states[states["zone_id"] != ""].groupby("zone_id").size()
    zones["buildings"] = zones["zone_id"].map(inside).fillna(0).astype("int64")
    overlaps = _overlaps(standing, notice, zone, rules, area_basis)
    figure("notices_in_force", int(standing[notice].nunique()))
    figure("overlap_m2", float(overlaps["area_m2"].sum()))
    for name in rules.zones:
        figure(f"{name.replace('-', '_')}_buildings", int((states["zone"] == name).sum()))
    return ResolvedZones(zones, states, overlaps)


def _check_zones(notices: gpd.GeoDataFrame, zone: str, rules: Protocol) -> None:
    for name in sorted({str(value) for value in notices[zone]}):
        if name not in rules.ranks:
            raise UnknownName(f"notices: the protocol knows no zone {name!r}; {suggest(name, rules.ranks)}")


def _in_force(
    notices: gpd.GeoDataFrame,
    on: date,
    notice: str,
    replaces: str | None,
    valid_from: str | None,
    valid_to: str | None,
) -> NDArray[np.bool_]:
    day = pd.Timestamp(on)
    nothing = pd.Series([pd.NaT] * len(notices), dtype="datetime64[ns]")
    begins = days_of(notices, valid_from, "notices") if valid_from else nothing
    ends = days_of(notices, valid_to, "notices") if valid_to else nothing
    issued = (begins.isna() | (begins <= day)).to_numpy()
    over = (ends.notna() & (ends < day)).to_numpy()
    numbers = texts_of(notices[notice])
    void: set[str] = set()
    if replaces is not None:
        for own, text, counts in zip(numbers, texts_of(notices[replaces]), issued, strict=True):
            named = {part.strip() for part in (text_of(text) or "").split(";") if part.strip()}
            if str(own) in named:
                raise BadInput(f"notices: notice {own} replaces itself; mend its column {replaces!r}")
            void |= named if counts else set()
    replaced = np.array([str(number) in void for number in numbers], dtype=bool)
    dropped(int((issued & replaced).sum()), f"zones of notices replaced by {on}")
    dropped(int((~issued | (over & ~replaced)).sum()), f"zones of notices not in force on {on}")
    return np.asarray(issued & ~over & ~replaced, dtype=bool)


def _counties_with(drafts: dict[str, list[Draft]], counties: Any) -> NDArray[np.bool_]:
    """Counties in which a zone stricter than the rest covers ground."""
    found = np.zeros(len(counties), dtype=bool)
    shapes = [draft.shape for drawn in drafts.values() for draft in drawn]
    if shapes:
        ground = shapely.union_all(shapes)
        found = np.asarray(shapely.area(shapely.intersection(counties, ground)) > 1e-6, dtype=bool)
    return found


def _overlaps(
    standing: gpd.GeoDataFrame, notice: str, zone: str, rules: Protocol, basis: AreaBasis
) -> gpd.GeoDataFrame:
    standing = standing[standing[zone].astype(str) != rules.rest]
    pairs = self_pair_areas(standing, area_basis=basis, trusted=True)
    numbers, names = texts_of(standing[notice]), texts_of(standing[zone])
    left, right = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
    differ = names[left] != names[right]
    left, right = left[differ], right[differ]
    shapes = standing.geometry.to_numpy()
    table = pd.DataFrame(
        {
            "notice_1": numbers[left],
            "zone_1": names[left],
            "notice_2": numbers[right],
            "zone_2": names[right],
            "stands": [min(a, b, key=rules.ranks.__getitem__) for a, b in zip(names[left], names[right], strict=True)],
            "area_m2": pairs["area_m2"].to_numpy()[differ],
        }
    ).astype(_OVERLAP_COLUMNS)
    ground = shapely.intersection(shapes[left], shapes[right])
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(ground, crs=standing.crs), crs=standing.crs)
    return frame.sort_values(["notice_1", "notice_2", "zone_1", "zone_2"], ignore_index=True)
