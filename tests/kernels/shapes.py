"""Polygons made to be difficult: they share vertices and edges, touch themselves, are thin, or wind."""

from __future__ import annotations

import math

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely.affinity import affine_transform

LATTICE = 12


@st.composite
def stars(draw):
    """Star-shaped around a lattice point, vertices on the lattice or off it."""
    count = draw(st.integers(3, 24))
    on_lattice = draw(st.booleans())
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    x, y = random.integers(2, LATTICE - 1, 2)
    angles = np.sort(random.uniform(0, 2 * math.pi, count))
    radii = random.uniform(0.5, 6.0, count)
    points = np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)])
    return shapely.Polygon(np.round(points) if on_lattice else points)


@st.composite
def cell_unions(draw):
    """Unions of lattice cells: holes that touch shells, parts that touch in a point, collinear borders."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    cells = random.random((7, 7)) < random.uniform(0.2, 0.9)
    boxes = [shapely.box(i, j, i + 1, j + 1) for i, j in np.argwhere(cells)]
    return shapely.union_all(boxes) if boxes else shapely.box(0, 0, 1, 1)


@st.composite
def slivers(draw):
    """Long triangles and strips of almost no width."""
    width = 10.0 ** -draw(st.integers(1, 9))
    x = draw(st.integers(0, LATTICE))
    if draw(st.booleans()):
        return shapely.Polygon([(x, 0), (x + width, 0), (x, LATTICE)])
    return shapely.Polygon([(0, x), (LATTICE, x + 1), (LATTICE, x + 1 + width), (0, x + width)])


@st.composite
def combs(draw):
    """Many teeth on one back."""
    teeth = draw(st.integers(2, 60))
    turned = draw(st.booleans())
    step = LATTICE / teeth
    points = [(0.0, -1.0)]
    for tooth in range(teeth):
        points += [(tooth * step, LATTICE * 0.9), ((tooth + 0.5) * step, 0.1)]
    points.append((LATTICE, -1.0))
    comb = shapely.Polygon(points)
    return affine_transform(comb, [0, 1, 1, 0, 0, 0]) if turned else comb


@st.composite
def spirals(draw):
    """A band wound around a point."""
    turns = draw(st.integers(2, 8))
    angles = np.linspace(0.5, turns * 2 * math.pi, 20 * turns)
    pitch = 6.0 / (turns * 2 * math.pi)
    line = np.column_stack([6 + pitch * angles * np.cos(angles), 6 + pitch * angles * np.sin(angles)])
    return shapely.LineString(line).buffer(0.25 * 6.0 / turns)


@st.composite
def dense_boxes(draw):
    """Boxes with many vertices along straight edges, cut at other places than their neighbours."""
    x, y = draw(st.integers(0, 8)), draw(st.integers(0, 8))
    length = draw(st.sampled_from([0.37, 0.41, 0.53, 1.0]))
    return shapely.segmentize(shapely.box(x, y, x + 4, y + 4), length)


SHAPES = st.one_of(stars(), cell_unions(), slivers(), combs(), spirals(), dense_boxes())
PLACES = st.sampled_from(
    [
        (1.0, 0.0, 0.0, 0.0),
        (1.0, 0.0, 1e7, 1.2e7),
        (0.1, 0.0, 1e7, 1e7),
        (1e-3, 0.0, 0.0, 0.0),
        (1.0, 33.3, 0.0, 0.0),
        (100.0, 71.7, 4e5, 4e6),
    ]
)


@st.composite
def layer_pairs(draw, size=5):
    """Two small layers of valid polygons at one place: scale, turn and offset are shared, so borders stay shared."""
    scale, degrees, x, y = draw(PLACES)
    cosine, sine = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    matrix = [cosine, -sine, sine, cosine, x, y]
    layers = []
    for _ in range(2):
        shapes = [affine_transform(shape, matrix) for shape in draw(st.lists(SHAPES, min_size=size, max_size=size + 1))]
        layers.append(np.array([s for s in shapes if s.is_valid and s.area > 0] + [None], dtype=object)[:-1])
    return tuple(layers)


def error_bound(left, right):
    """Allowed error of each pair's area (L, R): 1e-9 of the smaller polygon + 8 eps · coordinate · perimeter."""
    smaller = np.minimum(shapely.area(left)[:, None], shapely.area(right)[None, :])
    perimeter = np.maximum(shapely.length(left)[:, None], shapely.length(right)[None, :])
    largest = np.maximum(
        np.abs(shapely.bounds(left)).max(axis=1)[:, None], np.abs(shapely.bounds(right)).max(axis=1)[None, :]
    )
    return 1e-9 * smaller + 8 * np.finfo(float).eps * largest * perimeter


def geos_areas(left, right):
    """Area of each intersection by GEOS (L, R)."""
    return shapely.area(shapely.intersection(left[:, None], right[None, :]))


def as_matrix(pairs, shape):
    """A pair table as a matrix, zero where there is no pair."""
    matrix = np.zeros(shape)
    matrix[pairs["left_index"], pairs["right_index"]] = pairs["area_m2"]
    return matrix
