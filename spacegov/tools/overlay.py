"""Shapes of polygons that meet: pieces, ground counted once, slivers.

Areas of pairs come from `spacegov.kernels`; the functions here make the shapes of the pairs that matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spacegov.kernels import polygon_areas
from spacegov.kernels.parallel import balanced_slices, in_threads, thread_count
from spacegov.kinds import AreaBasis

Shapes = npt.NDArray[Any]
"""An array of shapely geometries."""
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


def shapes_of(frame: gpd.GeoDataFrame) -> Shapes:
    """Give the geometries of a frame as an array."""
    return np.asarray(frame.geometry.values, dtype=object)


def polygons_only(shapes: Shapes) -> Shapes:
    """Leave out the lines and points that an overlay leaves where polygons only touch.

    Parameters
    ----------
    shapes : array of geometries (n,)

    Returns
    -------
    array of geometries (n,)
        Polygons and multipolygons; an empty polygon where nothing with an area is left.

    Examples
    --------
    >>> touch = shapely.from_wkt("GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)), LINESTRING (0 0, 5 5))")
    >>> polygons_only(np.array([touch]))[0].wkt
    'POLYGON ((0 0, 1 0, 1 1, 0 0))'
    """
    kinds = shapely.get_type_id(shapes)
    clean = shapes.copy()
    clean[~np.isin(kinds, (_POLYGON, _MULTIPOLYGON, _COLLECTION))] = shapely.Polygon()
    for position in np.flatnonzero(kinds == _COLLECTION):
        parts = shapely.get_parts(shapes[position])
        polygons = shapely.get_parts(parts[np.isin(shapely.get_type_id(parts), (_POLYGON, _MULTIPOLYGON))])
        clean[position] = polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
    clean[shapely.is_empty(clean)] = shapely.Polygon()
    return clean


def intersections(left: Shapes, right: Shapes) -> Shapes:
    """Give what each pair of polygons has in common, as polygons."""
    return polygons_only(_pairwise(shapely.intersection, left, right))


def differences(left: Shapes, right: Shapes) -> Shapes:
    """Give what the first of each pair of polygons has for itself, as polygons."""
    return polygons_only(_pairwise(shapely.difference, left, right))


def _pairwise(work: Callable[[Shapes, Shapes], Any], left: Shapes, right: Shapes) -> Shapes:
    """Do one thing to each pair, on all cores: shapely lets go of Python's lock."""
    left, right = np.broadcast_arrays(np.asarray(left, dtype=object), np.asarray(right, dtype=object))
    if left.ndim != 1:
        return np.asarray(work(left, right), dtype=object)
    threads = thread_count(None)
    weights = shapely.get_num_coordinates(left) + shapely.get_num_coordinates(right) + 1
    slices = balanced_slices(weights, threads)
    found = in_threads(lambda part: work(left[slice(*part)], right[slice(*part)]), slices, threads)
    return np.concatenate([np.zeros(0, dtype=object), *found])


def union_of(shapes: Shapes) -> Any:
    """Unite polygons; ground that several of them cover is there once."""
    return polygons_only(np.array([shapely.disjoint_subset_union_all(shapes)], dtype=object))[0]


def areas_of(shapes: Shapes, crs: Any, area_basis: AreaBasis) -> npt.NDArray[np.float64]:
    """Measure polygons in m²."""
    if not len(shapes):
        return np.zeros(0)
    return polygon_areas(gpd.GeoSeries(shapes, crs=crs), area_basis=area_basis, trusted=True)


def ground_area(shapes: Shapes, crs: Any, area_basis: AreaBasis) -> float:
    """Measure the ground under polygons in m², every place counted once."""
    if not len(shapes):
        return 0.0
    return float(areas_of(np.array([union_of(shapes)], dtype=object), crs, area_basis)[0])


def slivers(shapes: Shapes, width: float) -> npt.NDArray[np.bool_]:
    """Find polygons nowhere wider than a tolerance: those that vanish under a negative buffer of half of it.

    Parameters
    ----------
    shapes : array of polygons (n,)
    width : float
        Metres; 0 finds none.

    Returns
    -------
    bool (n,)

    Examples
    --------
    >>> slivers(np.array([shapely.box(0, 0, 5000, 0.001), shapely.box(0, 0, 10, 10)]), 0.002)
    array([ True, False])
    """
    found = np.zeros(len(shapes), dtype=bool)
    if not width:
        return found
    # a polygon within half a width of its border has at most that area for each metre of it; others need no buffer
    thin = np.flatnonzero(shapely.area(shapes) <= shapely.length(shapes) * width / 2)
    found[thin] = shapely.is_empty(shapely.buffer(shapes[thin], -width / 2))
    return found


def canonical_order(shapes: Shapes) -> npt.NDArray[np.int64]:
    """Order polygons by place and size, so that an answer does not depend on the order of the input."""
    bounds = shapely.bounds(shapes)
    return np.lexsort((shapely.area(shapes), bounds[:, 3], bounds[:, 2], bounds[:, 1], bounds[:, 0]))


def pieces_of(shapes: Shapes) -> tuple[Shapes, list[list[int]]]:
    """Cut overlapping polygons into pieces that do not overlap, each with the polygons that cover it.

    Parameters
    ----------
    shapes : array of polygons (n,)

    Returns
    -------
    pieces : array of polygons (m,)
    cover : list of list of int
        For every piece the positions of the polygons over it, ascending.

    Examples
    --------
    >>> pieces, cover = pieces_of(np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)]))
    >>> sorted(zip(cover, shapely.area(pieces).tolist()))
    [([0], 1.0), ([0, 1], 1.0), ([1], 1.0)]
    """
    if len(shapes) == 1:
        return shapes.copy(), [[0]]
    lines = shapely.union_all(shapely.boundary(shapes))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(np.array([lines], dtype=object))))
    faces = faces[shapely.area(faces) > 0]
    inside = shapely.point_on_surface(faces)
    face, shape = shapely.STRtree(shapes).query(inside, predicate="intersects")
    cover: list[list[int]] = [[] for _ in faces]
    for one, other in zip(face.tolist(), shape.tolist(), strict=True):
        cover[one].append(int(other))
    covered = [number for number, over in enumerate(cover) if over]
    # faces under the same polygons are one piece
    together: dict[tuple[int, ...], list[int]] = {}
    for number in covered:
        together.setdefault(tuple(sorted(cover[number])), []).append(number)
    united = np.empty(len(together), dtype=object)
    united[:] = [union_of(faces[numbers]) for numbers in together.values()]
    return united, [list(key) for key in together]


def disjoint_groups(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Number the groups of things that are joined by pairs.

    Examples
    --------
    >>> disjoint_groups(np.array([0]), np.array([2]), 3).tolist()
    [0, 1, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int64)


def grouped(
    keys: npt.NDArray[np.int64], values: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.int64]]]:
    """Gather the values of each key.

    Returns
    -------
    keys : int64 (m,)
        Every key once, ascending.
    values : list of int64 arrays
        The values of each key, in their order.

    Examples
    --------
    >>> keys, values = grouped(np.array([7, 3, 7]), np.array([1, 2, 3]))
    >>> keys.tolist(), [found.tolist() for found in values]
    ([3, 7], [[2], [1, 3]])
    """
    order = np.argsort(keys, kind="stable")
    own, start = np.unique(keys[order], return_index=True)
    return own, np.split(values[order], start[1:]) if len(own) else []
