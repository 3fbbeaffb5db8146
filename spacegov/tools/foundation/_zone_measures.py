"""What lies in a zone, by kind of layer: areas of polygons, lengths of lines, numbers of points."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely

from spacegov.kinds import AreaBasis
from spacegov.tools.foundation._overlaps import shared_areas, without_overlaps
from spacegov.tools.foundation._shapes import Floats, Integers, Shapes
from spacegov.tools.overlay import areas_of

# A point on a border is judged this far to the east-north-east of it: far above the rounding of coordinates, far below
# what any survey resolves. The slope is no simple ratio, so that it does not run along a border again.
_NUDGE_M = (1e-6, 0.381966e-6)


class Tally(NamedTuple):
    """Sums for (zone, class): arrays of shape (zones, classes)."""

    features: Integers
    length: Floats
    area: Floats


class Inside(NamedTuple):
    """Pairs of feature and zone, with the share of the feature that lies in the zone."""

    feature: Integers
    zone: Integers
    share: Floats


def polygons_in_zones(
    shapes: Shapes, classes: Integers, zones: Shapes, class_count: int, crs: Any, area_basis: AreaBasis
) -> tuple[Tally, Floats, Inside, bool]:
    """Tally polygons; ground covered twice by one class is counted once.

    Returns
    -------
    tally : Tally
    covered : array
        Area of each zone covered by any class, counted once.
    inside : Inside
    crossing : bool
        Whether different classes overlap.
    """
    feature, zone, shared = shared_areas(shapes, zones, crs, area_basis)
    size = (len(zones), class_count)
    count, area = np.zeros(size, np.int64), np.zeros(size)
    np.add.at(count, (zone, classes[feature]), 1)
    whole = areas_of(shapes, crs, area_basis)
    united, their_class, crossing = without_overlaps(shapes, classes, crs)
    if len(united) < len(shapes):
        theme, theme_zone, theme_area = shared_areas(united, zones, crs, area_basis)
    else:
        theme, theme_zone, theme_area = feature, zone, shared
    np.add.at(area, (theme_zone, their_class[theme]), theme_area)
    covered = area.sum(axis=1)
    if crossing:
        one, _, _ = without_overlaps(united, np.zeros(len(united), np.int64), crs)
        _, one_zone, one_area = shared_areas(one, zones, crs, area_basis)
        covered = np.bincount(one_zone, weights=one_area, minlength=len(zones))
    inside = Inside(feature, zone, np.minimum(shared / whole[feature], 1.0))
    return Tally(count, np.zeros(size), area), covered, inside, crossing


def lines_in_zones(shapes: Shapes, classes: Integers, zones: Shapes, class_count: int) -> tuple[Tally, Inside]:
    """Tally lines by the length of theirs that lies in a zone."""
    zone, feature = shapely.STRtree(shapes).query(zones, predicate="intersects")
    shapely.prepare(zones)
    whole = shapely.length(shapes)
    length = whole[feature].copy()
    cut = ~shapely.contains_properly(zones[zone], shapes[feature])
    length[cut] = shapely.length(shapely.intersection(shapes[feature[cut]], zones[zone[cut]]))
    keep = length > 0
    feature, zone, length = feature[keep], zone[keep], length[keep]
    size = (len(zones), class_count)
    count, total = np.zeros(size, np.int64), np.zeros(size)
    np.add.at(count, (zone, classes[feature]), 1)
    np.add.at(total, (zone, classes[feature]), length)
    return Tally(count, total, np.zeros(size)), Inside(feature, zone, length / whole[feature])


def points_in_zones(shapes: Shapes, classes: Integers, zones: Shapes, class_count: int) -> tuple[Tally, Inside]:
    """Tally points; one on the border of two zones counts for one of them."""
    points, owner = shapely.get_parts(shapes, return_index=True)
    zone, point = shapely.STRtree(points).query(zones, predicate="intersects")
    shapely.prepare(zones)
    border = np.flatnonzero(~shapely.contains_properly(zones[zone], points[point]))
    nudged = shapely.points(shapely.get_coordinates(points[point[border]]) + np.asarray(_NUDGE_M))
    keep = np.ones(len(zone), bool)
    keep[border] = shapely.intersects(zones[zone[border]], nudged)
    zone, feature = zone[keep], owner[point[keep]]
    parts = np.bincount(owner, minlength=len(shapes))
    pairs, number = np.unique(np.stack([feature, zone]), axis=1, return_counts=True)
    size = (len(zones), class_count)
    count = np.zeros(size, np.int64)
    np.add.at(count, (pairs[1], classes[pairs[0]]), 1)
    inside = Inside(pairs[0], pairs[1], number / parts[pairs[0]])
    return Tally(count, np.zeros(size), np.zeros(size)), inside
