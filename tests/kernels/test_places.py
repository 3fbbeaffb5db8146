"""Points in places: every answer that of GEOS, also on borders, and pairs counted as a set counts them."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.kernels.places import DistinctPairs, Places
from tests.kernels.shapes import layer_pairs


def first_by_geos(shapes, points):
    point, place = np.nonzero(shapely.intersects(np.array(shapes)[None, :], shapely.points(points)[:, None]))
    found = np.full(len(points), len(shapes))
    np.minimum.at(found, point, place)
    return found


def telling_points(shapes, seed):
    """Vertices, middles of edges, lattice points and anything between."""
    random = np.random.default_rng(seed)
    vertices = shapely.get_coordinates(list(shapes))
    middles = 0.5 * (vertices[1:] + vertices[:-1])
    low, high = vertices.min(axis=0) - 1, vertices.max(axis=0) + 1
    lattice = np.stack(np.meshgrid(np.arange(-1, 14), np.arange(-1, 14)), axis=-1).reshape(-1, 2)
    return np.concatenate([vertices, middles, lattice, random.uniform(low, high, (300, 2))])


@settings(max_examples=60, deadline=None)
@given(pair=layer_pairs(), seed=st.integers(0, 999))
def test_the_first_place_is_that_of_geos(pair, seed):
    shapes = np.concatenate([np.asarray(layer, dtype=object) for layer in pair])
    points = telling_points(shapes, seed)
    assert np.array_equal(Places(shapes).first(points), first_by_geos(shapes, points))


def test_a_cut_polygon_answers_like_a_whole_one_on_the_borders_of_its_pieces():
    # a star of 4,000 vertices about the origin: its pieces meet at halves and quarters of its box
    angles = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    radii = 1.0 + 0.4 * np.sin(40 * angles)
    star = shapely.Polygon(
        np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]) * 1000,
        [
            np.array([(-100, -100), (-100, 100), (100, 100), (100, -100)]),
        ],
    )
    shapes = np.array([star], dtype=object)
    box = star.bounds
    cuts = [box[k] + (box[k + 2] - box[k]) * np.arange(65) / 64 for k in (0, 1)]
    on_cuts = np.stack(np.meshgrid(*cuts), axis=-1).reshape(-1, 2)
    random = np.random.default_rng(3)
    along = np.column_stack([random.choice(cuts[0], 2000), random.uniform(box[1], box[3], 2000)])
    points = np.concatenate([on_cuts, along, shapely.get_coordinates(star), [(100.0, 0.0), (np.nan, np.nan)]])
    one, two = Places(shapes).first(points), Places(shapes, threads=2).first(points)
    assert np.array_equal(one, two)
    assert np.array_equal(one[:-1], first_by_geos(shapes, points[:-1]))
    assert one[-1] == 1


def test_so_many_points_on_borders_that_the_room_for_them_is_made_anew():
    shapes = np.array([shapely.box(k, 0, k + 1, 1) for k in range(50)], dtype=object)[::-1]
    points = np.tile(np.column_stack([np.arange(51.0), np.zeros(51)]), (40, 1))
    assert np.array_equal(Places(shapes).first(points), first_by_geos(shapes, points))


def test_empty_and_missing_places_hold_nothing():
    shapes = np.array([None, shapely.Polygon(), shapely.box(0, 0, 1, 1)], dtype=object)
    assert Places(shapes).first(np.array([[0.5, 0.5], [2.0, 2.0]])).tolist() == [2, 3]
    assert Places(shapes[:1]).first(np.array([[0.5, 0.5]])).tolist() == [1]


@settings(max_examples=40, deadline=None)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0, 1, -1, 2**62, -(2**63)])), max_size=60), max_size=6
    )
)
def test_pairs_are_counted_as_a_set_counts_them(batches):
    seen, expected = DistinctPairs(), set()
    for batch in batches:
        cells, people = (np.array([pair[side] for pair in batch], dtype=np.int64) for side in (0, 1))
        seen.add(cells, people)
        expected |= set(batch)
    cells, counts = seen.counts()
    assert dict(zip(cells.tolist(), counts.tolist(), strict=True)) == {
        cell: sum(pair[0] == cell for pair in expected) for cell in {pair[0] for pair in expected}
    }


def test_more_pairs_than_the_table_held_at_first():
    seen = DistinctPairs()
    numbers = np.arange(300_000)
    for _ in range(2):
        seen.add(numbers % 1000, numbers)
    cells, counts = seen.counts()
    assert len(cells) == 1000
    assert set(counts.tolist()) == {300}
