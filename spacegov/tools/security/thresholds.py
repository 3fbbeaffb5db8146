"""Warnings from indicator series: the grade now, the trend, and when the next threshold will be met."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.kinds import ColumnOf, PolicyKind, Table
from spacegov.ledger import doubt, figure
from spacegov.tools.security._trend import LEAST, Trend, crossing, trend_of

GRADES = ("watch", "warning", "alarm")
_DAYS = 365.2425
_COLUMNS = {
    "indicator": "str",
    "unit": "str",
    "period": "str",
    "value": "float64",
    "grade": "str",
    "answer": "str",
    "trend": "str",
    "worsening": "boolean",
    "next_grade": "str",
    "next_threshold": "float64",
    "crossing": "str",
    "crossing_earliest": "str",
    "crossing_latest": "str",
    "slope": "float64",
    "slope_low": "float64",
    "slope_high": "float64",
    "s": "float64",
    "variance": "float64",
    "z": "float64",
    "p": "float64",
    "values": "int64",
}


@checked(partition=None)
def warn_thresholds(
    series: Table,
    *,
    thresholds: Annotated[pd.DataFrame, PolicyKind(("indicator", "direction", *GRADES))],
    indicator: Annotated[str, ColumnOf("series")] = "indicator",
    period: Annotated[str, ColumnOf("series")] = "year",
    value: Annotated[str, ColumnOf("series", numeric=True)] = "value",
    unit: Annotated[str | None, ColumnOf("series")] = None,
    significance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05,
) -> pd.DataFrame:
    """Grade indicators against thresholds and tell where they are heading.

    Parameters
    ----------
    series
        A row for each indicator, unit and period.
    thresholds
        Indicator, direction (`above` or `below`: the side that is bad), and the values of watch, warning and alarm.
    indicator, period, value, unit
        Columns; a period is a year or a date.
    significance
        Probability below which a trend counts.

    Returns
    -------
    DataFrame
        A row for every indicator and unit, sorted by them:
        indicator, unit, period (last), value (then)
        grade : `normal`, `watch`, `warning`, `alarm`, or `unknown` without thresholds
        answer : `present` (watch or worse), `absent`, or `not_covered` (no thresholds, or no value)
        trend : `rising`, `falling`, `none`, or `not_assessed` (fewer than eight values)
        worsening : whether the trend goes to the bad side
        next_grade, next_threshold : the next worse grade
        crossing, crossing_earliest, crossing_latest : when Sen's line meets it, with the 95 % interval of the slope;
        empty where it does not worsen, `never` where an end of the interval never meets it
        slope, slope_low, slope_high : Sen's slope per year; s, variance, z, p : Mann–Kendall; values : number

    Raises
    ------
    BadPolicy
        A direction that is neither, or thresholds out of order.
    BadInput
        One period twice, or periods that are no years and no dates.

    Notes
    -----
    A value exactly at a threshold has its grade. The projection carries the trend on in a straight line: it is no
    forecast. Missing values are left out of the trend, never filled. Not split over machines: cost is small.

    References
    ----------
    Mann 1945; Kendall 1975; Sen 1968; Gilbert 1987.

    Examples
    --------
    >>> values = [2, 3, 5, 4, 6, 8, 7, 9, 10, 12]
    >>> table = pd.DataFrame({"indicator": "subsidence", "year": range(2016, 2026), "value": values})
    >>> columns = ["indicator", "direction", "watch", "warning", "alarm"]
    >>> limits = pd.DataFrame([("subsidence", "above", 10, 15, 20)], columns=columns)
    >>> warn_thresholds(table, thresholds=limits)[["grade", "trend", "next_grade", "crossing"]]
       grade   trend next_grade crossing
    0  watch  rising    warning     2029
    """
    limits = _read_limits(thresholds)
    keys = [indicator] if unit is None else [indicator, unit]
    periods, dated = _times(series[period], period)
    table = series.assign(time=periods)
    if table.duplicated([*keys, "time"]).any():
        first = table[table.duplicated([*keys, "time"])].iloc[0]
        raise BadInput(f"series: {first[indicator]} has two values in {first[period]}; keep one value for each period")
    rows = []
    for key, group in table.groupby(keys, sort=True, dropna=False):
        ordered = group.sort_values("time")
        name, place = str(key[0]), (str(key[1]) if unit is not None else "")
        rows.append(_assess(name, place, ordered, value, period, limits.get(name), significance, dated))
    answer = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    _report(answer)
    return answer


def _read_limits(table: pd.DataFrame) -> dict[str, tuple[int, list[float]]]:
    """Side that is bad (1 above, −1 below) and the three thresholds of each indicator."""
    limits: dict[str, tuple[int, list[float]]] = {}
    name = table.attrs.get("policy", "thresholds")
    for row in table.to_dict("records"):
        direction = str(row["direction"])
        if direction not in ("above", "below"):
            raise BadPolicy(
                f"{name}: the direction {direction!r} of {row['indicator']} is unknown; write above or below"
            )
        side = 1 if direction == "above" else -1
        steps = [float(row[grade]) for grade in GRADES]
        if not (np.diff(np.array(steps) * side) > 0).all():
            raise BadPolicy(f"{name}: the thresholds {steps} of {row['indicator']} do not grow worse; mend their order")
        limits[str(row["indicator"])] = (side, steps)
    return limits


def _times(column: pd.Series[Any], name: str) -> tuple[Any, bool]:
    """Times in years, and whether they were dates."""
    if pd.api.types.is_numeric_dtype(column):
        if column.isna().any():
            raise MissingColumn(f"series: {int(column.isna().sum())} rows have no period in {name!r}; fill it")
        return column.to_numpy(dtype=np.float64), False
    texts = column.astype(str)
    if texts.str.fullmatch(r"\d{4}").all():
        return texts.astype(float).to_numpy(), False
    days = pd.to_datetime(column, errors="coerce")
    if days.isna().any():
        bad = column[days.isna()].iloc[0]
        raise BadInput(f"series: the period {bad!r} is neither a year nor a date; write 2025 or 2025-06-30")
    start = pd.Timestamp("2000-01-01")
    return ((days - start).dt.days / _DAYS + 2000.0).to_numpy(), True


def _say_time(years: float, dated: bool) -> str:
    if not math.isfinite(years) or years > 9000:
        return "never"
    if not dated:
        return str(math.ceil(years - 1e-9))
    return (date(2000, 1, 1) + timedelta(days=math.ceil((years - 2000.0) * _DAYS - 1e-6))).isoformat()


def _assess(
    name: str,
    place: str,
    rows: pd.DataFrame,
    value: str,
    period: str,
    limit: tuple[int, list[float]] | None,
    significance: float,
    dated: bool,
) -> dict[str, Any]:
    known = rows[rows[value].notna()]
    times, values = known["time"].to_numpy(dtype=np.float64), known[value].to_numpy(dtype=np.float64)
    row: dict[str, Any] = {"indicator": name, "unit": place, "values": len(values), "trend": "not_assessed"}
    row |= {"worsening": pd.NA, "next_grade": "", "crossing": "", "crossing_earliest": "", "crossing_latest": ""}
    if not len(values):
        return row | {"period": "", "grade": "unknown", "answer": "not_covered"}
    last = known.iloc[-1]
    row |= {"period": _plain(last[period], dated), "value": values[-1]}
    grade = _grade(values[-1], limit)
    row |= {"grade": grade, "answer": _answer(grade)}
    trend = trend_of(times, values) if len(values) >= LEAST else None
    if trend is not None:
        counts = trend.p < significance
        row["trend"] = "none" if not counts or trend.s == 0 else "rising" if trend.s > 0 else "falling"
        row |= {"slope": trend.slope, "slope_low": trend.low, "slope_high": trend.high}
        row |= {"s": trend.s, "variance": trend.variance, "z": trend.z, "p": trend.p}
    if limit is not None:
        row |= _ahead(values[-1], times[-1], limit, trend, row["trend"], dated)
    return row


def _plain(period: Any, dated: bool) -> str:
    if dated:
        return pd.Timestamp(period).date().isoformat()
    return str(int(float(period))) if float(period).is_integer() else str(period)


def _grade(value: float, limit: tuple[int, list[float]] | None) -> str:
    if limit is None:
        return "unknown"
    side, steps = limit
    reached = [grade for grade, step in zip(GRADES, steps, strict=True) if side * (value - step) >= 0]
    return reached[-1] if reached else "normal"


def _answer(grade: str) -> str:
    return {"unknown": "not_covered", "normal": "absent"}.get(grade, "present")


def _ahead(
    value: float, last: float, limit: tuple[int, list[float]], trend: Trend | None, direction: str, dated: bool
) -> dict[str, Any]:
    """The next worse grade, and when a worsening trend meets it."""
    side, steps = limit
    worsening = pd.NA if trend is None else direction == ("rising" if side > 0 else "falling")
    ahead = [(grade, step) for grade, step in zip(GRADES, steps, strict=True) if side * (value - step) < 0]
    row: dict[str, Any] = {"worsening": worsening}
    if not ahead:
        return row
    row |= {"next_grade": ahead[0][0], "next_threshold": ahead[0][1]}
    if trend is not None and worsening is True:
        expected, earliest, latest = crossing(trend, last, ahead[0][1])
        # Sen's line may stand beyond a threshold that the last value has not met yet
        beyond = side * (trend.level - ahead[0][1]) >= 0
        expected, earliest = (last, last) if beyond else (expected, earliest)
        row["crossing"] = _say_time(expected, dated)
        row["crossing_earliest"] = _say_time(earliest, dated)
        row["crossing_latest"] = _say_time(last if beyond else latest, dated)
    return row


def _report(answer: pd.DataFrame) -> None:
    figure("series", len(answer))
    for grade in ("alarm", "warning", "watch", "normal", "unknown"):
        figure(f"grade_{grade}", int((answer["grade"] == grade).sum()))
    figure("worsening_series", int(answer["worsening"].fillna(False).sum()))
    short = answer[answer["trend"] == "not_assessed"]
    if len(short):
        doubt(f"{len(short)} series have fewer than {LEAST} values: no trend is told for them", _names(short))
    unknown = answer[answer["grade"] == "unknown"]
    if len(unknown):
        doubt(f"{len(unknown)} series have no thresholds or no value: they have no grade", _names(unknown))


def _names(rows: pd.DataFrame) -> str:
    return ", ".join(sorted(set(rows["indicator"]))[:10])
