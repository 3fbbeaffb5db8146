"""balance_farmland: accounts by arithmetic, regimes by their days, and the balance planted in the sample county."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.toolbox.policy import read_policy
from spacegov.tools.protection import balance_farmland

REGIMES = read_policy("farmland-balance-regimes-2024")
TABLES = {
    "regimes": REGIMES,
    "classes": read_policy("farmland-classes-2019"),
    "grades": read_policy("farmland-capacity-2012"),
}


def parcels(*records, day, north=0):
    """Parcels of 100 m² for each metre from west to east, 100 m deep."""
    blank = {"project": None, "grade": 5, "code": "0101", "cause": "construction", "ridges": 0.0, "village": "V1"}
    rows = [{**blank, **record} for record in records]
    frame = pd.DataFrame(
        rows, columns=["from", "to", day, "project", "grade", "code", "cause", "ridges", "village"]
    ).rename(columns={"code": "class"})
    frame["grade"] = frame["grade"].astype("float64")
    frame["ridges"] = frame["ridges"].astype("float64")
    shapes = [box(5e5 + row["from"], 3e6 + north, 5e5 + row["to"], 3e6 + north + 100) for row in rows]
    return GeoDataFrame(frame.drop(columns=["from", "to"]), geometry=shapes, crs="EPSG:4549")


def lost(start, end, approved="2024-03-15", **more):
    return {"from": start, "to": end, "approved": approved, **more}


def made(start, end, accepted="2024-11-20", **more):
    return {"from": start, "to": end, "accepted": accepted, **more}


def balance(occupied, supplement, *, apart=True, **options):
    left = parcels(*occupied, day="approved")
    right = parcels(*supplement, day="accepted", north=1000 if apart else 0)
    with ledger.collect() as book:
        answer = balance_farmland(
            left, right, **{**TABLES, "project": "project", "unit": "village", "ridge_share": "ridges", **options}
        )
    return answer, book


def account(answer, kind, regime=None):
    own = answer.balance[answer.balance["account"] == kind]
    return (own if regime is None else own[own["regime"] == regime]).set_index("name")


def test_area_paddy_and_capacity_balance_each_for_itself():
    answer, book = balance(
        [lost(0, 10, project="P", grade=5), lost(20, 30, project="P", grade=7, code="0103")],
        [made(0, 25, project="P", grade=9, code="0103")],
    )
    row = account(answer, "project").loc["P"]
    assert row[["occupied_area_m2", "supplemented_area_m2", "balance_area_m2", "gap_area_m2"]].tolist() == [
        2000,
        2500,
        500,
        0,
    ]
    assert row[["occupied_paddy_m2", "supplemented_paddy_m2", "gap_paddy_m2"]].tolist() == [1000, 0, 1000]
    # 0.1 ha of 16,500 kg/hm² and 0.1 ha of 13,500, against 0.25 ha of 10,500
    assert row["occupied_capacity_t"] == pytest.approx(1.65 + 1.35)
    assert row["supplemented_capacity_t"] == pytest.approx(2.625)
    assert row["gap_capacity_t"] == pytest.approx(0.375)
    assert row["short_of"] == "paddy; capacity"
    assert row[["occupied_grade", "supplemented_grade"]].tolist() == [6, 9]
    assert book.notes["figures"]["short"] == 1


def test_areas_are_net_of_ridges():
    answer, _ = balance([lost(0, 10, project="P", ridges=0.1)], [made(0, 10, project="P", ridges=0.2)])
    row = account(answer, "project").loc["P"]
    assert row[["occupied_area_m2", "supplemented_area_m2"]].tolist() == [900, 800]
    gross, _ = balance(
        [lost(0, 10, project="P", ridges=0.1)], [made(0, 10, project="P", ridges=0.2)], net_of_ridges=False
    )
    assert account(gross, "project").loc["P", "gap_area_m2"] == 0


def test_by_project_a_surplus_fills_no_gap_of_another_and_by_year_it_does():
    def ask(year):
        days = {"approved": f"{year}-12-31"}, {"accepted": f"{year}-12-31"}
        return balance(
            [lost(0, 10, project="A", **days[0]), lost(20, 30, project="B", **days[0])],
            [made(0, 15, project="A", **days[1]), made(20, 25, project="B", **days[1])],
        )

    before, book = ask(2024)
    assert set(before.balance["regime"]) == {"project-2017"}
    assert account(before, "project")["verdict"].to_dict() == {"A": "balanced", "B": "short"}
    assert account(before, "year")["verdict"].tolist() == ["bookkeeping"]
    assert book.notes["figures"]["gap_area_m2"] == 500
    after, book = ask(2025)
    assert set(after.balance["regime"]) == {"province-annual-2024"}
    assert account(after, "project")["verdict"].unique().tolist() == ["bookkeeping"]
    assert account(after, "project")["gap_area_m2"].to_dict() == {"A": 0, "B": 500}
    assert account(after, "year")["verdict"].to_dict() == {"2025": "balanced"}
    assert book.notes["figures"]["gap_area_m2"] == 0


def test_the_regime_closes_between_two_days_and_new_farmland_follows_its_project():
    answer, _ = balance(
        [lost(0, 10, "2024-12-31", project="A"), lost(20, 30, "2025-01-01", project="B")],
        [
            made(0, 10, "2025-06-30", project="A"),
            made(20, 30, "2025-06-30", project="B"),
            made(40, 45, "2024-06-30", project=None),
        ],
    )
    found = answer.parcels.set_index("parcel").loc[lambda table: table["side"] == "supplement", "regime"]
    assert found.tolist() == ["project-2017", "province-annual-2024", "project-2017"]
    assert account(answer, "project", "project-2017").loc["A", "verdict"] == "balanced"


def test_a_named_regime_holds_for_everything():
    answer, _ = balance([lost(0, 10, "2020-01-01", project="A")], [], regime="province-annual-2024")
    assert set(answer.balance["regime"]) == {"province-annual-2024"}
    assert account(answer, "year").loc["2020", "verdict"] == "short"


def test_losses_by_other_causes_count_in_the_yearly_balance_only():
    rows = [lost(0, 10, project="A", cause="orchard"), lost(20, 30, "2025-03-15", project="B", cause="orchard")]
    answer, _ = balance(rows, [], cause="cause")
    assert answer.parcels["status"].tolist() == ["exempt", "counted"]
    assert account(answer, "all")["occupied_area_m2"].tolist() == [1000]


def test_what_came_later_or_has_no_day_or_no_farmland_does_not_count_and_is_told():
    answer, book = balance(
        [lost(0, 10, project="A"), lost(20, 30, None), lost(40, 50, "2010-01-01")],
        [made(0, 10, "2025-02-01", project="A"), made(20, 30, code="0201", project="A")],
        on=date(2024, 12, 31),
    )
    assert answer.parcels["status"].tolist() == ["counted", "undated", "no_regime", "later", "not_farmland"]
    assert account(answer, "project").loc["A", "gap_area_m2"] == 1000
    assert len(book.drops) == 4
    assert len(book.doubts) == 4


def test_ground_claimed_twice_counts_once_for_the_earlier():
    answer, book = balance(
        [lost(0, 10, project="A")],
        [made(0, 10, "2024-11-20", project="A"), made(5, 15, "2024-10-20", project="A")],
    )
    found = answer.parcels[answer.parcels["side"] == "supplement"]
    assert found["counted_m2"].tolist() == [500, 1000]
    assert found["claimed_m2"].tolist() == [500, 0]
    assert any("counts once" in doubt.text for doubt in book.doubts)


def test_new_farmland_on_ground_given_up_before_is_none_and_given_up_later_counts_on_both_sides():
    before, _ = balance([lost(0, 10, "2024-03-15")], [made(5, 15, "2024-11-20")], apart=False)
    assert before.parcels["counted_m2"].tolist() == [1000, 500]
    later, _ = balance([lost(0, 10, "2024-12-15")], [made(5, 15, "2024-11-20")], apart=False)
    assert later.parcels["counted_m2"].tolist() == [1000, 1000]


def test_a_missing_grade_leaves_capacity_unknown():
    answer, _ = balance([lost(0, 10, project="A", grade=None)], [made(0, 10, project="A")])
    row = account(answer, "project").loc["A"]
    assert row["verdict"] == "unknown"
    assert np.isnan(row["occupied_capacity_t"])
    assert np.isnan(row["gap_capacity_t"])
    short, _ = balance([lost(0, 10, project="A", grade=None)], [made(0, 5, project="A")])
    assert account(short, "project").loc["A", ["verdict", "short_of"]].tolist() == ["short", "area; paddy"]


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.sampled_from(["A", "B", None]), st.integers(1, 15), st.integers(2023, 2026)),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_every_account_sums_to_the_same_and_order_changes_nothing(records, split):
    rows = [(50 * n, 50 * n + wide, project, grade, year) for n, (wide, project, grade, year) in enumerate(records)]
    left = [lost(a, b, f"{year}-05-05", project=project, grade=grade) for a, b, project, grade, year in rows[:split]]
    right = [made(a, b, f"{year}-05-05", project=project, grade=grade) for a, b, project, grade, year in rows[split:]]
    answer, _ = balance(left, right)
    for side in ("occupied", "supplemented"):
        sums = answer.balance.groupby("account")[f"{side}_area_m2"].sum()
        assert sums.tolist() == pytest.approx([sums["all"]] * 4)
    turned, _ = balance(left[::-1], right[::-1])
    columns = ["regime", "account", "name", "verdict", "short_of", "gap_area_m2"]
    pd.testing.assert_frame_equal(turned.balance[columns], answer.balance[columns])


def test_empty_layers_have_their_columns():
    answer, _ = balance([], [])
    assert len(answer.balance) == 0
    assert answer.balance["gap_area_m2"].dtype == "float64"
    assert answer.parcels.crs == "EPSG:4549"
    assert str(answer.parcels["day"].dtype) == "datetime64[s]"


def test_bad_input_is_refused():
    rows = [lost(0, 10)], [made(0, 10)]
    with pytest.raises(BadInput, match="no date"):
        balance([lost(0, 10, "soon")], [])
    with pytest.raises(BadInput, match="divide per cent"):
        balance([lost(0, 10, ridges=12.0)], [])
    with pytest.raises(MissingColumn):
        balance(*rows, project="scheme")
    with pytest.raises(BadPolicy, match="no regime"):
        balance(*rows, regime="county-1999")
    with pytest.raises(BadPolicy, match="both hold"):
        balance(*rows, regimes=REGIMES.assign(valid_to=None))
    with pytest.raises(BadPolicy, match="scope"):
        balance(*rows, regimes=REGIMES.assign(scope="village"))
    with pytest.raises(BadPolicy, match="capacity for grade 16"):
        balance([lost(0, 10, grade=16)], [])
    with pytest.raises(BadPolicy, match="scheme"):
        balance(*rows, scheme="fourth-survey")


def test_the_planted_balance():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["farmland_balance"]
    layers = spacegov.open().layers
    with ledger.collect() as book:
        answer = balance_farmland(
            layers["artificial.conversion-approvals"].read(),
            layers["artificial.supplement-parcels"].read(),
            **TABLES,
            project="project_id",
            net_of_ridges=False,
        )
    found = account(answer, "project")
    for row in truth["projects"]:
        own = found.loc[row["project"]]
        for ours, theirs in (
            ("occupied_area_m2", "occupied_m2"),
            ("supplemented_area_m2", "supplemented_m2"),
            ("gap_area_m2", "gap_m2"),
            ("occupied_paddy_m2", "occupied_paddy_m2"),
            ("supplemented_paddy_m2", "supplemented_paddy_m2"),
            ("gap_paddy_m2", "paddy_gap_m2"),
        ):
            assert own[ours] == pytest.approx(row[theirs]), (row["project"], ours)
    assert book.notes["figures"]["occupied_m2"] == pytest.approx(truth["occupied_m2"])
    assert book.notes["figures"]["supplement_m2"] == pytest.approx(truth["supplemented_m2"])
