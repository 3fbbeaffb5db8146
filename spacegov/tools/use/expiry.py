"""Papers that run out: temporary land, permits, approvals, and the duty that follows their end."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, MissingColumn, suggest
from spacegov.kinds import AreaBasis, Days, PolicyKind, Polygons, name_of
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.use._days import as_days, days_of, years_after
from spacegov.tools.values import column_among, labels_of, text_of, texts_of

ANY = "any"
URGENCY = ("duty_overdue", "expired", "duty_due", "due", "duty", "unknown", "running", "not_begun", "done")
"""States of a record, the most urgent first."""
_OPEN = URGENCY[:5]
_COLUMNS = {
    "register": "str",
    "record": "str",
    "kind": "str",
    "holder": "str",
    "answer": "str",
    "state": "str",
    "begins": "datetime64[s]",
    "ends": "datetime64[s]",
    "duty": "str",
    "duty_by": "datetime64[s]",
    "done": "datetime64[s]",
    "next_date": "datetime64[s]",
    "days_left": "Int64",
    "late_days": "Int64",
    "over_term_days": "Int64",
    "article": "str",
    "error": "str",
    "area_m2": "float64",
}


class _Term(NamedTuple):
    years: int | None
    duty: str
    duty_years: int | None
    article: str | None


@checked(partition=None)
def watch_expiry(
    records: list[Polygons],
    *,
    terms: Annotated[pd.DataFrame, PolicyKind(("register", "kind", "years", "duty", "duty_years", "article"))],
    on: date,
    notice: Days = 90,
    begins: tuple[str, ...] = ("valid_from", "approved", "issued"),
    ends: tuple[str, ...] = ("valid_to", "ends"),
    done: tuple[str, ...] = ("done", "reclaimed"),
    kind: tuple[str, ...] = ("kind",),
    holder: tuple[str, ...] = ("holder",),
    area_basis: AreaBasis = "plane",
) -> gpd.GeoDataFrame:
    """Find what has run out, what runs out soon, and what was not put back in time.

    Parameters
    ----------
    records
        Registers of temporary land, permits, approvals, conditions or grants.
    terms
        Register (last part of the layer's name, or `any`), kind (or `any`), years from the beginning to the end, the
        duty that follows the end, years within which it is to be done, article. The most particular row holds.
    on
        The day asked about; what happened later is not known yet.
    notice
        Days before an end or a duty in which it counts as due.
    begins, ends, done, kind, holder
        Names of the columns of the first day, of the last day, of the day on which the duty was done, of the kind and
        of the holder; each register is read by the first of them that it has.
    area_basis
        How areas are measured.

    Returns
    -------
    GeoDataFrame
        A row for every record, the most urgent first, and of equal urgency the earliest:
        register, record, kind, holder : as delivered
        answer : `present` (something has run out or is due), `absent`, or `failed` (no end is known)
        state : `duty_overdue`, `expired` (without a duty, or its time is not limited), `duty_due` and `due` (within the
        notice), `duty` (ended, time to do the duty runs), `running`, `not_begun`, `done`, `unknown`
        begins, ends : first and last day; the end by the terms where the register has none
        duty, duty_by, done : what must follow, until when, and when it was done
        next_date, days_left : the day that counts next, and days until it; below 0 when past
        late_days : days by which the duty was done late, or is late
        over_term_days : days by which the register grants more than the terms allow
        article : of the terms
        error : why a record failed
        area_m2 : m²

    Raises
    ------
    MissingColumn
        A register with none of the columns of days.
    BadPolicy
        Terms that name one register and kind twice, or a duty's years without a duty.
    BadInput
        Days that cannot be read, an end before its beginning.

    Notes
    -----
    The last day still counts: land that ends on the day asked about is in time. Terms are calendar years. What is done
    is done, whether late or not. A record whose end neither the register nor the terms tell has failed, it is not
    taken as open-ended. Not split over machines, since registers are small.

    References
    ----------
    Natural Resources (自然资办发〔2021〕42号) on temporary land: two years, four for energy, transport and water works,
    put back within one year after.

    Examples
    --------
    >>> from datetime import date
    >>> plot = gpd.GeoDataFrame({"kind": ["road"], "approved": ["2023-03-01"], "reclaimed": [None]},
    ...                         geometry=[shapely.box(5e5, 3e6, 500100, 3000100)], crs=4549)
    >>> table = pd.DataFrame({"register": ["any"], "kind": ["any"], "years": [2], "duty": ["reclamation"],
    ...                       "duty_years": [1], "article": ["42"]})
    >>> answer = watch_expiry([plot], terms=table, on=date(2026, 3, 11))
    >>> answer[["state", "ends", "duty_by", "days_left"]].astype(str).to_numpy().tolist()
    [['duty_overdue', '2025-03-01', '2026-03-01', '-10']]
    """
    rules = _read_terms(terms)
    columns = {"begins": begins, "ends": ends, "done": done, "kind": kind, "holder": holder}
    rows: list[dict[str, Any]] = []
    shapes = []
    for position, frame in enumerate(records, start=1):
        register = name_of(frame, f"records {position}").rpartition(".")[2]
        rows += _read_register(frame, register, columns, rules, on, int(notice))
        shapes.append(shapes_of(frame))
    ground = np.concatenate(shapes)
    table = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name != "area_m2"])
    table["area_m2"] = areas_of(ground, records[0].crs, area_basis)
    for name in ("begins", "ends", "duty_by", "done", "next_date"):
        table[name] = as_days(table[name].tolist())
    urgency = table["state"].map(URGENCY.index).to_numpy(dtype=np.int64)
    day = table["next_date"].fillna(pd.Timestamp.max.floor("D")).to_numpy()
    bounds = shapely.bounds(ground).reshape(-1, 4)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], table["record"], table["register"], day, urgency))
    answer = gpd.GeoDataFrame(
        table.iloc[order].reset_index(drop=True)[list(_COLUMNS)].astype(_COLUMNS),
        geometry=ground[order],
        crs=records[0].crs,
    )
    _tell(answer)
    return answer


def _read_terms(table: pd.DataFrame) -> dict[tuple[str, str], _Term]:
    name = table.attrs.get("policy", "terms")
    rules: dict[tuple[str, str], _Term] = {}
    for number, row in enumerate(table.to_dict("records"), start=1):
        key = (text_of(row["register"]) or ANY, text_of(row["kind"]) or ANY)
        if key in rules:
            raise BadPolicy(f"{name}, row {number}: {key[0]!r} with kind {key[1]!r} stands twice; give it one row")
        years, more = (None if pd.isna(row[part]) else int(row[part]) for part in ("years", "duty_years"))
        duty = text_of(row["duty"])
        if duty is None and more is not None:
            raise BadPolicy(f"{name}, row {number}: years for a duty were given without a duty; name the duty")
        rules[key] = _Term(years, duty or "", more, text_of(row["article"]))
    return rules


def _term(rules: dict[tuple[str, str], _Term], register: str, kind: str | None) -> _Term:
    for key in ((register, kind or ANY), (register, ANY), (ANY, kind or ANY), (ANY, ANY)):
        if key in rules:
            return rules[key]
    return _Term(None, "", None, None)


def _read_register(
    frame: gpd.GeoDataFrame,
    register: str,
    columns: dict[str, tuple[str, ...]],
    rules: dict[tuple[str, str], _Term],
    on: date,
    notice: int,
) -> list[dict[str, Any]]:
    chosen = {part: column_among(frame, names) for part, names in columns.items()}
    if chosen["begins"] is None and chosen["ends"] is None:
        wanted = [*columns["begins"], *columns["ends"]]
        raise MissingColumn(
            f"records ({register}): none of the columns {', '.join(wanted)} is there, a first or a last day is needed; "
            f"name one with begins= or ends= ({suggest(wanted[0], [str(name) for name in frame.columns])})"
        )
    days = {part: days_of(frame, chosen[part], register) for part in ("begins", "ends", "done")}
    kind_column, holder_column = chosen["kind"], chosen["holder"]
    kinds = texts_of(frame[kind_column]) if kind_column is not None else [None] * len(frame)
    holders = texts_of(frame[holder_column]) if holder_column is not None else [None] * len(frame)
    rows = []
    for number, record in enumerate(labels_of(frame)):
        first, last, finished = (days[part][number] for part in ("begins", "ends", "done"))
        if first is not None and last is not None and last < first:
            raise BadInput(f"{register}: {record} ends on {last}, before it begins on {first}; mend the days")
        rows.append(
            {"register": register, "record": record, "kind": kinds[number], "holder": holders[number]}
            | _state(first, last, finished, _term(rules, register, kinds[number]), on, notice)
        )
    return rows


def _state(
    first: date | None, last: date | None, finished: date | None, term: _Term, on: date, notice: int
) -> dict[str, Any]:
    """Tell where one record stands on the day asked about."""
    allowed = None if first is None or term.years is None else years_after(first, term.years)
    end = last if last is not None else allowed
    by = None if end is None or term.duty_years is None else years_after(end, term.duty_years)
    if finished is not None and finished > on:
        finished = None
    row: dict[str, Any] = {
        "begins": first,
        "ends": end,
        "duty": term.duty,
        "duty_by": by,
        "done": finished,
        "next_date": None,
        "days_left": None,
        "late_days": None,
        "over_term_days": (last - allowed).days
        if last is not None and allowed is not None and last > allowed
        else None,
        "article": term.article or "",
        "error": None,
        "answer": "absent",
    }
    if finished is not None:
        return row | {"state": "done", "late_days": (finished - by).days if by is not None and finished > by else None}
    if end is None:
        return row | {"state": "unknown", "answer": "failed", "error": "no end is known"}
    if first is not None and first > on:
        return row | _next("not_begun", first, on)
    if on <= end:
        soon = (end - on).days <= notice
        return row | _next("due" if soon else "running", end, on)
    if by is None:
        return row | _next("expired", end, on)
    if on <= by:
        return row | _next("duty_due" if (by - on).days <= notice else "duty", by, on)
    return row | _next("duty_overdue", by, on) | {"late_days": (on - by).days}


def _next(state: str, day: date, on: date) -> dict[str, Any]:
    return {
        "state": state,
        "answer": "present" if state in _OPEN else "absent",
        "next_date": day,
        "days_left": (day - on).days,
    }


def _tell(answer: gpd.GeoDataFrame) -> None:
    for state in ("duty_overdue", "expired", "due", "duty_due", "duty", "running", "done"):
        ledger.figure(state, int((answer["state"] == state).sum()))
    ledger.figure("late_m2", float(answer.loc[answer["state"] == "duty_overdue", "area_m2"].sum()))
    ledger.figure("done_late", int(((answer["state"] == "done") & answer["late_days"].notna()).sum()))
    failed = answer[answer["answer"] == "failed"]
    ledger.figure("failed", len(failed))
    if len(failed):
        ledger.doubt(
            f"{len(failed)} records have no end, neither stated nor by the terms", str(failed["record"].iloc[0])
        )
    longer = answer[answer["over_term_days"].notna()]
    ledger.figure("over_term", len(longer))
    if len(longer):
        ledger.doubt(f"{len(longer)} records run longer than the terms allow", str(longer["record"].iloc[0]))
