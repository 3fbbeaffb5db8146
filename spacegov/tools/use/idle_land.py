"""Land that was supplied and lies idle: not started in time, or stopped with too little built."""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from pydantic import Field

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.use._days import as_days, days_of, full_years, years_after
from spacegov.tools.values import labels_of, text_of, texts_of

STAGES = ("not_started", "suspended")
_RULE = ("stage", "cause", "years", "developed_below", "invested_below", "consequence", "fee_share", "responsible")
_COLUMNS = {
    "supply": "str",
    "holder": "str",
    "stage": "str",
    "answer": "str",
    "since": "datetime64[s]",
    "idle_from": "datetime64[s]",
    "days": "Int64",
    "years": "Int64",
    "reason": "str",
    "cause": "str",
    "consequence": "str",
    "responsible": "str",
    "fee": "float64",
    "article": "str",
    "next_consequence": "str",
    "next_date": "datetime64[s]",
    "developed_share": "float64",
    "invested_share": "float64",
    "area_m2": "float64",
}


class _Rule(NamedTuple):
    stage: str
    cause: str
    years: int
    developed_below: float
    invested_below: float
    consequence: str
    fee_share: float
    responsible: str | None
    article: str | None


@checked(partition="rows")
def find_idle_land(
    supply: Polygons,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind((*_RULE, "article"))],
    on: date,
    agreed_start: Annotated[str, ColumnOf("supply")] = "agreed_start",
    started: Annotated[str, ColumnOf("supply")] = "started",
    delivered: Annotated[str | None, ColumnOf("supply")] = None,
    suspended: Annotated[str | None, ColumnOf("supply")] = None,
    accepted: Annotated[str | None, ColumnOf("supply")] = None,
    developed: Annotated[str | None, ColumnOf("supply", numeric=True)] = None,
    invested: Annotated[str | None, ColumnOf("supply", numeric=True)] = None,
    cause: Annotated[str | None, ColumnOf("supply")] = None,
    holder: Annotated[str | None, ColumnOf("supply")] = None,
    price: Annotated[str | None, ColumnOf("supply", numeric=True)] = None,
    years_to_start: Annotated[int, Field(ge=0, json_schema_extra={"unit": "year"})] = 1,
    area_basis: AreaBasis = "plane",
) -> gpd.GeoDataFrame:
    """Find supplied land that lies idle, why, and what follows.

    Parameters
    ----------
    supply
        Parcels supplied by contract, with their days.
    rules
        Stage (`not_started`, `suspended`), cause, full years, limits of the developed and the invested share,
        consequence, fee as a share of the price, responsible party, article.
    on
        The day asked about; what happened later is not known yet.
    agreed_start, started, delivered, suspended, accepted
        Columns of days: start agreed in the contract, start of works, handing over, works stopped, works accepted.
    developed, invested
        Columns of shares, 0 to 1.
    cause
        Column of the cause of delay, in the words of the rules.
    holder, price
        Columns copied and used for the fee; the fee has the unit of the price.
    years_to_start
        Years from handing over after which works should have started where no start is agreed.
    area_basis
        How areas are measured.

    Returns
    -------
    GeoDataFrame
        A row for every parcel, the longest idle first:
        supply, holder : as delivered
        stage : `not_due`, `overdue` (late, less than a year), `not_started`, `running`, `paused` (stopped, but not
        idle), `suspended`, `completed`, or `unknown`
        answer : `present` (idle), `absent`, `failed` (days or shares missing to judge it)
        since : day from which delay or suspension counts; idle_from : day from which the land is idle
        days, years : from `since` to the day asked about; full years
        reason : which limit is broken, or what is missing
        cause, consequence, responsible, article : by the rules; consequence `unknown` where the cause is none of theirs
        fee : in the unit of the price
        next_consequence, next_date : what follows if nothing happens
        developed_share, invested_share : as delivered
        area_m2 : m²

    Raises
    ------
    BadPolicy
        An unknown stage, or no rule for one.
    BadInput
        Days that cannot be read, shares outside 0 to 1, one parcel twice.

    Notes
    -----
    Years are calendar years: a parcel is idle on the anniversary, not the day before. Either share below its limit
    suffices; one that is missing is no 0, so a parcel that only the missing share could make idle has failed. Without
    an agreed start, `years_to_start` from handing over counts. A parcel without either has failed. Works that were
    accepted are complete, whatever else is missing. Consequences for land not started hold for the cause; a cause by
    government or force majeure takes its own way.

    References
    ----------
    Measures on the disposal of idle land (闲置土地处置办法), order no. 53, 2012.

    Examples
    --------
    >>> import shapely
    >>> from datetime import date
    >>> plot = gpd.GeoDataFrame({"agreed_start": ["2023-05-01"], "started": [None], "cause": ["holder"],
    ...                          "price": [400.0]}, geometry=[shapely.box(5e5, 3e6, 500100, 3000100)], crs=4549)
    >>> rule = ("not_started", "holder", 1, None, None, "fee", 0.2, "holder", "Art. 14")
    >>> stop = ("suspended", "holder", 1, 1 / 3, 0.25, "completion", None, "holder", "Art. 2")
    >>> table = pd.DataFrame([rule, stop], columns=["stage", "cause", "years", "developed_below", "invested_below",
    ...                                             "consequence", "fee_share", "responsible", "article"])
    >>> answer = find_idle_land(plot, rules=table, on=date(2024, 5, 1), cause="cause", price="price")
    >>> answer[["stage", "answer", "days", "consequence", "fee"]].to_numpy().tolist()
    [['not_started', 'present', 366, 'fee', 80.0]]
    """
    order = _read_rules(rules)
    names = labels_of(supply)
    if len(set(names)) != len(names):
        raise BadInput("supply: one number stands at several parcels; give every parcel its own, or merge its rows")
    days = {
        key: [
            None if day is not None and day > on and key != "agreed" else day
            for day in days_of(supply, column, "supply")
        ]
        for key, column in (
            ("agreed", agreed_start),
            ("started", started),
            ("delivered", delivered),
            ("suspended", suspended),
            ("accepted", accepted),
        )
    }
    shares = {"developed": _shares(supply, developed), "invested": _shares(supply, invested)}
    prices = (
        np.full(len(supply), np.nan) if price is None else supply[price].to_numpy(dtype=np.float64, na_value=np.nan)
    )
    causes = texts_of(supply[cause]) if cause is not None else np.full(len(supply), None, dtype=object)
    rows: list[dict[str, Any]] = []
    for number in range(len(supply)):
        own = {key: values[number] for key, values in days.items()}
        row = _stage(
            own, float(shares["developed"][number]), float(shares["invested"][number]), order, on, years_to_start
        )
        row |= _follows(row, text_of(causes[number]), float(prices[number]), order, on)
        rows.append(row)
    table = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name not in ("supply", "holder", "area_m2")])
    table["supply"] = names
    table["holder"] = texts_of(supply[holder]) if holder is not None else None
    table["developed_share"], table["invested_share"] = shares["developed"], shares["invested"]
    table["area_m2"] = areas_of(shapes_of(supply), supply.crs, area_basis)
    for name in ("since", "idle_from", "next_date"):
        table[name] = as_days(table[name].tolist())
    idle = (table["answer"] == "present").to_numpy()
    rank = np.where(idle, 0, np.where(table["answer"] == "failed", 1, 2))
    by = np.lexsort((table["supply"], -pd.to_numeric(table["days"]).fillna(0).to_numpy(dtype=float), rank))
    answer = gpd.GeoDataFrame(
        table.iloc[by].reset_index(drop=True)[list(_COLUMNS)].astype(_COLUMNS),
        geometry=shapes_of(supply)[by],
        crs=supply.crs,
    )
    _tell(answer)
    return answer


def _read_rules(table: pd.DataFrame) -> list[_Rule]:
    name = table.attrs.get("policy", "rules")
    rules = []
    for number, row in enumerate(table.to_dict("records"), start=1):
        stage, cause, consequence = (text_of(row[key]) for key in ("stage", "cause", "consequence"))
        if stage not in STAGES or cause is None or consequence is None or pd.isna(row["years"]):
            raise BadPolicy(
                f"{name}, row {number}: the stage {stage!r} with cause {cause!r} was given, a stage of "
                f"{', '.join(STAGES)}, a cause, years and a consequence are needed; mend the table"
            )
        limits = [
            math.nan if pd.isna(row[key]) else float(row[key])
            for key in ("developed_below", "invested_below", "fee_share")
        ]
        rules.append(
            _Rule(
                stage,
                cause,
                int(row["years"]),
                limits[0],
                limits[1],
                consequence,
                limits[2],
                text_of(row["responsible"]),
                text_of(row["article"]),
            )
        )
    missing = [stage for stage in STAGES if not any(rule.stage == stage for rule in rules)]
    if missing:
        raise BadPolicy(f"{name}: there is no rule for {', '.join(missing)}; add rows for it")
    return sorted(rules, key=lambda rule: rule.years)


def _shares(frame: gpd.GeoDataFrame, column: str | None) -> Any:
    if column is None:
        return np.full(len(frame), np.nan)
    values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = values[(values < 0) | (values > 1)]
    if len(wrong):
        raise BadInput(
            f"supply: {len(wrong)} values of {column!r} are no shares, the first is {wrong[0]:g}; "
            "give 0 to 1, not percent"
        )
    return values


def _stage(
    days: dict[str, date | None], developed: float, invested: float, rules: list[_Rule], on: date, years_to_start: int
) -> dict[str, Any]:
    """Tell the stage of one parcel, whether it is idle, since when and why."""
    base: dict[str, Any] = {
        "answer": "absent",
        "since": None,
        "idle_from": None,
        "days": None,
        "years": None,
        "reason": "",
    }
    if days["accepted"] is not None:
        return base | {"stage": "completed"}
    if days["started"] is None:
        due, delivered = days["agreed"], days["delivered"]
        if due is None and delivered is not None:
            due = years_after(delivered, years_to_start)
        if due is None:
            return base | {"stage": "unknown", "answer": "failed", "reason": "no_start_date"}
        if on <= due:
            return base | {"stage": "not_due"}
        least = min(rule.years for rule in rules if rule.stage == "not_started")
        counted = base | {"since": due, "days": (on - due).days, "years": full_years(due, on)}
        if counted["years"] < least:
            return counted | {"stage": "overdue"}
        return counted | {
            "stage": "not_started",
            "answer": "present",
            "idle_from": years_after(due, least),
            "reason": "start",
        }
    stopped = days["suspended"]
    if stopped is None:
        return base | {"stage": "running"}
    own = [rule for rule in rules if rule.stage == "suspended"]
    counted = base | {"since": stopped, "days": (on - stopped).days, "years": full_years(stopped, on)}
    if counted["years"] < own[0].years:
        return counted | {"stage": "paused"}
    little = [key for key, share, limit in _limits(own[0], developed, invested) if share < limit]
    if little:
        begun = years_after(stopped, own[0].years)
        return counted | {"stage": "suspended", "answer": "present", "idle_from": begun, "reason": "_and_".join(little)}
    unknown = [key for key, share, limit in _limits(own[0], developed, invested) if math.isnan(share) and limit > 0]
    if unknown:
        return counted | {"stage": "paused", "answer": "failed", "reason": "no_" + "_and_".join(unknown)}
    return counted | {"stage": "paused"}


def _limits(rule: _Rule, developed: float, invested: float) -> list[tuple[str, float, float]]:
    return [("developed", developed, rule.developed_below), ("invested", invested, rule.invested_below)]


def _follows(row: dict[str, Any], cause: str | None, price: float, rules: list[_Rule], on: date) -> dict[str, Any]:
    """Tell what the rules say of an idle or late parcel."""
    nothing: dict[str, Any] = {"cause": cause, "consequence": "", "responsible": "", "fee": math.nan, "article": "",
               "next_consequence": "", "next_date": None}  # fmt: skip
    stage = "not_started" if row["stage"] == "overdue" else row["stage"]
    if stage not in STAGES:
        return nothing
    own = [rule for rule in rules if rule.stage == stage and rule.cause == cause]
    idle = row["answer"] == "present"
    if not own:
        return nothing | ({"consequence": "unknown"} if idle else {})
    due = [rule for rule in own if rule.years <= row["years"]] if idle else []
    later = [rule for rule in own if years_after(row["since"], rule.years) > on]
    if later:
        nothing |= {"next_consequence": later[0].consequence, "next_date": years_after(row["since"], later[0].years)}
    if not due:
        return nothing | ({"consequence": "unknown"} if idle else {})
    rule = due[-1]
    return nothing | {
        "consequence": rule.consequence,
        "responsible": rule.responsible or "",
        "fee": rule.fee_share * price,
        "article": rule.article or "",
    }


def _tell(answer: gpd.GeoDataFrame) -> None:
    idle = answer[answer["answer"] == "present"]
    ledger.figure("idle", len(idle))
    ledger.figure("idle_m2", float(idle["area_m2"].sum()))
    ledger.figure("not_started", int((idle["stage"] == "not_started").sum()))
    ledger.figure("suspended", int((idle["stage"] == "suspended").sum()))
    ledger.figure("recoverable", int((idle["consequence"] == "recovery").sum()))
    ledger.figure("fee", float(idle["fee"].sum()))
    ledger.figure("undecided", int((idle["consequence"] == "unknown").sum()))
    failed = answer[answer["answer"] == "failed"]
    ledger.figure("failed", len(failed))
    if len(failed):
        ledger.doubt(
            f"{len(failed)} parcels cannot be judged, days or shares are missing", str(failed["supply"].iloc[0])
        )
    unknown = idle[idle["consequence"] == "unknown"]
    if len(unknown):
        ledger.doubt(f"{len(unknown)} idle parcels have a cause that no rule names", str(unknown["supply"].iloc[0]))
    unpriced = idle[(idle["consequence"] == "fee") & idle["fee"].isna()]
    if len(unpriced):
        ledger.doubt(f"the price of {len(unpriced)} parcels is missing; their fee is not in the sum")
