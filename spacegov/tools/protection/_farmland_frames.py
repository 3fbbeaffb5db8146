"""The frames of a farmland audit: evidence, plots, units."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.errors import BadInput
from spacegov.tools.overlay import Shapes, shapes_of
from spacegov.tools.protection._farmland_audit import Evidence
from spacegov.tools.values import dates_of

EVIDENCE_COLUMNS = {
    "evidence": "int64",
    "plot": "str",
    "unit": "str",
    "source": "str",
    "patch": "str",
    "class": "str",
    "verdict": "str",
    "article": "str",
    "area_m2": "float64",
    "share": "float64",
    "origin": "str",
    "earlier_class": "str",
    "lost_m2": "float64",
    "standing_m2": "float64",
    "seen": "datetime64[s]",
    "first_seen": "datetime64[s]",
    "permitted": "str",
    "permitted_m2": "float64",
    "unpermitted_m2": "float64",
    "permits": "str",
    "permits_not_in_force": "str",
}
AMOUNTS = {
    "area_m2": "float64",
    "farmland_m2": "float64",
    "net_m2": "float64",
    "non_farm_m2": "float64",
    "non_grain_m2": "float64",
    "unpermitted_m2": "float64",
    "review_m2": "float64",
    "unknown_m2": "float64",
    "below_m2": "float64",
    "unsurveyed_m2": "float64",
    "grain_m2": "float64",
    "other_crop_m2": "float64",
    "crop_unknown_m2": "float64",
}
PLOT_COLUMNS = {
    "plot": "str",
    "unit": "str",
    "answer": "str",
    **AMOUNTS,
    "share": "float64",
    "not_covered": "str",
}
UNIT_COLUMNS = {"unit": "str", "plots": "int64", "plots_with_findings": "int64", **AMOUNTS, "share": "float64"}


def evidence_frame(
    plots: gpd.GeoDataFrame,
    found: pd.DataFrame,
    ground: Shapes,
    now: Evidence,
    sizes: Any,
    names: Any,
    units: Any,
    issued: str | None,
    compared: bool,
) -> gpd.GeoDataFrame:
    """Give a row for every finding, by plot and patch."""
    plot, patch = found["plot"].to_numpy(dtype=np.int64), found["patch"].to_numpy(dtype=np.int64)
    table = found.assign(
        position=plot,
        plot=names[plot],
        unit=units[plot],
        patch=now.names[patch],
        source=now.source[patch],
        article=now.articles[patch],
        share=np.minimum(found["area_m2"].to_numpy() / sizes[plot], 1.0),
        seen=now.days[patch],
        origin=_origin(plots, found, plot, issued, compared),
    )
    table["class"] = now.codes[patch]
    bounds = shapely.bounds(ground).reshape(-1, 4)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], table["patch"].astype(str), table["plot"].astype(str)))
    table = table.iloc[order].reset_index(drop=True)
    table["evidence"] = np.arange(1, len(table) + 1)
    columns = table[list(EVIDENCE_COLUMNS)].astype(EVIDENCE_COLUMNS)
    return gpd.GeoDataFrame(columns, geometry=ground[order], crs=plots.crs)


def _origin(plots: gpd.GeoDataFrame, found: pd.DataFrame, plot: Any, issued: str | None, compared: bool) -> Any:
    """Tell whether farmland was lost or the plot was drawn over other ground."""
    if not compared:
        return np.full(len(found), "unknown", dtype=object)
    days = np.full(len(plots), np.datetime64("NaT"), dtype="datetime64[s]")
    if issued is not None:
        days, texts = dates_of(plots[issued])
        broken = np.flatnonzero(np.isnat(days) & np.array([text is not None for text in texts], dtype=bool))
        if len(broken):
            raise BadInput(
                f"plots: {texts[broken[0]]!r} in {issued!r} is no date; write it as 2024-06-30, or leave it empty"
            )
    lost, standing = found["lost_m2"].to_numpy(), found["standing_m2"].to_numpy()
    drawn_after = days[plot] >= found["first_seen"].to_numpy().astype("datetime64[s]")
    old = np.where(drawn_after, "delineated", "standing")
    return np.where(lost + standing <= 0, "unknown", np.where(standing > lost, old, "lost")).astype(object)


def plots_frame(
    plots: gpd.GeoDataFrame,
    rows: pd.DataFrame,
    found: pd.DataFrame,
    unsurveyed: Any,
    grown: pd.DataFrame | None,
    sizes: Any,
    names: Any,
    units: Any,
    gaps: pd.DataFrame,
    min_area: float,
) -> gpd.GeoDataFrame:
    """Give a row for every plot, by name, with the balance of its ground."""
    count = len(plots)

    def summed(verdict: str, column: str = "area_m2") -> Any:
        own = rows[rows["verdict"] == verdict]
        return np.bincount(own["plot"], weights=own[column], minlength=count)

    table = pd.DataFrame({"plot": names, "unit": units, "area_m2": sizes}, dtype=object)
    for verdict in ("farmland", "non_farm", "non_grain", "review", "unknown", "below"):
        table[f"{verdict}_m2"] = summed(verdict)
    table["net_m2"] = summed("farmland", "net_m2")
    charged = found[found["verdict"].isin(["non_farm", "non_grain"])]
    table["unpermitted_m2"] = np.bincount(
        charged["plot"].to_numpy(dtype=np.int64), weights=charged["unpermitted_m2"], minlength=count
    )
    table["unsurveyed_m2"] = np.where(unsurveyed < min(min_area, 1e-3), 0.0, unsurveyed)
    for column in ("grain_m2", "other_crop_m2"):
        table[column] = np.nan if grown is None else grown[column].reindex(range(count)).fillna(0.0).to_numpy()
    known = table["grain_m2"] + table["other_crop_m2"]
    table["crop_unknown_m2"] = np.maximum((table["farmland_m2"] - known).to_numpy(dtype=np.float64), 0.0)
    table["share"] = np.minimum(table["unpermitted_m2"].to_numpy() / sizes, 1.0)
    limit = max(min_area, 1e-9)
    gap = (gaps["not_covered_m2"].to_numpy() >= limit) | (table["unsurveyed_m2"].to_numpy() >= limit)
    rest = np.where(table["unknown_m2"].to_numpy() > 0, "failed", np.where(gap, "not_covered", "absent"))
    table["answer"] = np.where(table["unpermitted_m2"].to_numpy() >= limit, "present", rest).astype(object)
    table["not_covered"] = gaps["not_covered"]
    order = np.lexsort((np.arange(count), table["plot"].astype(str)))
    columns = table.iloc[order].reset_index(drop=True)[list(PLOT_COLUMNS)].astype(PLOT_COLUMNS)
    return gpd.GeoDataFrame(columns, geometry=shapes_of(plots)[order], crs=plots.crs)


def units_frame(plots: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sum plots by unit."""
    named = pd.DataFrame(plots.drop(columns="geometry")).assign(
        plots=1, plots_with_findings=(plots["answer"] == "present").astype(int)
    )
    keys = ["plots", "plots_with_findings", *AMOUNTS]
    summed = named.groupby("unit", sort=True, dropna=False)[keys].sum(min_count=1).reset_index()
    summed["share"] = summed["unpermitted_m2"] / summed["area_m2"]
    return summed[list(UNIT_COLUMNS)].astype(UNIT_COLUMNS)
