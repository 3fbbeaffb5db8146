"""The kernel against GEOS, polygon by polygon."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from spacegov.kernels import pair_areas
from tests.kernels.shapes import as_matrix, error_bound, geos_areas, layer_pairs

PATIENT = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def agree(layers):
    left, right = layers
    found = pair_areas(left, right)
    assert (found["area_m2"] > 0).all()
    difference = np.abs(as_matrix(found, (len(left), len(right))) - geos_areas(left, right))
    assert (difference <= error_bound(left, right)).all(), difference / error_bound(left, right)


@given(layer_pairs())
@settings(max_examples=45, **PATIENT)
def test_a_thousand_pairs_agree_with_geos(layers):
    agree(layers)


@pytest.mark.long
@given(layer_pairs())
@settings(max_examples=4000, **PATIENT)
def test_a_hundred_thousand_pairs_agree_with_geos(layers):
    agree(layers)
