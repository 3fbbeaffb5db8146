from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import box

from spacegov.errors import BadInput, EmptyLayer, MissingColumn
from spacegov.ledger import collect
from spacegov.tools.foundation import reconcile_area
from spacegov.tools.foundation.registered_area import apportion


def registered(**areas):
    return pd.DataFrame({"unit": list(areas), "area_m2": list(areas.values())})


def quiet(*args, **options):
    with collect() as ledger:
        return reconcile_area(*args, **{"area_basis": "plane", **options}), ledger


def test_patches_sum_to_the_registered_area_by_largest_remainder(layer):
    # 100, 200 and 400 m² scaled by 701 / 700: 100.1429, 200.2857, 400.5714; rounded down 100.14, 200.28, 400.57;
    # one step is left and goes to the largest remainder, .57 of a step of the second.
    patches = layer([box(0, 0, 10, 10), box(10, 0, 30, 10), box(30, 0, 70, 10)], unit=["V"] * 3)
    answer, ledger = quiet(patches, control=registered(V=701.0))
    assert answer.patches["area_m2"].tolist() == [100.14, 200.29, 400.57]
    assert answer.units[["measured_m2", "control_m2", "difference_m2", "area_m2"]].values[0].tolist() == pytest.approx(
        [700.0, 701.0, 1.0, 701.0]
    )
    assert answer.units["ratio"][0] == pytest.approx(701 / 700)
    assert answer.units["status"].tolist() == ["out-of-tolerance"]
    assert ledger.balances[0].what == "registered area of units"


def test_among_equal_remainders_the_name_decides_and_not_the_order(layer):
    patches = layer([box(n, 0, n + 1, 1) for n in range(3)], unit=["V"] * 3, plot=["c", "a", "b"])
    answer, _ = quiet(patches, control=registered(V=3.01), id_column="plot", tolerance=1.0)
    assert answer.patches["area_m2"].tolist() == [1.0, 1.01, 1.0]
    turned, _ = quiet(patches.iloc[::-1], control=registered(V=3.01), id_column="plot", tolerance=1.0)
    assert turned.patches["area_m2"].tolist() == [1.0, 1.01, 1.0]


def test_net_area_is_the_area_less_the_ridges(layer):
    # TBMJ 1000.00, KCMJ 1000.00 × 0.1234 = 123.40, TBDLMJ 876.60; the second patch has none.
    patches = layer([box(0, 0, 100, 10), box(0, 10, 100, 20)], unit=["V"] * 2, ridge=[0.1234, None])
    answer, ledger = quiet(patches, control=registered(V=2000.0), ridge_share="ridge")
    assert answer.patches[["area_m2", "ridge_m2", "net_m2"]].values.tolist() == [
        [1000.0, 123.4, 876.6],
        [1000.0, 0, 1000.0],
    ]
    assert answer.units[["ridge_m2", "net_m2"]].values.tolist() == [[123.4, 1876.6]]
    assert ledger.notes["figures"]["net_m2"] == pytest.approx(1876.6)
    gross, _ = quiet(patches, control=registered(V=2000.0), ridge_share="ridge", net_of_ridges=False)
    assert gross.patches["net_m2"].tolist() == [1000.0, 1000.0]


def test_measured_areas_are_ellipsoidal(layer):
    patches = layer([box(-12_000, 0, -11_000, 1_000)], unit=["V"])
    with collect():
        answer = reconcile_area(patches, patches).patches
    ring = patches.to_crs(4490).geometry[0].exterior.coords
    geodesic = abs(Geod(ellps="GRS80").polygon_area_perimeter(*np.array(ring).T)[0])
    assert answer["measured_m2"][0] == pytest.approx(geodesic, rel=1e-7)
    assert answer["plane_m2"][0] == pytest.approx(1e6)
    assert answer["area_m2"][0] == pytest.approx(geodesic, abs=0.2)


def test_a_units_own_area_is_its_control_where_none_is_registered(layer):
    patches = layer([box(0, 0, 10, 10), box(10, 0, 19.99, 10), box(30, 0, 40, 10)], unit=["A", "A", "B"])
    units = layer([box(0, 0, 20, 10), box(30, 0, 40, 10)], unit=["A", "B"])
    answer, _ = quiet(patches, units, registered(B=100.05))
    assert answer.units[["unit", "control_m2", "status"]].values.tolist() == [
        ["A", pytest.approx(200.0), "reconciled"],
        ["B", pytest.approx(100.05), "reconciled"],
    ]
    assert answer.patches["area_m2"].sum() == pytest.approx(300.05, abs=1e-9)


def test_units_without_control_and_without_patches_are_told(layer):
    patches = layer([box(0, 0, 10, 10.0004), box(20, 0, 30, 10)], unit=["A", None])
    answer, ledger = quiet(patches, control=registered(C=500.0))
    assert answer.patches["area_m2"].tolist() == [100.0, 100.0]
    assert answer.units[["unit", "status"]].values.tolist() == [["A", "no-control"], ["C", "no-patch"]]
    assert {doubt.text for doubt in ledger.doubts} == {
        "there is no control area, the measured areas stand",
        "there is a control area and no patch",
        "1 patches name no unit, their measured areas stand",
    }


def test_the_step_is_a_choice(layer):
    patches = layer([box(0, 0, 10, 10), box(10, 0, 20, 10)], unit=["V"] * 2)
    answer, _ = quiet(patches, control=registered(V=201.0), step=1.0, tolerance=0.01)
    assert sorted(answer.patches["area_m2"]) == [100.0, 101.0]


def test_bad_input_is_refused_in_one_sentence(layer):
    patches = layer([box(0, 0, 10, 10)], unit=["V"], ridge=[12.5])
    with pytest.raises(BadInput, match="neither units nor control"):
        reconcile_area(patches)
    with pytest.raises(EmptyLayer, match="no patch"):
        reconcile_area(patches.iloc[:0], control=registered(V=1.0))
    with pytest.raises(BadInput, match="per cent must be divided by 100"):
        reconcile_area(patches, control=registered(V=100.0), ridge_share="ridge")
    with pytest.raises(BadInput, match="the unit 'V' stands twice"):
        reconcile_area(patches, control=pd.concat([registered(V=1.0)] * 2))
    with pytest.raises(BadInput, match="more than 0 is needed"):
        reconcile_area(patches, control=registered(V=-1.0))
    with pytest.raises(MissingColumn, match="the column 'hectares' is missing"):
        reconcile_area(patches, control=registered(V=1.0), registered="hectares")
    with pytest.raises(BadInput, match="step: 0 was given"):
        reconcile_area(patches, control=registered(V=1.0), step=0)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(0.001, 1e7), min_size=1, max_size=40),
    st.floats(0.5, 2.0),
    st.randoms(use_true_random=False),
)
def test_shares_are_whole_proportional_exact_and_free_of_order(weights, factor, random):
    weights = np.array(weights)
    labels = np.array([f"{n:03}" for n in range(len(weights))])
    total = round(weights.sum() * factor * 100)
    steps = apportion(weights, total, labels)
    assert steps.sum() == total
    exact = weights / weights.sum() * total
    assert (np.abs(steps - exact) < 1 + 1e-4).all()
    order = np.array(random.sample(range(len(weights)), len(weights)))
    assert (apportion(weights[order], total, labels[order]) == steps[order]).all()
