"""Whether the three control lines keep clear of each other."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import MissingColumn, suggest
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, Metres, PolicyKind, Polygons, SquareMetres
from spacegov.tools.integration._line_rules import LINE_RULE_COLUMNS, LineRules
from spacegov.tools.integration._plan_areas import PlanAreas, gather_plans
from spacegov.tools.overlay import Shapes, areas_of, differences, ground_area, intersections, slivers, union_of

RED_LINE, FARMLAND, BOUNDARY = "red-line", "basic-farmland", "urban-boundary"
OVERLAP_TEXTS = (
    "kind",
    "line_1",
    "sub_zone_1",
    "record_1",
    "line_2",
    "sub_zone_2",
    "record_2",
    "position",
    "yields",
    "article",
    "note",
)
OVERLAP_NUMBERS = ("area_m2", "share_1", "share_2")
BY_KIND_COLUMNS = ("line_1", "line_2", "kind", "yields", "overlaps", "area_m2", "ground_m2")
_KINDS = ("breach", "unknown", "retained-enclave")


class LineOverlaps(NamedTuple):
    """The answer of `check_three_lines`."""

    overlaps: gpd.GeoDataFrame
    by_kind: pd.DataFrame


@checked(partition=None)
def check_three_lines(
    red_line: Polygons,
    basic_farmland: Polygons,
    urban_boundary: Polygons,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(LINE_RULE_COLUMNS)],
    sub_zone: str | None = None,
    min_area: SquareMetres = 1.0,
    min_width: Metres = 0.002,
    area_basis: AreaBasis = "plane",
) -> LineOverlaps:
    """Find where the three control lines cross or overlap, of which kind, and which side yields.

    Parameters
    ----------
    red_line : GeoDataFrame
        Ecological red line.
    basic_farmland : GeoDataFrame
        Plots of permanent basic farmland.
    urban_boundary : GeoDataFrame
        Ground within the urban development boundary.
    rules : DataFrame
        Rules: line_1, sub_zone_1, line_2, sub_zone_2, position, kind, yields, where known article and note; lines are
        called red-line, basic-farmland, urban-boundary; a missing value is any; the rule with the most stated values
        decides.
    sub_zone : str, optional
        Column with the sub-zone in the layers that have it; `sub_zone` by default.
    min_area : float
        Smallest overlap that counts.
    min_width : float
        An overlap nowhere wider than this is a matter of drawing.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.

    Returns
    -------
    overlaps : GeoDataFrame
        A row for every two areas of different lines that overlap, breaches first, then by lines and place: overlap
        (number), kind (breach, retained-enclave, unknown), line, sub_zone and record (label in its layer) of either
        side, ending in _1 and _2; position of the area of line 1 (inside the outline of line 2, in a window cut out of
        it, across it); yields (the line that gives way, `assessment` or `none`), article, note; area_m2 (m²), share_1,
        share_2 (share of either area), geometry. Plots in a window have ground in the outline of the boundary but not
        in the boundary: share_2 is 0.
    by_kind : DataFrame
        line_1, line_2, kind, yields; overlaps (count), area_m2 (m², sum over overlaps), ground_m2 (m², every place
        counted once).

    Raises
    ------
    BadPolicy
        A kind that is not known.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Basic farmland inside the urban boundary is retained as an enclave and is no breach, whether the boundary covers it
    or leaves it a window; a plot that the boundary crosses is a breach. A plot is inside when all of it but min_area
    lies within the outer outline of the whole boundary, sub-zones united. Areas come from the exact kernel, shapes are
    made for the overlaps only. A run is not split, since being inside is asked of the whole boundary.

    References
    ----------
    Order no. 17 of the ministries (部令第17号), in force 2025-10-01, Art. 4, 5.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> def ground(*bounds):
    ...     return gpd.GeoDataFrame(geometry=[box(5e5 + w, 3e6, 5e5 + e, 3e6 + 100) for w, e in bounds], crs=4549)
    >>> rules = pd.DataFrame(
    ...     [["basic-farmland", None, "urban-boundary", None, "inside", "retained-enclave", "none"],
    ...      ["basic-farmland", None, "urban-boundary", None, "across", "breach", "urban-boundary"]],
    ...     columns=["line_1", "sub_zone_1", "line_2", "sub_zone_2", "position", "kind", "yields"])
    >>> answer = check_three_lines(ground((900, 990)), ground((10, 20), (95, 105)), ground((0, 100)), rules=rules)
    >>> answer.overlaps[["kind", "record_1", "yields", "area_m2"]]
                   kind record_1          yields  area_m2
    0            breach        1  urban-boundary    500.0
    1  retained-enclave        0            none   1000.0
    """
    table = LineRules(rules)
    named = {RED_LINE: red_line, FARMLAND: basic_farmland, BOUNDARY: urban_boundary}
    if sub_zone is not None and not any(sub_zone in frame.columns for frame in named.values()):
        there = {str(column) for frame in named.values() for column in frame.columns}
        raise MissingColumn(
            f"none of the lines has the column {sub_zone!r}; {suggest(sub_zone, there)}; name it with sub_zone=…"
        )
    lines = [_line(frame, name, sub_zone or "sub_zone") for name, frame in named.items()]
    areas = gather_plans(lines, plan=None, use=None, area_basis=area_basis)
    found = areas.pairs(area_basis)
    owner = areas.table["plan"].to_numpy()
    found = found[owner[found["first"]] != owner[found["second"]]]
    found = found.assign(position=_positions(areas, found, min_area, area_basis))
    shapes = intersections(areas.shapes[found["first"]], areas.shapes[found["second"]])
    ledger.balance(
        float(found["area_m2"].sum()),
        float(areas_of(shapes, areas.crs, area_basis).sum()),
        what="area of overlaps, measured and drawn",
    )
    windows, window_shapes = _windows(areas, area_basis)
    found = pd.concat([found, windows], ignore_index=True)
    shapes = np.concatenate([shapes, window_shapes])
    keep = (found["area_m2"].to_numpy() >= min_area) & ~slivers(shapes, min_width)
    ledger.dropped(
        int((~keep).sum()), "overlaps below min_area or min_width", area_m2=float(found["area_m2"][~keep].sum())
    )
    overlaps = _overlaps(areas, table, found[keep], shapes[keep])
    by_kind = _by_kind(overlaps, area_basis)
    _tell_figures(overlaps, area_basis)
    return LineOverlaps(overlaps, by_kind)


def _line(frame: gpd.GeoDataFrame, name: str, sub_zone: str) -> gpd.GeoDataFrame:
    """Leave of a layer what makes a control line."""
    columns = {"sub_zone": frame[sub_zone]} if sub_zone in frame.columns else {}
    line = gpd.GeoDataFrame(columns, geometry=frame.geometry.values, index=frame.index, crs=frame.crs)
    line.attrs["layer"] = name
    key = frame.attrs.get("key")
    if key in frame.columns:
        line[key] = frame[key].to_numpy()
        line.attrs["key"] = key
    return line


def _positions(areas: PlanAreas, found: pd.DataFrame, min_area: float, area_basis: AreaBasis) -> Shapes:
    """Tell for each pair whether the area of line 1 lies inside the outline of the whole line 2."""
    position = np.full(len(found), "across", dtype=object)
    owner = areas.table["plan"].to_numpy()
    first, second = found["first"].to_numpy(), found["second"].to_numpy()
    for other in np.unique(owner[second]):
        outline = gpd.GeoSeries(_outline(areas.shapes[owner == other]), crs=areas.crs)
        chosen = np.unique(first[owner[second] == other])
        asked = gpd.GeoSeries(areas.shapes[chosen], crs=areas.crs)
        within = pair_areas(asked, outline, area_basis=area_basis, trusted=True)
        amount = np.zeros(len(areas.shapes))
        amount[chosen] = np.bincount(within["left_index"], weights=within["area_m2"], minlength=len(chosen))
        # half of a small area still tells inside from across where an area is smaller than min_area itself
        slack = np.minimum(min_area, areas.area_m2 / 2)
        inside = amount >= areas.area_m2 - slack
        position[(owner[second] == other) & inside[first]] = "inside"
    return position


def _outline(shapes: Shapes) -> Shapes:
    """Give the outer outlines of a line's ground, without its windows."""
    parts = shapely.get_parts(union_of(shapes))
    filled = np.asarray(shapely.polygons(shapely.get_exterior_ring(parts)), dtype=object)
    return np.asarray(shapely.get_parts(union_of(filled)), dtype=object)


def _windows(areas: PlanAreas, area_basis: AreaBasis) -> tuple[pd.DataFrame, Shapes]:
    """Find farmland in windows of the urban boundary."""
    owner = areas.table["plan"].to_numpy()
    farmland = np.flatnonzero(owner == areas.plans.index(FARMLAND))
    boundary = np.flatnonzero(owner == areas.plans.index(BOUNDARY))
    nothing = pd.DataFrame({"first": [], "second": [], "area_m2": [], "position": []})
    nothing = nothing.astype({"first": "int64", "second": "int64", "area_m2": "float64", "position": object})
    if not len(boundary) or not len(farmland):
        return nothing, np.empty(0, dtype=object)
    outline = np.array([union_of(_outline(areas.shapes[boundary]))], dtype=object)
    holes = shapely.get_parts(differences(outline, np.array([union_of(areas.shapes[boundary])], dtype=object)))
    plots = gpd.GeoSeries(areas.shapes[farmland], crs=areas.crs)
    pairs = pair_areas(plots, gpd.GeoSeries(holes, crs=areas.crs), area_basis=area_basis, trusted=True)
    first = farmland[pairs["left_index"]]
    # a window has no feature of its own: it is told by the boundary area that it borders for the longest way
    around = _host(holes, areas.shapes[boundary])
    rows = pd.DataFrame(
        {
            "first": first,
            "second": boundary[around[pairs["right_index"]]],
            "area_m2": pairs["area_m2"],
            "position": np.full(len(pairs), "window", dtype=object),
        }
    )
    return rows, intersections(areas.shapes[first], holes[pairs["right_index"]])


def _host(holes: Shapes, shapes: Shapes) -> npt.NDArray[np.int64]:
    """For each window, find the boundary area with the longest common border."""
    edge = np.asarray(shapely.boundary(shapes), dtype=object)
    hosts = np.zeros(len(holes), dtype=np.int64)
    for number, hole in enumerate(holes):
        common = shapely.length(shapely.intersection(shapely.boundary(hole), edge))
        hosts[number] = int(np.argmax(common))
    return hosts


def _overlaps(areas: PlanAreas, rules: LineRules, found: pd.DataFrame, shapes: Shapes) -> gpd.GeoDataFrame:
    first, second = found["first"].to_numpy(), found["second"].to_numpy()
    codes = areas.table["class"].to_numpy()
    records = areas.table["record"].to_numpy(dtype=object)
    area = found["area_m2"].to_numpy(dtype=np.float64)
    window = found["position"].to_numpy(dtype=object) == "window"
    rows = []
    for one, other, position in zip(first.tolist(), second.tolist(), found["position"], strict=True):
        here, there = areas.classes[codes[one]], areas.classes[codes[other]]
        rule = rules.find(here.plan, here.sub_zone, there.plan, there.sub_zone, position)
        rows.append(
            (
                rule.kind,
                here.plan,
                here.sub_zone,
                records[one],
                there.plan,
                there.sub_zone,
                records[other],
                position,
                rule.yields,
                rule.article,
                rule.note,
            )
        )
    table = pd.DataFrame(rows, columns=list(OVERLAP_TEXTS)).astype(dict.fromkeys(OVERLAP_TEXTS, "str"))
    table["area_m2"] = area
    table["share_1"] = np.minimum(area / areas.area_m2[first], 1.0)
    table["share_2"] = np.where(window, 0.0, np.minimum(area / areas.area_m2[second], 1.0))
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    rank = np.array([_KINDS.index(kind) for kind in table["kind"]], dtype=np.int64)
    order = np.lexsort(
        (area, bounds[:, 3], bounds[:, 2], bounds[:, 1], bounds[:, 0], codes[second], codes[first], rank)
    )
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "overlap", np.arange(1, len(table) + 1))
    return gpd.GeoDataFrame(table, geometry=shapes[order], crs=areas.crs)


def _by_kind(overlaps: gpd.GeoDataFrame, area_basis: AreaBasis) -> pd.DataFrame:
    """Sum the overlaps by lines and kind, on both bases."""
    keys = ["line_1", "line_2", "kind", "yields"]
    rows = [
        (
            *key,
            len(group),
            float(group["area_m2"].sum()),
            ground_area(np.asarray(group.geometry.values, dtype=object), overlaps.crs, area_basis),
        )
        for key, group in overlaps.groupby(keys, dropna=False, sort=True)
    ]
    table = pd.DataFrame(rows, columns=list(BY_KIND_COLUMNS))
    return table.astype(
        {**dict.fromkeys(keys, "str"), "overlaps": "int64", "area_m2": "float64", "ground_m2": "float64"}
    )


def _tell_figures(overlaps: gpd.GeoDataFrame, area_basis: AreaBasis) -> None:
    shapes = np.asarray(overlaps.geometry.values, dtype=object)
    for kind, name in (("breach", "breaches"), ("retained-enclave", "enclaves"), ("unknown", "open_questions")):
        chosen = (overlaps["kind"] == kind).to_numpy()
        # a plot that reaches into two sub-zones is two overlaps but one enclave
        count = overlaps.loc[chosen, "record_1"].nunique() if kind == "retained-enclave" else int(chosen.sum())
        ledger.figure(name, int(count))
        ledger.figure(f"{name}_m2", ground_area(shapes[chosen], overlaps.crs, area_basis))
