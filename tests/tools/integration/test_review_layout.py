import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, UnsuitableCrs, WrongGeometry
from spacegov.ledger import collect
from spacegov.tools.integration import review_layout
from tests.tools.integration.frames import box, layer


def issued(*shapes):
    return layer("issued", list(shapes))


def plan(*shapes):
    return layer("plan", list(shapes))


@pytest.mark.parametrize(
    ("drawn", "status", "lost", "added", "shift"),
    [
        (box(0, 0, 100, 100), "kept", 0, 0, 0),
        # a border moved by half a metre is within the tolerance of one metre
        (box(0.5, 0, 100.5, 100), "kept", 0, 0, 0.5),
        # moved by five metres: 500 m² lost on one side, 500 m² gained on the other
        (box(5, 0, 105, 100), "shifted", 500, 500, 5),
        (box(0, 0, 80, 100), "reduced", 2000, 0, 20),
        (box(0, 0, 130, 100), "enlarged", 0, 3000, 30),
        (box(300, 0, 400, 100), "lost", 10_000, 0, None),
    ],
)
def test_the_status_of_an_area(drawn, status, lost, added, shift):
    features, _ = review_layout(plan(drawn), issued(box(0, 0, 100, 100)))
    row = features.iloc[0]
    assert (row["status"], row["lost_m2"], row["added_m2"]) == (status, pytest.approx(lost), pytest.approx(added))
    assert row["area_match"] == pytest.approx(0 if status == "lost" else drawn.area / 10_000)
    assert row["shift_m"] == pytest.approx(shift) if shift is not None else pd.isna(row["shift_m"])


def test_what_the_plan_adds_is_a_row_of_its_own():
    features, pieces = review_layout(plan(box(0, 0, 100, 100), box(200, 0, 210, 10)), issued(box(0, 0, 100, 100)))
    assert features["status"].tolist() == ["kept", "added"]
    assert pieces[["kind", "area_m2"]].to_numpy().tolist() == [["added", 100], ["kept", 10_000]]


def test_an_area_drawn_in_two_is_kept():
    features, _ = review_layout(plan(box(0, 0, 50, 100), box(50, 0, 100, 100)), issued(box(0, 0, 100, 100)))
    assert features[["status", "plan_records"]].to_numpy().tolist() == [["kept", "0; 1"]]


def test_pieces_within_tolerance_are_named_so():
    with collect() as ledger:
        _, pieces = review_layout(plan(box(0.5, 0, 100, 100)), issued(box(0, 0, 100, 100)))
    assert pieces.set_index("kind")["area_m2"].to_dict() == {"within-tolerance": 50, "kept": 9950}
    assert ledger.notes["figures"]["within_tolerance_m2"] == 50
    assert review_layout(plan(box(0.5, 0, 100, 100)), issued(box(0, 0, 100, 100)), tolerance=0.4).features[
        "status"
    ].tolist() == ["reduced"]


def test_an_empty_plan_lost_everything():
    features, pieces = review_layout(plan(box(0, 0, 1, 1)).iloc[:0], issued(box(0, 0, 100, 100)))
    assert features["status"].tolist() == ["lost"]
    assert pieces["kind"].tolist() == ["lost"]
    nothing = review_layout(plan(box(0, 0, 1, 1)).iloc[:0], issued(box(0, 0, 1, 1)).iloc[:0])
    assert nothing.features.dtypes.to_dict() == features.dtypes.to_dict()
    assert nothing.pieces.dtypes.to_dict() == pieces.dtypes.to_dict()


def test_order_of_features_changes_nothing():
    old = issued(*(box(x, 0, x + 40, 50) for x in range(0, 500, 50)))
    new = plan(*(box(x, 0, x + 35, 55) for x in range(3, 500, 50)))
    usual = review_layout(new, old)
    mixed = review_layout(new.sample(frac=1, random_state=1), old.sample(frac=1, random_state=2))
    for one, other in zip(usual, mixed, strict=True):
        pd.testing.assert_frame_equal(one.drop(columns="geometry"), other.drop(columns="geometry"))


@given(*[st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20))] * 2)
@settings(max_examples=40, deadline=None)
def test_kept_and_lost_make_the_issued_ground(one, other):
    old, new = (box(x, y, x + w, y + h) for x, y, w, h in (one, other))
    _, pieces = review_layout(plan(new), issued(old), tolerance=0, min_area=0)
    sums = pieces.groupby("kind")["area_m2"].sum()
    assert sums.get("kept", 0) + sums.get("lost", 0) == pytest.approx(old.area)
    assert sums.get("kept", 0) + sums.get("added", 0) == pytest.approx(new.area)
    assert sums.get("kept", 0) == pytest.approx(shapely.intersection(old, new).area)


def test_bad_input_is_refused():
    with pytest.raises(UnsuitableCrs, match="one CRS"):
        review_layout(plan(box(0, 0, 1, 1)).to_crs(4548), issued(box(0, 0, 1, 1)))
    with pytest.raises(WrongGeometry):
        review_layout(plan(shapely.Point(500_000, 3_260_000)), issued(box(0, 0, 1, 1)))


def test_only_some_areas_of_the_plan_draw_the_line():
    whole = layer("plan", [box(0, 0, 100, 100), box(100, 0, 200, 100)], control=["farmland", "urban"])
    options = {"plan_column": "control", "plan_values": ["farmland"]}
    assert review_layout(whole, issued(box(0, 0, 100, 100)), **options).features["status"].tolist() == ["kept"]
    with pytest.raises(BadInput, match="belong together"):
        review_layout(whole, issued(box(0, 0, 100, 100)), plan_column="control")
