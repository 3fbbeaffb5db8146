import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, BadPolicy, MissingColumn, UnsuitableCrs
from spacegov.ledger import collect
from spacegov.tools.protection import monitor_encroachment
from tests.tools.integration.frames import CRS, box, layer


def patches(*shapes, kind="building", date="2024-06-30"):
    return layer("changes", list(shapes), kind=kind, date=date)


def farm(*shapes, **columns):
    return layer("farmland", list(shapes), **columns)


def permit(*shapes, **columns):
    return layer("permits", list(shapes), **columns)


def test_share_kind_and_date_of_an_encroachment():
    with collect() as ledger:
        answer = monitor_encroachment([farm(box(0, 0, 100, 100))], patches(box(90, 0, 130, 50)))
    (row,) = answer.encroachments.to_dict("records")
    # 10 m of the patch's 40 m lie on the farmland
    assert (row["theme"], row["kind"], row["permitted"]) == ("farmland", "building", "unpermitted")
    assert row["area_m2"] == 10 * 50
    assert row["share"] == 10 / 40
    assert row["unpermitted_m2"] == 500
    assert row["seen"] == row["first_seen"] == pd.Timestamp("2024-06-30")
    (case,) = answer.cases.to_dict("records")
    assert (case["case"], case["patch_count"], case["area_m2"], case["patches"]) == (1, 1, 500, "0")
    assert ledger.notes["figures"]["cases"] == 1


def test_overlapping_areas_of_one_theme_are_united_before_a_share_is_taken():
    # three copies of the same ground: the share is 1, not 3
    answer = monitor_encroachment([farm(*[box(0, 0, 100, 100)] * 3)], patches(box(0, 0, 10, 10)))
    assert answer.encroachments["share"].tolist() == [1]
    assert answer.encroachments["records"].tolist() == ["0; 1; 2"]


def test_small_pieces_of_one_theme_add_up():
    # forty strips of 0.5 m² are below min_area one by one and 20 m² together
    strips = [box(x, 0, x + 0.5, 1) for x in range(40)]
    answer = monitor_encroachment([farm(*strips)], patches(box(0, 0, 40, 1)), min_area=1)
    assert answer.encroachments["area_m2"].tolist() == pytest.approx([20])


def test_themes_are_told_apart_and_ground_is_counted_once():
    red = layer("red", [box(0, 0, 100, 100)], control="red-line", sub_zone="core")
    with collect() as ledger:
        answer = monitor_encroachment([red, farm(box(0, 0, 100, 100))], patches(box(0, 0, 10, 10)))
    assert answer.encroachments[["theme", "sub_zones"]].fillna("").to_numpy().tolist() == [
        ["farmland", ""],
        ["red-line", "core"],
    ]
    assert ledger.notes["figures"]["ground_m2"] == 100
    assert len(answer.cases) == 1
    assert answer.cases["themes"].tolist() == ["farmland; red-line"]


def test_a_permit_covers_what_it_covers():
    granted = layer("permits", [box(0, 0, 100, 4)], number=["P-1"])
    answer = monitor_encroachment(
        [farm(box(0, 0, 100, 100))],
        patches(box(0, 0, 10, 10), box(20, 0, 30, 4), box(40, 50, 50, 60)),
        granted,
        permit="number",
    )
    found = answer.encroachments.set_index("patch")
    assert found["permitted"].to_dict() == {"0": "partly", "1": "permitted", "2": "unpermitted"}
    assert found["permitted_m2"].to_dict() == {"0": 40, "1": 40, "2": 0}
    assert found["unpermitted_m2"].to_dict() == {"0": 60, "1": 0, "2": 100}
    assert found.loc["0", "permits"] == "P-1"
    assert found["case"].isna().to_dict() == {"0": False, "1": True, "2": False}
    assert answer.cases["area_m2"].tolist() == [60, 100]
    assert answer.cases.geometry.iloc[0].equals(box(0, 4, 10, 10))


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        ("2024-01-01", "2024-12-31", "permitted"),
        ("2024-06-30", "2024-06-30", "permitted"),
        (None, None, "permitted"),
        ("2024-07-01", None, "unpermitted"),
        (None, "2024-06-29", "unpermitted"),
    ],
)
def test_a_permit_counts_on_the_days_it_is_in_force(first, last, status):
    granted = permit(box(0, 0, 100, 100), valid_from=[first], valid_to=[last])
    answer = monitor_encroachment([farm(box(0, 0, 100, 100))], patches(box(0, 0, 10, 10)), granted)
    row = answer.encroachments.iloc[0]
    assert row["permitted"] == status
    named = row["permits"] if status == "permitted" else row["permits_not_in_force"]
    assert named == "0"


def test_patches_of_several_surveys_are_one_site_since_the_first():
    changes = patches(
        box(0, 0, 10, 10),
        box(0, 0, 20, 10),
        box(20, 0, 30, 10),
        box(60, 0, 70, 10),
        date=["2022-05-01", "2023-05-01", "2024-05-01", "2024-05-01"],
    )
    answer = monitor_encroachment([farm(box(0, 0, 100, 100))], changes)
    assert answer.cases[["patch_count", "area_m2"]].to_numpy().tolist() == [[3, 300], [1, 100]]
    assert answer.cases["first_seen"].dt.year.tolist() == [2022, 2024]
    assert answer.cases["last_seen"].dt.year.tolist() == [2024, 2024]
    found = answer.encroachments.set_index("patch")
    assert found["first_seen"].dt.year.to_dict() == {"0": 2022, "1": 2022, "2": 2022, "3": 2024}


def test_corners_that_touch_are_two_sites():
    answer = monitor_encroachment([farm(box(0, 0, 100, 100))], patches(box(0, 0, 10, 10), box(10, 10, 20, 20)))
    assert len(answer.cases) == 2


def test_rules_say_which_kind_of_change_counts():
    rules = pd.DataFrame(
        [[None, "building", "encroachment"], [None, "restoration", "allowed"], ["farmland", "pond", "review"]],
        columns=["theme", "kind", "verdict"],
    )
    changes = patches(
        *(box(x, 0, x + 10, 10) for x in (0, 20, 40, 60)), kind=["building", "restoration", "pond", "greenhouse"]
    )
    with collect() as ledger:
        answer = monitor_encroachment([farm(box(0, 0, 100, 100))], changes, rules=rules)
    assert answer.encroachments["verdict"].tolist() == ["encroachment", "review", "unknown"]
    assert answer.patches["answer"].tolist() == ["present", "absent", "present", "present"]
    assert [drop.area_m2 for drop in ledger.drops] == [100]
    assert any("greenhouse" in (doubt.where or "") for doubt in ledger.doubts)


def test_the_four_answers():
    changes = patches(
        box(0, 0, 10, 10),
        box(200, 0, 210, 10),
        box(195, 0, 205, 10),
        box(20, 0, 30, 10),
        box(30, 50, 40, 60),
        date=["2024-05-01"] * 3 + ["some day", None],
    )
    coverage = {"farmland": layer("coverage", [box(-1000, -1000, 200, 1000)])}
    answer = monitor_encroachment([farm(box(0, 0, 100, 100))], changes, coverage=coverage)
    assert answer.patches["answer"].tolist() == ["present", "not_covered", "not_covered", "failed", "failed"]
    assert answer.patches["not_covered_m2"].tolist() == [0, 100, 50, 0, 0]
    assert answer.patches["not_covered"].fillna("").tolist() == ["", "farmland", "farmland", "", ""]
    assert answer.patches["error"].fillna("").tolist() == ["", "", "", "the date 'some day' cannot be read", "no date"]
    assert answer.patches["encroached_m2"].isna().tolist() == [False] * 3 + [True] * 2


def test_without_dates_nothing_is_failed():
    answer = monitor_encroachment([farm(box(0, 0, 9, 9))], patches(box(0, 0, 9, 9)).drop(columns="date"), date=None)
    assert answer.patches["answer"].tolist() == ["present"]
    assert answer.cases["first_seen"].isna().all()


def test_nothing_found_gives_the_same_columns():
    full = monitor_encroachment([farm(box(0, 0, 100, 100))], patches(box(0, 0, 10, 10)))
    none = monitor_encroachment([farm(box(0, 0, 100, 100))], patches(box(200, 0, 210, 10)))
    for one, other in zip(full, none, strict=True):
        assert one.dtypes.to_dict() == other.dtypes.to_dict()
        assert other.crs == CRS
    assert none.encroachments.empty
    assert none.patches["answer"].tolist() == ["absent"]


@pytest.mark.parametrize("role", ["changes", "protected", "permits"])
def test_empty_layers(role):
    given = {
        "changes": patches(box(0, 0, 10, 10)),
        "protected": farm(box(0, 0, 9, 9)),
        "permits": permit(box(0, 0, 9, 9)),
    }
    given[role] = given[role].iloc[:0]
    answer = monitor_encroachment([given["protected"]], given["changes"], given["permits"])
    assert len(answer.encroachments) == (1 if role == "permits" else 0)


def test_order_of_features_changes_nothing():
    changes = patches(*(box(x, y, x + 7, y + 9) for x in range(0, 90, 9) for y in (0, 20)))
    ground = farm(*(box(x, 0, x + 11, 25) for x in range(0, 90, 8)))
    granted = permit(box(30, 0, 60, 25))
    usual = monitor_encroachment([ground], changes, granted)
    mixed = monitor_encroachment(
        [ground.sample(frac=1, random_state=1)], changes.sample(frac=1, random_state=2), granted
    )
    for one, other in zip(usual[:2], mixed[:2], strict=True):
        pd.testing.assert_frame_equal(one.drop(columns="geometry"), other.drop(columns="geometry"))
        assert (
            np.asarray(shapely.area(shapely.symmetric_difference(one.geometry.values, other.geometry.values))) < 1e-6
        ).all()


cells = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5))


@given(st.lists(cells, min_size=1, max_size=5), cells, st.lists(cells, max_size=3))
@settings(max_examples=40, deadline=None)
def test_areas_equal_counted_cells(protected, change, permits):
    def grid(rectangles):
        cover = np.zeros((15, 15), dtype=bool)
        for x, y, width, height in rectangles:
            cover[x : x + width, y : y + height] = True
        return cover

    def shapes(rectangles):
        return [box(x, y, x + w, y + h) for x, y, w, h in rectangles]

    answer = monitor_encroachment([farm(*shapes(protected))], patches(*shapes([change])), permit(*shapes(permits)))
    hit = grid(protected) & grid([change])
    row = answer.encroachments
    assert row["area_m2"].sum() == pytest.approx(hit.sum())
    assert row["permitted_m2"].sum() == pytest.approx((hit & grid(permits)).sum())
    assert row["unpermitted_m2"].sum() == pytest.approx((hit & ~grid(permits)).sum())
    assert (row["share"] <= 1).all()
    assert answer.patches["share"].item() == pytest.approx(hit.sum() / grid([change]).sum())


def test_bad_input_is_refused():
    ground, changes = [farm(box(0, 0, 9, 9))], patches(box(0, 0, 9, 9))
    with pytest.raises(MissingColumn, match="'year' is missing"):
        monitor_encroachment(ground, changes, date="year")
    with pytest.raises(BadInput, match=r"1 values of 'valid_to' are no dates, the first is 'never'"):
        monitor_encroachment(ground, changes, permit(box(0, 0, 9, 9), valid_to="never"))
    with pytest.raises(BadPolicy, match="'fine' was given"):
        monitor_encroachment(ground, changes, rules=pd.DataFrame({"theme": ["x"], "kind": ["y"], "verdict": ["fine"]}))
    with pytest.raises(UnsuitableCrs, match="one CRS"):
        monitor_encroachment(ground, changes.to_crs(4548))
    with pytest.raises(BadInput, match="empty list"):
        monitor_encroachment([], changes)
