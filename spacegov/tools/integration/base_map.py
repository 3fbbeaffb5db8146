"""One map out of survey, plans and decisions: every place once, every piece with its source."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import MissingColumn
from spacegov.kernels import pair_areas, self_pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, Polygons, SquareMetres, name_of
from spacegov.tools.overlay import (
    Shapes,
    areas_of,
    canonical_order,
    differences,
    ground_area,
    grouped,
    intersections,
    shapes_of,
    union_of,
)
from spacegov.tools.values import labels_of, texts_of

PIECE_COLUMNS = {
    "piece": "int64",
    "level": "str",
    "use": "str",
    "source": "str",
    "record": "str",
    "proposal": "str",
    "area_m2": "float64",
}
BY_SOURCE_COLUMNS = {
    "level": "str",
    "source": "str",
    "use": "str",
    "pieces": "int64",
    "area_m2": "float64",
    "share": "float64",
}
# below this a piece is the rounding of coordinates
_ROUNDING_M2 = 1e-6


class BaseMap(NamedTuple):
    """The answer of `compose_base_map`."""

    pieces: gpd.GeoDataFrame
    by_source: pd.DataFrame


@checked(partition=None)
def compose_base_map(
    base: Polygons,
    plans: list[Polygons],
    decisions: Polygons | None = None,
    *,
    base_use: Annotated[str, ColumnOf("base")],
    use: Annotated[str | None, ColumnOf("plans")] = None,
    min_area: SquareMetres = 0.0,
    area_basis: AreaBasis = "plane",
) -> BaseMap:
    """Compose survey, plans and decisions into one gap-free partition.

    Parameters
    ----------
    base : GeoDataFrame
        What is there, such as the land survey; its ground is the ground of the map.
    plans : list of GeoDataFrame
        Plans, the first stands before the second, and all before the base.
    decisions : GeoDataFrame, optional
        Proposals as `reconcile_plans` gives them (status, proposed_use, keeps); they stand before all plans. Open ones
        keep their ground without a use.
    base_use : str
        Column of the base with the use or class.
    use : str, optional
        Column of the plans with the use; without it `use` where a plan has that, else the plan's name.
    min_area : float
        Smaller pieces go to the neighbour with the longest common border; 0 keeps all.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.

    Returns
    -------
    pieces : GeoDataFrame
        A row for every contiguous piece, by level, source, record and place: piece (number), level (decided, sign,
        open, planned, existing), use, source (layer, or the plan that keeps decided ground), record, proposal (its
        number where decided), area_m2 (m²), geometry. Pieces do not overlap and fill the ground of the base.
    by_source : DataFrame
        level, source, use; pieces (count), area_m2 (m²), share (of the ground).

    Raises
    ------
    MissingColumn
        A column is not there.
    UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Every feature loses the ground of those that stand before it; within a layer the larger stands before the smaller.
    Ground of plans outside the base is left out and told. The pieces sum to the ground of the base to 1e-6. Ground on
    which plans ask different uses and no decision stands is settled by the order of the plans; `plans_differ_m2` tells
    how much ground plans see differently, decided or not. A run is not split, since
    features of all layers meet. Cost: one join of all features, a difference for each that loses ground.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> def ground(west, east, **columns):
    ...     return gpd.GeoDataFrame(columns, geometry=[box(5e5 + west, 3e6, 5e5 + east, 3e6 + 10)], crs=4549)
    >>> answer = compose_base_map(ground(0, 100, kind=["field"]), [ground(60, 120, use=["urban"])], base_use="kind")
    >>> answer.pieces[["level", "use", "source", "area_m2"]]
          level    use  source  area_m2
    0   planned  urban  plan 1    400.0
    1  existing  field    base    600.0
    """
    table, shapes = _stack(base, plans, decisions, base_use=base_use, use=use)
    whole = ground_area(shapes_of(base), base.crs, area_basis)
    ledger.progress(0.1, "ground of the base")
    shapes = _within(shapes, table, shapes_of(base), base.crs, area_basis)
    ledger.progress(0.3, "ground that stands before")
    shapes = _lose_ground(table, shapes, base.crs, area_basis)
    parts, origin = shapely.get_parts(shapes, return_index=True)
    sizes = areas_of(parts, base.crs, area_basis)
    real = sizes > _ROUNDING_M2
    parts, origin, sizes = parts[real], origin[real], sizes[real]
    ledger.progress(0.8, "small pieces")
    given = _give_away(parts, sizes, min_area)
    if given is not parts:
        kept = ~shapely.is_empty(given)
        parts, origin = given[kept], origin[kept]
        sizes = areas_of(parts, base.crs, area_basis)
    pieces = _pieces(table.iloc[origin], parts, sizes, base.crs)
    ledger.balance(whole, pieces["area_m2"], what="ground of the base, whole and in pieces")
    ledger.figure("ground_m2", whole)
    for level in ("decided", "sign", "open", "planned", "existing"):
        ledger.figure(f"{level}_m2", float(pieces.loc[pieces["level"] == level, "area_m2"].sum()))
    return BaseMap(pieces, _by_source(pieces, whole))


def _stack(
    base: gpd.GeoDataFrame,
    plans: list[gpd.GeoDataFrame],
    decisions: gpd.GeoDataFrame | None,
    *,
    base_use: str,
    use: str | None,
) -> tuple[pd.DataFrame, Shapes]:
    """Put all features under each other, those that stand before first."""
    tables: list[pd.DataFrame] = []
    shapes: list[Shapes] = []
    if decisions is not None:
        for needed in ("status", "proposed_use", "keeps"):
            if needed not in decisions.columns:
                raise MissingColumn(
                    f"decisions: the column {needed!r} is missing; give the proposals that reconcile-plans makes"
                )
        numbers = decisions["proposal"] if "proposal" in decisions.columns else decisions.index
        tables.append(
            _table(
                0,
                texts_of(decisions["status"]),
                texts_of(decisions["proposed_use"]),
                texts_of(decisions["keeps"]),
                texts_of(numbers),
            )
        )
        tables[-1]["proposal"] = texts_of(numbers)
        shapes.append(shapes_of(decisions))
    for position, frame in enumerate(plans, start=1):
        name = name_of(frame, f"plan {position}")
        column = use if use is not None else ("use" if "use" in frame.columns else None)
        uses = texts_of(frame[column]) if column is not None else np.full(len(frame), name, dtype=object)
        tables.append(_table(position, "planned", uses, name, labels_of(frame)))
        shapes.append(shapes_of(frame))
    tables.append(_table(len(plans) + 1, "existing", texts_of(base[base_use]), name_of(base, "base"), labels_of(base)))
    shapes.append(shapes_of(base))
    return pd.concat(tables, ignore_index=True), np.concatenate(shapes)


def _table(rank: int, level: Any, use: Any, source: Any, record: Any) -> pd.DataFrame:
    count = len(record)
    columns = {"level": level, "use": use, "source": source, "record": record, "proposal": None}
    table = pd.DataFrame(
        {
            name: value if isinstance(value, np.ndarray) else np.full(count, value, dtype=object)
            for name, value in columns.items()
        },
        dtype=object,
    )
    table["rank"] = np.full(count, rank, dtype=np.int64)
    return table


def _within(shapes: Shapes, table: pd.DataFrame, ground: Shapes, crs: Any, area_basis: AreaBasis) -> Shapes:
    """Leave out what lies outside the base."""
    above = np.flatnonzero(table["rank"].to_numpy() < table["rank"].max())
    if not len(above):
        return shapes
    sizes = areas_of(shapes[above], crs, area_basis)
    pairs = pair_areas(
        gpd.GeoSeries(shapes[above], crs=crs), gpd.GeoSeries(ground, crs=crs), area_basis=area_basis, trusted=True
    )
    left = pairs["left_index"].to_numpy()
    inside = np.bincount(left, weights=pairs["area_m2"], minlength=len(above))
    # a base that overlaps itself counts ground twice here, so that a feature reaching out may look inside: cut it too
    outside = np.flatnonzero(np.abs(inside - sizes) > 1e-9 * sizes + _ROUNDING_M2)
    clipped = shapes.copy()
    partners = dict(zip(*grouped(left, pairs["right_index"].to_numpy()), strict=True))
    under = np.empty(len(outside), dtype=object)
    under[:] = [union_of(ground[partners[n]]) if n in partners else shapely.Polygon() for n in outside.tolist()]
    clipped[above[outside]] = intersections(shapes[above[outside]], under)
    lost = float((sizes[outside] - areas_of(clipped[above[outside]], crs, area_basis)).sum())
    if lost > _ROUNDING_M2:
        ledger.dropped(len(outside), "parts of plans outside the base", area_m2=lost)
    return clipped


def _lose_ground(table: pd.DataFrame, shapes: Shapes, crs: Any, area_basis: AreaBasis) -> Shapes:
    """Take from every feature the ground of those that stand before it."""
    place = np.empty(len(shapes), dtype=np.int64)
    place[canonical_order(shapes)] = np.arange(len(shapes))
    sizes = areas_of(shapes, crs, area_basis)
    order = np.empty(len(shapes), dtype=np.int64)
    ranks = table["rank"].to_numpy()
    order[np.lexsort((place, -sizes, ranks))] = np.arange(len(shapes))
    pairs = self_pair_areas(gpd.GeoSeries(shapes, crs=crs), area_basis=area_basis, trusted=True)
    first, second = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
    before = np.where(order[first] < order[second], first, second)
    after = np.where(order[first] < order[second], second, first)
    _tell_overlaps(table, pairs["area_m2"].to_numpy(), before, after)
    reduced = shapes.copy()
    losing, partners = grouped(after, before)
    before_them = np.empty(len(losing), dtype=object)
    before_them[:] = [shapes[own[0]] if len(own) == 1 else union_of(shapes[own]) for own in partners]
    reduced[losing] = differences(shapes[losing], before_them)
    return reduced


def _tell_overlaps(table: pd.DataFrame, areas: Any, before: Any, after: Any) -> None:
    """Report where plans ask different uses of one place, and where a layer overlaps itself."""
    ranks, use = table["rank"].to_numpy(), table["use"].to_numpy(dtype=object)
    plans = (ranks[before] > 0) & (ranks[after] < ranks.max(initial=0)) & (ranks[before] != ranks[after])
    ledger.figure("plans_differ_m2", float(areas[plans & (use[before] != use[after])].sum()))
    amount = float(areas[ranks[before] == ranks[after]].sum())
    if amount > _ROUNDING_M2:
        ledger.doubt(f"features of one layer overlap each other by {amount:.2f} m², the larger keeps that ground")


def _give_away(parts: Shapes, sizes: npt.NDArray[np.float64], min_area: float) -> Shapes:
    """Give pieces that are too small to the neighbour with the longest common border."""
    small = np.flatnonzero(sizes < min_area)
    if not len(small):
        return parts
    given = parts.copy()
    tree = shapely.STRtree(parts)
    gone: set[int] = set()
    for number in small[np.argsort(sizes[small], kind="stable")].tolist():
        near = [int(other) for other in tree.query(parts[number], predicate="intersects") if other != number]
        near = sorted(other for other in near if other not in gone)
        edges = np.asarray(shapely.boundary(given[near]), dtype=object)
        common = np.asarray(shapely.length(shapely.intersection(shapely.boundary(given[number]), edges)))
        if not len(near) or not common.max() > 0:
            continue
        host = near[int(np.argmax(common))]
        given[host] = union_of(np.array([given[host], given[number]], dtype=object))
        given[number] = shapely.Polygon()
        gone.add(number)
    ledger.dropped(len(gone), "pieces below min_area, given to a neighbour", area_m2=float(sizes[sorted(gone)].sum()))
    return given


def _pieces(table: pd.DataFrame, parts: Shapes, sizes: npt.NDArray[np.float64], crs: Any) -> gpd.GeoDataFrame:
    table = table.reset_index(drop=True)
    table["area_m2"] = sizes
    bounds = shapely.bounds(parts).reshape(-1, 4)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], table["record"].astype(str), table["rank"]))
    table = table.iloc[order].reset_index(drop=True)
    table["piece"] = np.arange(1, len(table) + 1)
    return gpd.GeoDataFrame(table[list(PIECE_COLUMNS)].astype(PIECE_COLUMNS), geometry=parts[order], crs=crs)


def _by_source(pieces: gpd.GeoDataFrame, whole: float) -> pd.DataFrame:
    keys = ["level", "source", "use"]
    rows = [
        (*key, len(group), float(group["area_m2"].sum()), float(group["area_m2"].sum()) / whole if whole else 0.0)
        for key, group in pieces.groupby(keys, dropna=False, sort=True)
    ]
    return pd.DataFrame(rows, columns=list(BY_SOURCE_COLUMNS)).astype(BY_SOURCE_COLUMNS)
