"""find_idle_land: days counted by hand, and the parcels planted in the sample county."""

from datetime import date, timedelta

import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.toolbox.policy import read_policy
from spacegov.tools.use import find_idle_land

RULES = read_policy("idle-land-2012")
NAMES = ("delivered", "suspended", "accepted", "developed", "invested", "cause", "price")
BLANK = dict.fromkeys(("agreed_start", "started", *NAMES[:3], "cause"))


def plots(*records):
    rows = [{"cause": "holder", **record} for record in records]
    table = pd.DataFrame([{**BLANK, "developed": None, "invested": None, "price": None, **row} for row in rows])
    for name in ("developed", "invested", "price"):
        table[name] = table[name].astype("float64")
    shapes = [shapely.box(5e5 + 100 * n, 3e6, 5e5 + 100 * n + 50, 3e6 + 20) for n in range(len(rows))]
    return GeoDataFrame(table, geometry=shapes, crs="EPSG:4549")


def find(*records, on=date(2025, 6, 30), **options):
    with ledger.collect() as book:
        answer = find_idle_land(
            plots(*records), **{"rules": RULES, "on": on, **{name: name for name in NAMES}, **options}
        )
    return answer.assign(place=answer["supply"].astype(int)).sort_values("place").reset_index(drop=True), book


def test_not_started_becomes_idle_on_the_anniversary_and_may_be_taken_back_after_two_years():
    answer, book = find(
        {"agreed_start": "2024-07-01", "price": 500.0},
        {"agreed_start": "2024-06-30", "price": 500.0},
        {"agreed_start": "2023-07-01", "price": 500.0},
        {"agreed_start": "2023-06-30", "price": 500.0},
        {"agreed_start": "2025-06-30"},
    )
    assert answer["stage"].tolist() == ["overdue", "not_started", "not_started", "not_started", "not_due"]
    assert answer["consequence"].tolist() == ["", "fee", "fee", "recovery", ""]
    assert answer["days"].tolist()[:4] == [364, 365, 730, 731]
    assert answer["years"].tolist()[:4] == [0, 1, 1, 2]
    assert answer["fee"].tolist()[1:3] == [100.0, 100.0]
    assert answer["next_consequence"].tolist() == ["fee", "recovery", "recovery", "", ""]
    assert answer["next_date"].astype(str).tolist()[:3] == ["2025-07-01", "2026-06-30", "2025-07-01"]
    assert book.notes["figures"]["fee"] == 200.0
    assert book.notes["figures"]["idle_m2"] == 3 * 50 * 20


def test_a_leap_day_has_its_anniversary_on_28_february():
    answer, _ = find({"agreed_start": "2024-02-29"}, on=date(2025, 2, 28))
    assert answer["answer"].tolist() == ["present"]


def test_without_an_agreed_start_one_year_from_handing_over_counts_and_without_both_it_cannot_be_judged():
    answer, book = find({"delivered": "2023-06-30"}, {"delivered": "2023-07-01"}, {})
    assert answer["stage"].tolist() == ["not_started", "overdue", "unknown"]
    assert answer["since"].astype(str).tolist()[:2] == ["2024-06-30", "2024-07-01"]
    assert answer["answer"].tolist()[2] == "failed"
    assert answer["reason"].tolist()[2] == "no_start_date"
    assert book.notes["figures"]["failed"] == 1
    assert "cannot be judged" in book.doubts[0].text


@pytest.mark.parametrize(
    ("developed", "invested", "answer", "reason"),
    [
        (0.33, 0.9, "present", "developed"),
        (0.34, 0.25, "absent", ""),
        (0.9, 0.2499, "present", "invested"),
        (0.1, 0.1, "present", "developed_and_invested"),
        (None, 0.1, "present", "invested"),
        (None, 0.9, "failed", "no_developed"),
        (0.5, None, "failed", "no_invested"),
        (None, None, "failed", "no_developed_and_invested"),
    ],
)
def test_stopped_works_are_idle_below_either_limit_and_a_missing_share_is_no_zero(developed, invested, answer, reason):
    stopped = {"agreed_start": "2020-01-01", "started": "2020-02-01", "suspended": "2024-06-30"}
    found, _ = find({**stopped, "developed": developed, "invested": invested})
    assert found.loc[0, ["answer", "reason"]].tolist() == [answer, reason]
    early, _ = find({**stopped, "suspended": "2024-07-01", "developed": developed, "invested": invested})
    assert early.loc[0, ["answer", "stage"]].tolist() == ["absent", "paused"]


def test_stopped_land_pays_no_fee_and_other_causes_take_their_own_way():
    late = {"agreed_start": "2020-01-01", "price": 100.0}
    stopped = {**late, "started": "2020-02-01", "suspended": "2021-01-01", "developed": 0.1, "invested": 0.1}
    answer, book = find(
        stopped, {**late, "cause": "government"}, {**late, "cause": "force majeure"}, {**late, "cause": None}
    )
    assert answer["consequence"].tolist() == ["completion", "agreement", "agreement", "unknown"]
    assert answer["responsible"].tolist() == ["holder", "government", "nobody", ""]
    assert answer["fee"].isna().all()
    assert book.notes["figures"]["undecided"] == 1
    assert "cause" in book.doubts[0].text


def test_works_accepted_are_complete_and_what_happens_later_is_not_known_yet():
    answer, _ = find(
        {"agreed_start": "2020-01-01", "accepted": "2024-01-01"},
        {"agreed_start": "2020-01-01", "accepted": "2025-07-01"},
        {"agreed_start": "2020-01-01", "started": "2025-07-01"},
    )
    assert answer["stage"].tolist() == ["completed", "not_started", "not_started"]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 1500), min_size=1, max_size=12), st.integers(0, 400))
def test_idle_land_stays_idle_and_parts_make_the_whole(ages, later):
    on = date(2025, 6, 30)
    records = [{"agreed_start": str(on - timedelta(days=age))} for age in ages]
    whole, _ = find(*records)
    after, _ = find(*records, on=on + timedelta(days=later))
    assert (whole["answer"].eq("present") <= after["answer"].eq("present")).all()
    alone = [find(record)[0].loc[0, "consequence"] for record in records]
    assert whole["consequence"].tolist() == alone


def test_an_empty_layer_has_its_columns():
    answer = find_idle_land(plots({"agreed_start": "2024-01-01"}).iloc[:0], rules=RULES, on=date(2025, 1, 1))
    assert len(answer) == 0
    assert answer.crs == "EPSG:4549"
    assert answer["area_m2"].dtype == "float64"


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="no dates"):
        find({"agreed_start": "soon"})
    with pytest.raises(BadInput, match="not percent"):
        find({"agreed_start": "2024-01-01", "developed": 33.0})
    with pytest.raises(MissingColumn):
        find({"agreed_start": "2024-01-01"}, cause="why")
    with pytest.raises(BadPolicy, match="stage"):
        find({"agreed_start": "2024-01-01"}, rules=RULES.assign(stage="asleep"))
    with pytest.raises(BadPolicy, match="no rule for suspended"):
        find({"agreed_start": "2024-01-01"}, rules=RULES[RULES["stage"] == "not_started"])


def test_planted_idle_land():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["land_supply"]
    supply = spacegov.open().layers["artificial.land-supply"].read()
    options = dict(zip(NAMES, (*NAMES[:3], "developed_share", "invested_share", "cause", "price_10k"), strict=True))
    answer = find_idle_land(supply, rules=RULES, on=date.fromisoformat(truth["on"]), **options)
    idle = answer[answer["answer"] == "present"].set_index("supply")
    words = {
        ("fee", "holder"): "idle-fee",
        ("recovery", "holder"): "idle-recover",
        ("agreement", "government"): "idle-government",
        ("completion", "holder"): "idle-stopped",
        ("agreement", "nobody"): "idle-force-majeure",
    }
    found = {name: words[row["consequence"], row["responsible"]] for name, row in idle.iterrows()}
    assert found == {row["supply"]: row["answer"] for row in truth["idle"]}
    assert not set(truth["not_idle_though_close"]) & set(idle.index)
