import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadPolicy, MissingColumn, UnsuitableCrs
from spacegov.ledger import collect
from spacegov.toolbox.policy import read_policy
from spacegov.tools.integration import check_three_lines
from tests.tools.integration.frames import CRS, box, layer

RULES = read_policy("three-lines-2025")
AWAY = [box(x, 5000, x + 1, 5001) for x in (5000, 6000, 7000)]


def lines(red=AWAY[:1], farm=AWAY[1:2], town=AWAY[2:], zones=None, town_zones=None):
    return {
        "red_line": layer("red", list(red), sub_zone=zones or ["other"] * len(red)),
        "basic_farmland": layer("farm", list(farm)),
        "urban_boundary": layer("town", list(town), sub_zone=town_zones or ["concentrated"] * len(town)),
    }


def check(given, **options):
    return check_three_lines(**given, rules=options.pop("rules", RULES), **options)


def test_one_breach_of_each_kind_and_the_side_that_yields():
    overlaps, by_kind = check(
        lines(
            red=[box(0, 0, 100, 100), box(0, 200, 100, 300)],
            zones=["core", "other"],
            farm=[box(90, 0, 190, 50), box(90, 200, 110, 300)],
            town=[box(50, 80, 95, 200)],
        )
    )
    found = overlaps.set_index(["line_1", "sub_zone_1", "line_2"])[["kind", "yields", "area_m2"]]
    assert found.loc[("red-line", "core", "basic-farmland")].tolist() == ["breach", "basic-farmland", 10 * 50]
    assert found.loc[("red-line", "other", "basic-farmland")].tolist() == ["breach", "assessment", 10 * 100]
    # the town reaches into the core by 20 m over a width of 45 m, and just touches the second red line
    assert found.loc[("red-line", "core", "urban-boundary")].tolist() == ["breach", "urban-boundary", 45 * 20]
    assert len(overlaps) == 3
    assert by_kind["ground_m2"].sum() == pytest.approx(500 + 1000 + 900)
    assert overlaps["article"].notna().all()


def test_farmland_inside_the_boundary_is_a_retained_enclave_and_no_breach():
    with collect() as ledger:
        overlaps, _ = check(lines(town=[box(0, 0, 1000, 1000)], farm=[box(100, 100, 300, 200), box(900, 0, 1100, 50)]))
    assert overlaps[["kind", "position", "yields", "area_m2"]].to_numpy().tolist() == [
        ["breach", "across", "urban-boundary", 100 * 50],
        ["retained-enclave", "inside", "none", 200 * 100],
    ]
    assert overlaps["article"].iloc[1] == "部令第17号 Art. 4, 5"
    figures = ledger.notes["figures"]
    assert (figures["breaches"], figures["enclaves"]) == (1, 1)
    assert (figures["breaches_m2"], figures["enclaves_m2"]) == (5000, 20_000)


def test_an_enclave_over_two_sub_zones_is_one_enclave():
    with collect() as ledger:
        overlaps, _ = check(
            lines(
                town=[box(0, 0, 100, 100), box(100, 0, 200, 100)],
                town_zones=["concentrated", "flexible"],
                farm=[box(90, 10, 110, 20)],
            )
        )
    assert overlaps["kind"].tolist() == ["retained-enclave"] * 2
    assert ledger.notes["figures"]["enclaves"] == 1
    assert ledger.notes["figures"]["enclaves_m2"] == 200


def test_a_window_cut_out_of_the_boundary_is_an_enclave_too():
    town = shapely.difference(box(0, 0, 1000, 1000), box(100, 100, 300, 200))
    overlaps, _ = check(lines(town=[town], farm=[box(100, 100, 300, 200)]))
    (row,) = overlaps.to_dict("records")
    assert (row["kind"], row["position"], row["area_m2"]) == ("retained-enclave", "window", 20_000)
    assert (row["share_1"], row["share_2"]) == (1, 0)


def test_a_plot_that_reaches_from_a_window_into_the_boundary_is_inside():
    town = shapely.difference(box(0, 0, 1000, 1000), box(100, 100, 300, 200))
    overlaps, _ = check(lines(town=[town], farm=[box(100, 100, 310, 200)]))
    assert overlaps["position"].tolist() == ["inside", "window"] or overlaps["position"].tolist() == [
        "window",
        "inside",
    ]
    assert set(overlaps["kind"]) == {"retained-enclave"}
    assert overlaps["area_m2"].sum() == pytest.approx(210 * 100)


def test_an_island_in_a_window_is_part_of_the_outline():
    island = box(150, 120, 200, 180)
    town = [shapely.difference(box(0, 0, 1000, 1000), box(100, 100, 300, 200)), island]
    overlaps, _ = check(lines(town=town, farm=[box(100, 100, 300, 200)]))
    assert overlaps["area_m2"].sum() == pytest.approx(20_000)
    assert set(overlaps["kind"]) == {"retained-enclave"}


def test_lines_that_touch_do_not_overlap():
    overlaps, by_kind = check(lines(red=[box(0, 0, 10, 10)], farm=[box(10, 0, 20, 10)], town=[box(20, 0, 30, 10)]))
    assert overlaps.empty
    assert by_kind.empty
    full = check(lines(red=[box(0, 0, 10, 10)], farm=[box(5, 0, 20, 10)])).overlaps
    assert overlaps.dtypes.to_dict() == full.dtypes.to_dict()
    assert overlaps.crs == CRS


def test_a_sliver_is_dropped_and_told():
    with collect() as ledger:
        overlaps, _ = check(lines(red=[box(0, 0, 2000, 10)], farm=[box(0, 9.999, 2000, 20)]))
    assert overlaps.empty
    assert ledger.drops[0].area_m2 == pytest.approx(2, abs=1e-5)


def test_without_a_rule_an_overlap_is_unknown():
    given = lines(red=[box(0, 0, 10, 10)], farm=[box(0, 0, 10, 10)])
    overlaps, _ = check(given, rules=RULES[RULES["line_1"] == "basic-farmland"])
    assert overlaps["kind"].tolist() == ["unknown"]
    assert overlaps["yields"].isna().all()


def test_an_empty_line_overlaps_nothing():
    given = lines(red=[box(0, 0, 10, 10)], farm=[box(0, 0, 10, 10)])
    given["urban_boundary"] = given["urban_boundary"].iloc[:0]
    assert len(check(given).overlaps) == 1


def test_order_of_features_changes_nothing():
    given = lines(
        red=[box(x, 0, x + 40, 100) for x in range(0, 400, 50)],
        farm=[box(x, 30, x + 25, 60) for x in range(0, 400, 30)],
        town=[box(30, 40, 350, 90)],
    )
    usual = check(given).overlaps
    mixed = check({name: frame.sample(frac=1, random_state=3) for name, frame in given.items()}).overlaps
    pd.testing.assert_frame_equal(usual.drop(columns="geometry"), mixed.drop(columns="geometry"))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=6, unique=True))
@settings(max_examples=25, deadline=None)
def test_farmland_within_the_outline_is_all_enclave(corners):
    """A boundary of any number of windows: the plots of its outline are enclaves, with their whole area."""
    plots = [box(3 * x, 3 * y, 3 * x + 2, 3 * y + 2) for x, y in corners]
    windows = shapely.union_all(plots[::2])
    given = lines(town=[shapely.difference(box(-1, -1, 100, 100), windows)], farm=plots)
    overlaps, _ = check(given)
    assert set(overlaps["kind"]) == {"retained-enclave"}
    assert overlaps["area_m2"].sum() == pytest.approx(4 * len(plots))


def test_bad_input_is_refused():
    given = lines(red=[box(0, 0, 10, 10)], farm=[box(0, 0, 10, 10)])
    with pytest.raises(BadPolicy, match="'broken' was given"):
        check(given, rules=RULES.assign(kind="broken"))
    with pytest.raises(BadPolicy, match="no column 'yields'"):
        check(given, rules=RULES.drop(columns="yields"))
    twice = pd.concat([RULES, RULES.assign(yields="red-line")])
    with pytest.raises(BadPolicy, match="a row before says another thing"):
        check(given, rules=twice)
    with pytest.raises(UnsuitableCrs, match="one CRS is needed"):
        check({**given, "red_line": given["red_line"].to_crs(4548)})
    with pytest.raises(MissingColumn, match="none of the lines has the column 'zone'"):
        check(given, sub_zone="zone")


def test_two_rules_of_equal_weight_are_refused():
    columns = ["line_1", "sub_zone_1", "line_2", "sub_zone_2", "position", "kind", "yields"]
    rules = pd.DataFrame(
        [
            ["red-line", "other", "basic-farmland", None, None, "breach", "red-line"],
            ["red-line", None, "basic-farmland", None, "inside", "breach", "basic-farmland"],
        ],
        columns=columns,
    )
    with pytest.raises(BadPolicy, match="equal weight"):
        check(lines(red=[box(0, 0, 10, 10)], farm=[box(0, 0, 10, 10)]), rules=rules)
