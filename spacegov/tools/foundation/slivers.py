"""Pieces too small for a map, merged into their neighbours."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.checks import checked
from spacegov.errors import BadInput, EmptyLayer
from spacegov.kinds import AreaBasis, ColumnOf, Metres, PolicyKind, Polygons, SquareMetres
from spacegov.ledger import balance, doubt, figure, progress
from spacegov.tools.foundation._merging import Merge, merge_small, shared_borders
from spacegov.tools.foundation._overlaps import overlapping_pairs, union_by_group
from spacegov.tools.foundation._records import answer_frame, record_names
from spacegov.tools.foundation._shapes import Floats
from spacegov.tools.overlay import areas_of, intersections, shapes_of, slivers
from spacegov.tools.values import texts_of


class DissolvedSlivers(NamedTuple):
    """The layer without small pieces, and a log of every merge."""

    layer: gpd.GeoDataFrame
    merges: gpd.GeoDataFrame


@checked(partition=None)
def dissolve_slivers(
    layer: Polygons,
    *,
    min_area: SquareMetres | None = None,
    min_areas: Annotated[pd.DataFrame, PolicyKind(("class", "min_area_m2"))] | None = None,
    class_column: Annotated[str | None, ColumnOf("layer")] = None,
    group: Annotated[str | None, ColumnOf("layer")] = None,
    within_group: bool = False,
    tolerance: Metres = 0.002,
    id_column: Annotated[str | None, ColumnOf("layer")] = None,
    area_basis: AreaBasis = "plane",
) -> DissolvedSlivers:
    """Merge pieces below the minimum mapping unit into the neighbour with the longest shared border.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons that do not overlap.
    min_area : float, optional
        The minimum mapping unit of classes that the table does not name.
    min_areas : DataFrame, optional
        The minimum mapping unit by class; with `group`, also which group a class belongs to.
    class_column : str, optional
        Column of the classes; needed with the table.
    group : str, optional
        Column of the groups among which a piece is merged first; the table's groups, else the classes, without it.
    within_group : bool
        Whether a piece without a neighbour of its group stays as it is.
    tolerance : float
        Borders this near to each other are shared.
    id_column : str, optional
        Column that names a record; the row label without it.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured.

    Returns
    -------
    layer : GeoDataFrame
        The features that are left, in their order, with their own columns and `area_m2` (m²) and `merged` (pieces
        taken in).
    merges : GeoDataFrame
        A row for each small piece, from small to large: `feature`, `class`, `area_m2` (m², when it was merged, with
        what it had taken in), `into`, `into_class`, `final` (the feature it ended in), `shared_m` (m), `reason`
        (`same-group`, `longest-border`, `no-neighbour`, `other-group-only`), `geometry` (the piece as it was).

    Raises
    ------
    BadInput
        No minimum mapping unit was given, or polygons overlap.
    EmptyLayer
        There are no polygons.

    Notes
    -----
    Pieces are taken from small to large. Each goes to the neighbour of its group with the longest shared border, else
    to the one with the longest border of all; among equals to the larger, then by name. What it has taken in counts
    for its own size and borders, so that chains of small pieces grow together before they are merged further. The
    class of the receiver stands. The area of the layer is kept, and balanced. Polygons that only touch in a point are
    no neighbours. Not split, since a chain may run across any cut. Cost: borders of small pieces only.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> edges = [500_000, 500_050, 500_052, 500_099]
    >>> shapes = [shapely.box(west, 0, east, 20) for west, east in zip(edges, edges[1:])]
    >>> plots = gpd.GeoDataFrame({"class": ["wood", "road", "field"]}, geometry=shapes, crs="EPSG:4549")
    >>> answer = dissolve_slivers(plots, min_area=100, class_column="class")
    >>> answer.layer[["class", "area_m2", "merged"]].values.tolist()
    [['wood', 1040.0, 1], ['field', 940.0, 0]]
    """
    if not len(layer):
        raise EmptyLayer("layer: it has no polygon, at least one is needed; check the layer or its filter")
    shapes = shapes_of(layer)
    classes = np.full(len(layer), "", dtype=object) if class_column is None else texts_of(layer[class_column])
    smallest = _units(classes, min_area, min_areas, class_column)
    _refuse_overlaps(shapes, layer, tolerance)
    areas = areas_of(shapes, layer.crs, area_basis)
    groups = _groups(layer, classes, group, min_areas)
    names = record_names(layer, id_column)
    borders = shared_borders(shapes, np.flatnonzero(areas < smallest), tolerance)
    progress(0.5, "borders")
    merges, owner = merge_small(areas, smallest, groups, borders, names, within_group=within_group)
    united, _ = union_by_group(shapes, owner)
    order = np.argsort(owner, kind="stable")
    receivers, counts = np.unique(owner[order], return_counts=True)
    after = areas_of(united, layer.crs, area_basis)
    balance(float(areas.sum()), after.tolist(), what="area of the layer before and after merging")
    result = layer.iloc[receivers].set_geometry(gpd.GeoSeries(united, index=layer.index[receivers], crs=layer.crs))
    result = result.assign(area_m2=after, merged=(counts - 1).astype(np.int64)).reset_index(drop=True)
    log = _log(merges, owner, shapes, classes, names, layer.crs)
    _tell(log)
    figure("merged_m2", float(areas[[merge.row for merge in merges if merge.into >= 0]].sum()))
    return DissolvedSlivers(result, log)


def _units(classes: Any, min_area: float | None, table: pd.DataFrame | None, column: str | None) -> Floats:
    """Give the minimum mapping unit of every feature."""
    if min_area is None and table is None:
        raise BadInput("no minimum mapping unit was given, one is needed; name it with min_area=… or min_areas=TABLE")
    if table is not None and column is None:
        raise BadInput("min_areas: units by class were given, the column of the classes is needed; name class_column=…")
    by_class = {} if table is None else dict(zip(table["class"].astype(str), table["min_area_m2"], strict=True))
    units = np.array([by_class.get(value, np.nan) for value in classes], dtype=np.float64)
    unknown = sorted({str(value) for value, unit in zip(classes, units, strict=True) if np.isnan(unit)})
    if min_area is None and unknown:
        doubt(f"no minimum mapping unit is known for {', '.join(unknown[:8])}; these pieces are kept", "min_areas")
    return np.where(np.isnan(units), 0.0 if min_area is None else min_area, units)


def _groups(layer: gpd.GeoDataFrame, classes: Any, group: str | None, table: pd.DataFrame | None) -> Any:
    if group is not None:
        return texts_of(layer[group])
    if table is not None and "group" in table.columns:
        by_class = dict(zip(table["class"].astype(str), table["group"].astype(str), strict=True))
        return np.array([by_class.get(value, value) for value in classes], dtype=object)
    return classes


def _refuse_overlaps(shapes: Any, layer: gpd.GeoDataFrame, tolerance: float) -> None:
    """Refuse a layer whose area would shrink when pieces are united."""
    first, second = overlapping_pairs(shapes, layer.crs)
    wide = ~slivers(intersections(shapes[first], shapes[second]), tolerance)
    if wide.any():
        pair = np.flatnonzero(wide)[0]
        raise BadInput(
            f"layer: {int(wide.sum())} pairs of polygons overlap, the first are records {layer.index[first[pair]]} and "
            f"{layer.index[second[pair]]}; run check-partition and mend them first"
        )


def _log(merges: list[Merge], owner: Any, shapes: Any, classes: Any, names: Any, crs: Any) -> gpd.GeoDataFrame:
    rows = np.array([merge.row for merge in merges], dtype=np.int64)
    into = np.array([merge.into for merge in merges], dtype=np.int64)
    words = [("" if row < 0 else str(names[row])) for row in into]
    into_class = ["" if row < 0 else str(classes[row] or "") for row in into]
    return answer_frame(
        {
            "feature": (names[rows] if len(rows) else [], "str"),
            "class": ([str(classes[row] or "") for row in rows], "str"),
            "area_m2": ([merge.area for merge in merges], "float64"),
            "into": (words, "str"),
            "into_class": (into_class, "str"),
            "final": ([str(names[owner[row]]) for row in rows], "str"),
            "shared_m": ([merge.shared for merge in merges], "float64"),
            "reason": ([merge.reason for merge in merges], "str"),
        },
        shapes[rows],
        crs,
    )


def _tell(log: gpd.GeoDataFrame) -> None:
    merged = log["into"] != ""
    figure("small_pieces", len(log))
    figure("merged", int(merged.sum()))
    figure("kept_small", int((~merged).sum()))
    figure("changed_class", int((merged & (log["class"] != log["into_class"])).sum()))
