"""Limits of development: which hold for a parcel, which are broken, and which cannot be held."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy
from spacegov.tools.values import texts_of

LIMITS = ("ratio_max", "coverage_max", "height_max_m", "green_min")
_BUILT = {"ratio_max": "ratio", "coverage_max": "coverage", "height_max_m": "height_m", "green_min": "green_share"}
_ROUNDING = 1e-9
_BREACH_COLUMNS = {
    "parcel": "str",
    "limit": "str",
    "allowed": "float64",
    "built": "float64",
    "over": "float64",
    "over_share": "float64",
    "over_m2": "float64",
}


def limits_of(
    parcels: gpd.GeoDataFrame, columns: dict[str, str | None], limits: pd.DataFrame | None, zoning: str | None
) -> dict[str, Any]:
    """Give every limit of each parcel: its own, else that of its zoning code."""
    if limits is not None and zoning is None:
        raise BadInput("limits: a table by zoning code was given, but no column of codes; name it with zoning=")
    if limits is None and not any(columns.values()):
        raise BadInput(
            "no limit was given, at least one is needed; name a column such as ratio_max=, or a table limits="
        )
    found = {
        name: np.full(len(parcels), np.nan)
        if column is None
        else parcels[column].to_numpy(dtype=np.float64, na_value=np.nan).copy()
        for name, column in columns.items()
    }
    if limits is None or zoning is None:
        return found
    codes = pd.Series(texts_of(limits["zoning"]))
    if codes.duplicated().any():
        raise BadPolicy(
            f"{limits.attrs.get('policy', 'limits')}: the code {codes[codes.duplicated()].iloc[0]!r} stands twice; "
            "give each code one row"
        )
    own = pd.Index(codes).get_indexer(pd.Index(texts_of(parcels[zoning])))
    for name in LIMITS:
        values = pd.to_numeric(limits[name]).to_numpy(dtype=np.float64, na_value=np.nan)
        if len(values):
            from_table = np.where(own >= 0, values[np.maximum(own, 0)], np.nan)
            found[name] = np.where(np.isnan(found[name]), from_table, found[name])
    lost = parcels[zoning].to_numpy()[own < 0]
    if len(lost):
        ledger.doubt(f"{len(lost)} parcels have a zoning code without a row in the table of limits", str(lost[0]))
    return found


def judge(table: pd.DataFrame, tolerance: float) -> tuple[list[list[str]], list[list[str]]]:
    """Tell which limits each parcel breaks, and which cannot be held."""
    broken: list[list[str]] = [[] for _ in range(len(table))]
    unknown: list[list[str]] = [[] for _ in range(len(table))]
    for limit in LIMITS:
        allowed = table[limit].to_numpy()
        if limit == "green_min":
            built = table["green_share"].to_numpy()
            over = built < allowed * (1 - tolerance) - _ROUNDING
            open_ = np.isnan(built)
        else:
            built = table["ratio_least" if limit == "ratio_max" else _BUILT[limit]].to_numpy()
            over = built > allowed * (1 + tolerance) + _ROUNDING * np.maximum(allowed, 1)
            open_ = np.isnan(table[_BUILT[limit]].to_numpy())
            if limit == "height_max_m":
                open_ |= table["height_unknown"].to_numpy()
        for row in np.flatnonzero(over):
            broken[row].append(limit)
        for row in np.flatnonzero(open_ & ~over & ~np.isnan(allowed)):
            unknown[row].append(limit)
    return broken, unknown


def breaches_of(answer: gpd.GeoDataFrame) -> pd.DataFrame:
    """List the limits that are broken, and by how much."""
    rows: list[dict[str, Any]] = []
    for row in answer[answer["answer"] == "present"].to_dict("records"):
        for limit in row["broken"].split("; "):
            allowed = row[limit]
            built = row["ratio_least"] if limit == "ratio_max" else row[_BUILT[limit]]
            over = allowed - built if limit == "green_min" else built - allowed
            rows.append(
                {
                    "parcel": row["parcel"],
                    "limit": limit,
                    "allowed": allowed,
                    "built": built,
                    "over": over,
                    "over_share": over / allowed if allowed else np.nan,
                    "over_m2": np.nan if limit == "height_max_m" else over * row["area_m2"],
                }
            )
    return pd.DataFrame(rows, columns=list(_BREACH_COLUMNS)).astype(_BREACH_COLUMNS)
