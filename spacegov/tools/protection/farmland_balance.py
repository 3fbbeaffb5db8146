"""Farmland given up held against farmland made: area, paddy and capacity, under the regime of the day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadPolicy
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons
from spacegov.tools.overlay import areas_of
from spacegov.tools.protection._farmland_records import (
    ITEMS,
    Columns,
    Regime,
    count_once,
    give_regimes,
    read_regimes,
    read_side,
)
from spacegov.tools.values import text_of, texts_of

_SUMS = ("area_m2", "paddy_m2", "capacity_t")
_ACCOUNTS = {"project": "project", "year": "year", "unit": "unit", "all": None}
BALANCE_COLUMNS = {
    "regime": "str",
    "account": "str",
    "name": "str",
    "decisive": "bool",
    "verdict": "str",
    "short_of": "str",
    **{f"{side}_{item}": "float64" for item in _SUMS for side in ("occupied", "supplemented", "balance", "gap")},
    "occupied_grade": "float64",
    "supplemented_grade": "float64",
    "article": "str",
}
PARCEL_COLUMNS = {
    "side": "str",
    "parcel": "str",
    "project": "str",
    "unit": "str",
    "regime": "str",
    "day": "datetime64[s]",
    "year": "Int64",
    "class": "str",
    "kind": "str",
    "grade": "float64",
    "status": "str",
    "area_m2": "float64",
    "claimed_m2": "float64",
    "counted_m2": "float64",
    "capacity_t": "float64",
}


class FarmlandBalance(NamedTuple):
    """The answer of `balance_farmland`."""

    balance: pd.DataFrame
    parcels: gpd.GeoDataFrame


@checked(partition=None)
def balance_farmland(
    occupied: Polygons,
    supplement: Polygons,
    *,
    regimes: Annotated[
        pd.DataFrame,
        PolicyKind(("regime", "valid_from", "valid_to", "scope", "losses", "area", "paddy", "capacity", "article")),
    ],
    classes: Annotated[pd.DataFrame, PolicyKind(("scheme", "class", "kind"))],
    grades: Annotated[pd.DataFrame, PolicyKind(("grade", "capacity_kg_per_ha"))],
    regime: str | None = None,
    scheme: str = "third-survey",
    on: date | None = None,
    approved: Annotated[str, ColumnOf("occupied")] = "approved",
    accepted: Annotated[str, ColumnOf("supplement")] = "accepted",
    project: Annotated[str | None, ColumnOf(("occupied", "supplement"))] = None,
    unit: Annotated[str | None, ColumnOf(("occupied", "supplement"))] = None,
    land_class: Annotated[str, ColumnOf(("occupied", "supplement"))] = "class",
    grade: Annotated[str, ColumnOf(("occupied", "supplement"), numeric=True)] = "grade",
    cause: Annotated[str | None, ColumnOf("occupied")] = None,
    ridge_share: Annotated[str | None, ColumnOf(("occupied", "supplement"), numeric=True)] = None,
    net_of_ridges: bool = True,
    area_basis: AreaBasis = "plane",
) -> FarmlandBalance:
    """Balance farmland that was given up with farmland that was made.

    Parameters
    ----------
    occupied : GeoDataFrame
        Farmland given up, by approval.
    supplement : GeoDataFrame
        Farmland made in its place, by acceptance.
    regimes : DataFrame
        regime, valid_from, valid_to, scope (project, province-year), losses (construction, all), area, paddy, capacity
        (whether each must balance), article.
    classes : DataFrame
        Which land classes are farmland: scheme, class, kind (paddy, irrigated, dry).
    grades : DataFrame
        Capacity by grade: grade, capacity_kg_per_ha.
    regime : str, optional
        The regime to apply to everything; by the day of each record where none is named.
    scheme : str
        Classification of the layers, as `classes` names it.
    on : date, optional
        The day asked about; what came later does not count.
    approved, accepted : str
        Columns of the days on which ground was given up, and new farmland was accepted.
    project, unit : str, optional
        Columns of the project and of the unit (village, county) that records belong to.
    land_class, grade : str
        Columns of the land class given up or made, and of its grade.
    cause : str, optional
        Column of the cause of a loss: `construction` or another; all are construction without it.
    ridge_share : str, optional
        Column of the share of field ridges, 0 to below 1.
    net_of_ridges : bool
        Whether ridges are left out; without `ridge_share` they cannot.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.

    Returns
    -------
    balance : DataFrame
        A row for every regime and account, by regime, account and name: regime, account (project, year, unit, all),
        name, decisive (whether the regime judges by this account), verdict (balanced, short, unknown where a grade is
        missing, bookkeeping where it is not decisive), short_of (area, paddy, capacity), and for area_m2, paddy_m2 (m²
        net) and capacity_t (t): occupied_, supplemented_, balance_ (made less given up), gap_ (what is missing, 0 or
        more); occupied_grade, supplemented_grade (mean by area), article.
    parcels : GeoDataFrame
        A row for every record, by side and name: side (occupied, supplement), parcel, project, unit, regime, day, year,
        class, kind, grade, status (counted, later, undated, not_farmland, exempt, no_regime), area_m2 (m²), claimed_m2
        (m² that another record has already), counted_m2 (m² net, every place once), capacity_t (t), geometry.

    Raises
    ------
    BadPolicy
        A regime, class or grade that the tables lack; two regimes on one day.
    BadInput
        Days that cannot be read, a share of ridges that is none.

    Notes
    -----
    A loss stands under the regime of the day it was approved on, new farmland under that of its project where all its
    losses have the same, else under that of its own day. Under `project` every project must balance, a surplus of one
    fills no gap of another; under `province-year` the year decides and projects and units are bookkeeping: layers of a
    part of the province show its share. Ground that two records of a side claim counts for the earlier; new farmland on
    ground given up before is none. A missing grade leaves capacity unknown. A run is not split, since an account joins
    records of all the layer. Linear in records, but for those that overlap.

    References
    ----------
    国土资规〔2017〕13号 (balance by project); 自然资发〔2024〕204号 (yearly balance of the province).

    Examples
    --------
    >>> from shapely import box
    >>> def ground(east, **columns):
    ...     return gpd.GeoDataFrame(columns, geometry=[box(5e5, 3e6, 5e5 + east, 3e6 + 100)], crs=4549)
    >>> lost = ground(200, approved=["2024-03-15"], project=["P1"], grade=[5])
    >>> made = ground(150, accepted=["2024-11-20"], project=["P1"], grade=[6])
    >>> lost["class"], made["class"] = "0101", "0103"
    >>> made.geometry = made.translate(1000)
    >>> rules = pd.DataFrame({"regime": ["by-project"], "valid_from": None, "valid_to": None, "scope": "project",
    ...                       "losses": "all", "area": True, "paddy": True, "capacity": False, "article": None})
    >>> kinds = pd.DataFrame({"scheme": "third-survey", "class": ["0101", "0103"], "kind": ["paddy", "dry"]})
    >>> yields = pd.DataFrame({"grade": [5, 6], "capacity_kg_per_ha": [16500.0, 15000.0]})
    >>> answer = balance_farmland(lost, made, regimes=rules, classes=kinds, grades=yields, project="project",
    ...                           net_of_ridges=False)
    >>> row = answer.balance[answer.balance["account"] == "project"]
    >>> row[["verdict", "gap_area_m2", "gap_paddy_m2", "gap_capacity_t"]].to_numpy().tolist()
    [['short', 5000.0, 20000.0, 10.5]]
    """
    known = read_regimes(regimes, regime)
    kinds = _kinds(classes, scheme)
    capacity = {int(row["grade"]): float(row["capacity_kg_per_ha"]) for row in grades.to_dict("records")}
    ridges = ridge_share if net_of_ridges else None
    if net_of_ridges and ridge_share is None:
        ledger.doubt("no share of ridges is given: areas are gross")
    lost, made = (
        read_side(
            frame,
            side,
            Columns(project, day, land_class, grade, unit, why, ridges),
            kinds=kinds,
            capacity=capacity,
            on=on,
            area_basis=area_basis,
        )
        for frame, side, day, why in (
            (occupied, "occupied", approved, cause),
            (supplement, "supplement", accepted, None),
        )
    )
    give_regimes(lost, made, known, regime is not None)
    count_once(lost, made, occupied.crs, area_basis)
    parcels = _parcels(pd.concat([lost, made], ignore_index=True), occupied.crs, area_basis)
    balance = _balance(parcels, known)
    _tell(balance, parcels)
    return FarmlandBalance(balance, parcels)


def _kinds(table: pd.DataFrame, scheme: str) -> dict[str, str]:
    own = table[texts_of(table["scheme"]) == scheme]
    if not len(own):
        known = ", ".join(sorted({str(name) for name in table["scheme"]}))
        raise BadPolicy(f"classes: they have no row of the scheme {scheme!r}, only of {known}; name one of those")
    return {str(text_of(row["class"])): str(row["kind"]) for row in own.to_dict("records")}


def _parcels(table: pd.DataFrame, crs: Any, area_basis: AreaBasis) -> gpd.GeoDataFrame:
    shapes = table["shape"].to_numpy()
    counted = (table["status"] == "counted").to_numpy()
    table["counted_m2"] = np.where(
        counted, areas_of(shapes, crs, area_basis) * table["net_share"].to_numpy(dtype=np.float64), 0.0
    )
    table["capacity_t"] = table["counted_m2"] / 10_000 * table["yield_kg_per_ha"] / 1000
    table.loc[~counted, "capacity_t"] = 0.0
    table["year"] = pd.to_datetime(table["day"]).dt.year.astype("Int64")
    order = np.lexsort((np.arange(len(table)), table["parcel"].astype(str), table["side"].astype(str)))
    table, shapes = table.iloc[order].reset_index(drop=True), shapes[order]
    return gpd.GeoDataFrame(table[list(PARCEL_COLUMNS)].astype(PARCEL_COLUMNS), geometry=shapes, crs=crs)


def _balance(parcels: gpd.GeoDataFrame, regimes: list[Regime]) -> pd.DataFrame:
    """Sum both sides by every account of every regime."""
    own = pd.DataFrame(parcels.drop(columns="geometry"))
    own = own[own["status"] == "counted"]
    rows: list[dict[str, Any]] = []
    for regime in regimes:
        under = own[own["regime"] == regime.name]
        for account, column in _ACCOUNTS.items():
            if column is None:
                groups: list[tuple[Any, pd.DataFrame]] = [("all", under)] if len(under) else []
            else:
                groups = list(under.groupby(column, sort=True, dropna=False))
            sums = [_account(regime, account, name, group) for name, group in groups]
            ledger.balance(
                float(under["counted_m2"].sum()),
                [row["occupied_area_m2"] + row["supplemented_area_m2"] for row in sums],
                what=f"farmland by {account} under {regime.name}",
            )
            rows += sums
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS)).astype(BALANCE_COLUMNS)


def _account(regime: Regime, account: str, name: Any, group: pd.DataFrame) -> dict[str, Any]:
    lost, made = group[group["side"] == "occupied"], group[group["side"] == "supplement"]
    row: dict[str, Any] = {"regime": regime.name, "account": account, "name": text_of(name), "article": regime.article}
    short, unknown = [], False
    for item, column in zip(ITEMS, _SUMS, strict=True):
        before, after = (_sum(side, item) for side in (lost, made))
        row |= {
            f"occupied_{column}": before,
            f"supplemented_{column}": after,
            f"balance_{column}": after - before,
            f"gap_{column}": before - after if not before - after <= 0 else 0.0,
        }
        if item in regime.needed:
            # less than a tenth of a millionth is rounding
            if before - after > max(1e-6, 1e-7 * before):
                short.append(item)
            unknown |= bool(np.isnan(before - after))
    row["decisive"] = account == {"project": "project", "province-year": "year"}[regime.scope]
    row["short_of"] = "; ".join(short) or None
    judged = "short" if short else "unknown" if unknown else "balanced"
    row["verdict"] = judged if row["decisive"] else "bookkeeping"
    for side, part in (("occupied", lost), ("supplemented", made)):
        graded = part[part["grade"].notna()]
        weight = graded["counted_m2"].sum()
        row[f"{side}_grade"] = (graded["grade"] * graded["counted_m2"]).sum() / weight if weight else np.nan
    return row


def _sum(side: pd.DataFrame, item: str) -> float:
    if item == "capacity":
        return float(side["capacity_t"].sum(skipna=False)) if len(side) else 0.0
    own = side if item == "area" else side[side["kind"] == "paddy"]
    return float(own["counted_m2"].sum())


def _tell(balance: pd.DataFrame, parcels: gpd.GeoDataFrame) -> None:
    decisive = balance[balance["decisive"]]
    ledger.figure("accounts", len(decisive))
    for verdict in ("balanced", "short", "unknown"):
        ledger.figure(verdict, int((decisive["verdict"] == verdict).sum()))
    for item, column in zip(ITEMS, _SUMS, strict=True):
        # what a regime does not ask for is no gap of its account
        asked = [item in text.split("; ") for text in decisive["short_of"].fillna("")]
        ledger.figure(f"gap_{column}", float(decisive.loc[asked, f"gap_{column}"].sum()))
    for side in ("occupied", "supplement"):
        own = parcels[parcels["side"] == side]
        ledger.figure(f"{side}_m2", float(own["counted_m2"].sum()))
        for status, group in own[own["status"] != "counted"].groupby("status", sort=True):
            words = str(status).replace("_", " ")
            ledger.dropped(len(group), f"{side} records not counted: {words}", area_m2=float(group["area_m2"].sum()))
            if status != "exempt":
                ledger.doubt(f"{len(group)} records of {side} are not counted: {words}", str(group["parcel"].iloc[0]))
