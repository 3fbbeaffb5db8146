"""How land use changed between two surveys."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, EmptyLayer
from spacegov.kinds import AreaBasis, ColumnOf, Metres, PolicyKind, Polygons
from spacegov.ledger import doubt, dropped, figure, progress
from spacegov.tools.foundation._overlaps import overlapping_pairs
from spacegov.tools.foundation._records import answer_frame, answer_table, record_names
from spacegov.tools.foundation._transitions import OUTSIDE, Side, Transitions, side_of, transitions
from spacegov.tools.overlay import areas_of, intersections, shapes_of, slivers
from spacegov.tools.values import texts_of

Years = Annotated[float, Field(gt=0, json_schema_extra={"unit": "a"})]
UNCLASSIFIED = "unclassified"


class LandUseChange(NamedTuple):
    """Changed ground, the transition matrix and the account of every class."""

    changes: gpd.GeoDataFrame
    matrix: pd.DataFrame
    classes: pd.DataFrame


@checked(partition=None)
def measure_land_use_change(
    before: Polygons,
    after: Polygons,
    *,
    years: Years,
    class_before: Annotated[str, ColumnOf("before")] = "class",
    class_after: Annotated[str, ColumnOf("after")] = "class",
    groups: Annotated[pd.DataFrame, PolicyKind(("class", "group"))] | None = None,
    min_width: Metres = 0.002,
    area_basis: AreaBasis = "plane",
) -> LandUseChange:
    """Measure how land use changed between two surveys.

    Parameters
    ----------
    before, after : GeoDataFrame
        Two surveys of the same ground in the same classification, neither of which overlaps itself.
    years : float
        Time between them.
    class_before, class_after : str
        Columns of the classes.
    groups : DataFrame, optional
        Class → group; change is then measured between groups, and a class that is not listed is its own group.
    min_width : float
        Changed ground nowhere wider than this is a matter of drawing: it stays in the matrix and is no change patch.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured.

    Returns
    -------
    changes : GeoDataFrame
        A row for every piece of ground that changed, by pair of patches: `class_before`, `class_after`,
        `feature_before`, `feature_after` (names), `area_m2` (m²), `geometry`; sorted by classes, then names.
    matrix : DataFrame
        `class_before`, `class_after`, `area_m2` (m²), `share` (of the class before, 0–1); ground that only one survey
        knows has the class `outside` on the other side. Rows sum to the classes before, columns to those after.
    classes : DataFrame
        A row for each class: `class`, `before_m2`, `after_m2`, `unchanged_m2`, `loss_m2`, `gain_m2`, `net_m2` (m²),
        `dynamic_degree` (annual net change over the area before, per year; missing where there was none before),
        `turnover_degree` (annual loss and gain over the area before).

    Raises
    ------
    BadInput
        A survey overlaps itself, so that its ground would count twice.
    EmptyLayer
        A survey has no patch.

    Notes
    -----
    The single dynamic degree is K = (Ub − Ua) / Ua / T, the comprehensive one Σ loss / (2 Σ Ua) / T (figure
    `comprehensive_degree`). Loss and gain to and from the outside count. Both sides balance to 1e-6. Not split: a class
    is summed over the whole. Cost: one join of both surveys, and shapes for what changed.

    References
    ----------
    .. [1] Wang, X. and Bao, Y. (1999), Study on the methods of land use dynamic change research, Progress in Geography
       18(1), 81–87.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> plot = shapely.box(5e5, 3e6, 500_100, 3_000_100)
    >>> field, town = (shapely.box(5e5, 3e6, 500_060, 3_000_100), shapely.box(500_060, 3e6, 500_100, 3_000_100))
    >>> old = gpd.GeoDataFrame({"class": ["farm"]}, geometry=[plot], crs=4549)
    >>> new = gpd.GeoDataFrame({"class": ["farm", "town"]}, geometry=[field, town], crs=4549)
    >>> answer = measure_land_use_change(old, new, years=4)
    >>> answer.matrix[["class_before", "class_after", "area_m2", "share"]].values.tolist()
    [['farm', 'farm', 6000.0, 0.6], ['farm', 'town', 4000.0, 0.4]]
    >>> answer.classes.loc[0, ["loss_m2", "dynamic_degree"]].tolist()
    [4000.0, -0.1]
    """
    sides = []
    for name, frame, column in (("before", before, class_before), ("after", after, class_after)):
        if not len(frame):
            raise EmptyLayer(f"{name}: the survey has no patch, at least one is needed; check the layer or its filter")
        _refuse_overlaps(name, frame, min_width)
        sides.append(side_of(shapes_of(frame), _classes(name, frame, column, groups), frame.crs, area_basis))
    progress(0.3, "areas")
    found = transitions(sides[0], sides[1], before.crs, area_basis, exact=True)
    progress(0.7, "shapes of what changed")
    changes = _changes(before, after, sides, found, min_width, area_basis)
    matrix = _matrix(found.matrix)
    return LandUseChange(changes, matrix, _by_class(found.matrix, years))


def _refuse_overlaps(name: str, frame: gpd.GeoDataFrame, width: float) -> None:
    shapes = shapes_of(frame)
    first, second = overlapping_pairs(shapes, frame.crs)
    wide = ~slivers(intersections(shapes[first], shapes[second]), max(width, 0.002))
    if wide.any():
        pair = np.flatnonzero(wide)[0]
        raise BadInput(
            f"{name}: {int(wide.sum())} pairs of patches overlap, the first are records {frame.index[first[pair]]} and "
            f"{frame.index[second[pair]]}, and their ground would count twice; run check-partition and mend them first"
        )


def _classes(name: str, frame: gpd.GeoDataFrame, column: str, groups: pd.DataFrame | None) -> list[str]:
    words = texts_of(frame[column])
    missing = sum(word is None for word in words)
    if missing:
        doubt(f"{missing} patches have no {column!r} and are counted as {UNCLASSIFIED}", name)
    by_class = (
        {} if groups is None else dict(zip(groups["class"].astype(str), groups["group"].astype(str), strict=True))
    )
    return [UNCLASSIFIED if word is None else by_class.get(word, word) for word in words]


def _changes(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    sides: list[Side],
    found: Transitions,
    width: float,
    area_basis: AreaBasis,
) -> gpd.GeoDataFrame:
    changed = sides[0].classes[found.first] != sides[1].classes[found.second]
    first, second, shared = found.first[changed], found.second[changed], found.shared[changed]
    shapes = intersections(sides[0].shapes[first], sides[1].shapes[second])
    thin = slivers(shapes, width)
    dropped(int(thin.sum()), f"changes nowhere wider than {width:g} m", area_m2=float(shared[thin].sum()))
    first, second, shapes = first[~thin], second[~thin], shapes[~thin]
    area = areas_of(shapes, before.crs, area_basis)
    figure("changed_m2", math.fsum(area))
    return answer_frame(
        {
            "class_before": (sides[0].classes[first], "str"),
            "class_after": (sides[1].classes[second], "str"),
            "feature_before": (record_names(before, None)[first], "str"),
            "feature_after": (record_names(after, None)[second], "str"),
            "area_m2": (area, "float64"),
        },
        shapes,
        before.crs,
        order=["class_before", "class_after", "feature_before", "feature_after"],
    )


def _matrix(matrix: pd.DataFrame) -> pd.DataFrame:
    whole = matrix.groupby("class_before")["area_m2"].transform("sum")
    share = (matrix["area_m2"] / whole).where(matrix["class_before"] != OUTSIDE)
    return matrix.assign(share=share.astype("float64"))


def _by_class(matrix: pd.DataFrame, years: float) -> pd.DataFrame:
    names = sorted({*matrix["class_before"], *matrix["class_after"]} - {OUTSIDE})
    same = matrix["class_before"] == matrix["class_after"]

    def sums(column: str, rows: Any) -> Any:
        return matrix[rows].groupby(column)["area_m2"].sum().reindex(names).fillna(0.0).to_numpy()

    everything = np.ones(len(matrix), bool)
    start, end = sums("class_before", everything), sums("class_after", everything)
    kept = sums("class_before", same)
    loss, gain = sums("class_before", ~same), sums("class_after", ~same)
    none = np.full(len(names), np.nan)
    figure("before_m2", float(start.sum()))
    figure("after_m2", float(end.sum()))
    figure("comprehensive_degree", float(loss.sum() / (2 * start.sum()) / years) if start.sum() else 0.0)
    return answer_table(
        {
            "class": (names, "str"),
            "before_m2": (start, "float64"),
            "after_m2": (end, "float64"),
            "unchanged_m2": (kept, "float64"),
            "loss_m2": (loss, "float64"),
            "gain_m2": (gain, "float64"),
            "net_m2": (gain - loss, "float64"),
            "dynamic_degree": (np.divide(gain - loss, start, out=none.copy(), where=start > 0) / years, "float64"),
            "turnover_degree": (np.divide(gain + loss, start, out=none.copy(), where=start > 0) / years, "float64"),
        }
    )
