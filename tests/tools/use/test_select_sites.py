"""select_sites: sites in one piece, of the wanted size and width, clear of exclusions, and how sure their ranks are."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, EmptyLayer, UnknownName
from spacegov.raster import Raster
from spacegov.tools.use import select_sites
from spacegov.tools.use._ahp import judge, judged_weights
from spacegov.tools.use._growing import Wanted, grow_sites

X, Y = 500_000, 3_200_000


def frame(*shapes, layer=None, **columns):
    moved = [shapely.transform(shape, lambda xy: np.add(xy, (X, Y))) for shape in shapes]
    made = gpd.GeoDataFrame(columns, geometry=moved, crs="EPSG:4549")
    if layer:
        made.attrs["layer"] = layer
    return made


def wishes(*rows):
    columns = ["criterion", "layer", "where", "measure", "worst", "best", "weight"]
    return pd.DataFrame(list(rows), columns=columns).assign(source="default")


def rules(*rows):
    return pd.DataFrame(
        [(layer, where, distance, "why", "default") for layer, where, distance in rows],
        columns=["layer", "where", "distance_m", "reason", "source"],
    )


def judgements(*rows):
    return pd.DataFrame(rows, columns=["first", "second", "value"])


LAND = frame(shapely.box(0, 0, 3000, 2000))
ROAD = frame(shapely.LineString([(0, 0), (0, 2000)]), layer="artificial.roads", rank=["main"])
NEAR = wishes(("road", "roads", None, "distance", 3000.0, 0.0, 1.0))


def select(*args, **options):
    options = {"criteria": NEAR, "rules": rules(), "themes": [ROAD], **options}
    themes = options.pop("themes")
    with ledger.collect() as book:
        answer = select_sites(*args, themes=themes, **options)
    return answer, book


# ---- judgements


def test_weights_by_judgement_are_the_published_ones():
    found = judge(np.array([[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]))
    assert found.weights.tolist() == pytest.approx([0.6483, 0.2297, 0.1220], abs=5e-5)
    assert (found.eigenvalue, found.ratio) == pytest.approx((3.0037, 0.0032), abs=5e-5)
    assert judge(np.array([[1, 3, 5], [1 / 3, 1, 1 / 2], [1 / 5, 2, 1]])).ratio == pytest.approx(0.1407, abs=5e-5)
    four = judge(np.array([[1, 2, 4, 8], [1 / 2, 1, 2, 4], [1 / 4, 1 / 2, 1, 9], [1 / 8, 1 / 4, 1 / 9, 1]]))
    assert four.ratio == pytest.approx(0.1093, abs=5e-5)
    assert four.worst == (2, 3)


def test_of_three_criteria_the_three_are_named_and_of_four_the_pair():
    three = judgements(("a", "b", 3), ("a", "c", 5), ("c", "b", 2))
    with pytest.raises(BadPolicy, match=r"ratio 0.1407\); a counts 3 times b and b 0.5 times c.* the three together"):
        judged_weights(["a", "b", "c"], three, 0.1)
    four = judgements(("a", "b", 2), ("a", "c", 4), ("a", "d", 8), ("b", "c", 2), ("b", "d", 4), ("c", "d", 9))
    with pytest.raises(BadPolicy, match="most in the pair c and d: 9 was said"):
        judged_weights(["a", "b", "c", "d"], four, 0.1)
    assert judged_weights(["a", "b", "c", "d"], four, 0.2).weights.sum() == pytest.approx(1)


def test_judgements_give_the_weights_of_the_answer():
    two = wishes(("near", "roads", None, "distance", 3000, 0, 1), ("far", "roads", None, "distance", 0, 3000, 1))
    answer, book = select(LAND, criteria=two, weights="judged", judgements=judgements(("near", "far", 4)), number=1)
    assert answer.criteria["weight"].tolist() == pytest.approx([0.8, 0.2])
    assert book.notes["figures"]["consistency_ratio"] == 0


# ---- size and form


def test_the_best_ground_in_one_piece_not_the_best_cells():
    # the two best strips, 50 m wide, along either road; no site of 100 m fits them but with ground beside
    roads = frame(
        shapely.LineString([(0, 0), (0, 2000)]), shapely.LineString([(3000, 0), (3000, 2000)]), layer="artificial.roads"
    )
    answer, _ = select(LAND, themes=[roads], area=40_000, number=2)
    assert answer.sites["area_m2"].tolist() == [40_000, 40_000]
    assert shapely.get_type_id(answer.sites.geometry.to_numpy()).tolist() == [3, 3]
    # 200 m square at the road: cells 25, 75, 125 and 175 m off it, of 3000 m
    assert answer.sites["score"].tolist() == pytest.approx([1 - 100 / 3000] * 2)
    assert answer.sites["elongation"].tolist() == [1, 1]
    assert not answer.sites.geometry[0].intersects(answer.sites.geometry[1])


@st.composite
def grounds(draw):
    rows, columns = draw(st.integers(6, 16)), draw(st.integers(6, 16))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    score = rng.random((rows, columns))
    score[rng.random((rows, columns)) < draw(st.floats(0, 0.4))] = np.nan
    return score, draw(st.integers(2, 25)), draw(st.integers(1, 3)), draw(st.sampled_from([0.0, 0.5, 1.0]))


@settings(deadline=None, max_examples=60)
@given(grounds())
def test_sites_are_whole_wide_large_and_apart(ground):
    score, cells, width, shape = ground
    found = grow_sites(score, Wanted(cells, width, shape), 4, lambda _: True)
    taken = np.zeros(score.shape, dtype=int)
    for site in found:
        own = np.zeros(score.shape, dtype=bool)
        own.ravel()[site.cells] = True
        taken += own
        assert not np.isnan(score[own]).any()
        assert ndimage.label(own)[1] == 1
        assert max(cells, width**2) <= own.sum() <= max(cells + width * (width - 1), cells + width - 1, width**2)
        # nowhere narrower than wanted: an opening by a square of the width changes nothing
        assert (ndimage.binary_opening(own, np.ones((width, width))) == own).all()
        assert site.score == pytest.approx(np.nanmean(score[own]))
    assert taken.max(initial=0) <= 1
    values = [round(site.score, 9) for site in found]
    assert values == sorted(values, reverse=True)


def test_a_site_too_long_is_not_given_and_a_shortage_is_told():
    strip = frame(shapely.box(0, 0, 3000, 100))
    none, book = select(strip, area=100_000, max_elongation=3.0)
    assert len(none.sites) == 0
    assert none.sites.crs == strip.crs
    assert book.notes["figures"]["sites"] == 0
    assert "has room for 0 sites" in book.doubts[-1].text
    long, _ = select(strip, area=100_000, max_elongation=10.0, number=1)
    assert long.sites[["area_m2", "elongation"]].to_numpy().tolist() == [[100_000, 10]]


def test_a_gap_too_narrow_is_not_bridged():
    # two squares of 300 m joined by a neck of 50 m
    land = frame(
        shapely.union_all([shapely.box(0, 0, 300, 300), shapely.box(300, 100, 500, 150), shapely.box(500, 0, 800, 300)])
    )
    none, _ = select(land, area=100_000, min_width=100.0)
    assert len(none.sites) == 0
    both, _ = select(land, area=80_000, min_width=100.0, number=3)
    assert len(both.sites) == 2


def test_the_size_holds_on_the_ellipsoid():
    answer, _ = select(LAND, area=50_000, area_basis="ellipsoid", number=1)
    assert 50_000 <= answer.sites["area_m2"][0] <= 50_000 + 3 * 2500


# ---- rules


def test_no_site_comes_nearer_to_an_exclusion_than_its_distance():
    ponds = frame(shapely.Point(400, 500).buffer(150), shapely.Point(2000, 1500).buffer(90), layer="natural.ponds")
    line = frame(shapely.LineString([(0, 990), (3000, 1400)]), layer="artificial.lines", kv=[110])
    answer, _ = select(
        LAND, [ponds, line], rules=rules(("ponds", None, 77.0), ("lines", "kv > 100", 30.0)), number=20, area=60_000
    )
    assert len(answer.sites) > 8
    for layer, metres in ((ponds, 77.0), (line, 30.0)):
        assert shapely.distance(answer.sites.union_all(), layer.union_all()) >= metres
    table = answer.rules.set_index("layer")
    assert table["answer"].tolist() == ["present", "present"]
    least = shapely.area(shapely.buffer(ponds.union_all(), 77.0))
    # at most the cells of 50 m that the distance just reaches
    most = shapely.area(shapely.buffer(ponds.union_all(), 77.1 + 50 * 2**0.5))
    assert least <= table.loc["ponds", "excluded_m2"] <= most
    assert answer.sites.within(LAND.geometry[0]).all()


def test_touching_excludes_nothing_and_a_condition_chooses():
    fields = frame(
        shapely.box(-500, 0, 0, 2000), shapely.box(1000, 0, 2000, 2000), layer="planned.fields", grade=[1, 9]
    )
    answer, _ = select(LAND, [fields], rules=rules(("fields", "grade == 1", 0.0)), number=1)
    assert answer.rules[["answer", "excluded_m2"]].to_numpy().tolist() == [["absent", 0]]
    unruled, _ = select(LAND, [fields], number=1)
    assert unruled.rules["excluded_m2"].tolist() == [2_000_000]


def test_a_rule_whose_layer_is_not_there_or_not_known_everywhere_is_told():
    ponds = frame(shapely.Point(2500, 500).buffer(100), layer="natural.ponds")
    lacking, book = select(LAND, rules=rules(("ponds", None, 50.0)), number=1)
    assert lacking.sites[["answer", "unchecked"]].to_numpy().tolist() == [["not_covered", "ponds"]]
    assert lacking.rules["answer"].tolist() == ["not_covered"]
    assert book.notes["figures"]["rules_unchecked"] == 1
    assert book.doubts[0].where == "ponds"
    west = {"natural.ponds": frame(shapely.box(0, 0, 1500, 2000))}
    answer, _ = select(LAND, [ponds], rules=rules(("ponds", None, 50.0)), number=40, area=100_000, coverage=west)
    seen = answer.sites.set_index("site")
    bounds = answer.sites.geometry.bounds
    east = (bounds["maxx"] > X + 1500).to_numpy()
    assert seen["answer"].tolist() == ["not_covered" if beyond else "present" for beyond in east]
    assert set(seen["answer"]) == {"present", "not_covered"}


# ---- criteria


def test_reasons_add_up_to_the_score_and_slope_is_measured():
    # a plane that rises by 1 in 10 to the east
    heights = np.tile(np.arange(0, 400) * 10 * 0.1, (300, 1))
    terrain = Raster.from_array(heights, Affine(10, 0, X - 500, 0, -10, Y + 2500), "EPSG:4549")
    two = wishes(("flat", "terrain", None, "slope", 15, 0, 3), ("low", "terrain", None, "elevation", 350, 50, 1))
    answer, _ = select(LAND, criteria=two, terrain=terrain, number=2)
    own = answer.reasons[answer.reasons["site"] == "1"].set_index("criterion")
    assert own.loc["flat", "value"] == pytest.approx(np.degrees(np.arctan(0.1)))
    assert own["weight"].tolist() == [0.75, 0.25]
    assert own["contribution"].sum() == pytest.approx(answer.sites["score"][0])
    assert answer.sites["strongest"].tolist() == ["flat", "flat"]
    # lowest in the west: the height of 50 m is reached at x = 0
    assert answer.sites.geometry[0].bounds[0] == X


def test_land_without_a_measure_is_left_out_and_told():
    terrain = Raster.from_array(np.zeros((300, 200)), Affine(10, 0, X - 500, 0, -10, Y + 2500), "EPSG:4549")
    one = wishes(("flat", "terrain", None, "slope", 15, 0, 1))
    answer, book = select(LAND, criteria=one, terrain=terrain, number=30)
    assert answer.sites.total_bounds[2] <= X + 1500
    assert book.drops[0].reason == "cells without a measure of every criterion"
    assert book.doubts[0].where == "flat"


def test_ranks_under_changed_weights_by_hand():
    # a road in the west, a bus stop in the east; sites close to either
    stop = frame(shapely.Point(3000, 1000), layer="artificial.stops")
    two = wishes(("road", "roads", None, "distance", 600, 0, 0.55), ("stop", "stops", None, "distance", 600, 0, 0.45))
    answer, book = select(LAND, criteria=two, themes=[ROAD, stop], number=60, area=40_000, weight_change=0.3)
    assert len(answer.stability) == 2 * 2 * len(answer.sites)
    marks = answer.reasons.pivot(index="site", columns="criterion", values="score")
    row = answer.stability[(answer.stability["criterion"] == "road") & (answer.stability["change"] == -0.3)]
    # 0.55 × 0.7 = 0.385 for the road, the rest for the stop
    wanted = 0.385 * marks["road"] + 0.615 * marks["stop"]
    assert row.set_index("site")["score"].sort_index().tolist() == pytest.approx(wanted.sort_index().tolist())
    first = row.loc[row["rank"] == 1, "site"].iloc[0]
    assert marks.loc[first, "stop"] > 0.5
    assert answer.sites["rank_worst"][0] > 1
    assert 0 < book.notes["figures"]["first_kept_share"] < 1
    moved, _ = select(
        LAND, criteria=two, themes=[ROAD, stop], number=1, area=40_000, weight_change=0.3, emphasis="stop"
    )
    assert moved.criteria["weight"].tolist() == pytest.approx([1 - 0.585, 0.585])
    assert moved.sites.geometry[0].bounds[0] > X + 2000


def test_the_order_of_layers_and_features_does_not_matter():
    ponds = frame(
        *[shapely.Point(x, y).buffer(90) for x, y in ((400, 500), (2000, 1500), (900, 1100))], layer="natural.ponds"
    )
    parts = frame(shapely.box(0, 0, 1100, 2000), shapely.box(1100, 0, 3000, 2000))
    one, _ = select(LAND, [ponds], rules=rules(("ponds", None, 20.0)))
    other, _ = select(parts.iloc[::-1], [ponds.iloc[::-1]], rules=rules(("ponds", None, 20.0)))
    assert one.sites.geometry.geom_equals(other.sites.geometry).all()
    assert one.sites["score"].tolist() == other.sites["score"].tolist()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"themes": None}, UnknownName, "'road' asks the layer 'roads', which was not given"),
        ({"criteria": wishes(("s", "terrain", None, "slope", 9, 0, 1))}, UnknownName, "no terrain was given"),
        ({"criteria": wishes(("s", "roads", None, "length", 9, 0, 1))}, BadPolicy, "the measure 'length' was given"),
        ({"criteria": wishes(("s", "roads", None, "distance", 9, 9, 1))}, BadPolicy, "worst 9, best 9"),
        ({"criteria": wishes(("s", "roads", "rank = 1", "distance", 9, 0, 1))}, BadPolicy, "cannot be read"),
        ({"criteria": NEAR.iloc[:0]}, BadPolicy, "has no criterion"),
        ({"criteria": NEAR.assign(weight=0.0)}, BadPolicy, "all weights are 0"),
        ({"weights": "judged"}, BadInput, "judgements: none were given"),
        ({"emphasis": "river"}, UnknownName, "emphasis: there is no criterion 'river'"),
        ({"cell": 0.1}, BadInput, "cells over the land"),
        ({"rules": rules(("roads", None, -1.0))}, BadPolicy, "0 m or more is needed"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(options, error, words):
    with pytest.raises(error, match=words):
        select(LAND, **options)


def test_no_land_is_refused_and_judgements_must_be_whole():
    with pytest.raises(EmptyLayer, match="land: the layer has no polygon"):
        select(LAND.iloc[:0])
    for pairs, words in (
        (judgements(("a", "b", 2)), "2 pairs are not judged"),
        (judgements(("a", "x", 2)), "there is no criterion 'x'"),
        (judgements(("a", "b", 2), ("b", "a", 2)), "stands twice"),
        (judgements(("a", "b", 0)), "one number above 0"),
    ):
        with pytest.raises(BadPolicy, match=words):
            judged_weights(["a", "b", "c"], pairs, 0.1)
