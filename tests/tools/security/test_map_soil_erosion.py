"""map_soil_erosion: golden slope lengths, a plane slope by hand, tolerances by region."""

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, BadRaster, UnknownName
from spacegov.raster import Raster
from spacegov.toolbox.policy import read_policy
from spacegov.tools.security import map_soil_erosion
from spacegov.tools.security._slope_length import slope_length_factor

GRADES = read_policy("soil-erosion-grades-2007")
PLACE = Affine(30, 0, 500_000, 0, -30, 3_260_000)


def grid(values, **attrs):
    return Raster.from_array(np.asarray(values, float), PLACE, "EPSG:4549", **attrs)


# falls to the west by 1 in 10
SLOPE = np.tile(np.arange(6.0) * 3, (5, 1))
ONES = np.ones(SLOPE.shape)


def erosion(terrain=SLOPE, **options):
    parameters = {"cover": grid(ONES), "practice": grid(ONES), "erosivity_value": 100.0, "erodibility_value": 0.01}
    given_options = {**parameters, "region": "south-red-soil", **options}
    with ledger.collect() as book:
        answer = map_soil_erosion(
            grid(terrain), grades=GRADES, **{k: v for k, v in given_options.items() if v is not None}
        )
    return answer, book


def test_golden_slope_length_factors():
    east, corner = 0.0, np.radians(45)
    found = slope_length_factor([0, 900, 900], 30.0, 0.1, [east, east, corner])
    assert found.tolist() == pytest.approx([1.3717, 2.5565, 2.1364], abs=5e-5)


def test_steepness_changes_its_formula_at_nine_percent():
    below = slope_length_factor(0, 30.0, 0.0899999, 0)
    sine = 0.0899999 / np.hypot(1, 0.0899999)
    beta = sine / 0.0896 / (3 * sine**0.8 + 0.56)
    length = (30 / 22.13) ** (beta / (1 + beta))
    assert float(below) == pytest.approx(length * (10.8 * sine + 0.03))
    assert float(slope_length_factor(0, 30.0, 0.0, 0)) == pytest.approx(0.03)


def test_loss_is_the_product_of_the_factors():
    # the upper inner cell has one cell of 900 m² above it (the rim), the next two, and so on
    answer, _ = erosion()
    expected = slope_length_factor([900, 1800], 30.0, 0.1, 0.0)
    ls = answer.slope_length.read()
    assert ls[2, 4] == pytest.approx(expected[0])
    assert ls[2, 3] == pytest.approx(expected[1])
    # R·K = 1 t/(hm²·a), a hundred times that by km²
    assert answer.loss.read()[2, 4] == pytest.approx(100 * expected[0])
    halved, _ = erosion(cover=grid(ONES * 0.5))
    np.testing.assert_allclose(halved.loss.read(), answer.loss.read() / 2)


def test_the_slope_length_is_cut_off():
    answer, _ = erosion(max_length=60.0)
    ls = answer.slope_length.read()[2]
    assert ls[1] == pytest.approx(ls[4])
    assert ls[4] == pytest.approx(2.5565, abs=5e-5)


def test_grades_follow_the_tolerance_of_the_region():
    black, _ = erosion(region="northeast-black-soil")
    loess, _ = erosion(region="northwest-loess")
    # losses of about 256 to 440 t/(km²·a)
    assert black.zones["grade"].tolist() == ["light", "not_covered"]
    assert loess.zones["grade"].tolist() == ["slight", "not_covered"]
    assert black.zones["area_m2"].tolist() == [12 * 900, 18 * 900]
    loss = black.loss.read()
    assert black.zones["loss_t"].iloc[0] == pytest.approx(np.nansum(loss) * 900 / 1e6)
    assert black.zones["loss_mean_t_km2"].iloc[0] == pytest.approx(np.nanmean(loss))


def test_a_missing_factor_leaves_cells_unanswered():
    cover = ONES.copy()
    cover[2, 3] = np.nan
    answer, book = erosion(cover=grid(cover))
    assert np.isnan(answer.loss.read()[2, 3])
    assert book.notes["figures"]["unknown_m2"] == 19 * 900
    assert any("erosivity is taken as 100" in doubt.text for doubt in book.doubts)


def test_land_cover_codes_give_cover_and_practice():
    codes = np.where(np.arange(6)[None, :] < 3, 1, 3) * np.ones((5, 1))
    table = pd.DataFrame({"code": ["1", "3"], "cover": [0.2, 0.01], "practice": [0.5, 1.0]})
    answer, _ = erosion(land=grid(codes), land_factors=table, cover=None, practice=None)
    plain, _ = erosion()
    ratio = answer.loss.read()[2] / plain.loss.read()[2]
    assert ratio[1:5] == pytest.approx([0.1, 0.1, 0.01, 0.01])
    with pytest.raises(UnknownName, match="no factors for code 3"):
        erosion(land=grid(codes), land_factors=table.iloc[:1], cover=None, practice=None)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_loss_is_linear_in_rain_and_soil(rain, soil):
    one, _ = erosion()
    other, _ = erosion(erosivity_value=100.0 * rain, erodibility_value=0.01 * soil)
    np.testing.assert_allclose(other.loss.read(), one.loss.read() * rain * soil)


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(BadInput, match="erosivity: a raster or one value"):
        erosion(erosivity_value=None)
    with pytest.raises(BadInput, match="erodibility: a raster or one value"):
        erosion(erodibility=grid(ONES))
    with pytest.raises(UnknownName, match="no region 'south'"):
        erosion(region="south")
    with pytest.raises(BadInput, match="practice: no raster"):
        erosion(practice=None)
    with pytest.raises(BadRaster, match="cells are not 0 to 1"):
        erosion(cover=grid(ONES * 2))
    with pytest.raises(BadRaster, match="different cells"):
        erosion(cover=Raster.from_array(np.ones((2, 2)), PLACE, "EPSG:4549"))
    oblong = Affine(30, 0, 500_000, 0, -20, 3_260_000)
    with pytest.raises(BadRaster, match="square ones are needed"):
        map_soil_erosion(Raster.from_array(SLOPE, oblong, "EPSG:4549"), grades=GRADES, region="south-red-soil")
    with pytest.raises(BadPolicy, match="land_factors"):
        erosion(land=grid(ONES), cover=None, practice=None)
