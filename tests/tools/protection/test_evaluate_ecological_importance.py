"""evaluate_ecological_importance: cumulated services, sensitivities, the highest decides, ties, gaps, bad input."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadInput, BadRaster, UnknownName
from spacegov.raster import Raster
from spacegov.toolbox.policy import read_policy
from spacegov.tools.protection import evaluate_ecological_importance
from spacegov.tools.protection.ecological_importance import better_share

WEST, NORTH = 500_000, 3_300_000


def raster(values):
    return Raster.from_array(np.atleast_2d(np.asarray(values, float)), Affine(10, 0, WEST, 0, -10, NORTH), "EPSG:4549")


def ask(services, sensitivities=(), version="2020-01", kinds=("carbon",), harms=(), **options):
    with ledger.collect() as book:
        answer = evaluate_ecological_importance(
            [raster(each) for each in services] or None,
            [raster(each) for each in sensitivities] or None,
            rules=read_policy(f"ecological-importance-{version}"),
            service_kinds=list(kinds),
            sensitivity_kinds=list(harms),
            **options,
        )
    return answer, book


def test_services_are_graded_by_the_share_that_lies_on_better_ground():
    # 4 + 3 of 10 lie above the third cell: 0, 0.4, 0.7, 0.9 → half and eight tenths
    answer, _ = ask([[4, 3, 2, 1]])
    assert answer.grade.read()[0].tolist() == [3, 3, 2, 1]
    # nothing is general, whatever its place
    assert ask([[4, 3, 3, 0]])[0].grade.read()[0].tolist() == [3, 3, 3, 1]


def test_equal_cells_have_one_grade():
    answer, _ = ask([[1, 1, 1, 1]])
    assert set(answer.grade.read()[0].tolist()) == {3}


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(0, 9), min_size=3, max_size=12).filter(any), seed=st.integers(0, 99))
def test_the_order_of_cells_does_not_matter(values, seed):
    order = np.random.default_rng(seed).permutation(len(values))
    cells = np.asarray(values, float)
    straight = better_share(cells, np.ones(len(cells)), "x")
    mixed = better_share(cells[order], np.ones(len(cells)), "x")
    assert mixed.tolist() == pytest.approx(straight[order].tolist())
    for value, share in zip(cells, straight, strict=True):
        assert share == pytest.approx(cells[cells > value].sum() / cells.sum() if value else 1.0)


def test_the_highest_factor_decides_and_is_named():
    answer, book = ask([[4, 3, 2, 1]], [[100, 9000, 100, 3000]], harms=["soil-erosion"])
    assert answer.grade.read()[0].tolist() == [3, 3, 2, 2]
    # bits: carbon 1, soil erosion 2
    assert answer.deciding.read()[0].tolist() == [1, 3, 1, 2]
    named = answer.zones.set_index("deciding")["cells"].to_dict()
    assert named["carbon+soil-erosion"] == 1
    assert answer.factors["factor"].tolist() == ["carbon", "soil-erosion"]
    assert any("not asked" in each.text and "biodiversity" in each.text for each in book.doubts)


def test_versions_stay_apart():
    soil = [[400, 600, 3000, 6000, 9000]]
    five, _ = ask([], soil, "2019-06", (), ["soil-erosion"])
    three, _ = ask([], soil, "2020-01", (), ["soil-erosion"])
    assert five.grade.read()[0].tolist() == [1, 2, 3, 4, 5]
    assert three.grade.read()[0].tolist() == [1, 1, 2, 2, 3]
    assert five.zones["rules"].unique().tolist() == ["ecological-importance-2019-06"]


def test_a_missing_factor_stays_missing_unless_another_has_the_highest():
    answer, _ = ask([[4, 3, 2, 1]], [[np.nan, 100, np.nan, 100]], harms=["soil-erosion"])
    assert answer.grade.read()[0].tolist() == [3, 3, 0, 1]
    assert (answer.lowest.read()[0, 2], answer.highest.read()[0, 2]) == (2, 3)
    row = answer.zones[answer.zones["answer"] == "not_covered"].iloc[0]
    assert (row["missing"], row["deciding"], row["grade"]) == ("soil-erosion", "", 0)


def test_services_are_ranked_within_the_territory():
    county = gpd.GeoDataFrame(geometry=[shapely.box(WEST + 20, NORTH - 10, WEST + 40, NORTH)], crs=4549)
    answer, book = ask([[4, 3, 2, 1]], territory=county)
    # of 3 in all 2 lie above the last cell: two thirds
    assert answer.grade.read(None)[0, 2:].tolist() == [3, 2]
    assert book.notes["figures"]["ground_m2"] == pytest.approx(200)


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="no raster was given"):
        ask([], kinds=())
    with pytest.raises(BadInput, match="1 were given for 2 rasters"):
        ask([[[1, 2]], [[1, 2]]])
    with pytest.raises(BadInput, match="'carbon' is given twice"):
        ask([[1, 2], [1, 2]], kinds=("carbon", "carbon"))
    with pytest.raises(UnknownName, match="did you mean 'carbon'"):
        ask([[1, 2]], kinds=("carbons",))
    for values in ([-1, 2], [0, 0]):
        with pytest.raises(BadRaster, match="a service of 0 or more is needed"):
            ask([values])
