"""The three control lines: ecological red line, permanent basic farmland, urban development boundary."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.frame import Ints, Mask, noise, stretch
from spacegov.synthetic.land import BAMBOO, DRY, GRASS, ORCHARD, PADDY, SHRUB, TREES, Faces
from spacegov.synthetic.rivers import outline
from spacegov.synthetic.settlements import Settlement
from spacegov.synthetic.terrain import Terrain


def natural_of(faces: Faces, *classes: int) -> Mask:
    """Faces of the given natural classes."""
    return np.asarray((faces.origin == "natural") & np.isin(faces.member, classes))


def town_land(random: np.random.Generator, faces: Faces, places: list[Settlement]) -> tuple[Ints, Any]:
    """Faces that the plan gives to towns, by part of the development boundary, and the boundary's polygons.

    Parameters
    ----------
    random
        Source of randomness.
    faces
        The county's ground.
    places
        Settlements; only city and towns have a boundary.

    Returns
    -------
    tuple
        Part of each face (0 none, 1 concentrated, 2 flexible, 3 special-use), and a list of (settlement number, part,
        polygon).
    """
    part = np.zeros(len(faces.shapes), dtype=np.int64)
    middles = shapely.get_coordinates(shapely.centroid(faces.shapes))
    sizes = shapely.area(faces.shapes)
    open_land = natural_of(faces, PADDY, DRY, ORCHARD, GRASS) & (sizes < 130_000)
    open_park = natural_of(faces, TREES, SHRUB, BAMBOO) & (sizes < 500_000)
    lines: list[tuple[int, int, Any]] = []
    for place in places:
        if place.kind == "village":
            continue
        reach = 560.0 if place.kind == "city" else 240.0
        away = shapely.distance(place.ground, shapely.points(middles))
        heading = np.arctan2(middles[:, 1] - place.centre[1], middles[:, 0] - place.centre[0])
        turn = random.uniform(-np.pi, np.pi)
        sector = np.abs(np.angle(np.exp(1j * (heading - turn))))
        wide = 0.55 + 0.45 * np.cos(2 * (heading - turn))
        own = shapely.covers(place.ground, shapely.points(middles)) & np.isin(faces.origin, ("block", "street"))
        core = (open_land & (away < reach * wide)) | own
        flexible = open_land & ~core & (away < reach * 1.9) & (sector < 0.55)
        special = open_park & (away < reach * 1.8)
        free = part == 0
        for number, chosen in ((1, core), (2, flexible), (3, special)):
            part[free & chosen] = number
            group = faces.shapes[free & chosen]
            if len(group):
                shape = shapely.buffer(shapely.union_all(group, grid_size=0.001), 16, join_style="mitre")
                shape = shapely.buffer(shape, -16, join_style="mitre")
                for taken_number, _, taken in lines:
                    if taken_number == place.number or taken.intersects(shape):
                        shape = shapely.difference(shape, taken, grid_size=0.001)
                shape = _large_parts(shapely.set_precision(shape, 0.001), 5_000.0)
                if not shape.is_empty:
                    lines.append((place.number, number, shape))
    shared = share_borders([shape for _, _, shape in lines])
    return part, [
        (settlement, number, shape)
        for (settlement, number, _), shape in zip(lines, shared, strict=True)
        if not shape.is_empty
    ]


def share_borders(shapes: list[Any]) -> list[Any]:
    """The same shapes cut by all their borders at once; ground claimed twice goes to the earlier shape.

    Parameters
    ----------
    shapes
        Polygons that may overlap or miss each other by a hair.

    Returns
    -------
    list
        Polygons in the same order that share their borders exactly.
    """
    borders = shapely.union_all(shapely.boundary(np.array(shapes, dtype=object)), grid_size=0.001)
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(borders)))
    point, shape = shapely.STRtree(shapes).query(shapely.point_on_surface(pieces), predicate="covered_by")
    owner = np.full(len(pieces), -1, dtype=np.int64)
    order = np.lexsort((-shape, point))
    owner[point[order]] = shape[order]
    return [
        shapely.coverage_union_all(pieces[owner == number]) if (owner == number).any() else shapely.Polygon()
        for number in range(len(shapes))
    ]


def _large_parts(shape: Any, least: float) -> Any:
    """A shape without parts and holes smaller than `least` square metres."""
    kept = [
        shapely.Polygon(part.exterior, [ring for ring in part.interiors if shapely.Polygon(ring).area >= least])
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon" and part.area >= least
    ]
    return shapely.union_all(np.array(kept, dtype=object), grid_size=0.001) if kept else shapely.Polygon()


def basic_farmland(random: np.random.Generator, faces: Faces, slope: Any, boundary: Any) -> Mask:
    """Fields that are permanent basic farmland: large, gentle, outside the development boundary.

    Parameters
    ----------
    random
        Source of randomness.
    faces
        The county's ground.
    slope
        Slope of each face in degrees.
    boundary
        Array of polygons of the development boundary.

    Returns
    -------
    Mask
        True for each chosen face.
    """
    fit = natural_of(faces, PADDY, DRY) & (shapely.area(faces.shapes) > 6_000) & (slope < 12)
    near = np.zeros(len(faces.shapes), dtype=bool)
    near[np.unique(shapely.STRtree(boundary).query(faces.shapes, predicate="dwithin", distance=12.0)[0])] = True
    rate = np.where(faces.member == PADDY, 0.93, 0.72)
    village_luck = random.uniform(-0.12, 0.08, int(faces.village.max()) + 1)
    return np.asarray(fit & ~near & (random.random(len(faces.shapes)) < rate + village_luck[faces.village]))


def red_line(random: np.random.Generator, terrain: Terrain, faces: Faces, reservoir: Any) -> list[tuple[str, str, Any]]:
    """Ecological red line on wooded mountains: a reserve core around the reservoir, elsewhere water conservation.

    Parameters
    ----------
    random
        Source of randomness.
    terrain
        Relief.
    faces
        The county's ground; the line stays inside its woods.
    reservoir
        Polygon of the reservoir.

    Returns
    -------
    list
        (sub-zone, function, polygon), sub-zone `core` or `other`.
    """
    from scipy.ndimage import gaussian_filter

    grid = terrain.grid
    x, y = grid.centres()
    wooded = shapely.union_all(faces.shapes[natural_of(faces, TREES, BAMBOO, SHRUB, GRASS)], grid_size=0.001)
    inner = shapely.buffer(wooded, -30, join_style="mitre")
    height = gaussian_filter(terrain.height, 8)
    score = height / 190 + gaussian_filter(terrain.slope, 10) / 11 + 0.45 * noise(random, grid.shape, 70, 3)
    centre = shapely.get_coordinates(shapely.centroid(reservoir))[0]
    around = np.hypot(x - centre[0] + 300, y - centre[1] - 900)
    core = (around < 2_300 + 350 * noise(random, grid.shape, 60, 3)) & (stretch(score, 0.6, 1.2) > 0)
    rest = (score > 1.75) & ~core
    shapes: list[tuple[str, str, Any]] = []
    core_shape = shapely.intersection(outline(core, terrain, 4.0, 15.0), inner, grid_size=0.001)
    rest_shape = shapely.difference(
        shapely.intersection(outline(rest, terrain, 4.0, 15.0), inner, grid_size=0.001), core_shape, grid_size=0.001
    )
    for zone, function, shape in (("core", "biodiversity", core_shape), ("other", "water-conservation", rest_shape)):
        shapes += [(zone, function, part) for part in shapely.get_parts(_large_parts(shape, 40_000.0))]
    shared = share_borders([shape for _, _, shape in shapes])
    return [(zone, function, shape) for (zone, function, _), shape in zip(shapes, shared, strict=True)]
