"""measure_landscape: the golden example, cases by hand, neighbours found by brute force, turns and mirrors."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.spatial import cKDTree

from spacegov import ledger
from spacegov.errors import BadRaster, UnsuitableCrs
from spacegov.raster import Raster
from spacegov.tools.protection import measure_landscape

GOLDEN = [[1, 1, 1, 2], [1, 1, 2, 2], [3, 3, 1, 2], [3, 3, 2, 2]]


def cover(values, size=10.0, **attrs):
    return Raster.from_array(np.asarray(values), Affine(size, 0, 500_000, 0, -size, 3_260_000), "EPSG:4549", **attrs)


def measure(values, **options):
    with ledger.collect():
        return measure_landscape(cover(values, nodata=0), **options)


def test_the_golden_example_at_class_level():
    eight, four = measure(GOLDEN).classes, measure(GOLDEN, neighbours=4).classes
    assert eight["code"].tolist() == [1, 2, 3]
    assert eight["ca"].tolist() == pytest.approx([0.06, 0.06, 0.04])
    assert eight["pland"].tolist() == pytest.approx([37.5, 37.5, 25])
    assert eight["clumpy"].tolist() == pytest.approx([0.0667, 0.0667, 0.3333], abs=5e-5)
    assert eight["lsi"].tolist() == pytest.approx([1.5625, 1.4375, 1.25])
    assert eight["shape_mn"][1] == pytest.approx(1.4289, abs=5e-5)
    assert eight["ai"].tolist() == pytest.approx([71.43, 71.43, 100], abs=5e-3)
    assert (four["cohesion"][0], eight["cohesion"][0]) == pytest.approx((62.52, 78.90), abs=5e-3)
    assert (four["mesh"][0], eight["mesh"][0]) == pytest.approx((0.01625, 0.0225))
    assert four["enn_mn"][0] == pytest.approx(14.14, abs=5e-3)
    assert np.isnan(eight["enn_mn"][0])
    assert four["np"].tolist() == [2, 1, 1]
    assert eight["np"].tolist() == [1, 1, 1]


def test_the_golden_example_at_landscape_level():
    eight, four = measure(GOLDEN).landscape.iloc[0], measure(GOLDEN, neighbours=4).landscape.iloc[0]
    assert eight["contag"] == pytest.approx(9.9752, abs=5e-5)
    assert eight["lsi"] == pytest.approx(1.625)
    assert eight["ai"] == pytest.approx(78.57, abs=5e-3)
    assert (four["mesh"], eight["mesh"]) == pytest.approx((0.04875, 0.055))
    assert eight["te"] == 100
    assert measure(GOLDEN, boundary=True).landscape["te"][0] == 260
    assert eight["shdi"] == pytest.approx(1.0822, abs=5e-5)
    # Shannon's index over ln 3; areas in hectares, densities per hundred
    assert eight["shei"] == pytest.approx(eight["shdi"] / np.log(3))
    assert (eight["ta"], eight["pd"], eight["lpi"]) == pytest.approx((0.16, 3 / 0.16 * 100, 37.5))
    assert eight["ed"] == pytest.approx(100 / 0.16)
    assert eight["area_mn"] == pytest.approx(0.16 / 3)


def test_edges_by_class_with_and_without_the_boundary():
    without, with_it = measure(GOLDEN).classes, measure(GOLDEN, boundary=True).classes
    # 1 meets 2 along seven sides and 3 along three less one: counted on paper 9, 7 and 4
    assert without["te"].tolist() == [90, 70, 40]
    # boundary sides: class 1 has 5, class 2 has 7, class 3 has 4
    assert (with_it["te"] - without["te"]).tolist() == [50, 70, 40]
    assert with_it["ed"].tolist() == pytest.approx([140 / 0.16, 140 / 0.16, 80 / 0.16])


def test_no_data_is_background_and_its_sides_are_boundary():
    answer = measure([[1, 0, 1], [1, 0, 1]], boundary=True)
    row = answer.classes.iloc[0]
    # two strips of 1 × 2 cells, 20 m between centres, six sides each
    assert (row["np"], row["enn_mn"], row["te"]) == (2, 20.0, 120.0)
    assert answer.landscape["ta"][0] == pytest.approx(0.04)
    # the only class: no clumpiness, no contagion, no evenness
    assert np.isnan(row["clumpy"])
    assert np.isnan(answer.landscape["contag"][0])
    assert answer.landscape["shei"][0] == 0
    assert np.isnan(answer.patch_area.read()[:, 1]).all()
    assert answer.patch_area.read()[0, 0] == pytest.approx(0.02)


def test_patches_are_listed_with_a_place():
    answer = measure([[1, 2, 2], [1, 2, 1]], neighbours=4)
    table = answer.patches
    assert table["code"].tolist() == [1, 2, 1]
    assert table["area_m2"].tolist() == [200, 300, 100]
    assert table["perimeter_m"].tolist() == [60, 80, 40]
    assert table[["x", "y"]].to_numpy().tolist() == [[500_005, 3_259_995], [500_015, 3_259_995], [500_025, 3_259_985]]
    # (0, 0) … (1, 2) no: the nearest cells of the two patches of class 1 are two apart in the lower row
    assert table["enn_m"].tolist()[::2] == [20, 20]


def _brute(values, code, corners):
    labels, count = ndimage.label(values == code, np.ones((3, 3)) if corners else None)
    points = [np.argwhere(labels == i) for i in range(1, count + 1)]
    found = []
    for i, own in enumerate(points):
        others = [p for j, p in enumerate(points) if j != i]
        if others:
            found.append(cKDTree(np.concatenate(others)).query(own)[0].min())
    return sorted(10 * np.asarray(found))


@settings(max_examples=30, deadline=None)
@given(
    values=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(1, 3)),
    thin=st.booleans(),
    neighbours=st.sampled_from([4, 8]),
)
def test_patches_and_neighbours_equal_brute_force(values, thin, neighbours):
    if thin:
        values = np.where(np.add.outer(3 * np.arange(values.shape[0]), 7 * np.arange(values.shape[1])) % 31, 3, values)
    answer = measure(values, neighbours=neighbours)
    table = answer.patches
    for code in np.unique(values):
        _, count = ndimage.label(values == code, np.ones((3, 3)) if neighbours == 8 else None)
        rows = table[table["code"] == code]
        assert len(rows) == count
        found = np.sort(rows["enn_m"].dropna())
        assert found.tolist() == pytest.approx(_brute(values, code, neighbours == 8))
    assert table["area_m2"].sum() == values.size * 100


@settings(max_examples=15, deadline=None)
@given(values=arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3)))
def test_turning_and_mirroring_changes_nothing(values):
    if not values.any():
        values[0, 0] = 1
    answer = measure(values)
    for other in (np.rot90(values), values[::-1], values.T):
        again = measure(other)
        np.testing.assert_allclose(answer.classes, again.classes, rtol=1e-9)
        np.testing.assert_allclose(answer.landscape, again.landscape, rtol=1e-9)


def test_far_patches_are_found_across_blocks():
    values = np.full((200, 300), 2)
    values[3, 5] = values[190, 280] = values[100, 20] = 1
    table = measure(values).patches
    ones = table[table["code"] == 1]["enn_m"].tolist()
    assert ones == pytest.approx([10 * np.hypot(97, 15), 10 * np.hypot(97, 15), 10 * np.hypot(90, 260)])


def test_distances_may_be_left_out():
    answer = measure([[1, 2, 1]], nearest=False)
    assert np.isnan(answer.classes["enn_mn"]).all()
    assert answer.classes["np"].tolist() == [2, 1]


def test_many_codes_keep_their_names():
    values = np.arange(300).reshape(20, 15) * 7 + 1
    assert measure(values).classes["code"].tolist() == (np.arange(300) * 7 + 1).tolist()


def test_noise_is_doubted():
    with ledger.collect() as book:
        measure_landscape(cover((np.indices((9, 9)).sum(axis=0) % 2) + 1), neighbours=4)
    assert "single cells" in book.doubts[0].text


def test_bad_rasters_are_refused():
    with pytest.raises(BadRaster, match="every cell is nodata"):
        measure(np.zeros((3, 3), dtype=int))
    with pytest.raises(BadRaster, match="fractions"):
        measure([[1.5, 2.0]])
    with pytest.raises(BadRaster, match="square cells are needed"):
        measure_landscape(Raster.from_array([[1]], Affine(10, 0, 5e5, 0, -20, 3.26e6), "EPSG:4549"))
    with pytest.raises(UnsuitableCrs):
        measure_landscape(Raster.from_array([[1]], Affine(0.1, 0, 117, 0, -0.1, 30), "EPSG:4490"))
