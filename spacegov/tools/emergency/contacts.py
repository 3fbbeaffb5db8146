"""Where infectious people were, who was there with them, and which buildings are at risk."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, UnknownName, suggest
from spacegov.kinds import ColumnOf, Features, PolicyKind, Table
from spacegov.ledger import doubt, dropped, figure
from spacegov.tools.emergency._cases import days_of, unique_ids
from spacegov.tools.values import text_of

_BUILDING_COLUMNS = {
    "building_id": "str",
    "place": "str",
    "answer": "str",
    "visits": "int64",
    "minutes": "float64",
    "contacts": "int64",
    "visited": "datetime64[s]",
    "until": "datetime64[s]",
}
_CONTACT_COLUMNS = {
    "person": "str",
    "case": "str",
    "building_id": "str",
    "risk": "str",
    "overlap_minutes": "float64",
    "gap_minutes": "float64",
    "exposed": "datetime64[s]",
}


class TracedContacts(NamedTuple):
    """Answer of `trace_contacts`."""

    buildings: gpd.GeoDataFrame
    contacts: pd.DataFrame


@checked(partition=None)
def trace_contacts(
    visits: Table,
    cases: Table,
    buildings: Features,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(("risk", "min_overlap_minutes", "max_gap_minutes", "before_days"))],
    person: Annotated[str, ColumnOf("visits")] = "pseudonym",
    visit_building: Annotated[str, ColumnOf("visits")] = "building_id",
    arrived: Annotated[str, ColumnOf("visits")] = "arrived",
    left: Annotated[str, ColumnOf("visits")] = "left",
    case_person: Annotated[str, ColumnOf("cases")] = "pseudonym",
    onset: Annotated[str, ColumnOf("cases")] = "onset",
    isolated: Annotated[str | None, ColumnOf("cases")] = None,
    building: Annotated[str, ColumnOf("buildings")] = "building_id",
) -> TracedContacts:
    """Trace the places of cases in their infectious time and the people who met them there.

    Parameters
    ----------
    visits
        Stays of people under pseudonyms: building, time of arrival and of leaving.
    cases
        Cases under the same pseudonyms, with the day of onset (or positive test).
    buildings
        Buildings with an id.
    rules
        Risks from high to low: least overlap in time, largest gap after the case left, days before onset.
    person, visit_building, arrived, left
        Columns of the visits.
    case_person, onset, isolated
        Columns of the cases; without `isolated` a case is infectious until the last visit.
    building
        Column of the building's id.

    Returns
    -------
    buildings : GeoDataFrame
        building_id, place (the highest risk found there, the lowest where a case was alone), answer (`present`),
        visits and minutes of cases in their infectious time, contacts (different people), visited (first arrival),
        until (last leaving); fit to be the places of `delineate_three_zones`
    contacts : DataFrame
        person, case, building_id, risk, overlap_minutes, gap_minutes (time between the case's leaving and the
        person's arrival; 0 with an overlap), exposed (first moment); one row for each pair and building, its worst

    Raises
    ------
    UnknownName
        Cases or visits in buildings that the layer does not have.
    BadPolicy
        Rules out of order.
    BadInput
        Stays that end before they begin, times that cannot be read.

    Notes
    -----
    A case is infectious from the start of the day `before_days` before onset to isolation. A pair has the first risk
    whose least overlap is reached, or whose gap is not exceeded where its overlap is zero. Cases are no contacts of
    each other in the list. The rows hold pseudonyms: a service gives them by role only, and writes each access down.
    Not split over machines, since stays meet by building.

    References
    ----------
    The policy table names the protocol and its source.

    Examples
    --------
    >>> from shapely import Point
    >>> shop = gpd.GeoDataFrame({"building_id": ["S"]}, geometry=[Point(500000, 3200000)], crs="EPSG:4549")
    >>> stays = pd.DataFrame({"pseudonym": ["c", "x"], "building_id": "S",
    ...                       "arrived": ["2022-05-01T10:00", "2022-05-01T10:20"],
    ...                       "left": ["2022-05-01T11:00", "2022-05-01T10:50"]})
    >>> table = pd.DataFrame({"risk": ["high-risk", "some-risk"], "min_overlap_minutes": [15, 0],
    ...                       "max_gap_minutes": [0, 30], "before_days": [2, 2]})
    >>> answer = trace_contacts(stays, pd.DataFrame({"pseudonym": ["c"], "onset": ["2022-05-02"]}), shop, rules=table)
    >>> answer.contacts[["person", "risk", "overlap_minutes"]].to_numpy().tolist()
    [['x', 'high-risk', 30.0]]
    """
    levels = _Levels(rules)
    ids = unique_ids(buildings, building, "buildings")
    stays = _stays(visits, person, visit_building, arrived, left, ids)
    infectious = _infectious(stays, cases, case_person, onset, isolated, levels.before)
    pairs = _meetings(infectious, stays, set(infectious["person"]), levels)
    contacts = _contacts(pairs, levels)
    frame = _buildings(infectious, contacts, buildings, ids, levels)
    figure("case_places", len(frame))
    figure("people_met", int(contacts["person"].nunique()))
    for risk in levels.names:
        name = risk.replace("-", "_")
        figure(f"{name}_places", int((frame["place"] == risk).sum()))
        figure(f"{name}_people", int(contacts.loc[contacts["risk"] == risk, "person"].nunique()))
    return TracedContacts(frame, contacts)


class _Levels:
    """Risks from high to low."""

    def __init__(self, table: pd.DataFrame) -> None:
        name = table.attrs.get("policy", "rules")
        self.names = [str(value) for value in table["risk"]]
        self.overlap = table["min_overlap_minutes"].to_numpy(dtype=np.float64)
        self.gap = table["max_gap_minutes"].to_numpy(dtype=np.float64)
        if not self.names or (np.diff(self.overlap) > 0).any() or (np.diff(self.gap) < 0).any():
            raise BadPolicy(f"{name}: the risks must go from high to low, with less overlap and longer gaps; mend it")
        self.before = int(table["before_days"].max())

    def of(self, overlap: Any, gap: Any) -> Any:
        """Position of the risk of each pair; -1 for none."""
        found = np.full(len(overlap), -1, dtype=np.int64)
        for level in range(len(self.names) - 1, -1, -1):
            least, longest = self.overlap[level], self.gap[level]
            hit = (overlap > 0) & (overlap >= least) | ((least == 0) & (overlap <= 0) & (gap <= longest))
            found[hit] = level
        return found


def _times(table: pd.DataFrame, column: str, name: str) -> pd.Series[Any]:
    times = pd.to_datetime(table[column], errors="coerce", format="ISO8601")
    unread = times.isna() & table[column].notna()
    if unread.any():
        raise BadInput(
            f"{name}: {int(unread.sum())} values of {column!r} are no times, the first is "
            f"{table[column][unread].iloc[0]!r}; write them as 2022-05-01T10:00"
        )
    return pd.Series(times.to_numpy().astype("datetime64[s]"))


def _stays(
    visits: pd.DataFrame, person: str, visit_building: str, arrived: str, left: str, ids: list[str]
) -> pd.DataFrame:
    stays = pd.DataFrame(
        {
            "person": visits[person].astype(str).to_numpy(),
            "building": [text_of(value) or "" for value in visits[visit_building]],
            "arrived": _times(visits, arrived, "visits").to_numpy(),
            "left": _times(visits, left, "visits").to_numpy(),
        }
    )
    open_ends = stays["arrived"].isna() | stays["left"].isna()
    if open_ends.any():
        dropped(int(open_ends.sum()), "visits without arrival or leaving")
        doubt(f"{int(open_ends.sum())} visits have no arrival or no leaving and were left out", "visits")
        stays = stays[~open_ends]
    turned = stays["left"] < stays["arrived"]
    if turned.any():
        first = stays[turned].iloc[0]
        raise BadInput(
            f"visits: {int(turned.sum())} stays end before they begin, the first in {first['building']} at "
            f"{first['arrived']}; correct them"
        )
    strange = sorted(set(stays["building"]) - set(ids))
    if strange:
        raise UnknownName(
            f"visits: {len(strange)} buildings are not in the layer, the first is {strange[0]!r}; "
            f"{suggest(strange[0], ids)}"
        )
    return stays.reset_index(drop=True)


def _infectious(
    stays: pd.DataFrame, cases: pd.DataFrame, case_person: str, onset: str, isolated: str | None, before: int
) -> pd.DataFrame:
    """Stays of cases, cut to their infectious time."""
    begins = days_of(cases, onset)
    if begins.isna().any():
        raise BadInput(f"cases: {int(begins.isna().sum())} cases have no day in {onset!r}; fill it")
    known = pd.DataFrame({"person": cases[case_person].astype(str).to_numpy()})
    known["begins"] = (begins - pd.Timedelta(days=before)).to_numpy().astype("datetime64[s]")
    known["ends"] = _times(cases, isolated, "cases").to_numpy() if isolated else np.datetime64("NaT", "s")
    # a person with several records is infectious from the first to the last
    known = known.groupby("person", as_index=False).agg(begins=("begins", "min"), ends=("ends", "max"))
    silent = sorted(set(known["person"]) - set(stays["person"]))
    if silent:
        doubt(f"{len(silent)} cases have no visit on record: nothing can be traced for them", "cases")
    joined = stays.merge(known, on="person", how="inner")
    joined["arrived"] = np.maximum(joined["arrived"], joined["begins"])
    joined["left"] = joined["left"].where(
        joined["ends"].isna(), np.minimum(joined["left"], joined["ends"].fillna(joined["left"]))
    )
    return joined[joined["left"] >= joined["arrived"]].drop(columns=["begins", "ends"]).reset_index(drop=True)


def _meetings(infectious: pd.DataFrame, stays: pd.DataFrame, cases: set[str], levels: _Levels) -> pd.DataFrame:
    """Stays of others in the same building, together with a case or soon after."""
    others = stays[~stays["person"].isin(cases)]
    pairs = infectious.merge(others, on="building", suffixes=("_case", "_other"))
    first = pairs[["arrived_case", "arrived_other"]].max(axis=1)
    last = pairs[["left_case", "left_other"]].min(axis=1)
    minutes = (last - first).dt.total_seconds().to_numpy() / 60
    after = (pairs["arrived_other"] - pairs["left_case"]).dt.total_seconds().to_numpy() / 60
    pairs["overlap"] = np.maximum(minutes, 0.0)
    # someone who left before the case came was not exposed
    pairs["gap"] = np.where(minutes > 0, 0.0, np.where(after >= 0, after, np.inf))
    pairs["exposed"] = first
    pairs["level"] = levels.of(pairs["overlap"].to_numpy(), pairs["gap"].to_numpy())
    return pairs[pairs["level"] >= 0]


def _contacts(pairs: pd.DataFrame, levels: _Levels) -> pd.DataFrame:
    ordered = pairs.sort_values(["level", "overlap", "gap", "exposed"], ascending=[True, False, True, True])
    worst = ordered.drop_duplicates(["person_other", "person_case", "building"])
    table = pd.DataFrame(
        {
            "person": worst["person_other"],
            "case": worst["person_case"],
            "building_id": worst["building"],
            "risk": [levels.names[level] for level in worst["level"]],
            "overlap_minutes": worst["overlap"],
            "gap_minutes": worst["gap"],
            "exposed": worst["exposed"],
        }
    ).astype(_CONTACT_COLUMNS)
    return table.sort_values(["person", "case", "building_id"], ignore_index=True)


def _buildings(
    infectious: pd.DataFrame, contacts: pd.DataFrame, buildings: gpd.GeoDataFrame, ids: list[str], levels: _Levels
) -> gpd.GeoDataFrame:
    minutes = (infectious["left"] - infectious["arrived"]).dt.total_seconds() / 60
    grouped = infectious.assign(minutes=minutes).groupby("building")
    table = grouped.agg(
        visits=("person", "size"), minutes=("minutes", "sum"), visited=("arrived", "min"), until=("left", "max")
    )
    met = contacts.groupby("building_id")["person"].nunique()
    worst = (
        contacts.assign(level=[levels.names.index(risk) for risk in contacts["risk"]])
        .groupby("building_id")["level"]
        .min()
    )
    table["contacts"] = met.reindex(table.index).fillna(0)
    # where a case was alone the lowest risk holds
    level = worst.reindex(table.index).fillna(len(levels.names) - 1).astype(int)
    table["place"] = [levels.names[number] for number in level]
    table = table.reset_index(names="building_id").assign(answer="present")
    order = np.lexsort((table["building_id"].astype(str), -table["contacts"].to_numpy(), level.to_numpy()))
    table = table.iloc[order].reset_index(drop=True)
    position = {name: number for number, name in enumerate(ids)}
    shapes = buildings.geometry.to_numpy()[[position[name] for name in table["building_id"]]]
    return gpd.GeoDataFrame(
        table[list(_BUILDING_COLUMNS)].astype(_BUILDING_COLUMNS),
        geometry=gpd.GeoSeries(shapes, crs=buildings.crs),
        crs=buildings.crs,
    )
