"""Conditions for easing a zone, each with its evidence and the day it is met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from spacegov.errors import BadPolicy, MissingColumn, UnknownName, suggest
from spacegov.tools.emergency._cases import days_of
from spacegov.tools.values import text_of

RELEASE_COLUMNS = (
    "zone",
    "previous",
    "days",
    "count_from",
    "contact_days",
    "screening",
    "screening_days",
    "others_first",
    "next",
    "next_if_last",
    "on_case",
)
ANY = "any"


@dataclass(frozen=True)
class ReleaseRule:
    """How one type of zone is eased."""

    zone: str
    previous: str
    days: int
    count_from: str
    contact_days: int | None
    screening: str | None
    screening_days: int
    others_first: bool
    next: str
    next_if_last: str
    on_case: str


@dataclass(frozen=True)
class Condition:
    """One condition of a zone: whether it is met, since or until when, and what shows it.

    Attributes
    ----------
    name : str
        `no_case`, `contacts`, `screening` or `others`.
    met : bool
        On the day asked about.
    day : date or None
        First day on which it is met; None where that is not known yet.
    needed, evidence : str
        What is asked, and what is known.
    """

    name: str
    met: bool
    day: date | None
    needed: str
    evidence: str


def read_rules(table: pd.DataFrame) -> list[ReleaseRule]:
    """Hold a release table to its meaning."""
    name = table.attrs.get("policy", "rules")
    rules = []
    for row in table[list(RELEASE_COLUMNS)].to_dict("records"):
        screening, count_from = text_of(row["screening"]), str(row["count_from"])
        if screening not in (None, "before", "on_day"):
            raise BadPolicy(f"{name}: the screening {screening!r} of {row['zone']} is unknown; write before or on_day")
        if count_from not in ("last_case", "since"):
            raise BadPolicy(
                f"{name}: the days of {row['zone']} are counted from {count_from!r}; write last_case or since"
            )
        rules.append(
            ReleaseRule(
                zone=str(row["zone"]),
                previous=text_of(row["previous"]) or ANY,
                days=int(row["days"]),
                count_from=count_from,
                contact_days=None if pd.isna(row["contact_days"]) else int(row["contact_days"]),
                screening=screening,
                screening_days=0 if pd.isna(row["screening_days"]) else int(row["screening_days"]),
                others_first=bool(row["others_first"]),
                next=str(row["next"]),
                next_if_last=str(row["next_if_last"]),
                on_case=str(row["on_case"]),
            )
        )
    return rules


def rule_of(rules: list[ReleaseRule], zone: str, previous: str | None) -> ReleaseRule:
    """Rule of a zone, that for where it came from before that for any."""
    for wanted in (previous or ANY, ANY):
        for rule in rules:
            if rule.zone == zone and rule.previous == wanted:
                return rule
    raise UnknownName(f"zones: the release rules know no zone {zone!r}; {suggest(zone, [rule.zone for rule in rules])}")


def no_case(rule: ReleaseRule, start: date, on: date) -> Condition:
    """Days without a new case; the day of the last one is day 0."""
    day = start + timedelta(days=rule.days)
    return Condition(
        "no_case",
        on >= day,
        day,
        f"{rule.days} days without case",
        f"day {(on - start).days} since {start.isoformat()}",
    )


def contacts_clear(rule: ReleaseRule, contacts: pd.DataFrame | None, zone_id: str, on: date) -> Condition:
    """Every contact negative, and the last exposure more than the stated days ago."""
    assert rule.contact_days is not None
    needed = f"last contact more than {rule.contact_days} days since exposure and negative"
    if contacts is None:
        return Condition("contacts", False, None, needed, "no list of contacts was given")
    own = contacts[contacts["zone_id"] == zone_id]
    if own.empty:
        return Condition("contacts", True, on, needed, "no contacts on the list")
    last = own["exposed"].max().date()
    day = last + timedelta(days=rule.contact_days + 1)
    # a negative test counts when it was taken on or after the day of exposure
    open_ones = own["negative"].isna() | (own["negative"] < own["exposed"]) | (own["negative"] > pd.Timestamp(on))
    count = int(open_ones.sum())
    evidence = f"{len(own)} contacts, last exposed {last.isoformat()}, {count} not yet negative"
    if count:
        return Condition("contacts", False, None, needed, evidence)
    return Condition("contacts", on >= day, day, needed, evidence)


def screening_clear(
    rule: ReleaseRule, screenings: pd.DataFrame | None, zone_id: str, start: date, on: date
) -> Condition:
    """All screened and negative, within the days before release or from a day on."""
    if rule.screening == "before":
        needed = f"all screened negative within {rule.screening_days} days before"
        first = on - timedelta(days=rule.screening_days)
    else:
        needed = f"all screened negative on day {rule.screening_days}"
        first = start + timedelta(days=rule.screening_days)
    if screenings is None:
        return Condition("screening", False, None, needed, "no screening was given")
    own = screenings[screenings["zone_id"] == zone_id]
    within = own[(own["day"] >= pd.Timestamp(first)) & (own["day"] <= pd.Timestamp(on))].sort_values("day")
    if within.empty:
        return Condition("screening", False, None, needed, f"none since {first.isoformat()}")
    last = within.iloc[-1]
    day = last["day"].date()
    positive, missed = int(last["positive"]), int(last["missed"])
    evidence = f"{day.isoformat()}: {positive} positive, {missed} not screened"
    clear = positive == 0 and missed == 0
    return Condition("screening", clear, day if clear else None, needed, evidence)


def table_of(
    table: pd.DataFrame | None, what: str, columns: dict[str, str], days: tuple[str, ...], counts: tuple[str, ...]
) -> pd.DataFrame | None:
    """Take named columns of a table as `zone_id`, days and counts.

    Parameters
    ----------
    table : DataFrame or None
        Contacts or screenings.
    what : str
        Its name for messages.
    columns : dict
        Our name → the table's column.
    days, counts : tuple of str
        Our names that hold days and numbers.
    """
    if table is None:
        return None
    for column in columns.values():
        if column not in table.columns:
            there = [str(name) for name in table.columns]
            raise MissingColumn(f"{what}: the column {column!r} is missing; {suggest(column, there)}")
    taken: dict[str, Any] = {"zone_id": table[columns["zone_id"]].astype(str).to_numpy()}
    for name in days:
        taken[name] = days_of(table, columns[name], what).to_numpy()
    for name in counts:
        taken[name] = pd.to_numeric(table[columns[name]]).to_numpy()
    return pd.DataFrame(taken)
