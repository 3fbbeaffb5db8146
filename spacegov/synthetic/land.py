"""What covers the ground: natural land from relief, fields by village, and one partition of everything."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.admin import Units, mosaic
from spacegov.synthetic.frame import Floats, Grid, Ints, noise, to_millimetres
from spacegov.synthetic.terrain import Terrain

# Classes of natural and farmed land on the raster, with their code in the third land survey.
NATURAL = ("0101", "0103", "0201", "0202", "0301", "0302", "0305", "0404", "1106")
PADDY, DRY, ORCHARD, TEA, TREES, BAMBOO, SHRUB, GRASS, FLAT = range(9)


def natural_classes(random: np.random.Generator, terrain: Terrain, seats: Floats) -> Ints:
    """Natural land class of every cell.

    Parameters
    ----------
    random
        Source of randomness.
    terrain
        Relief and drainage.
    seats
        Places (n, 2) of settlements: people clear the land near them.

    Returns
    -------
    Ints
        Array (rows, columns) of positions in `NATURAL`.
    """
    from scipy.ndimage import gaussian_filter, median_filter

    grid = terrain.grid
    slope = gaussian_filter(terrain.slope, 2.0)
    above = gaussian_filter(terrain.above_river, 1.5)
    row, column = grid.locate(seats[:, 0], seats[:, 1])
    people = np.zeros(grid.shape)
    np.add.at(people, (row, column), 1.0)
    people = gaussian_filter(people, 45) * 2 * np.pi * 45**2
    wild = slope + 0.055 * above - 1.6 * np.minimum(people, 2.0) + 1.5 * noise(random, grid.shape, 30, 5)
    dry = above + 1.1 * slope + 5.0 * noise(random, grid.shape, 36, 4)
    patch = noise(random, grid.shape, 24, 4)
    kind = noise(random, grid.shape, 60, 4)
    label = np.full(grid.shape, PADDY)
    label[dry > 17] = DRY
    label[(wild > 5.6) & (patch > 0.2)] = ORCHARD
    label[(wild > 6.4) & (patch < -0.5) & (kind > 0)] = TEA
    label[wild > 8.6] = SHRUB
    label[wild > 9.6] = TREES
    label[(wild > 9.6) & (kind > 1.0)] = BAMBOO
    label[(wild > 9.6) & (patch > 1.9)] = GRASS
    label[(wild < 5.0) & (patch > 1.75)] = TREES  # copses behind villages and on knolls
    label[(wild < 5.6) & (patch < -2.15)] = GRASS
    shore = gaussian_filter((terrain.catchment_km2 > 300).astype(float), 3.0) > 0.055
    label[shore & (above < 1.4) & (patch > 0.1)] = FLAT
    return np.asarray(median_filter(label, 7), dtype=np.int64)


def field_lines(random: np.random.Generator, units: Units, bearings: Floats) -> list[Any]:
    """Ridges and ditches between fields: a lattice for every village, turned as its ground falls.

    Parameters
    ----------
    random
        Source of randomness.
    units
        Village polygons.
    bearings
        Turn of each village's fields in radians.

    Returns
    -------
    list
        A MultiLineString for each village, clipped to it.
    """
    result = []
    for shape, bearing in zip(units.village_shapes, bearings, strict=True):
        west, south, east, north = shape.bounds
        middle = np.array([(west + east) / 2, (south + north) / 2])
        reach = float(np.hypot(east - west, north - south)) / 2 + 200
        v = _lines(random, 122.0, 214.0, reach)
        pieces = []
        for low, high in itertools.pairwise(v):
            pieces.append([[-reach, low], [reach, low]])
            # A ditch runs a little past the ridge it meets; what overshoots bounds nothing and falls away.
            u = _lines(random, 225.0, 430.0, reach)
            lean = random.uniform(-14, 14, len(u))
            pieces += [[[a, low - 5], [a + b, high + 5]] for a, b in zip(u, lean, strict=True)]
        flat = np.array([np.array(piece) for piece in pieces])
        phase, wave = random.uniform(0, 6.3, 2), 2 * np.pi / random.uniform(1_600, 3_200, 2)
        parts = []
        for piece in flat:
            steps = np.linspace(0, 1, max(int(np.hypot(*(piece[1] - piece[0])) / 160), 1) + 1)[:, None]
            points = piece[0] + steps * (piece[1] - piece[0])
            bent = points + 30 * np.column_stack(
                [np.sin(points[:, 1] * wave[0] + phase[0]), np.sin(points[:, 0] * wave[1] + phase[1])]
            )
            cos, sin = np.cos(bearing), np.sin(bearing)
            parts.append(
                shapely.LineString(
                    np.column_stack(
                        [
                            middle[0] + cos * bent[:, 0] - sin * bent[:, 1],
                            middle[1] + sin * bent[:, 0] + cos * bent[:, 1],
                        ]
                    )
                )
            )
        result.append(shapely.intersection(shapely.MultiLineString(parts), shape))
    return result


def _lines(random: np.random.Generator, low: float, high: float, reach: float) -> Floats:
    steps = np.cumsum(random.uniform(low, high, int(2 * reach / low) + 2)) - reach
    return np.asarray(steps[steps < reach])


@dataclass(frozen=True)
class Faces:
    """The county cut into faces that share their borders exactly.

    Parameters
    ----------
    shapes
        Polygons, a valid coverage in whole millimetres.
    origin
        `block`, `street`, `road`, `water` or `natural` for each face.
    member
        Position in the list that the origin names (blocks, water bodies, natural classes), -1 for streets and roads.
    village
        Village of each face.
    """

    shapes: Any
    origin: Any
    member: Ints
    village: Ints


def partition(
    units: Units,
    grounds: Any,
    blocks: Any,
    road_land: Any,
    water: Any,
    natural: Ints,
    grid: Grid,
    fields: list[Any],
    streams: Any,
) -> Faces:
    """Cut the county by all borders at once, so that every piece of ground has one use and none is left out.

    Parameters
    ----------
    units
        Village polygons.
    grounds
        Polygons of settlements out to the middle of their outer streets.
    blocks
        Polygons of blocks.
    road_land
        Polygon of the ground of roads.
    water
        Polygons of water bodies.
    natural
        Position in `NATURAL` of each cell.
    grid
        Grid of `natural`.
    fields
        Lines between fields.
    streams
        Lines of streams too narrow for banks; fields end at them.

    Returns
    -------
    Faces
        The partition.
    """
    county = units.county_shape
    built = shapely.union_all(grounds, grid_size=0.001)
    roads = shapely.difference(shapely.intersection(road_land, county, grid_size=0.001), built, grid_size=0.001)
    wet = shapely.difference(
        shapely.intersection(shapely.union_all(water, grid_size=0.001), county, grid_size=0.001),
        shapely.union_all([built, roads], grid_size=0.001),
        grid_size=0.001,
    )
    mask = shapely.union_all([built, roads, wet], grid_size=0.001)
    numbers, patches = mosaic(natural, grid, 40.0)
    patches = _roughen(patches)
    farmed = shapely.union_all(patches[np.isin(numbers, (PADDY, DRY, ORCHARD, TEA, FLAT))], grid_size=0.001)
    wild_lines = shapely.intersection(shapely.union_all(shapely.boundary(patches)), county)
    villages = shapely.union_all(shapely.boundary(units.village_shapes))
    ditches = shapely.intersection(
        shapely.union_all(np.array([*fields, *streams], dtype=object)), shapely.buffer(farmed, -6.0)
    )
    shores = shapely.difference(
        shapely.intersection(shapely.union_all(shapely.boundary(water)), county), shapely.union_all([built, roads])
    )
    lines = [
        shapely.difference(wild_lines, mask),
        shapely.difference(ditches, mask),
        shapely.difference(villages, built),
        built.boundary,
        roads.boundary,
        shores,
        *shapely.boundary(blocks),
    ]
    noded = shapely.union_all(np.array(lines, dtype=object), grid_size=0.001)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    faces = faces[_within(county, shapely.point_on_surface(faces))]
    return _name(faces, units, built, blocks, roads, water, wet, numbers, patches)


def _roughen(patches: Any) -> Any:
    """Borders of natural land made crooked: every point moves by a smooth field, equal for all that share it."""

    def move(points: Floats) -> Floats:
        x, y = points[:, 0], points[:, 1]
        east = 6.0 * np.sin(x / 43 + y / 71 + 0.7) + 4.5 * np.sin(x / 87 - y / 37 + 2.1) + 1.6 * np.sin(x / 19 + y / 23)
        north = (
            6.0 * np.sin(y / 46 - x / 67 + 1.9) + 4.5 * np.sin(y / 91 + x / 35 + 0.3) + 1.6 * np.sin(y / 20 - x / 24)
        )
        return to_millimetres(np.column_stack([x + east, y + north]))

    return shapely.make_valid(shapely.transform(shapely.segmentize(patches, 64.0), move))


def _within(area: Any, points: Any) -> Any:
    shapely.prepare(area)
    return shapely.covers(area, points)


def _first(tree_of: Any, points: Any) -> Ints:
    """Position of the first polygon that covers each point, -1 where none does."""
    found = np.full(len(points), -1, dtype=np.int64)
    point, polygon = shapely.STRtree(tree_of).query(points, predicate="covered_by")
    order = np.lexsort((-polygon, point))
    found[point[order]] = polygon[order]
    return found


def _name(
    faces: Any, units: Units, built: Any, blocks: Any, roads: Any, water: Any, wet: Any, numbers: Ints, patches: Any
) -> Faces:
    faces, village = _merge_slivers(faces, units)
    points = shapely.point_on_surface(faces)
    block = _first(blocks, points)
    in_ground, on_road, in_water = _within(built, points), _within(roads, points), _within(wet, points)
    body = _first(water, points)
    patch = _first(patches, points)
    origin = np.where(
        block >= 0,
        "block",
        np.where(in_ground, "street", np.where(on_road, "road", np.where(in_water, "water", "natural"))),
    )
    member = np.where(
        block >= 0,
        block,
        np.where(in_water & ~in_ground & ~on_road, body, np.where(in_ground | on_road, -1, numbers[patch])),
    )
    return Faces(faces, origin, member, village)


def _merge_slivers(faces: Any, units: Units) -> tuple[Any, Ints]:
    """Faces of less than 120 m² go to the neighbour with the longest common border."""
    for _ in range(4):
        small = np.flatnonzero(shapely.area(faces) < 120.0)
        if len(small) == 0:
            break
        tree = shapely.STRtree(faces)
        a, b = tree.query(faces[small], predicate="intersects")
        a = small[a]
        border = shapely.length(shapely.intersection(shapely.boundary(faces[a]), shapely.boundary(faces[b])))
        border[a == b] = -1.0
        order = np.lexsort((b, -border, a))
        first = order[np.unique(a[order], return_index=True)[1]]
        target = dict(zip(a[first].tolist(), b[first].tolist(), strict=True))
        gone = set()
        taking: dict[int, list[int]] = {}
        for face, into in target.items():
            if into not in gone and face not in taking and border[first].max() > 0:
                taking.setdefault(into, []).append(face)
                gone.add(face)
        faces = faces.copy()
        for into, others in sorted(taking.items()):
            faces[into] = shapely.coverage_union_all(faces[[into, *others]])
        faces = np.delete(faces, sorted(gone))
    faces = shapely.transform(faces, to_millimetres)
    village = _first(units.village_shapes, shapely.point_on_surface(faces))
    return faces, village
