"""Overlaps inside one layer: which polygons cover the same ground, and the layer without counting it twice."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from spacegov.kinds import AreaBasis
from spacegov.tools.foundation._shapes import POLYGON, Floats, Integers, Shapes, parts_of_dimension


def connected_groups(first: Integers, second: Integers, count: int) -> Integers:
    """Number the groups that pairs join: overlaps of overlaps are one group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def union_by_group(shapes: Shapes, group: Integers) -> tuple[Shapes, Integers]:
    """Union shapes by group; groups of one are left as they are.

    Returns
    -------
    shapes : one for each group, in the order of their first member
    group : number of each
    """
    order = np.argsort(group, kind="stable")
    numbers, start, counts = np.unique(group[order], return_index=True, return_counts=True)
    united = shapes[order[start]].copy()
    for row in np.flatnonzero(counts > 1):
        members = order[start[row] : start[row] + counts[row]]
        united[row] = shapely.union_all(shapes[members])
    return parts_of_dimension(united, POLYGON), np.asarray(numbers, dtype=np.int64)


def without_overlaps(shapes: Shapes, classes: Integers, crs: Any) -> tuple[Shapes, Integers, bool]:
    """Unite the overlapping polygons of each class, so that no ground of a class is counted twice.

    Parameters
    ----------
    shapes : array of polygons
        One layer.
    classes : array of int
        Class of each; -1 is allowed and is a class of its own.
    crs : CRS
        Of the layer.

    Returns
    -------
    shapes, classes : arrays
        Polygons of which none overlaps another of its class.
    crossing : bool
        Whether polygons of different classes overlap.
    """
    pairs = overlapping_pairs(shapes, crs)
    first, second = pairs
    if not len(first):
        return shapes, classes, False
    same = classes[first] == classes[second]
    group = connected_groups(first[same], second[same], len(shapes))
    united, _ = union_by_group(shapes, group)
    _, member = np.unique(group, return_index=True)
    return united, classes[member], bool((~same).any())


def overlapping_pairs(shapes: Shapes, crs: Any) -> tuple[Integers, Integers]:
    """Give the pairs of polygons (first < second) that share a positive area."""
    from spacegov.kernels import self_pair_areas

    pairs = self_pair_areas(gpd.GeoSeries(shapes, crs=crs), trusted=True)
    return pairs["left_index"].to_numpy(np.int64), pairs["right_index"].to_numpy(np.int64)


def shared_areas(left: Shapes, right: Shapes, crs: Any, area_basis: AreaBasis) -> tuple[Integers, Integers, Floats]:
    """Give the pairs of polygons of two layers that share ground, and how much."""
    from spacegov.kernels import pair_areas

    pairs = pair_areas(gpd.GeoSeries(left, crs=crs), gpd.GeoSeries(right, crs=crs), area_basis=area_basis, trusted=True)
    return (
        pairs["left_index"].to_numpy(np.int64),
        pairs["right_index"].to_numpy(np.int64),
        pairs["area_m2"].to_numpy(np.float64),
    )
