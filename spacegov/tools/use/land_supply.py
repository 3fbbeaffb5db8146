"""Land from approval to acceptance: where the chain of each supplied parcel breaks, in time and on the ground."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons, SquareMetres
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.use._approved_ground import approvals_of, ground_of, unique_names
from spacegov.tools.use._days import as_days, days_of
from spacegov.tools.use._supply_chain import CHAIN_COLUMNS, STEPS, Break, Step, course_of, read_chain
from spacegov.tools.values import labels_of, texts_of

BREAKS = ("missing", "order", "not_on_record", "outside", "twice", "supplement", "overdue")
"""Kinds of breaks; `late` is noted beside them."""
_PARCEL_COLUMNS = {
    "supply": "str",
    "holder": "str",
    "approval": "str",
    "answer": "str",
    "stage": "str",
    "broken_at": "str",
    "breaks": "str",
    "next_step": "str",
    "next_due": "datetime64[s]",
    "days_left": "Int64",
    "area_m2": "float64",
    "outside_m2": "float64",
    "error": "str",
}
_BREAK_COLUMNS = {
    "supply": "str",
    "step": "str",
    "kind": "str",
    "day": "datetime64[s]",
    "against": "datetime64[s]",
    "days": "Int64",
    "area_m2": "float64",
    "article": "str",
}


class LandSupply(NamedTuple):
    """Answer of `trace_land_supply`."""

    parcels: gpd.GeoDataFrame
    breaks: pd.DataFrame
    approvals: gpd.GeoDataFrame


@checked(partition=None)
def trace_land_supply(
    supply: Polygons,
    approvals: Polygons | None = None,
    *,
    chain: Annotated[pd.DataFrame, PolicyKind(CHAIN_COLUMNS)],
    on: date,
    approval: Annotated[str | None, ColumnOf("supply")] = None,
    approved: Annotated[str | None, ColumnOf("supply")] = None,
    contract: Annotated[str | None, ColumnOf("supply")] = None,
    delivered: Annotated[str | None, ColumnOf("supply")] = None,
    agreed_start: Annotated[str | None, ColumnOf("supply")] = None,
    started: Annotated[str | None, ColumnOf("supply")] = None,
    accepted: Annotated[str | None, ColumnOf("supply")] = None,
    holder: Annotated[str | None, ColumnOf("supply")] = None,
    register_key: Annotated[str | None, ColumnOf("approvals")] = None,
    register_day: Annotated[str | None, ColumnOf("approvals")] = None,
    farmland: Annotated[str | None, ColumnOf("approvals", numeric=True)] = None,
    supplemented: Annotated[str | None, ColumnOf("approvals", numeric=True)] = None,
    min_area: SquareMetres = 10.0,
    area_basis: AreaBasis = "plane",
) -> LandSupply:
    """Follow every supplied parcel from approval through supply and use to acceptance, and tell where its chain breaks.

    Parameters
    ----------
    supply
        Supplied parcels with the days of their steps.
    approvals
        Register of approved ground, with the farmland it takes and what was supplemented for it.
    chain
        Step (`approve`, `supply`, `deliver`, `start`, `accept`), whether it is required, years after the step before
        within which it is due (missing: none), article.
    on
        The day asked about; what happened later is not known yet.
    approval, approved, contract, delivered, agreed_start, started, accepted, holder
        Columns of supply: number of the approval, days of approval, contract, handing over, agreed and real start of
        works, acceptance after inspection; holder.
    register_key, register_day, farmland, supplemented
        Columns of approvals: number (the layer's own names without it), day, farmland taken and supplemented in m².
    min_area
        Smallest ground that counts.
    area_basis
        How areas are measured.

    Returns
    -------
    parcels : GeoDataFrame
        A row for every supplied parcel, those with breaks first, then by number:
        supply, holder, approval : as delivered
        answer : `present` (the chain breaks), `absent`, `failed` (no day of any step is known)
        stage : last step done
        broken_at : first step with a break, `none`, or `unknown`; breaks : all of them, as step:kind
        next_step, next_due, days_left : what comes next, until when, days until then
        area_m2; outside_m2 : ground outside the approved ground, empty without a register; error
    breaks : DataFrame
        A row for every break, in the order of parcels and steps:
        supply, step
        kind : `missing` (skipped), `order` (before the step it follows), `overdue` (not done in time), `late` (done,
        but not in time), `not_on_record` (approval unknown to the register), `outside` (ground not approved), `twice`
        (ground supplied twice), `supplement` (less farmland supplemented than taken)
        day, against, days : of the step, the day it is held against, days between
        area_m2 : ground concerned; article
    approvals : GeoDataFrame
        A row for every approval, in their order:
        approval, approved
        state : `supplied`, `partly`, `waiting` (in time), `overdue` (not wholly supplied in time)
        due : until when it is to be supplied
        area_m2, supplied_m2, open_m2; share supplied
        farmland_m2, supplemented_m2, supplement_gap_m2

    Raises
    ------
    BadPolicy
        A step that is not known, twice, or missing.
    BadInput
        No column of days named, days that cannot be read, a number twice.

    Notes
    -----
    A step is missing when a later one was done. Order is held against the latest of the steps before. Overdue is only
    the step that comes next; what stops further on shows in find-idle-land. The approved ground of a parcel is that of
    its own approval. Approvals are supplied by any parcel on their ground. Not split over machines, since parcels are
    held against each other.

    References
    ----------
    Dynamic monitoring of land approval, supply, use and supplement (批供用补查); order no. 53, 2012, for the start.

    Examples
    --------
    >>> import shapely
    >>> from datetime import date
    >>> plot = gpd.GeoDataFrame({"approved": ["2021-05-01"], "contract": ["2021-02-01"], "start": ["2021-09-01"]},
    ...                         geometry=[shapely.box(5e5, 3e6, 500100, 3000100)], crs=4549)
    >>> rules = pd.DataFrame({"step": ["approve", "supply", "deliver", "start", "accept"], "required": True,
    ...                       "years": None, "article": ""})
    >>> answer = trace_land_supply(plot, chain=rules, on=date(2022, 1, 1), approved="approved", contract="contract",
    ...                            started="start")
    >>> answer.breaks[["step", "kind", "days"]].astype(str).to_numpy().tolist()
    [['supply', 'order', '89']]
    """
    rules = read_chain(chain)
    columns = dict(zip(STEPS, (approved, contract, delivered, started, accepted), strict=True))
    if not any(columns.values()):
        raise BadInput("supply: no column of days was named, one is needed; name one such as contract= or started=")
    names = labels_of(supply)
    unique_names(names, "supply")
    days = {step: days_of(supply, column, "supply") for step, column in columns.items()}
    agreed = days_of(supply, agreed_start, "supply")
    ids = texts_of(supply[approval]) if approval is not None else np.full(len(supply), None, dtype=object)
    shapes = shapes_of(supply)
    area = areas_of(shapes, supply.crs, area_basis)
    ground = ground_of(supply, shapes, ids, approvals, register_key, farmland, supplemented, min_area, area_basis)
    rows, found = [], []
    for number, name in enumerate(names.tolist()):
        own = {step: days[step][number] for step in STEPS if columns[step] is not None}
        # an approval without a number is none
        if approval is not None and ids[number] is None:
            own["approve"] = None
        used = {step: rule if step in own else rule._replace(required=False) for step, rule in rules.items()}
        course = course_of(own, agreed[number], used, on)
        breaks = [(found_break, np.nan) for found_break in course.breaks] + ground.breaks[number]
        breaks.sort(key=lambda one: STEPS.index(one[0].step))
        counted = [one for one, _ in breaks if one.kind in BREAKS]
        failed = not course.stage
        rows.append(
            {
                "supply": name,
                "approval": ids[number],
                "answer": "failed" if failed else "present" if counted else "absent",
                "stage": course.stage,
                "broken_at": "unknown" if failed else counted[0].step if counted else "none",
                "breaks": "; ".join(f"{one.step}:{one.kind}" for one, _ in breaks),
                "next_step": course.next_step,
                "next_due": course.next_due,
                "days_left": None if course.next_due is None else (course.next_due - on).days,
                "area_m2": area[number],
                "outside_m2": ground.outside_m2[number],
                "error": "no day of any step is known" if failed else None,
            }
        )
        found += [_break_row(name, one, amount, rules) for one, amount in breaks]
    answer = LandSupply(
        _parcels(supply, rows, shapes, holder),
        _breaks(found),
        approvals_of(supply, shapes, approvals, register_key, register_day, farmland, supplemented, rules, on, min_area,
                   area_basis),
    )  # fmt: skip
    _tell(answer)
    return answer


def _break_row(name: str, one: Break, amount: float, rules: dict[str, Step]) -> dict[str, Any]:
    return {
        "supply": name,
        "step": one.step,
        "kind": one.kind,
        "day": one.day,
        "against": one.against,
        "days": one.days,
        "area_m2": amount,
        "article": rules[one.step].article,
    }


def _parcels(supply: gpd.GeoDataFrame, rows: list[dict[str, Any]], shapes: Any, holder: str | None) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=[name for name in _PARCEL_COLUMNS if name != "holder"])
    table["holder"] = texts_of(supply[holder]) if holder is not None else None
    table["next_due"] = as_days(table["next_due"].tolist())
    rank = table["answer"].map({"present": 0, "failed": 1, "absent": 2}).to_numpy(dtype=np.int64)
    order = np.lexsort((table["supply"], rank))
    return gpd.GeoDataFrame(
        table.iloc[order].reset_index(drop=True)[list(_PARCEL_COLUMNS)].astype(_PARCEL_COLUMNS),
        geometry=shapes[order],
        crs=supply.crs,
    )


def _breaks(found: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(found, columns=list(_BREAK_COLUMNS))
    for name in ("day", "against"):
        table[name] = as_days(table[name].tolist())
    place = table["step"].map({step: number for number, step in enumerate(STEPS)}).to_numpy(dtype=np.int64)
    order = np.lexsort((table["kind"], place, table["supply"]))
    return table.iloc[order].reset_index(drop=True).astype(_BREAK_COLUMNS)


def _tell(answer: LandSupply) -> None:
    parcels, breaks, approvals = answer
    ledger.figure("broken", int((parcels["answer"] == "present").sum()))
    for kind in (*BREAKS, "late"):
        ledger.figure(kind, int((breaks["kind"] == kind).sum()))
    ledger.figure("failed", int((parcels["answer"] == "failed").sum()))
    waiting = approvals[approvals["state"].isin(["overdue", "waiting", "partly"])]
    ledger.figure("not_supplied", len(waiting))
    ledger.figure("not_supplied_m2", float(waiting["open_m2"].sum()))
    ledger.figure("not_supplied_in_time", int((approvals["state"] == "overdue").sum()))
