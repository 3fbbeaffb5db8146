"""As-built control: what was built held against planning conditions and permits, with tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, MissingColumn, suggest
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, PolicyKind, Polygons, SquareMetres, name_of
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.use._as_built_items import ITEMS, SETBACK, TOLERANCE, USES, Plots, Tables, read_tables
from spacegov.tools.use._built import floor_areas_of, green_shares, measure_built, surveyed_by
from spacegov.tools.use._pieces import pieces_on
from spacegov.tools.values import column_among, labels_of, texts_of

_PLOT_COLUMNS = {
    "source": "str",
    "plot": "str",
    "use": "str",
    "answer": "str",
    "broken": "str",
    "tolerated": "str",
    "unknown": "str",
    "buildings": "int64",
    "area_m2": "float64",
    "footprint_m2": "float64",
    "floor_area_m2": "float64",
    "height_m": "float64",
    "green_share": "float64",
}
_CHECK_COLUMNS = {
    "source": "str",
    "plot": "str",
    "item": "str",
    "subject": "str",
    "verdict": "str",
    "allowed": "float64",
    "built": "float64",
    "deviation": "float64",
    "deviation_share": "float64",
    "tolerance": "float64",
    "unit": "str",
}


class AsBuilt(NamedTuple):
    """Answer of `check_as_built`."""

    plots: gpd.GeoDataFrame
    checks: pd.DataFrame


@checked(partition=None)
def check_as_built(
    conditions: list[Polygons],
    buildings: Polygons,
    greens: Polygons | None = None,
    *,
    tolerances: Annotated[pd.DataFrame, PolicyKind(TOLERANCE)],
    uses: Annotated[pd.DataFrame, PolicyKind(USES)] | None = None,
    setbacks: Annotated[pd.DataFrame, PolicyKind(SETBACK)] | None = None,
    use: str | None = None,
    floor_area_max: str | None = None,
    ratio_max: str | None = None,
    coverage_max: str | None = None,
    height_max: str | None = None,
    setback_min: str | None = None,
    green_min: str | None = None,
    floors: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    floor_area: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    height: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    building_use: Annotated[str | None, ColumnOf("buildings")] = None,
    green: Annotated[str | None, ColumnOf("greens", numeric=True)] = None,
    min_piece: SquareMetres = 1.0,
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("buildings")] = None,
    area_basis: AreaBasis = "plane",
) -> AsBuilt:
    """Find where what was built departs from its planning conditions or permit, and by how much.

    Parameters
    ----------
    conditions
        Plots with their planning conditions, and further layers of permits; each is read by the columns it has.
    buildings
        As-built footprints.
    greens
        Green ground as built; without it no green share is known.
    tolerances
        Item (`use`, `floor_area`, `coverage`, `height`, `setback`, `green`), size of the allowed value up to which the
        row holds (missing: any), tolerance as a share of the allowed value, tolerance as an amount. The larger of the
        two holds; an item without a row has none.
    uses
        Planned use, built use, largest share of the floor area that may have it; a pair not listed is unknown.
    setbacks
        Planned use (or `any`), height of a building in m from which the row holds, least distance to the plot's edge
        in m; used where a plot has none of its own.
    use, floor_area_max, ratio_max, coverage_max, height_max, setback_min, green_min
        Columns of the plots: planned use, most floor area in m², floor-area ratio, coverage, height in m, least
        distance of buildings to the edge in m, green share. Of floor area and ratio the tighter holds.
    floors, floor_area, height, building_use
        Columns of the buildings: floors above ground, registered floor area in m² (stands before footprint times
        floors), height in m, use.
    green
        Column of the share of a green area that counts, 0 to 1; all of it without.
    min_piece
        Part of a building on a plot in m² below which it is drawing.
    coverage
        Where buildings were surveyed.
    area_basis
        How areas are measured.

    Returns
    -------
    plots : GeoDataFrame
        A row for every plot, by layer and in their order:
        source (layer), plot, use
        answer : `present` (departs), `absent`, `failed` (what is known departs nowhere, but not all is known),
        `not_covered` (buildings not surveyed, or no condition)
        broken, tolerated, unknown : items departing, departing within tolerance, and not settled
        buildings : their number; area_m2, footprint_m2, floor_area_m2 (known) in m²; height_m; green_share
    checks : DataFrame
        A row for every plot and condition, in the order of the plots and of the items:
        source, plot, item
        subject : building or use concerned, where one is
        verdict : `kept`, `tolerated`, `broken`, `unknown`
        allowed, built : in the unit; deviation : by how much it departs, below 0 where room is left
        deviation_share : of the allowed value; tolerance : in the unit; unit

    Raises
    ------
    MissingColumn
        A column of conditions that no layer has.
    BadPolicy
        An item that is not known, shares outside 0 to 1, a pair twice.
    BadInput
        No condition at all, negative floors.

    Notes
    -----
    A building across an edge counts on each side by its share of the footprint and has no setback on either. Height and
    setback are held for the building that departs most. Floors that are missing are not guessed: the floor area is
    unknown unless what is known is over already; shares of uses are unknown. Coverage and green are shares of the
    plot, uses of its floor area; floor area is in m². Not split over machines, since plots share buildings.

    References
    ----------
    Urban and Rural Planning Law of the PRC, Art. 45 (verification of planning conditions after completion). Tolerances
    and setbacks are set locally.

    Examples
    --------
    >>> import shapely
    >>> def ground(*widths, **columns):
    ...     shapes = [shapely.box(5e5 + w, 3e6, 5e5 + e, 3e6 + 10) for w, e in widths]
    ...     return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)
    >>> table = pd.DataFrame({"item": ["floor_area"], "up_to": [None], "share": [0.03], "amount": [None]})
    >>> plots = ground((0, 20), (30, 50), most=[1.0, 1.0])
    >>> answer = check_as_built([plots], ground((0, 10), (30, 50), floors=[2, 3]), tolerances=table, ratio_max="most")
    >>> answer.checks[["plot", "verdict", "allowed", "built", "deviation", "tolerance"]].to_numpy().tolist()
    [['0', 'kept', 200.0, 200.0, 0.0, 6.0], ['1', 'broken', 200.0, 600.0, 400.0, 6.0]]
    """
    columns = {
        "use": use,
        "floor_area": floor_area_max,
        "ratio": ratio_max,
        "coverage": coverage_max,
        "height": height_max,
        "setback": setback_min,
        "green": green_min,
    }
    _named(conditions, columns)
    tables = read_tables(tolerances, uses, setbacks)
    plots, checks = [], []
    for position, frame in enumerate(conditions, start=1):
        ledger.progress((position - 1) / len(conditions), "plots")
        source = name_of(frame, f"conditions {position}")
        pieces = pieces_on(frame, buildings, area_basis)
        floors = floors or column_among(buildings, ("floors",))
        each = floor_areas_of(buildings, floors, floor_area, pieces.footprint_m2)
        area = areas_of(shapes_of(frame), frame.crs, area_basis)
        table = measure_built(frame, buildings, pieces, each, area, height, min_piece)
        table["green_share"] = green_shares(frame, greens, green, area, area_basis)
        table["plot"], table["source"] = labels_of(frame), source
        table["use"] = texts_of(frame[use]) if use is not None and use in frame.columns else None
        held = Plots(
            frame=frame,
            table=table,
            pieces=pieces.table[pieces.table["area_m2"] >= min_piece],
            floor_area=each,
            limits={
                item: _numbers(frame, column)
                for item, column in columns.items()
                if item != "use" and column is not None and column in frame.columns
            },
            buildings=buildings,
            names=labels_of(buildings),
            heights=None if height is None else buildings[height].to_numpy(dtype=np.float64, na_value=np.nan),
            uses=None if building_use is None else texts_of(buildings[building_use]),
        )
        found = _check(held, tables)
        surveyed = surveyed_by(frame, (coverage or {}).get(name_of(buildings, "buildings")), area, area_basis)
        plots.append(_answer(table, found, surveyed, frame))
        checks.append(found.assign(source=source, plot=table["plot"].to_numpy()[found["row"]])[surveyed[found["row"]]])
    answer = gpd.GeoDataFrame(pd.concat(plots, ignore_index=True), crs=conditions[0].crs)
    listed = pd.concat(checks, ignore_index=True)[list(_CHECK_COLUMNS)].astype(_CHECK_COLUMNS)
    _tell(answer, listed)
    return AsBuilt(answer, listed)


def _named(conditions: list[gpd.GeoDataFrame], columns: dict[str, str | None]) -> None:
    """Refuse conditions that name nothing, and columns that are nowhere."""
    if not any(columns.values()):
        raise BadInput("no condition was given, at least one is needed; name a column such as ratio_max= or use=")
    known = [str(name) for frame in conditions for name in frame.columns]
    for item, column in columns.items():
        if column is not None and column not in known:
            raise MissingColumn(
                f"conditions: no layer has the column {column!r} that was named for {item}; {suggest(column, known)}"
            )


def _numbers(frame: gpd.GeoDataFrame, column: str) -> Any:
    if not pd.api.types.is_numeric_dtype(frame[column]):
        raise BadInput(
            f"conditions: the column {column!r} holds {frame[column].dtype}, numbers are needed; "
            "convert it or name another"
        )
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _check(plots: Plots, tables: Tables) -> pd.DataFrame:
    """Hold every plot against every condition it has; by plot and item."""
    found = pd.concat([check(plots, tables) for check in ITEMS.values()], ignore_index=True)
    found["order"] = found["item"].map(list(ITEMS).index)
    return found.sort_values(["row", "order", "subject"], kind="stable", ignore_index=True)


def _answer(table: pd.DataFrame, found: pd.DataFrame, surveyed: Any, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    texts: dict[str, list[str]] = {}
    for column, verdict in (("broken", "broken"), ("tolerated", "tolerated"), ("unknown", "unknown")):
        own = (
            found[found["verdict"] == verdict].groupby("row")["item"].agg(lambda items: "; ".join(dict.fromkeys(items)))
        )
        texts[column] = [own.get(row, "") if surveyed[row] else "" for row in range(len(table))]
    asked = np.isin(np.arange(len(table)), found["row"].to_numpy()) & surveyed
    out = table.assign(**texts)
    out["answer"] = np.select(
        [~asked, np.array(out["broken"] != ""), np.array(out["unknown"] != "")],
        ["not_covered", "present", "failed"],
        "absent",
    )
    return gpd.GeoDataFrame(out[list(_PLOT_COLUMNS)].astype(_PLOT_COLUMNS), geometry=shapes_of(frame), crs=frame.crs)


def _tell(plots: gpd.GeoDataFrame, checks: pd.DataFrame) -> None:
    ledger.figure("departing", int((plots["answer"] == "present").sum()))
    ledger.figure("tolerated", int(((plots["tolerated"] != "") & (plots["answer"] == "absent")).sum()))
    broken = checks[checks["verdict"] == "broken"]
    for item in ITEMS:
        ledger.figure(f"{item}_broken", int((broken["item"] == item).sum()))
    ledger.figure("over_floor_area_m2", float(broken.loc[broken["item"] == "floor_area", "deviation"].sum()))
    ledger.figure("not_settled", int((plots["answer"] == "failed").sum()))
    unknown = checks[checks["verdict"] == "unknown"]
    if len(unknown):
        ledger.doubt(
            f"{len(unknown)} conditions cannot be held, data or rules are missing", str(unknown["plot"].iloc[0])
        )
