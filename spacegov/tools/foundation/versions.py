"""What differs between two versions of a layer."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.checks import checked
from spacegov.errors import BadInput, WrongGeometry
from spacegov.kinds import AreaBasis, ColumnOf, Features, Metres, Share
from spacegov.ledger import doubt, figure, progress
from spacegov.tools.foundation._overlaps import shared_areas
from spacegov.tools.foundation._records import answer_frame
from spacegov.tools.foundation._shapes import Booleans, Floats, Integers, Shapes
from spacegov.tools.foundation._transitions import side_of, transitions
from spacegov.tools.overlay import areas_of, differences, shapes_of, slivers
from spacegov.tools.values import labels_of, texts_of

Match: TypeAlias = Literal["key", "place"]
CHANGES = ("added", "removed", "reshaped", "reclassified", "reshaped-reclassified", "unchanged")


class VersionComparison(NamedTuple):
    """Every feature with its change, and the ground by pair of classes."""

    features: gpd.GeoDataFrame
    matrix: pd.DataFrame


@checked(partition=None)
def compare_versions(
    before: Features,
    after: Features,
    *,
    match: Match = "key",
    key: Annotated[str | None, ColumnOf(("before", "after"))] = None,
    class_column: Annotated[str | None, ColumnOf(("before", "after"))] = None,
    tolerance: Metres = 0.002,
    min_overlap: Share = 0.5,
    area_basis: AreaBasis = "plane",
) -> VersionComparison:
    """Find what was added, removed, reshaped and reclassified between two versions of a layer.

    Parameters
    ----------
    before, after : GeoDataFrame
        Two versions, of one type of geometry.
    match : {"key", "place"}
        Whether a feature is found again by its key, or by its place where keys were given anew.
    key : str, optional
        Column that names a feature; the layer's own key without it.
    class_column : str, optional
        Column of the classes.
    tolerance : float
        A width: a border that moved nowhere farther than this was not reshaped.
    min_overlap : float
        By place, polygons are the same feature when their shared area is at least this share of the ground of both
        together, and lines and points when they are equal.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured.

    Returns
    -------
    features : GeoDataFrame
        A row for every feature, removed ones included, sorted by change and name: `change` (`added`, `removed`,
        `reshaped`, `reclassified`, `reshaped-reclassified`, `unchanged`), `feature_before`, `feature_after` (names),
        `class_before`, `class_after`, `edited` (other columns whose values differ, separated by commas),
        `area_before_m2`, `area_after_m2`, `gained_m2`, `lost_m2` (m², 0 of lines and points), `geometry` (as it is
        after; of removed features as it was).
    matrix : DataFrame
        `class_before`, `class_after`, `area_m2` (m²): the ground of both versions by pair of classes; ground of one
        version only has the class `outside` on the other side. Empty for lines and points.

    Raises
    ------
    BadInput
        There is no key, or it names two features.
    WrongGeometry
        The versions mix points, lines and polygons.

    Notes
    -----
    A border is compared by what lies on one side of it only: when all of that is nowhere wider than the tolerance, the
    shape is unchanged, so that vertices added on a straight edge are no change. By place, each feature is matched with
    the one it shares most with, when that holds both ways. Not split, since features are sought in the whole. Linear in
    features by key; by place a join.

    References
    ----------
    .. [1] Jaccard, P. (1912), The distribution of the flora in the alpine zone, New Phytologist 11(2), 37–50 (shared
       over joint area).

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> box = lambda west, east: shapely.box(5e5 + west, 3e6, 5e5 + east, 3_000_010)
    >>> old, new = [box(0, 10), box(10, 20)], [box(0, 12), box(12, 20)]
    >>> first = gpd.GeoDataFrame({"id": ["a", "b"], "use": ["farm", "farm"]}, geometry=old, crs="EPSG:4549")
    >>> second = gpd.GeoDataFrame({"id": ["a", "c"], "use": ["town", "farm"]}, geometry=new, crs="EPSG:4549")
    >>> answer = compare_versions(first, second, key="id", class_column="use")
    >>> answer.features[["change", "feature_before", "feature_after", "gained_m2"]].values.tolist()
    [['added', '', 'c', 80.0], ['removed', 'b', '', 0.0], ['reshaped-reclassified', 'a', 'a', 20.0]]
    >>> answer.matrix.values.tolist()
    [['farm', 'farm', 80.0], ['farm', 'town', 120.0]]
    """
    shapes = [shapes_of(before), shapes_of(after)]
    dimensions = set(shapely.get_dimensions(np.concatenate(shapes)).tolist())
    if len(dimensions) > 1:
        raise WrongGeometry("before and after: points, lines and polygons are mixed, one type is needed; split them")
    polygons = not dimensions or dimensions == {2}
    names = [_names(side, frame, key, match) for side, frame in (("before", before), ("after", after))]
    if match == "key":
        pairs = _by_key(names)
    else:
        pairs = _by_place(shapes, before.crs, min_overlap, polygons=polygons)
    progress(0.3, "features matched")
    features = _features(
        before, after, shapes, names, pairs, class_column, tolerance, area_basis, key, polygons=polygons
    )
    for change in CHANGES:
        figure(change.replace("-", "_"), int((features["change"] == change).sum()))
    figure("gained_m2", float(features["gained_m2"].sum()))
    figure("lost_m2", float(features["lost_m2"].sum()))
    classes = [_classes(frame, class_column) for frame in (before, after)]
    return VersionComparison(features, _matrix(shapes, classes, before.crs, area_basis, polygons=polygons))


def _names(side: str, frame: gpd.GeoDataFrame, key: str | None, match: Match) -> Any:
    own = frame.attrs.get("key")
    if match == "key" and key is None and own not in frame.columns:
        raise BadInput(f"{side}: it has no key to find its features again; name one with key=…, or use match=place")
    names = labels_of(frame) if key is None else texts_of(frame[key])
    if match == "place":
        return np.array(["" if name is None else name for name in names], dtype=object)
    empty = sum(name is None for name in names)
    if empty:
        raise BadInput(f"{side}: {empty} features have no {key or own!r}; fill it, name another key or use match=place")
    twice = pd.Index(names)[pd.Index(names).duplicated()]
    if len(twice):
        raise BadInput(
            f"{side}: {twice[0]!r} names more than one feature, a key names one; name another with key=…, or use "
            "match=place"
        )
    return names


def _by_key(names: list[Any]) -> tuple[Integers, Integers]:
    where = pd.Index(names[1]).get_indexer(names[0])
    first = np.flatnonzero(where >= 0)
    return first, where[first].astype(np.int64)


def _by_place(shapes: list[Shapes], crs: Any, least: float, *, polygons: bool) -> tuple[Integers, Integers]:
    """Match each feature with the one it shares most with, where that holds both ways."""
    if polygons:
        first, second, shared = shared_areas(shapes[0], shapes[1], crs, "plane")
        areas = [areas_of(side, crs, "plane") for side in shapes]
        likeness = shared / (areas[0][first] + areas[1][second] - shared)
    else:
        first, second = shapely.STRtree(shapes[1]).query(shapes[0], predicate="intersects")
        likeness = shapely.equals(shapes[0][first], shapes[1][second]).astype(np.float64)
        least = 1.0
    best = _best(first, likeness, second) & _best(second, likeness, first) & (likeness >= least)
    return first[best].astype(np.int64), second[best].astype(np.int64)


def _best(owner: Integers, likeness: Floats, other: Integers) -> Booleans:
    """Mark the most alike of every owner; among equals the first."""
    order = np.lexsort((other, -likeness, owner))
    leads = np.r_[True, owner[order][1:] != owner[order][:-1]] if len(order) else np.zeros(0, bool)
    best = np.zeros(len(owner), bool)
    best[order[leads]] = True
    return best


def _features(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    shapes: list[Shapes],
    names: list[Any],
    pairs: tuple[Integers, Integers],
    class_column: str | None,
    tolerance: float,
    area_basis: AreaBasis,
    key: str | None,
    *,
    polygons: bool,
) -> gpd.GeoDataFrame:
    first, second = pairs
    removed = np.setdiff1d(np.arange(len(before)), first)
    added = np.setdiff1d(np.arange(len(after)), second)
    old = np.concatenate([first, removed, np.full(len(added), -1)]).astype(np.int64)
    new = np.concatenate([second, np.full(len(removed), -1), added]).astype(np.int64)
    classes = [_classes(before, class_column), _classes(after, class_column)]
    crs = before.crs
    areas = [areas_of(side, crs, area_basis) if polygons else np.zeros(len(side)) for side in shapes]
    gained, lost, moved = _moved(shapes[0][first], shapes[1][second], crs, tolerance, area_basis, polygons=polygons)
    reclassified = classes[0][first] != classes[1][second]
    words = np.where(moved & reclassified, "reshaped-reclassified", np.where(moved, "reshaped", "unchanged"))
    words = np.where(reclassified & ~moved, "reclassified", words)
    change = np.concatenate([words, np.full(len(removed), "removed"), np.full(len(added), "added")])
    edited = [*_edited(before, after, first, second, key, class_column), *[""] * (len(removed) + len(added))]
    frame = answer_frame(
        {
            "change": (change.astype(object), "str"),
            "feature_before": (_at(names[0], old), "str"),
            "feature_after": (_at(names[1], new), "str"),
            "class_before": (_at(classes[0], old), "str"),
            "class_after": (_at(classes[1], new), "str"),
            "edited": (edited, "str"),
            "area_before_m2": (_number_at(areas[0], old), "float64"),
            "area_after_m2": (_number_at(areas[1], new), "float64"),
            "gained_m2": (np.concatenate([gained, np.zeros(len(removed)), areas[1][added]]), "float64"),
            "lost_m2": (np.concatenate([lost, areas[0][removed], np.zeros(len(added))]), "float64"),
        },
        np.concatenate([shapes[1][second], shapes[0][removed], shapes[1][added]]),
        crs,
    )
    rank = frame["change"].map({change: number for number, change in enumerate(CHANGES)})
    order = np.lexsort((frame["feature_after"], frame["feature_before"], rank))
    return frame.iloc[order].reset_index(drop=True)


def _moved(
    old: Shapes, new: Shapes, crs: Any, tolerance: float, area_basis: AreaBasis, *, polygons: bool
) -> tuple[Floats, Floats, Booleans]:
    """Give the ground gained and lost by each pair, and whether any of it is wider than the tolerance."""
    same = np.asarray(shapely.equals_exact(old, new, 0.0))
    gained, lost, moved = np.zeros(len(old)), np.zeros(len(old)), np.zeros(len(old), bool)
    rows = np.flatnonzero(~same)
    if not polygons:
        moved[rows] = shapely.hausdorff_distance(old[rows], new[rows]) > tolerance
        return gained, lost, moved
    more, less = differences(new[rows], old[rows]), differences(old[rows], new[rows])
    gained[rows], lost[rows] = areas_of(more, crs, area_basis), areas_of(less, crs, area_basis)
    for part, area in ((more, gained), (less, lost)):
        moved[rows] |= (area[rows] > 0) & ~slivers(part, tolerance)
    return gained, lost, moved


def _edited(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    first: Integers,
    second: Integers,
    key: str | None,
    class_column: str | None,
) -> list[str]:
    """Name the columns of both versions whose values differ, feature by feature."""
    apart = {key, class_column, before.geometry.name}
    shared = [column for column in before.columns if column in after.columns and column not in apart]
    edited: list[list[str]] = [[] for _ in first]
    for column in shared:
        old, new = texts_of(before[column])[first], texts_of(after[column])[second]
        for row in np.flatnonzero(old != new):
            edited[row].append(str(column))
    return [", ".join(columns) for columns in edited]


def _classes(frame: gpd.GeoDataFrame, column: str | None) -> Any:
    if column is None:
        return np.full(len(frame), "", dtype=object)
    return np.array(["" if word is None else word for word in texts_of(frame[column])], dtype=object)


def _at(values: Any, rows: Integers) -> list[str]:
    return ["" if row < 0 else str(values[row]) for row in rows]


def _number_at(values: Floats, rows: Integers) -> Floats:
    return np.array([0.0 if row < 0 else values[row] for row in rows], dtype=np.float64)


def _matrix(
    shapes: list[Shapes], classes: list[Any], crs: Any, area_basis: AreaBasis, *, polygons: bool
) -> pd.DataFrame:
    if not polygons:
        empty = pd.DataFrame({"class_before": [], "class_after": [], "area_m2": []})
        return empty.astype({"class_before": "str", "class_after": "str", "area_m2": "float64"})
    sides = [side_of(shape, word, crs, area_basis) for shape, word in zip(shapes, classes, strict=True)]
    overlapping = [_overlaps(side.shapes, crs, float(side.areas.sum())) for side in sides]
    for word, found in zip(("before", "after"), overlapping, strict=True):
        if found:
            doubt("it overlaps itself, so that ground counts twice in the matrix and its sums do not balance", word)
    return transitions(sides[0], sides[1], crs, area_basis, exact=not any(overlapping)).matrix


def _overlaps(shapes: Shapes, crs: Any, whole: float) -> bool:
    from spacegov.kernels import self_pair_areas

    shared = self_pair_areas(gpd.GeoSeries(shapes, crs=crs), trusted=True)["area_m2"].sum()
    return bool(shared > 1e-7 * whole)
