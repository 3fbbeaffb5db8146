"""Cutting changes no area, and depends on the geometry alone."""

import numpy as np
import pytest
import shapely
from shapely.affinity import rotate, translate

from spacegov.kernels import compilation, pair_areas, self_pair_areas
from spacegov.kernels.matching import join_layers, match
from spacegov.kernels.pieces import cut_pieces
from spacegov.kernels.ragged import from_shapely
from spacegov.kernels.tree import build_tree
from tests.kernels.shapes import error_bound, geos_areas

SIZES = [8, 16, 64, 96, 1000]


@pytest.fixture(autouse=True)
def _compiled():
    compilation.ensure_compiled("area")


def array(*shapes):
    values = np.empty(len(shapes), dtype=object)
    values[:] = shapes
    return values


def star(count, seed, x=0.0, y=0.0, size=20.0):
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, count))
    radii = size * random.uniform(0.4, 1.0, count)
    return shapely.Polygon(np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)]))


def spiral(turns=20):
    angles = np.linspace(1.0, turns * 2 * np.pi, 150 * turns)
    line = np.column_stack([angles * np.cos(angles), angles * np.sin(angles)])
    return shapely.LineString(line).buffer(1.0)


def comb(teeth=400):
    points = [(0.0, -1.0)]
    for tooth in range(teeth):
        points += [(tooth, 50.0), (tooth + 0.5, 0.1)]
    return shapely.Polygon([*points, (teeth, -1.0)])


def lace(cells=25):
    """A square with hundreds of holes, some of which touch one another in a point."""
    holes = [shapely.box(i, j, i + 1, j + 1) for i in range(1, cells) for j in range(1, cells) if (i + j) % 2]
    return shapely.box(0, 0, cells + 1, cells + 1).difference(shapely.union_all(holes))


LAYERS = {
    "stars": array(*[star(500, seed, x=seed * 7.0) for seed in range(6)]),
    "stars far away": array(*[star(500, seed, 1e7 + seed * 7.0, 1.2e7) for seed in range(6)]),
    "spirals": array(spiral(), translate(spiral(), 1.0, 2.0)),
    "combs": array(comb(), rotate(comb(), 90, origin=(200, 25)), comb().buffer(0.01)),
    "lace": array(lace(), translate(lace(), 0.5, 0.3), lace().buffer(0.001), spiral(3)),
    "dense boxes": array(
        shapely.segmentize(shapely.box(0, 0, 100, 100), 0.37),
        shapely.segmentize(shapely.box(100, 20, 200, 80), 0.41),
        shapely.segmentize(shapely.box(20, 0, 60, 100), 0.53),
        shapely.MultiPolygon([shapely.segmentize(shapely.box(x, 0, x + 1, 99), 0.3) for x in range(0, 90, 7)]),
    ),
}


def join_cut(left, right, piece_vertices):
    a, b = from_shapely(left), from_shapely(right)
    a_pieces = cut_pieces(a, piece_vertices=piece_vertices)
    b_pieces = cut_pieces(b, piece_vertices=piece_vertices)
    rows = join_layers(a, a_pieces, b, b_pieces, build_tree(b_pieces.boxes), upper_only=False, threads=1)
    matrix = np.zeros((len(left), len(right)))
    matrix[rows[0], rows[1]] = rows[2]
    return matrix


@pytest.mark.parametrize("name", LAYERS)
def test_areas_agree_with_geos_however_finely_cut(name):
    left = LAYERS[name]
    right = array(*[translate(shape, 0.3, 0.7) for shape in left[:3]], *left[:3])
    truth, bound = geos_areas(left, right), error_bound(left, right)
    for piece_vertices in SIZES:
        difference = np.abs(join_cut(left, right, piece_vertices) - truth)
        assert (difference <= bound).all(), piece_vertices


@pytest.mark.parametrize("name", LAYERS)
def test_pieces_tile_the_polygon_with_its_own_vertices(name):
    layer = from_shapely(LAYERS[name])
    pieces = cut_pieces(layer, piece_vertices=32)
    known = {tuple(vertex) for vertex in layer.coordinates}
    assert len(pieces.boxes) > 4 * len(layer)
    assert (np.diff(pieces.owner) >= 0).all()
    np.testing.assert_array_equal(np.repeat(np.arange(len(layer)), np.diff(pieces.piece_offsets)), pieces.owner)
    own = len(layer.ring_offsets) - 1
    for first, last, full in zip(pieces.first_ring, pieces.last_ring, pieces.full, strict=True):
        if not full:
            start, stop = pieces.cut_ring_offsets[[first - own, last - own]]
            assert {tuple(vertex) for vertex in pieces.cut_coordinates[start:stop]} <= known
    # boxes of one polygon overlap nowhere
    for geometry in range(len(layer)):
        mine = pieces.boxes[pieces.owner == geometry]
        boxes = shapely.box(*mine.T)
        assert len(boxes) == 1 or self_pair_areas(boxes, trusted=True).empty


def test_a_wide_square_is_mostly_full_pieces():
    layer = from_shapely(array(shapely.segmentize(shapely.box(0, 0, 1000, 1000), 1.0)))
    pieces = cut_pieces(layer, piece_vertices=96)
    assert pieces.full.any()
    area = np.prod(pieces.boxes[:, 2:] - pieces.boxes[:, :2], axis=1)[pieces.full].sum()
    assert area > 0.5e6


def test_large_polygons_are_the_same_to_the_last_bit_beside_any_others():
    stars = [star(2000, seed, x=seed * 5.0) for seed in range(5)]
    alone = [pair_areas([left], [right])["area_m2"].sum() for left in stars for right in stars]
    together = pair_areas([spiral(), *stars], [comb(), *stars], threads=2)
    kept = together[(together["left_index"] > 0) & (together["right_index"] > 0)]
    assert kept["area_m2"].tolist() == alone


def test_room_for_pairs_and_pieces_grows_as_needed(monkeypatch):
    from spacegov.kernels import matching, pieces

    layer = from_shapely(array(*[star(700, seed, x=seed) for seed in range(40)]))
    whole = match(layer, layer, threads=1)
    monkeypatch.setattr(matching, "_ROOM", 1)
    monkeypatch.setattr(matching, "_ROOM_PER_ROW", 0)
    monkeypatch.setattr(pieces, "_ROOM_FACTOR", 0.001)
    again = match(layer, layer, threads=1)
    for first, second in zip(whole, again, strict=True):
        np.testing.assert_array_equal(first, second)
