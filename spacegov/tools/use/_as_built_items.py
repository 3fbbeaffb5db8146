"""The items of as-built control: each holds all plots against one condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.errors import BadPolicy
from spacegov.tools.overlay import intersections, shapes_of
from spacegov.tools.values import text_of

TOLERANCE = ("item", "up_to", "share", "amount")
USES = ("planned", "built", "max_share")
SETBACK = ("use", "height_from_m", "setback_m")
ANY = "any"
_ROUNDING = 1e-9
_COLUMNS = ("row", "item", "subject", "allowed", "built", "over", "unknown", "unit")


@dataclass(frozen=True)
class Tables:
    """Rules that were read and checked: tolerances by item, shares by pair of uses, setbacks by use."""

    tolerances: dict[str, list[tuple[float, float, float]]]
    shares: dict[tuple[str, str], float] | None
    setbacks: dict[str, list[tuple[float, float]]] | None


@dataclass(frozen=True)
class Plots:
    """Plots of one layer with what stands on them.

    Attributes
    ----------
    frame : GeoDataFrame
    table : DataFrame
        What `measure_built` found, with use and green_share.
    pieces : DataFrame
        parcel, building (row positions), area_m2, part; those that are more than drawing.
    floor_area, heights, uses : arrays (buildings,)
        Of whole buildings; heights and uses may be None.
    limits : dict
        Allowed values by item.
    buildings : GeoDataFrame
    names : array (buildings,)
    """

    frame: gpd.GeoDataFrame
    table: pd.DataFrame
    pieces: pd.DataFrame
    floor_area: Any
    limits: dict[str, Any]
    buildings: gpd.GeoDataFrame
    names: Any
    heights: Any
    uses: Any


def read_tables(tolerances: pd.DataFrame, uses: pd.DataFrame | None, setbacks: pd.DataFrame | None) -> Tables:
    """Read the rules.

    Raises
    ------
    BadPolicy
        An item that is not known, a share outside 0 to 1, a pair twice.
    """
    name = tolerances.attrs.get("policy", "tolerances")
    steps: dict[str, list[tuple[float, float, float]]] = {}
    for number, row in enumerate(tolerances.to_dict("records"), start=1):
        item = text_of(row["item"])
        if item not in ITEMS:
            raise BadPolicy(f"{name}, row {number}: {item!r} is no item; valid names are {', '.join(ITEMS)}")
        up_to, share, amount = (
            gap if pd.isna(row[key]) else float(row[key])
            for key, gap in (("up_to", np.inf), ("share", 0.0), ("amount", 0.0))
        )
        if share < 0 or amount < 0:
            raise BadPolicy(f"{name}, row {number}: a tolerance below 0 was given; give 0 for none")
        steps.setdefault(item, []).append((up_to, share, amount))
    return Tables(
        {item: sorted(rows) for item, rows in steps.items()},
        None if uses is None else _read_uses(uses),
        None if setbacks is None else _read_setbacks(setbacks),
    )


def _read_uses(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    name = table.attrs.get("policy", "uses")
    shares: dict[tuple[str, str], float] = {}
    for number, row in enumerate(table.to_dict("records"), start=1):
        pair = (str(text_of(row["planned"])), str(text_of(row["built"])))
        share = float(row["max_share"])
        if not 0 <= share <= 1:
            raise BadPolicy(f"{name}, row {number}: the share {share:g} was given, 0 to 1 is needed; mend the table")
        if pair in shares:
            raise BadPolicy(f"{name}, row {number}: {pair[1]!r} on {pair[0]!r} stands twice; give it one row")
        shares[pair] = share
    return shares


def _read_setbacks(table: pd.DataFrame) -> dict[str, list[tuple[float, float]]]:
    rules: dict[str, list[tuple[float, float]]] = {}
    for row in table.to_dict("records"):
        rules.setdefault(text_of(row["use"]) or ANY, []).append((float(row["height_from_m"]), float(row["setback_m"])))
    return {use: sorted(rows) for use, rows in rules.items()}


def _tolerance(tables: Tables, item: str, allowed: float) -> float:
    """Give the tolerance of an allowed value, in its unit."""
    for up_to, share, amount in tables.tolerances.get(item, []):
        if allowed <= up_to:
            return max(share * allowed, amount)
    return 0.0


def _judged(rows: list[tuple[Any, ...]], item: str, tables: Tables) -> pd.DataFrame:
    """Turn findings into verdicts: what departs, by how much, and whether within tolerance."""
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"row": "int64"})
    allowed = table["allowed"].to_numpy(dtype=np.float64)
    over = table["over"].to_numpy(dtype=np.float64)
    table["tolerance"] = [_tolerance(tables, item, value) for value in allowed]
    slack = _ROUNDING * np.maximum(np.nan_to_num(allowed), 1.0)
    table["verdict"] = np.select(
        [over > table["tolerance"] + slack, table["unknown"].to_numpy(dtype=bool) | np.isnan(over), over > slack],
        ["broken", "unknown", "tolerated"],
        "kept",
    )
    table["deviation"] = over
    with np.errstate(divide="ignore", invalid="ignore"):
        table["deviation_share"] = np.where(allowed > 0, over / allowed, np.nan)
    return table.drop(columns=["over", "unknown"])


def _floor_area(plots: Plots, tables: Tables) -> pd.DataFrame:
    limits = [plots.limits[item] for item in ("floor_area",) if item in plots.limits]
    if "ratio" in plots.limits:
        limits.append(plots.limits["ratio"] * plots.table["area_m2"].to_numpy())
    rows: list[tuple[Any, ...]] = []
    if limits:
        allowed = np.fmin.reduce(limits)
        built, gaps = (plots.table[name].to_numpy() for name in ("floor_area_m2", "floors_missing"))
        rows = [
            (row, "floor_area", "", allowed[row], built[row], built[row] - allowed[row], gaps[row] > 0, "m²")
            for row in np.flatnonzero(~np.isnan(allowed)).tolist()
        ]
    return _judged(rows, "floor_area", tables)


def _coverage(plots: Plots, tables: Tables) -> pd.DataFrame:
    return _shares_of(plots, tables, "coverage", "coverage", 1.0)


def _green(plots: Plots, tables: Tables) -> pd.DataFrame:
    return _shares_of(plots, tables, "green", "green_share", -1.0)


def _shares_of(plots: Plots, tables: Tables, item: str, column: str, sign: float) -> pd.DataFrame:
    allowed = plots.limits.get(item, np.full(len(plots.table), np.nan))
    built = plots.table[column].to_numpy()
    rows = [
        (
            row,
            item,
            "",
            allowed[row],
            built[row],
            sign * (built[row] - allowed[row]),
            bool(np.isnan(built[row])),
            "share",
        )
        for row in np.flatnonzero(~np.isnan(allowed)).tolist()
    ]
    return _judged(rows, item, tables)


def _height(plots: Plots, tables: Tables) -> pd.DataFrame:
    allowed = plots.limits.get("height")
    rows: list[tuple[Any, ...]] = []
    if allowed is not None:
        own = plots.pieces.assign(height=np.nan if plots.heights is None else plots.heights[plots.pieces["building"]])
        by_plot = dict(list(own.groupby("parcel")))
        for row in np.flatnonzero(~np.isnan(allowed)).tolist():
            if row not in by_plot:
                rows.append((row, "height", "", allowed[row], 0.0, -allowed[row], False, "m"))
                continue
            heights = by_plot[row]["height"].to_numpy()
            unknown = bool(np.isnan(heights).any())
            if np.isnan(heights).all():
                rows.append((row, "height", "", allowed[row], np.nan, np.nan, True, "m"))
                continue
            most = int(np.nanargmax(heights))
            name = plots.names[by_plot[row]["building"].to_numpy()[most]]
            rows.append((row, "height", name, allowed[row], heights[most], heights[most] - allowed[row], unknown, "m"))
    return _judged(rows, "height", tables)


def _setback(plots: Plots, tables: Tables) -> pd.DataFrame:
    """Hold the distance of every building to the plot's edge; the building that falls shortest speaks for the plot."""
    own = plots.limits.get("setback")
    if own is None and tables.setbacks is None:
        return _judged([], "setback", tables)
    parcel, building = (plots.pieces[name].to_numpy() for name in ("parcel", "building"))
    shapes = shapes_of(plots.frame)
    parts = intersections(shapes[parcel], shapes_of(plots.buildings)[building])
    distance = shapely.distance(parts, shapely.boundary(shapes[parcel]))
    # what reaches over the edge keeps no distance from it, however the pieces were cut
    distance[plots.pieces["part"].to_numpy() < 1 - 1e-6] = 0.0
    uses = plots.table["use"].to_numpy(dtype=object)
    worst: dict[int, tuple[Any, ...]] = {}
    open_plots = set()
    for row, number, away in zip(parcel.tolist(), building.tolist(), distance.tolist(), strict=True):
        least = float(own[row]) if own is not None else np.nan
        if np.isnan(least):
            height = np.nan if plots.heights is None else float(plots.heights[number])
            rule = _setback_rule(tables, text_of(uses[row]), height)
            if rule is None:
                continue
            least, certain = rule
            if not certain:
                open_plots.add(row)
        entry = (row, "setback", plots.names[number], least, away, least - away, False, "m")
        if row not in worst or entry[5] > worst[row][5]:
            worst[row] = entry
    rows = [(*entry[:6], row in open_plots, "m") for row, entry in sorted(worst.items())]
    return _judged(rows, "setback", tables)


def _setback_rule(tables: Tables, use: str | None, height: float) -> tuple[float, bool] | None:
    """Give the setback for a use and height, and whether it is certain; a missing height is certain of the lowest."""
    rules = (tables.setbacks or {}).get(use or ANY) or (tables.setbacks or {}).get(ANY)
    if not rules:
        return None
    if np.isnan(height):
        return min(setback for _, setback in rules), len({setback for _, setback in rules}) == 1
    reached = [setback for least, setback in rules if height >= least]
    return (reached[-1], True) if reached else None


def _use(plots: Plots, tables: Tables) -> pd.DataFrame:
    """Hold the share of the floor area that every built use takes."""
    if tables.shares is None or plots.uses is None:
        return _judged([], "use", tables)
    pieces = plots.pieces.assign(
        floor=plots.floor_area[plots.pieces["building"]] * plots.pieces["part"],
        built=plots.uses[plots.pieces["building"]],
    )
    planned = plots.table["use"].to_numpy(dtype=object)
    rows: list[tuple[Any, ...]] = []
    for key, group in pieces.groupby("parcel"):
        row = int(str(key))
        if text_of(planned[row]) is None:
            continue
        total = float(group["floor"].sum())
        gap = bool(group["floor"].isna().any())
        names = group["built"].to_numpy(dtype=object)
        for built in sorted({text_of(name) or "" for name in names}):
            part = float(group.loc[[(text_of(name) or "") == built for name in names], "floor"].sum())
            most = tables.shares.get((str(planned[row]), built))
            share = part / total if total > 0 else np.nan
            over = np.nan if most is None or gap else share - most
            rows.append(
                (row, "use", built, np.nan if most is None else most, share, over, most is None or gap, "share")
            )
    return _judged(rows, "use", tables)


ITEMS: dict[str, Callable[[Plots, Tables], pd.DataFrame]] = {
    "use": _use,
    "floor_area": _floor_area,
    "coverage": _coverage,
    "height": _height,
    "setback": _setback,
    "green": _green,
}
