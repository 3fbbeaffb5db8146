import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import MissingColumn, UnsuitableCrs
from spacegov.ledger import collect
from spacegov.tools.integration import compose_base_map
from tests.tools.integration.frames import CRS, box, layer


def survey(*shapes):
    return layer("survey", list(shapes), kind=["field", "wood", "water"][: len(shapes)])


NOTHING = layer("nothing", [box(0, 0, 1, 1)], use="urban").iloc[:0]


def compose(base, plans, decisions=None, **options):
    return compose_base_map(base, plans, decisions, base_use="kind", **options)


def sums(frame, *columns):
    return frame.groupby(list(columns))["area_m2"].sum().to_dict()


def test_the_first_plan_stands_before_the_second_and_both_before_the_survey():
    plans = [layer("town", [box(0, 0, 10, 10)], use="urban"), layer("roads", [box(5, 0, 20, 10)], use="transport")]
    pieces, by_source = compose(survey(box(0, 0, 30, 10)), plans)
    # 100 m² of town, of the road's 150 m² the 100 that the town leaves, the survey's last 100
    assert sums(pieces, "source") == {"town": 100, "roads": 100, "survey": 100}
    assert pieces["level"].tolist() == ["planned", "planned", "existing"]
    assert by_source["share"].sum() == pytest.approx(1)


def test_decisions_stand_before_plans_and_open_ground_has_no_use():
    plans = [layer("town", [box(0, 0, 10, 10)], use="urban")]
    decisions = layer(
        "proposals", [box(0, 0, 2, 10), box(2, 0, 3, 10)],
        status=["decided", "open"], proposed_use=["farmland", None], keeps=["farms", None], proposal=[7, 8],
    )  # fmt: skip
    pieces, _ = compose(survey(box(0, 0, 10, 10)), plans, decisions)
    assert sums(pieces, "level") == {"decided": 20, "open": 10, "planned": 70}
    first = pieces.iloc[0]
    assert (first["use"], first["source"], first["proposal"]) == ("farmland", "farms", "7")
    assert pieces.loc[pieces["level"] == "open", "use"].isna().all()


def test_plans_reaching_out_of_the_base_are_cut_and_told():
    with collect() as ledger:
        pieces, _ = compose(survey(box(0, 0, 10, 10)), [layer("town", [box(5, 0, 25, 10)], use="urban")])
    assert sums(pieces, "source") == {"survey": 50, "town": 50}
    assert [(drop.count, drop.area_m2) for drop in ledger.drops] == [(1, pytest.approx(150))]


def test_a_plan_wholly_outside_is_left_out():
    pieces, _ = compose(survey(box(0, 0, 10, 10)), [layer("town", [box(50, 0, 60, 10)], use="urban")])
    assert pieces["source"].tolist() == ["survey"]


def test_contiguous_pieces_are_rows():
    pieces, _ = compose(survey(box(0, 0, 30, 10)), [layer("road", [box(10, 0, 12, 10)], use="transport")])
    assert pieces["area_m2"].tolist() == [20, 100, 180]


def test_small_pieces_go_to_the_longest_neighbour_on_request():
    base, plans = survey(box(0, 0, 30, 10)), [layer("town", [box(0, 0, 10, 10), box(10.05, 0, 20, 10)], use="urban")]
    assert len(compose(base, plans).pieces) == 4
    with collect() as ledger:
        pieces, _ = compose(base, plans, min_area=1)
    assert sorted(pieces["area_m2"]) == pytest.approx([99.5, 100, 100.5])
    assert ledger.drops[0].reason == "pieces below min_area, given to a neighbour"


def test_a_layer_that_overlaps_itself_is_told_and_the_larger_keeps():
    with collect() as ledger:
        pieces, _ = compose(survey(box(0, 0, 20, 10), box(15, 0, 20, 5)), [NOTHING])
    assert sums(pieces, "use") == {"field": 200}
    assert any("25.00 m²" in doubt.text for doubt in ledger.doubts)


def test_plans_that_differ_are_told():
    plans = [layer("town", [box(0, 0, 10, 10)], use="urban"), layer("roads", [box(5, 0, 20, 10)], use="transport")]
    with collect() as ledger:
        compose(survey(box(0, 0, 30, 10)), plans)
    assert ledger.notes["figures"]["plans_differ_m2"] == 50


def test_empty_plans_leave_the_survey():
    pieces, by_source = compose(survey(box(0, 0, 10, 10)), [NOTHING])
    assert pieces["area_m2"].tolist() == [100]
    none = compose(survey(box(0, 0, 10, 10)).iloc[:0], [NOTHING])
    assert none.pieces.dtypes.to_dict() == pieces.dtypes.to_dict()
    assert none.by_source.dtypes.to_dict() == by_source.dtypes.to_dict()
    assert none.pieces.crs == CRS


def test_order_of_features_changes_nothing():
    base = survey(box(0, 0, 50, 30), box(50, 0, 90, 30))
    plans = [layer("town", [box(x, 3, x + 8, 20) for x in range(0, 80, 7)], use="urban")]
    usual = compose(base, plans).pieces
    mixed = compose(base.sample(frac=1, random_state=1), [plans[0].sample(frac=1, random_state=2)]).pieces
    pd.testing.assert_frame_equal(usual.drop(columns="geometry"), mixed.drop(columns="geometry"))


cells = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5))


@given(st.lists(cells, max_size=5), st.lists(cells, max_size=5))
@settings(max_examples=40, deadline=None)
def test_every_cell_has_one_source_and_the_total_is_kept(first, second):
    def grid(rectangles):
        cover = np.zeros((15, 15), dtype=bool)
        for x, y, width, height in rectangles:
            cover[x : x + width, y : y + height] = True
        return cover

    def plan(name, rectangles):
        return layer(name, [box(x, y, x + w, y + h) for x, y, w, h in rectangles], use=name)

    with collect():
        pieces, _ = compose(survey(box(0, 0, 15, 15)), [plan("first", first), plan("second", second)])
    found = sums(pieces, "source")
    assert found.get("first", 0) == pytest.approx(grid(first).sum())
    assert found.get("second", 0) == pytest.approx((grid(second) & ~grid(first)).sum())
    assert pieces["area_m2"].sum() == pytest.approx(225)
    assert shapely.area(shapely.union_all(pieces.geometry.values)) == pytest.approx(225)


def test_bad_input_is_refused():
    base, plan = survey(box(0, 0, 10, 10)), layer("town", [box(0, 0, 1, 1)], use="urban")
    with pytest.raises(MissingColumn, match="'proposed_use' is missing; give the proposals that reconcile-plans makes"):
        compose(base, [plan], layer("x", [box(0, 0, 1, 1)], status="open"))
    with pytest.raises(MissingColumn, match="'kind'"):
        compose(base.drop(columns="kind"), [plan])
    with pytest.raises(MissingColumn, match="'zone'"):
        compose(base, [plan], use="zone")
    with pytest.raises(UnsuitableCrs, match="one CRS"):
        compose(base, [plan.to_crs(4548)])
