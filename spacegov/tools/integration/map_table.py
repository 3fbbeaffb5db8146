"""Whether a plan's map and its table say the same."""

from __future__ import annotations

from typing import Annotated, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kinds import AreaBasis, ColumnOf, Polygons, SquareMetres, Table
from spacegov.tools.integration._measures import SQUARE_METRES, AreaUnit
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.values import texts_of

COMPARISON_COLUMNS = {
    "key": "str",
    "verdict": "str",
    "map_m2": "float64",
    "table_m2": "float64",
    "difference_m2": "float64",
    "features": "int64",
}


@checked(partition=None)
def check_map_table(
    layer: Polygons,
    table: Table,
    *,
    map_key: Annotated[str | list[str], ColumnOf("layer")],
    table_key: Annotated[str | list[str], ColumnOf("table")],
    value: Annotated[str, ColumnOf("table", numeric=True)],
    unit: AreaUnit = "ha",
    sum_lines: bool = False,
    total: str | None = None,
    deduction: Annotated[str | None, ColumnOf("layer", numeric=True)] = None,
    tolerance: SquareMetres = 10_000.0,
    area_basis: AreaBasis = "plane",
) -> pd.DataFrame:
    """Hold the areas of a map against the table of the same plan.

    Parameters
    ----------
    layer : GeoDataFrame
        The map.
    table : DataFrame
        The table of the text.
    map_key, table_key : str or list of str
        Columns whose values together name a line of the table, in the same order.
    value : str
        Column of the table with the area.
    unit : {"m²", "ha", "km²", "mu"}
        In which the table states areas.
    sum_lines : bool
        Whether several lines of one key are summed, as in a register of parcels, rather than refused.
    total : str, optional
        Key of the table's line that sums the others; it is held against the whole map.
    deduction : str, optional
        Column of the map with area to deduct in m², such as that of field ridges.
    tolerance : float
        A difference up to this is none; 1 ha by default.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layer's grid or on the ellipsoid; registered areas are ellipsoidal.

    Returns
    -------
    DataFrame
        A row for every key of map or table, by key, the total last: key (values with / between), verdict (agrees,
        differs, only_map, only_table), map_m2, table_m2, difference_m2 (map less table, m²), features (count).

    Raises
    ------
    BadInput
        A key stands twice in the table, keys of different length, or no line for the total.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    A key that only one side has differs by all its area unless that is within the tolerance, and is named as such. The
    sum of the table's lines is held against its total, and a difference is told as a doubt.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> plan = gpd.GeoDataFrame(
    ...     {"use": ["urban", "farm"]}, geometry=[box(5e5, 3e6, 500500, 3000400), box(500500, 3e6, 501000, 3000400)],
    ...     crs=4549)
    >>> text = pd.DataFrame({"use": ["urban", "farm"], "area": [20.0, 25.0]})
    >>> check_map_table(plan, text, map_key="use", table_key="use", value="area")
         key verdict    map_m2  table_m2  difference_m2  features
    0   farm differs  200000.0  250000.0       -50000.0         1
    1  urban  agrees  200000.0  200000.0            0.0         1
    """
    map_columns, table_columns = _listed(map_key), _listed(table_key)
    if len(map_columns) != len(table_columns):
        raise BadInput(
            f"map_key names {len(map_columns)} columns and table_key {len(table_columns)}, as many are needed; "
            "name them in the same order"
        )
    sizes = areas_of(shapes_of(layer), layer.crs, area_basis)
    if deduction is not None:
        sizes = sizes - layer[deduction].fillna(0).to_numpy(dtype=np.float64)
    drawn = pd.DataFrame({"key": _keys(layer, map_columns), "area": sizes}).groupby("key")["area"].agg(["sum", "size"])
    stated = _stated(table, table_columns, value, SQUARE_METRES[unit], sum_lines=sum_lines)
    whole = stated.pop(total) if total is not None and total in stated else None
    if total is not None and whole is None:
        raise BadInput(f"table: it has no line {total!r} for the total; name another, or leave total out")
    rows = [
        _row(key, drawn["sum"].get(key), stated.get(key), int(drawn["size"].get(key, 0)), tolerance)
        for key in sorted({*drawn.index, *stated})
    ]
    if total is not None and whole is not None:
        rows.append(_row(total, float(sizes.sum()), whole, len(layer), tolerance))
        lines = sum(stated.values())
        if abs(lines - whole) > tolerance:
            ledger.doubt(f"the table's lines sum to {lines:.0f} m² where its total says {whole:.0f} m²", "table")
    answer = pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS)).astype(COMPARISON_COLUMNS)
    ledger.balance(float(sizes.sum()), drawn["sum"], what="area of the map, whole and by key")
    ledger.figure("differs", int((answer["verdict"] != "agrees").sum()))
    ledger.figure("agrees", int((answer["verdict"] == "agrees").sum()))
    ledger.figure("difference_m2", float(answer["difference_m2"].abs().max()) if len(answer) else 0.0)
    return answer


def _listed(key: str | list[str]) -> list[str]:
    return [key] if isinstance(key, str) else list(key)


def _keys(frame: pd.DataFrame | gpd.GeoDataFrame, columns: list[str]) -> Any:
    texts = [texts_of(frame[column]) for column in columns]
    return np.array(["/".join(part or "" for part in parts) for parts in zip(*texts, strict=True)], dtype=object)


def _stated(table: pd.DataFrame, columns: list[str], value: str, factor: float, *, sum_lines: bool) -> dict[str, float]:
    stated: dict[str, float] = {}
    for key, amount in zip(_keys(table, columns), table[value].to_numpy(dtype=np.float64), strict=True):
        if key in stated and not sum_lines:
            raise BadInput(
                f"table: the key {key!r} stands twice; keep one line, name another table_key, or ask for sum_lines"
            )
        if np.isfinite(amount):
            stated[key] = stated.get(key, 0.0) + float(amount) * factor
    return stated


def _row(key: str, drawn: float | None, stated: float | None, features: int, tolerance: float) -> tuple[Any, ...]:
    difference = (drawn or 0.0) - (stated or 0.0)
    verdict = "agrees" if abs(difference) <= tolerance else "differs"
    if verdict == "differs" and (drawn is None or stated is None):
        verdict = "only_table" if drawn is None else "only_map"
    return key, verdict, drawn or 0.0, np.nan if stated is None else stated, difference, features
