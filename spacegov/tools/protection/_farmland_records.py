"""Farmland given up and farmland made: records that count once, in the account of their regime and year."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy
from spacegov.kernels import pair_areas, self_pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, differences, shapes_of, union_of
from spacegov.tools.protection._net_area import net_shares
from spacegov.tools.protection._regimes import days_in_force, holds
from spacegov.tools.values import dates_of, labels_of, text_of, texts_of

SCOPES = ("project", "province-year")
LOSSES = ("construction", "all")
ITEMS = ("area", "paddy", "capacity")


class Regime(NamedTuple):
    """How a balance is struck, and on which days."""

    name: str
    first: np.datetime64
    last: np.datetime64
    scope: str
    losses: str
    needed: tuple[str, ...]
    article: str | None


class Columns(NamedTuple):
    """Columns of one side of the balance."""

    project: str | None
    day: str
    land_class: str
    grade: str
    unit: str | None
    cause: str | None
    ridge_share: str | None


def read_regimes(table: pd.DataFrame, wanted: str | None) -> list[Regime]:
    """Read the regimes, or the one that is named; two may not hold on one day."""
    name = table.attrs.get("policy", "regimes")
    first, last = days_in_force(table, "regimes")
    regimes = []
    for number, row in enumerate(table.to_dict("records")):
        scope, losses = text_of(row["scope"]), text_of(row["losses"])
        if scope not in SCOPES or losses not in LOSSES or text_of(row["regime"]) is None:
            raise BadPolicy(
                f"{name}, row {number + 1}: scope {scope!r} and losses {losses!r} were given, one of "
                f"{', '.join(SCOPES)} and one of {', '.join(LOSSES)} are needed; mend the table"
            )
        needed = tuple(item for item in ITEMS if row[item] is not None and row[item] == row[item] and bool(row[item]))
        regimes.append(
            Regime(str(row["regime"]), first[number], last[number], scope, losses, needed, text_of(row["article"]))
        )
    names = [regime.name for regime in regimes]
    if wanted is not None:
        if wanted not in names:
            raise BadPolicy(f"{name}: there is no regime {wanted!r}, only {', '.join(names)}; name one of those")
        return [regime for regime in regimes if regime.name == wanted]
    days = np.unique(np.concatenate([first, last]))
    for day in days[~np.isnat(days)]:
        both = [regime.name for regime, held in zip(regimes, holds(first, last, day), strict=True) if held]
        if len(both) > 1:
            raise BadPolicy(
                f"{name}: {' and '.join(both)} both hold on {np.datetime_as_string(day, unit='D')}; end one before the "
                "other begins"
            )
    return regimes


def regime_on(regimes: list[Regime], days: Any, forced: bool) -> npt.NDArray[Any]:
    """Give the name of the regime in force on each day; None where there is none."""
    found = np.full(len(days), regimes[0].name if forced else None, dtype=object)
    if forced:
        return found
    for regime in regimes:
        first, last = (np.full(len(days), end, dtype="datetime64[s]") for end in (regime.first, regime.last))
        own = holds(first, last, days)
        found[own & ~np.isnat(days)] = regime.name
    return found


def read_side(
    frame: gpd.GeoDataFrame,
    side: str,
    columns: Columns,
    *,
    kinds: dict[str, str],
    capacity: dict[int, float],
    on: date | None,
    area_basis: AreaBasis,
) -> pd.DataFrame:
    """Read one side of the balance, a row for every record, with its shape."""
    days, texts = dates_of(frame[columns.day])
    broken = np.flatnonzero(np.isnat(days) & np.array([text is not None for text in texts], dtype=bool))
    if len(broken):
        raise BadInput(
            f"{side}: {texts[broken[0]]!r} in {columns.day!r} is no date; write it as 2024-06-30, or leave it empty"
        )
    empty = np.full(len(frame), None, dtype=object)
    codes = texts_of(frame[columns.land_class])
    grades = frame[columns.grade].to_numpy(dtype=np.float64, na_value=np.nan)
    unlisted = sorted({f"{grade:g}" for grade in grades[~np.isnan(grades)] if grade not in capacity})
    if unlisted:
        raise BadPolicy(f"grades: there is no capacity for grade {', '.join(unlisted)} of {side}; add rows for it")
    shapes = shapes_of(frame)
    table = pd.DataFrame(
        {
            "parcel": labels_of(frame),
            "side": side,
            "project": texts_of(frame[columns.project]) if columns.project is not None else empty,
            "unit": texts_of(frame[columns.unit]) if columns.unit is not None else empty,
            "cause": texts_of(frame[columns.cause]) if columns.cause is not None else empty,
            "class": codes,
            "kind": [kinds.get(code or "") for code in codes],
            "grade": grades,
            "yield_kg_per_ha": [capacity.get(grade, np.nan) for grade in grades],
            "net_share": net_shares(frame, columns.ridge_share, side),
            "area_m2": areas_of(shapes, frame.crs, area_basis),
        }
    )
    table["day"] = days
    table["shape"] = shapes
    late = ~np.isnat(days) & (days > np.datetime64(on, "s")) if on is not None else np.zeros(len(frame), dtype=bool)
    no_kind = table["kind"].isna().to_numpy()
    table["status"] = np.where(
        np.isnat(days), "undated", np.where(late, "later", np.where(no_kind, "not_farmland", "counted"))
    ).astype(object)
    return table


def count_once(occupied: pd.DataFrame, supplement: pd.DataFrame, crs: Any, area_basis: AreaBasis) -> None:
    """Leave of each record what no earlier one of its side claims, and of new farmland what was not given up before."""
    for side in (occupied, supplement):
        _cut_by_earlier(side, crs)
    live = np.flatnonzero((supplement["status"] == "counted").to_numpy())
    lost = np.flatnonzero((occupied["status"] == "counted").to_numpy())
    pairs = pair_areas(
        gpd.GeoSeries(supplement["shape"].to_numpy()[live], crs=crs),
        gpd.GeoSeries(occupied["shape"].to_numpy()[lost], crs=crs),
        trusted=True,
    )
    left, right = live[pairs["left_index"].to_numpy()], lost[pairs["right_index"].to_numpy()]
    # ground made farmland and given up afterwards counts on both sides; ground given up before is none
    before = occupied["day"].to_numpy()[right] <= supplement["day"].to_numpy()[left]
    _cut(supplement, left[before], right[before], occupied["shape"].to_numpy())
    for side in (occupied, supplement):
        side["claimed_m2"] = side["area_m2"] - areas_of(side["shape"].to_numpy(), crs, area_basis)
        twice = side["claimed_m2"].to_numpy()
        side.loc[np.abs(twice) < 1e-6, "claimed_m2"] = 0.0
        many = int((side["claimed_m2"] > 0).sum())
        if many:
            ledger.doubt(
                f"{many} records of {side['side'].iloc[0]} claim {float(side['claimed_m2'].sum()):.0f} m² that another "
                "record has already; it counts once",
                str(side.loc[side["claimed_m2"] > 0, "parcel"].iloc[0]),
            )


def _cut_by_earlier(side: pd.DataFrame, crs: Any) -> None:
    live = np.flatnonzero((side["status"] == "counted").to_numpy())
    shapes = side["shape"].to_numpy()
    pairs = self_pair_areas(gpd.GeoSeries(shapes[live], crs=crs), trusted=True)
    one, other = live[pairs["left_index"].to_numpy()], live[pairs["right_index"].to_numpy()]
    names = side["parcel"].astype(str).to_numpy()
    order = np.empty(len(side), dtype=np.int64)
    order[np.lexsort((names, side["day"].to_numpy().astype(np.int64)))] = np.arange(len(side))
    later = np.where(order[one] > order[other], one, other)
    earlier = np.where(order[one] > order[other], other, one)
    _cut(side, later, earlier, shapes.copy())


def _cut(side: pd.DataFrame, rows: Any, by: Any, cutters: Shapes) -> None:
    shapes = side["shape"].to_numpy(copy=True)
    for row, numbers in pd.Series(by).groupby(rows):
        where = int(str(row))
        away = np.array([union_of(cutters[numbers.to_numpy(dtype=np.int64)])], dtype=object)
        shapes[where] = differences(shapes[where : where + 1], away)[0]
    side["shape"] = shapes


def give_regimes(occupied: pd.DataFrame, supplement: pd.DataFrame, regimes: list[Regime], forced: bool) -> None:
    """Put every record under a regime: losses by their day, new farmland by its project, else by its own day."""
    occupied["regime"] = regime_on(regimes, occupied["day"].to_numpy(), forced)
    own = regime_on(regimes, supplement["day"].to_numpy(), forced)
    single = {
        str(project): group.iloc[0]
        for project, group in occupied[occupied["regime"].notna()].groupby("project")["regime"]
        if group.nunique() == 1
    }
    supplement["regime"] = [
        single.get(str(project), regime) if project is not None else regime
        for project, regime in zip(supplement["project"], own, strict=True)
    ]
    by_name = {regime.name: regime for regime in regimes}
    for side in (occupied, supplement):
        without = side["regime"].isna() & (side["status"] == "counted")
        side.loc[without, "status"] = "no_regime"
    narrow = [name for name, regime in by_name.items() if regime.losses == "construction"]
    other = occupied["cause"].notna() & (occupied["cause"] != "construction")
    occupied.loc[other & occupied["regime"].isin(narrow) & (occupied["status"] == "counted"), "status"] = "exempt"
