"""What a new notice changes: buildings whose zone was tightened, eased, or left as it was."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.checks import checked
from spacegov.errors import UnknownName, suggest
from spacegov.kinds import ColumnOf, PolicyKind, Polygons
from spacegov.ledger import balance, doubt, figure
from spacegov.tools.emergency._cases import unique_ids
from spacegov.tools.emergency._protocol import COLUMNS, NORMAL, NOT_COVERED, read_protocol

CHANGES = ("tightened", "eased", "unchanged", "new", "gone", "not_covered")
_COLUMNS = {
    "building": "str",
    "change": "str",
    "answer": "str",
    "zone_before": "str",
    "zone_after": "str",
    "people": "float64",
}


class NoticeComparison(NamedTuple):
    """Answer of `compare_notices`."""

    buildings: gpd.GeoDataFrame
    changes: pd.DataFrame


@checked(partition=None)
def compare_notices(
    before: Polygons,
    after: Polygons,
    *,
    protocol: Annotated[pd.DataFrame, PolicyKind(COLUMNS)],
    building: Annotated[str, ColumnOf(("before", "after"))] = "building_id",
    zone: Annotated[str, ColumnOf(("before", "after"))] = "zone",
    people: Annotated[str | None, ColumnOf("after", numeric=True)] = None,
) -> NoticeComparison:
    """Compare the zones of buildings under two notices.

    Parameters
    ----------
    before, after
        Buildings with their zone under the earlier and the later notice.
    protocol
        Zones and ranks of one version; `normal` is the loosest.
    building, zone
        Columns.
    people
        Column of the people in a building.

    Returns
    -------
    buildings : GeoDataFrame
        building : id
        change : `tightened`, `eased`, `unchanged`, `new`, `gone`, or `not_covered` (no zone known on either side)
        answer : `present` where the zone changed, `absent`, or `not_covered`
        zone_before, zone_after : empty where the building is not in that notice
        people : persons
        sorted by the kinds of change above, then by building
    changes : DataFrame
        zone_before, zone_after, change, buildings, people: every pair that occurs

    Raises
    ------
    UnknownName
        A zone that the protocol does not know.
    BadInput
        Buildings whose id repeats.

    Notes
    -----
    Buildings are matched by id. Both counts balance: every building of either notice is in one row. Not split over
    machines, since ids are matched over the whole.

    References
    ----------
    The policy table names the protocol and its source.

    Examples
    --------
    >>> from shapely import box
    >>> from spacegov.toolbox.policy import read_policy
    >>> def notice(**zones):
    ...     shapes = [box(500000 + n, 3200000, 500001 + n, 3200001) for n in range(len(zones))]
    ...     columns = {"building_id": list(zones), "zone": list(zones.values())}
    ...     return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    >>> answer = compare_notices(notice(A="control", B="containment"), notice(A="containment", B="containment"),
    ...                          protocol=read_policy("three-zones-community-2022"))
    >>> answer.buildings[["building", "change"]].to_numpy().tolist()
    [['A', 'tightened'], ['B', 'unchanged']]
    """
    rules = read_protocol(protocol)
    loosest = max(rules.ranks.values()) + 1
    ranks = {**rules.ranks, NORMAL: loosest}
    earlier, later = _by_id(before, building, zone, "before", ranks), _by_id(after, building, zone, "after", ranks)
    joined = earlier.add_suffix("_before").join(later.add_suffix("_after"), how="outer")
    old, new = joined["zone_before"], joined["zone_after"]
    step = new.map(ranks) - old.map(ranks)
    unknown = old.eq(NOT_COVERED) | new.eq(NOT_COVERED)
    change = np.select(
        [unknown, old.isna(), new.isna(), step < 0, step > 0],
        ["not_covered", "new", "gone", "tightened", "eased"],
        "unchanged",
    )
    shapes = joined["geometry_after"].where(new.notna(), joined["geometry_before"])
    table = pd.DataFrame(
        {
            "building": joined.index.to_numpy(),
            "change": change,
            "answer": np.select([unknown, change == "unchanged"], [NOT_COVERED, "absent"], "present"),
            "zone_before": old.fillna("").to_numpy(),
            "zone_after": new.fillna("").to_numpy(),
            "people": _people(after, building, people).reindex(joined.index).to_numpy(),
        }
    ).astype(_COLUMNS)
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes.tolist(), crs=after.crs), crs=after.crs)
    kind = pd.Categorical(frame["change"], CHANGES, ordered=True)
    frame = frame.assign(kind=kind).sort_values(["kind", "building"], ignore_index=True).drop(columns="kind")
    changes = _changes(frame)
    balance(len(joined), [int(number) for number in changes["buildings"]], what="buildings of both notices")
    _report(frame)
    return NoticeComparison(frame, changes)


def _by_id(layer: gpd.GeoDataFrame, building: str, zone: str, name: str, ranks: dict[str, int]) -> pd.DataFrame:
    ids = unique_ids(layer, building, name)
    zones = [str(value) for value in layer[zone]]
    for value in sorted(set(zones)):
        if value not in ranks and value != NOT_COVERED:
            raise UnknownName(f"{name}: the protocol knows no zone {value!r}; {suggest(value, ranks)}")
    shapes = pd.Series(layer.geometry.to_numpy(), dtype=object).to_numpy()
    return pd.DataFrame({"zone": zones, "geometry": shapes}, index=pd.Index(ids, name="building"), dtype=object)


def _people(after: gpd.GeoDataFrame, building: str, people: str | None) -> pd.Series[Any]:
    ids = [str(value) for value in after[building]]
    values = after[people].to_numpy(dtype=np.float64) if people is not None else np.full(len(after), np.nan)
    return pd.Series(values, index=ids)


def _changes(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    keys = ["zone_before", "zone_after", "change"]
    grouped = pd.DataFrame(frame.drop(columns="geometry")).groupby(keys, as_index=False, sort=True)
    return grouped.agg(buildings=("building", "size"), people=("people", "sum")).astype({"buildings": "int64"})


def _report(frame: gpd.GeoDataFrame) -> None:
    for change in CHANGES:
        own = frame[frame["change"] == change]
        figure(f"{change}_buildings", len(own))
        figure(f"{change}_people", float(own["people"].sum()))
    gone = int((frame["change"] == "gone").sum())
    if gone:
        doubt(f"{gone} buildings of the earlier notice are not in the later one: their state is not told", "gone")
