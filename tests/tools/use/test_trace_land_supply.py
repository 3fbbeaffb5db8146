"""trace_land_supply: chains followed by hand, and the faults planted in the sample county."""

from datetime import date

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
from spacegov.tools.use import trace_land_supply

RULES = read_policy("supply-chain-2025")
DAYS = ("approved", "contract", "delivered", "started", "accepted")
ON = date(2025, 6, 30)


def plots(*records, boxes=None):
    blank = dict.fromkeys((*DAYS, "agreed_start", "number"))
    table = pd.DataFrame([{**blank, **row} for row in records], dtype=object)
    boxes = boxes or [(100 * n, 0, 100 * n + 50, 20) for n in range(len(records))]
    shapes = [shapely.box(5e5 + a, 3e6 + b, 5e5 + c, 3e6 + d) for a, b, c, d in boxes]
    return GeoDataFrame(table, geometry=shapes, crs="EPSG:4549")


def trace(supply, approvals=None, **options):
    own = {"chain": RULES, "on": ON, "agreed_start": "agreed_start", **{day: day for day in DAYS}}
    with ledger.collect() as book:
        answer = trace_land_supply(supply, approvals, **{**own, **options})
    return answer, book


def kinds(answer):
    return answer.breaks[["supply", "step", "kind"]].to_numpy().tolist()


WHOLE = {
    "approved": "2020-01-01",
    "contract": "2020-06-01",
    "delivered": "2020-08-01",
    "started": "2021-07-31",
    "accepted": "2023-01-01",
}


def test_a_whole_chain_and_its_steps():
    records = [dict(list(WHOLE.items())[: n + 1]) for n in range(5)]
    # nothing is late on the day of the last acceptance but what waits for longer than the rules allow
    answer, _ = trace(plots(*records), on=date(2021, 7, 31))
    assert answer.parcels.sort_values("supply")["stage"].tolist() == ["approve", "supply", "deliver", "start", "start"]
    assert answer.parcels["answer"].tolist() == ["absent"] * 5
    waiting = answer.parcels.sort_values("supply")
    assert waiting["next_due"].dropna().astype(str).tolist() == ["2022-01-01", "2021-08-01"]
    assert waiting["days_left"].tolist()[0] == 154
    later, book = trace(plots(*records))
    # two years for supply ran out on 1 January 2022, one for the start on 1 August 2021
    assert kinds(later) == [["0", "supply", "overdue"], ["2", "start", "overdue"]]
    assert later.breaks["days"].tolist() == [(ON - date(2022, 1, 1)).days, (ON - date(2021, 8, 1)).days]
    assert later.parcels["supply"].tolist() == ["0", "2", "1", "3", "4"]
    assert book.notes["figures"]["overdue"] == 2


def test_skipped_reversed_and_late_steps():
    answer, book = trace(
        plots(
            {**WHOLE, "contract": None},
            {**WHOLE, "contract": "2019-12-22"},
            {**WHOLE, "started": "2021-08-11"},
            {**WHOLE, "agreed_start": "2021-01-31"},
            {"accepted": "2023-01-01"},
        )
    )
    assert kinds(answer) == [
        ["0", "supply", "missing"],
        ["1", "supply", "order"],
        ["2", "start", "late"],
        ["3", "start", "late"],
        ["4", "approve", "missing"],
        ["4", "supply", "missing"],
        ["4", "deliver", "missing"],
        ["4", "start", "missing"],
    ]
    assert answer.breaks["days"].tolist()[1:4] == [10, 10, 181]
    found = answer.parcels.set_index("supply")
    assert found["answer"].to_dict() == {"0": "present", "1": "present", "4": "present", "2": "absent", "3": "absent"}
    assert found["broken_at"].to_dict() == {"0": "supply", "1": "supply", "4": "approve", "2": "none", "3": "none"}
    assert found.loc["4", "breaks"].startswith("approve:missing; supply:missing")
    assert book.notes["figures"]["missing"] == 5


def test_an_approval_without_a_number_is_none_and_what_happens_later_is_not_known_yet():
    answer, _ = trace(
        plots({**WHOLE, "number": None}, {**WHOLE, "number": "A1", "accepted": "2025-07-01"}), approval="number"
    )
    assert kinds(answer) == [["0", "approve", "missing"]]
    assert answer.parcels.set_index("supply").loc["1", "stage"] == "start"


def test_the_ground_is_held_against_the_approval_and_other_parcels():
    supply = plots(
        {**WHOLE, "number": "A1"},
        {**WHOLE, "number": "A2"},
        {**WHOLE, "number": "A9"},
        boxes=[(0, 0, 50, 20), (45, 0, 100, 20), (200, 0, 250, 20)],
    )
    register = GeoDataFrame(
        {
            "number": ["A1", "A2", "A3", "A4"],
            "day": ["2020-01-01"] * 2 + ["2023-06-30", "2023-06-29"],
            "taken": [800.0, 100.0, None, 0.0],
            "made": [500.0, None, None, 0.0],
        },
        geometry=[
            shapely.box(5e5 + a, 3e6, 5e5 + b, 3e6 + 20) for a, b in ((0, 40), (45, 100), (400, 430), (240, 260))
        ],
        crs="EPSG:4549",
    )
    answer, book = trace(
        supply,
        register,
        approval="number",
        register_key="number",
        register_day="day",
        farmland="taken",
        supplemented="made",
    )
    found = answer.breaks.set_index(["supply", "kind"])["area_m2"]
    # 10 m × 20 m outside, 5 m × 20 m twice, 300 and 100 m² of farmland owed
    assert found["0", "outside"] == pytest.approx(200.0)
    assert found["0", "supplement"] == 300.0
    assert found["1", "supplement"] == 100.0
    assert [found[name, "twice"] for name in ("0", "1")] == pytest.approx([100.0, 100.0])
    assert ("2", "not_on_record") in found.index
    approvals = answer.approvals.set_index("approval")
    assert approvals["state"].to_dict() == {"A1": "supplied", "A2": "supplied", "A3": "waiting", "A4": "overdue"}
    assert approvals.loc["A4", ["supplied_m2", "open_m2"]].tolist() == pytest.approx([200.0, 200.0])
    assert book.notes["figures"]["not_supplied_m2"] == pytest.approx(800.0)
    in_time, _ = trace(supply, register, on=date(2025, 6, 29), register_key="number", register_day="day")
    assert in_time.approvals.set_index("approval").loc["A4", "state"] == "partly"


@settings(deadline=None, max_examples=20)
@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=8))
def test_order_of_parcels_does_not_matter_and_parts_make_the_whole(done):
    records = [{day: WHOLE[day] for day, known in zip(DAYS, row, strict=True) if known} for row in done]
    whole, _ = trace(plots(*records))
    by_name = whole.parcels.set_index("supply")
    for number, record in enumerate(records):
        alone, _ = trace(plots(record))
        assert alone.parcels.loc[0, "breaks"] == by_name.loc[str(number), "breaks"]
        # a step is skipped if a later one was done
        last = max((n for n, known in enumerate(done[number]) if known), default=-1)
        assert by_name.loc[str(number), "breaks"].count("missing") == done[number][: max(last, 0)].count(False)
        assert (by_name.loc[str(number), "answer"] == "failed") == (last < 0)


def test_an_empty_layer_has_its_columns():
    answer, _ = trace(plots(WHOLE).iloc[:0])
    assert [len(frame) for frame in answer] == [0, 0, 0]
    assert answer.parcels.crs == answer.approvals.crs == "EPSG:4549"
    assert answer.approvals["open_m2"].dtype == "float64"


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="no column of days"):
        trace_land_supply(plots(WHOLE), chain=RULES, on=ON)
    with pytest.raises(BadInput, match="no dates"):
        trace(plots({**WHOLE, "contract": "soon"}))
    with pytest.raises(MissingColumn):
        trace(plots(WHOLE), contract="signed")
    with pytest.raises(BadPolicy, match="needed once"):
        trace(plots(WHOLE), chain=RULES.assign(step="approve"))
    with pytest.raises(BadPolicy, match="no row for accept"):
        trace(plots(WHOLE), chain=RULES.iloc[:4])
    twice = plots(WHOLE, WHOLE)
    twice.attrs["key"] = "approved"
    with pytest.raises(BadInput, match="several records"):
        trace(twice)


def test_planted_chains():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")
    result = spacegov.open().run("trace-land-supply")
    breaks = result.frames["breaks"]
    words = {
        "no approval": ("approve", "missing"),
        "contract before approval": ("supply", "order"),
        "accepted without start": ("start", "missing"),
        "no contract": ("supply", "missing"),
    }
    in_time = breaks[breaks["kind"].isin(["missing", "order"])]
    assert set(zip(in_time["supply"], zip(in_time["step"], in_time["kind"], strict=True), strict=True)) == {
        (row["supply"], words[row["break"]]) for row in truth["land_supply"]["broken_chains"]
    }
    planted = truth["approved_batches"]
    by_kind = breaks.groupby("kind")["supply"].agg(list)
    assert by_kind["outside"] == [planted["outside"]["supply"]]
    outside = result.frames["parcels"].set_index("supply").loc[planted["outside"]["supply"], "outside_m2"]
    assert outside == pytest.approx(planted["outside"]["outside_m2"], rel=1e-3)
    assert by_kind["not_on_record"] == [planted["not_on_record"]]
    gaps = result.frames["approvals"].set_index("approval")["supplement_gap_m2"]
    assert gaps[gaps > 0].to_dict() == {planted["supplement_short"]["approval"]: planted["supplement_short"]["gap_m2"]}
    state = result.frames["approvals"].set_index("approval")["state"]
    for row in planted["not_supplied"]:
        assert state[row["approval"]] == ("overdue" if row["overdue"] else "waiting")
    assert (state == "supplied").sum() == len(state) - len(planted["not_supplied"])
