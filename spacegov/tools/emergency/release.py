"""When a zone may be eased, to what, and what still stands in the way."""

from __future__ import annotations

from datetime import date
from typing import Annotated, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.checks import checked
from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.kinds import ColumnOf, PolicyKind, Polygons, Table
from spacegov.ledger import figure
from spacegov.tools.emergency._cases import days_of, unique_ids
from spacegov.tools.emergency._protocol import NORMAL, tell_version
from spacegov.tools.emergency._release import (
    RELEASE_COLUMNS,
    Condition,
    ReleaseRule,
    contacts_clear,
    no_case,
    read_rules,
    rule_of,
    screening_clear,
    table_of,
)
from spacegov.tools.emergency._zoning import strictest
from spacegov.tools.values import text_of

_ZONE_COLUMNS = {
    "zone_id": "str",
    "zone": "str",
    "county": "str",
    "decision": "str",
    "answer": "str",
    "next_state": "str",
    "from_day": "str",
    "blocked_by": "str",
    "last_case": "str",
}
_CONDITION_COLUMNS = {
    "zone_id": "str",
    "condition": "str",
    "met": "bool",
    "day": "str",
    "needed": "str",
    "evidence": "str",
}


class ZoneRelease(NamedTuple):
    """Answer of `check_zone_release`."""

    zones: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    conditions: pd.DataFrame


@checked(partition=None)
def check_zone_release(
    zones: Polygons,
    buildings: Polygons,
    cases: Table,
    screenings: Table | None = None,
    contacts: Table | None = None,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(RELEASE_COLUMNS)],
    on: date,
    zone_id: Annotated[str, ColumnOf("zones")] = "zone_id",
    building_zone: Annotated[str | None, ColumnOf("buildings")] = None,
    zone: Annotated[str, ColumnOf("zones")] = "zone",
    county: Annotated[str, ColumnOf("zones")] = "county",
    since: Annotated[str | None, ColumnOf("zones")] = None,
    previous: Annotated[str | None, ColumnOf("zones")] = None,
    building: Annotated[str, ColumnOf("buildings")] = "building_id",
    case_building: Annotated[str, ColumnOf("cases")] = "building_id",
    case_date: Annotated[str, ColumnOf("cases")] = "date",
    screening_zone: Annotated[str, ColumnOf("screenings")] = "zone_id",
    screening_date: Annotated[str, ColumnOf("screenings")] = "date",
    positive: Annotated[str, ColumnOf("screenings", numeric=True)] = "positive",
    missed: Annotated[str, ColumnOf("screenings", numeric=True)] = "missed",
    contact_zone: Annotated[str, ColumnOf("contacts")] = "zone_id",
    exposed: Annotated[str, ColumnOf("contacts")] = "exposed",
    negative: Annotated[str, ColumnOf("contacts")] = "negative",
) -> ZoneRelease:
    """Tell the next state of each zone and building with its day, or the condition that blocks it.

    Parameters
    ----------
    zones
        Zones in force, with id, type and county.
    buildings
        Buildings.
    cases
        Cases by building and day.
    screenings
        Rounds of screening by zone: day, number of positives, number not screened.
    contacts
        Close contacts by zone: day of last exposure, day of the negative test (empty while there is none).
    rules
        Conditions of release of one version.
    on
        The day asked about.
    building_zone
        Column of the buildings with the id of their zone; without it a building is in the strictest zone it meets.
    zone_id, zone, county, since, previous
        Columns of the zones; `since` is the day the zone began, `previous` the type it was eased from.
    building, case_building, case_date
        Columns of the buildings' and cases' building, and of the day of a case.
    screening_zone, screening_date, positive, missed
        Columns of the screenings.
    contact_zone, exposed, negative
        Columns of the contacts.

    Returns
    -------
    zones : GeoDataFrame
        zone_id, zone, county
        decision : `tighten` (a new case), `release` (every condition met), `wait` (only days are missing), `blocked`
        answer : `present` where the state changes on the day asked about, else `absent`
        next_state : the state after; from_day : the day it can begin, empty where that is not known
        blocked_by : conditions that are not met, with `;`
        last_case : day of the last case in the zone, empty without one
    buildings : GeoDataFrame
        The buildings with zone, decision, next_state and from_day; `normal` and empty for those in no zone
        zone_after : the zone from the day asked about on: the next state where it begins, else the zone as it is
    conditions : DataFrame
        zone_id, condition, met, day (first day met), needed, evidence

    Raises
    ------
    UnknownName
        A zone without rule, or a case in a building that is not in the layer.
    BadInput
        A zone without any day to count from.

    Notes
    -----
    Days are calendar days; the day counted from is day 0. A zone without a case of its own is counted from the day it
    began, else from the last case of its county. What is not known blocks: without a list of contacts or a screening no
    zone is released that needs one. The last strict zone of a county goes to its own state. Not split over machines:
    whether a zone is the last is a question to the whole county.

    References
    ----------
    The policy table names the protocol and its source.

    Examples
    --------
    >>> from shapely import box
    >>> import warnings; warnings.simplefilter("ignore")  # a historical protocol is a doubt
    >>> from spacegov.toolbox.policy import read_policy
    >>> place = [box(500000, 3200000, 500100, 3200100)]
    >>> columns = {"zone_id": ["high-1"], "zone": ["high"], "county": ["Lanhe"]}
    >>> area = gpd.GeoDataFrame(columns, geometry=place, crs=4549)
    >>> house = gpd.GeoDataFrame({"building_id": ["A"], "zone_id": ["high-1"]}, geometry=place, crs=4549)
    >>> case = pd.DataFrame({"building_id": ["A"], "date": ["2022-12-10"]})
    >>> table = read_policy("zone-release-measures-2022-12")
    >>> answer = check_zone_release(area, house, case, rules=table, on=date(2022, 12, 14))
    >>> answer.zones[["decision", "next_state", "from_day"]].to_numpy().tolist()
    [['wait', 'normal', '2022-12-15']]
    """
    released_by = read_rules(rules)
    tell_version(rules)
    unique_ids(zones, zone_id, "zones")
    home = _homes(buildings, building_zone, zones, zone_id, zone, released_by)
    known = _known_cases(cases, unique_ids(buildings, building, "buildings"), home, case_building, case_date, on)
    rounds = table_of(
        screenings,
        "screenings",
        {"zone_id": screening_zone, "day": screening_date, "positive": positive, "missed": missed},
        ("day",),
        ("positive", "missed"),
    )
    people = table_of(
        contacts,
        "contacts",
        {"zone_id": contact_zone, "exposed": exposed, "negative": negative},
        ("exposed", "negative"),
        (),
    )
    begun = days_of(zones, since, "zones") if since else pd.Series([pd.NaT] * len(zones))
    states: list[_State] = []
    for number, row in enumerate(pd.DataFrame(zones.drop(columns=zones.geometry.name)).to_dict("records")):
        own = str(row[zone_id])
        state = _State(own, str(row[zone]), str(row[county]))
        state.rule = rule_of(released_by, state.zone, text_of(row[previous]) if previous else None)
        state.since = None if pd.isna(begun.iloc[number]) else begun.iloc[number].date()
        state.last_case = _last(known[known["zone_id"] == own])
        states.append(state)
    for state in states:
        _judge(state, states, known, rounds, people, on)
    _judge_others(states, on)
    _settle_next(states)
    frame = _zones(zones, states, on)
    houses = _buildings(buildings, home, states)
    _report(frame)
    return ZoneRelease(frame, houses, _conditions(states))


class _State:
    """One zone on its way."""

    def __init__(self, zone_id: str, zone: str, county: str) -> None:
        self.zone_id, self.zone, self.county = zone_id, zone, county
        self.rule: ReleaseRule
        self.since: date | None = None
        self.last_case: date | None = None
        self.conditions: list[Condition] = []
        self.decision, self.next_state = "", ""
        self.from_day: date | None = None

    @property
    def unmet(self) -> list[Condition]:
        """Conditions that are not met."""
        return [condition for condition in self.conditions if not condition.met]

    def decide(self) -> None:
        """Release when all conditions are met, wait when only days are missing."""
        days = [condition.day for condition in self.conditions]
        known = [day for day in days if day is not None]
        self.from_day = max(known) if len(known) == len(days) else None
        waiting = all(condition.day is not None for condition in self.unmet)
        self.decision = "release" if not self.unmet else "wait" if waiting else "blocked"


def _homes(
    buildings: gpd.GeoDataFrame,
    building_zone: str | None,
    zones: gpd.GeoDataFrame,
    zone_id: str,
    zone: str,
    rules: list[ReleaseRule],
) -> list[str]:
    """Id of the zone of every building, empty for none."""
    if building_zone is not None:
        return [text_of(value) or "" for value in buildings[building_zone]]
    # the rules stand from strict to loose
    order = list(dict.fromkeys(rule.zone for rule in rules))
    rank = np.array([order.index(str(kind)) if str(kind) in order else len(order) for kind in zones[zone]])
    sorted_by = np.argsort(rank, kind="stable")
    ranked = gpd.GeoDataFrame({"rank": rank[sorted_by]}, geometry=zones.geometry.to_numpy()[sorted_by], crs=zones.crs)
    ids = [*zones[zone_id].astype(str).to_numpy()[sorted_by], ""]
    return [ids[number] for number in strictest(buildings.geometry.to_numpy(), ranked)]


def _known_cases(
    cases: pd.DataFrame, ids: list[str], homes: list[str], case_building: str, case_date: str, on: date
) -> pd.DataFrame:
    home = dict(zip(ids, homes, strict=True))
    given = [str(value) for value in cases[case_building]]
    strange = [name for name in given if name not in home]
    if strange:
        raise UnknownName(
            f"cases: {len(strange)} cases are in buildings that the layer does not have, the first is {strange[0]!r}; "
            f"{suggest(strange[0], ids)}"
        )
    table = pd.DataFrame({"zone_id": [home[name] for name in given], "day": days_of(cases, case_date).to_numpy()})
    return table[table["day"] <= pd.Timestamp(on)]


def _last(cases: pd.DataFrame) -> date | None:
    return cases["day"].max().date() if len(cases) else None


def _judge(
    state: _State,
    states: list[_State],
    known: pd.DataFrame,
    rounds: pd.DataFrame | None,
    people: pd.DataFrame | None,
    on: date,
) -> None:
    rule = state.rule
    fresh = state.last_case is not None and state.since is not None and state.last_case > state.since
    if fresh and rule.on_case != state.zone:
        state.decision, state.next_state, state.from_day = "tighten", rule.on_case, state.last_case
        return
    if rule.others_first:
        return
    start = _start(state, states, known)
    state.conditions.append(no_case(rule, start, on))
    if rule.contact_days is not None:
        state.conditions.append(contacts_clear(rule, people, state.zone_id, on))
    if rule.screening is not None:
        state.conditions.append(screening_clear(rule, rounds, state.zone_id, start, on))
    state.decide()


def _start(state: _State, states: list[_State], known: pd.DataFrame) -> date:
    """Day 0 of the count."""
    of_county = {other.zone_id for other in states if other.county == state.county}
    county_last = _last(known[known["zone_id"].isin(of_county)])
    candidates = [state.last_case, state.since, county_last]
    if state.rule.count_from == "since":
        candidates = [state.since, state.last_case, county_last]
    for day in candidates:
        if day is not None:
            return day
    raise BadInput(
        f"zones: {state.zone_id} has no case, no day it began, and no case in its county; name the column since=… "
        "that holds the day"
    )


def _judge_others(states: list[_State], on: date) -> None:
    """The loosest zone waits for all stricter ones of its county."""
    for state in states:
        if not state.rule.others_first or state.decision:
            continue
        others = [other for other in states if other.county == state.county and not other.rule.others_first]
        open_ones = [other for other in others if other.decision != "release"]
        days = [other.from_day for other in others]
        known = [day for day in days if day is not None]
        day = (
            (max(known) if known else on)
            if len(known) == len(days) and not any(other.decision == "tighten" for other in others)
            else None
        )
        state.conditions.append(
            Condition(
                "others",
                not open_ones,
                day,
                "all stricter zones of the county lifted",
                f"{len(open_ones)} of {len(others)} still stand",
            )
        )
        state.decide()


def _settle_next(states: list[_State]) -> None:
    """The county's last strict zones go to their own state, the others to the next looser one."""
    for state in states:
        if state.decision == "tighten":
            continue
        strict = [other for other in states if other.county == state.county and not other.rule.others_first]
        last = all(other.decision == "release" for other in strict if other is not state)
        state.next_state = state.rule.next_if_last if last else state.rule.next


def _zones(zones: gpd.GeoDataFrame, states: list[_State], on: date) -> gpd.GeoDataFrame:
    rows = [
        (
            state.zone_id,
            state.zone,
            state.county,
            state.decision,
            "present" if state.decision in ("tighten", "release") else "absent",
            state.next_state,
            _say(max(state.from_day, on) if state.decision == "release" and state.from_day else state.from_day),
            "; ".join(condition.name for condition in state.unmet),
            _say(state.last_case),
        )
        for state in states
    ]
    table = pd.DataFrame(rows, columns=list(_ZONE_COLUMNS)).astype(_ZONE_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=zones.geometry.to_numpy(), crs=zones.crs)


def _say(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _buildings(buildings: gpd.GeoDataFrame, homes: list[str], states: list[_State]) -> gpd.GeoDataFrame:
    by_id = {state.zone_id: state for state in states}
    own = [by_id.get(name) for name in homes]
    houses = buildings.reset_index(drop=True).copy()
    houses["zone"] = [state.zone if state else NORMAL for state in own]
    houses["decision"] = [state.decision if state else "" for state in own]
    houses["next_state"] = [state.next_state if state else NORMAL for state in own]
    houses["from_day"] = [_say(state.from_day) if state else "" for state in own]
    changes = houses["decision"].isin(("tighten", "release"))
    houses["zone_after"] = houses["next_state"].where(changes, houses["zone"])
    return houses


def _conditions(states: list[_State]) -> pd.DataFrame:
    rows = [
        (state.zone_id, condition.name, condition.met, _say(condition.day), condition.needed, condition.evidence)
        for state in states
        for condition in state.conditions
    ]
    return pd.DataFrame(rows, columns=list(_CONDITION_COLUMNS)).astype(_CONDITION_COLUMNS)


def _report(frame: gpd.GeoDataFrame) -> None:
    for decision in ("tighten", "release", "wait", "blocked"):
        figure(f"zones_{decision}", int((frame["decision"] == decision).sum()))
    figure("zones_asked", len(frame))
