"""Areas that sum to what is registered: scaled to control areas, rounded without a remainder, net of ridges."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, EmptyLayer, MissingColumn, suggest
from spacegov.kinds import AreaBasis, ColumnOf, Polygons, Share, Table
from spacegov.ledger import balance, doubt, figure
from spacegov.tools.foundation._records import answer_table, record_names
from spacegov.tools.foundation._shapes import Floats, Integers
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.values import texts_of

RECONCILED, OUT_OF_TOLERANCE, NO_CONTROL, NO_PATCH = "reconciled", "out-of-tolerance", "no-control", "no-patch"
Step = Annotated[float, Field(gt=0, le=10_000, json_schema_extra={"unit": "m²"})]


class ReconciledAreas(NamedTuple):
    """Every patch with its registered area, and the account of each unit."""

    patches: gpd.GeoDataFrame
    units: pd.DataFrame


@checked(partition=None)
def reconcile_area(
    patches: Polygons,
    units: Polygons | None = None,
    control: Table | None = None,
    *,
    unit: Annotated[str, ColumnOf(("patches", "units", "control"))] = "unit",
    registered: Annotated[str, ColumnOf("control", numeric=True)] = "area_m2",
    ridge_share: Annotated[str | None, ColumnOf("patches", numeric=True)] = None,
    net_of_ridges: bool = True,
    step: Step = 0.01,
    tolerance: Share = 0.001,
    id_column: Annotated[str | None, ColumnOf("patches")] = None,
    area_basis: AreaBasis = "ellipsoid",
) -> ReconciledAreas:
    """Give every patch an area, so that the patches of a unit sum to the unit's registered area.

    Parameters
    ----------
    patches : GeoDataFrame
        Patches of a survey, each within one unit.
    units : GeoDataFrame, optional
        The units themselves; where the control table says nothing, a unit's own measured area is its control.
    control : DataFrame, optional
        Registered areas of units, m².
    unit : str
        Column that names the unit, in all three.
    registered : str
        Column of the registered areas in the control table.
    ridge_share : str, optional
        Column of the share of field ridges in a patch (0–1).
    net_of_ridges : bool
        Whether the ridges are taken off.
    step : float
        To what areas are rounded, 0.01 m² in the survey database.
    tolerance : float
        How far the ratio of registered to measured area may lie from 1 before it is flagged.
    id_column : str, optional
        Column that names a patch; it decides between equal remainders.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured; registered areas are ellipsoidal.

    Returns
    -------
    patches : GeoDataFrame
        The layer's own columns and order, with `plane_m2`, `measured_m2` (m², on the asked basis), `ratio` (of its
        unit), `area_m2` (m², registered), `ridge_m2` (m²), `net_m2` (m², area less ridges), `status` (of its unit).
    units : DataFrame
        A row for each unit, sorted by name: `unit`, `patches`, `measured_m2`, `control_m2`, `ratio`, `difference_m2`
        (control less measured), `area_m2`, `ridge_m2`, `net_m2` (m², sums of its patches), `status` (`reconciled`;
        `out-of-tolerance`: scaled all the same, but the ratio must be explained; `no-control`: areas are the measured
        ones; `no-patch`).

    Raises
    ------
    BadInput
        Neither units nor control areas were given; a unit stands twice in the table; a share is outside 0–1; a control
        area is not above zero.
    EmptyLayer
        There are no patches.
    MissingColumn
        A column is not there.

    Notes
    -----
    Each measured area is multiplied by control / Σ measured and rounded down to the step; the steps that are left go,
    one each, to the patches with the largest remainders (largest remainder method; among equals the larger patch, then
    the name). A unit's patches sum to its control area exactly. Ridges are area × share, rounded half up; net area is
    the difference (TBDLMJ = TBMJ - KCMJ). Not split, since a unit's patches belong together. Linear in patches.

    References
    ----------
    .. [1] TD/T 1055-2019, Technical regulation of the third national land survey.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> thirds = [shapely.box(5e5 + 10 * i, 3e6, 5e5 + 10 * i + 10, 3_000_010) for i in range(3)]
    >>> patches = gpd.GeoDataFrame({"unit": ["V1"] * 3}, geometry=thirds, crs="EPSG:4549")
    >>> control = pd.DataFrame({"unit": ["V1"], "area_m2": [300.1]})
    >>> reconcile_area(patches, control=control, area_basis="plane").patches["area_m2"].tolist()
    [100.04, 100.03, 100.03]
    """
    if units is None and control is None:
        raise BadInput("neither units nor control areas were given, one is needed; name them with units=… or control=…")
    if not len(patches):
        raise EmptyLayer("patches: the layer has no patch, at least one is needed; check the layer or its filter")
    shapes = shapes_of(patches)
    measured = areas_of(shapes, patches.crs, area_basis)
    names = texts_of(patches[unit])
    wanted = _control_areas(units, control, unit, registered, area_basis)
    shares = _ridge_shares(patches, ridge_share) if net_of_ridges else np.zeros(len(patches))
    labels = record_names(patches, id_column)
    steps = np.zeros(len(patches), np.int64)
    ratio = np.full(len(patches), np.nan)
    status = np.full(len(patches), NO_CONTROL, dtype=object)
    for name in sorted({name for name in names if name is not None}):
        rows = np.flatnonzero(names == name)
        if name not in wanted or not measured[rows].sum():
            steps[rows] = np.floor(measured[rows] / step + 0.5)
            continue
        target = round(wanted[name] / step)
        steps[rows] = apportion(measured[rows], target, labels[rows])
        ratio[rows] = wanted[name] / math.fsum(measured[rows])
        status[rows] = RECONCILED if abs(ratio[rows[0]] - 1) <= tolerance else OUT_OF_TOLERANCE
    nameless = np.array([name is None for name in names], dtype=bool)
    steps[nameless] = np.floor(measured[nameless] / step + 0.5)
    ridges = np.floor(steps * shares + 0.5).astype(np.int64)
    result = _patches(patches, measured, ratio, (steps, ridges), step, status, area_basis)
    table = _units(result, names, wanted, step)
    _tell(table, nameless)
    return ReconciledAreas(result, table)


def apportion(weights: Floats, total: int, labels: Any) -> NDArray[np.int64]:
    """Share a whole number of steps in proportion to weights, by largest remainders.

    Parameters
    ----------
    weights : array of float
        Not negative, not all zero.
    total : int
        Steps to share.
    labels : array
        Names, which decide between equal weights with equal remainders.

    Returns
    -------
    array of int
        Summing to total.

    Examples
    --------
    >>> apportion(np.array([3.0, 3.0, 1.0]), 10, ["a", "b", "c"]).tolist()
    [4, 4, 2]
    """
    # An exact sum, so that the order of patches decides nothing.
    exact = weights / math.fsum(weights) * total
    steps: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    rest = exact - steps
    left = int(total - steps.sum())
    # Rounding of the quotient may leave one step too many or too few beyond the number of patches.
    order = np.lexsort((np.asarray(labels, dtype=str), -weights, -np.round(rest, 9)))
    steps[order[: max(left, 0)]] += 1
    for row in order[::-1][: max(-left, 0)]:
        steps[row] -= 1
    return steps


def _control_areas(
    units: gpd.GeoDataFrame | None, control: pd.DataFrame | None, unit: str, registered: str, area_basis: AreaBasis
) -> dict[str, float]:
    """Give the area each unit must have: the registered one, else its own measured area."""
    wanted: dict[str, float] = {}
    if units is not None and len(units):
        areas = areas_of(shapes_of(units), units.crs, area_basis)
        for name, area in zip(texts_of(units[unit]), areas, strict=True):
            if name is not None:
                wanted[name] = wanted.get(name, 0.0) + float(area)
    if control is None:
        return wanted
    if registered not in control.columns:
        raise MissingColumn(f"control: the column {registered!r} is missing; {suggest(registered, control.columns)}")
    names = texts_of(control[unit])
    twice = sorted({name for name in names if name is not None and (names == name).sum() > 1})
    if twice:
        raise BadInput(f"control: the unit {twice[0]!r} stands twice, one area each is needed; mend the table")
    for name, area in zip(names, control[registered].to_numpy(np.float64, na_value=np.nan), strict=True):
        if name is None or np.isnan(area):
            continue
        if area <= 0:
            raise BadInput(
                f"control: the unit {name!r} has an area of {area:g} m², more than 0 is needed; mend the table"
            )
        wanted[name] = float(area)
    return wanted


def _ridge_shares(patches: gpd.GeoDataFrame, column: str | None) -> Floats:
    if column is None:
        return np.zeros(len(patches))
    shares = patches[column].to_numpy(np.float64, na_value=0.0)
    shares = np.nan_to_num(shares)
    wrong = np.flatnonzero((shares < 0) | (shares >= 1))
    if len(wrong):
        raise BadInput(
            f"ridge_share: record {patches.index[wrong[0]]} has {shares[wrong[0]]:g}, a share from 0 to below 1 is "
            "needed; per cent must be divided by 100"
        )
    return np.asarray(shares, dtype=np.float64)


def _patches(
    patches: gpd.GeoDataFrame,
    measured: Floats,
    ratio: Floats,
    steps: tuple[Integers, Integers],
    step: float,
    status: Any,
    area_basis: AreaBasis,
) -> gpd.GeoDataFrame:
    whole, ridges = steps
    plane = measured if area_basis == "plane" else areas_of(shapes_of(patches), patches.crs, "plane")
    added = {
        "plane_m2": plane,
        "measured_m2": measured,
        "ratio": ratio,
        "area_m2": _in_metres(whole, step),
        "ridge_m2": _in_metres(ridges, step),
        "net_m2": _in_metres(whole - ridges, step),
        "status": pd.Series(list(status), dtype="str", index=patches.index),
    }
    own = patches.drop(columns=[column for column in added if column in patches.columns])
    return own.assign(**added).reset_index(drop=True)


def _in_metres(steps: Integers, step: float) -> Floats:
    """Turn steps into square metres, as near to the decimal number as a float can be."""
    per_metre = 1 / step
    whole = round(per_metre)
    return np.asarray(steps / whole if abs(per_metre - whole) < 1e-9 else steps * step, dtype=np.float64)


def _units(result: gpd.GeoDataFrame, names: Any, wanted: dict[str, float], step: float) -> pd.DataFrame:
    plain = pd.DataFrame(result.drop(columns=result.geometry.name)).assign(unit_=names)
    grouped = plain[plain["unit_"].notna()].groupby("unit_", sort=True)
    sums = grouped[["measured_m2", "area_m2", "ridge_m2", "net_m2"]].sum()
    known = sorted({*sums.index, *wanted})
    sums = sums.reindex(known).fillna(0.0)
    size = grouped.size().reindex(known).fillna(0).astype("int64")
    status = grouped["status"].first().reindex(known)
    control = np.array([round(wanted[name] / step) * step if name in wanted else np.nan for name in known])
    done = status.isin([RECONCILED, OUT_OF_TOLERANCE]).to_numpy()
    balance(float(control[done].sum()), sums["area_m2"].to_numpy()[done].tolist(), what="registered area of units")
    measured = sums["measured_m2"].to_numpy()
    return answer_table(
        {
            "unit": (known, "str"),
            "patches": (size.to_numpy(), "int64"),
            "measured_m2": (measured, "float64"),
            "control_m2": (control, "float64"),
            "ratio": (np.divide(control, measured, out=np.full(len(known), np.nan), where=measured > 0), "float64"),
            "difference_m2": (control - measured, "float64"),
            "area_m2": (sums["area_m2"], "float64"),
            "ridge_m2": (sums["ridge_m2"], "float64"),
            "net_m2": (sums["net_m2"], "float64"),
            "status": (status.fillna(NO_PATCH).tolist(), "str"),
        }
    )


def _tell(units: pd.DataFrame, nameless: Any) -> None:
    counts = units["status"].value_counts()
    for status in (RECONCILED, OUT_OF_TOLERANCE, NO_CONTROL, NO_PATCH):
        figure(status.replace("-", "_"), int(counts.get(status, 0)))
    figure("net_m2", float(units["net_m2"].sum()))
    figure("ridge_m2", float(units["ridge_m2"].sum()))
    for status, words in (
        (OUT_OF_TOLERANCE, "the registered area differs from the measured one beyond the tolerance"),
        (NO_CONTROL, "there is no control area, the measured areas stand"),
        (NO_PATCH, "there is a control area and no patch"),
    ):
        concerned = units.loc[units["status"] == status, "unit"].tolist()
        if concerned:
            more = f" and {len(concerned) - 5} more" if len(concerned) > 5 else ""
            doubt(words, f"unit {', '.join(concerned[:5])}{more}")
    if nameless.any():
        doubt(f"{int(nameless.sum())} patches name no unit, their measured areas stand", "patches")
