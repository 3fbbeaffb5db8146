"""The kernel against GEOS, polygon by polygon."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings

from spacegov.kernels import pair_areas
from tests.kernels.exact import exact_intersection_area
from tests.kernels.shapes import as_matrix, error_bound, geos_areas, layer_pairs

PATIENT = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def agree(layers):
    """Compare with GEOS; where the two disagree, exact arithmetic decides (GEOS loses slivers far from the origin)."""
    left, right = layers
    found = pair_areas(left, right)
    assert (found["area_m2"] > 0).all()
    ours, bound = as_matrix(found, (len(left), len(right))), error_bound(left, right)
    for i, j in np.argwhere(np.abs(ours - geos_areas(left, right)) > bound):
        assert abs(ours[i, j] - exact_intersection_area(left[i], right[j])) <= bound[i, j], (left[i].wkt, right[j].wkt)


@pytest.mark.parametrize("seed", range(8))
def test_exact_arithmetic_agrees_with_both(seed):
    random = np.random.default_rng(seed)
    shapes = []
    for x in random.uniform(0, 4, 2):
        angles = np.sort(random.uniform(0, 2 * np.pi, 9))
        radii = random.uniform(1, 6, 9)
        shapes.append(shapely.Polygon(np.column_stack([x + radii * np.cos(angles), radii * np.sin(angles)])))
    left, right = (np.array([shape.buffer(0)], dtype=object) for shape in shapes)
    exact = exact_intersection_area(left[0], right[0])
    assert geos_areas(left, right)[0, 0] == pytest.approx(exact, rel=1e-13)
    assert pair_areas(left, right)["area_m2"].sum() == pytest.approx(exact, rel=1e-14)


def test_a_sliver_far_from_the_origin_is_kept():
    """A triangle a tenth of a micrometre wide, 1,200 m long, seven digits from the origin."""
    sliver = shapely.Polygon([(400094.9, 3999968.6), (398974.62, 4000339.112), (398974.6200001, 4000339.1120003)])
    square = shapely.box(399000, 4000000, 399900, 4000800)
    exact = exact_intersection_area(sliver, square)
    assert exact > 1e-5
    assert pair_areas([sliver], [square])["area_m2"].sum() == pytest.approx(exact, rel=1e-6)


@given(layer_pairs())
@settings(max_examples=45, **PATIENT)
def test_a_thousand_pairs_agree_with_geos(layers):
    agree(layers)


@pytest.mark.long
@given(layer_pairs(size=10))
@settings(max_examples=1000, **PATIENT)
def test_a_hundred_thousand_pairs_agree_with_geos(layers):
    agree(layers)
