"""watch_expiry: days counted by hand, and the temporary land planted in the sample county."""

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
from spacegov.tools.use import watch_expiry

TERMS = pd.DataFrame(
    [
        ("any", "any", None, None, None, None),
        ("lent", "any", 2, "reclamation", 1, "Art. 1"),
        ("lent", "energy", 4, "reclamation", 1, "Art. 2"),
    ],
    columns=["register", "kind", "years", "duty", "duty_years", "article"],
)
ON = date(2025, 6, 30)


def register(*records, name="artificial.lent"):
    table = pd.DataFrame(
        [{"kind": "road", "approved": None, "ends": None, "reclaimed": None, **row} for row in records]
    )
    shapes = [shapely.box(5e5 + 100 * n, 3e6, 5e5 + 100 * n + 50, 3e6 + 20) for n in range(len(records))]
    frame = GeoDataFrame(table, geometry=shapes, crs="EPSG:4549")
    frame.attrs["layer"] = name
    return frame


def watch(*registers, **options):
    with ledger.collect() as book:
        answer = watch_expiry(list(registers), **{"terms": TERMS, "on": ON, **options})
    return answer, book


def in_order(answer):
    return answer.assign(place=answer["record"].astype(int)).sort_values(["register", "place"], ignore_index=True)


def test_the_last_day_still_counts_and_the_day_after_does_not():
    answer, book = watch(
        register(
            {"approved": "2023-06-30"},
            {"approved": "2023-06-29"},
            {"approved": "2022-06-30"},
            {"approved": "2022-06-29"},
            {"approved": "2023-09-28"},
            {"approved": "2023-09-29"},
            {"approved": "2025-07-01"},
        )
    )
    found = in_order(answer)
    assert found["state"].tolist() == ["due", "duty", "duty_due", "duty_overdue", "due", "running", "not_begun"]
    assert found["days_left"].tolist() == [0, 364, 0, -1, 90, 91, 1]
    assert found["late_days"].tolist()[3] == 1
    assert found["duty_by"].astype(str).tolist()[:2] == ["2026-06-30", "2026-06-29"]
    assert found["answer"].tolist() == ["present"] * 5 + ["absent"] * 2
    assert answer["state"].tolist() == ["duty_overdue", "duty_due", "due", "due", "duty", "running", "not_begun"]
    assert book.notes["figures"]["late_m2"] == 50 * 20


def test_the_most_particular_term_holds_and_the_register_s_own_day_stands_before_it():
    answer, book = watch(
        register(
            {"approved": "2022-01-01", "kind": "energy"},
            {"approved": "2022-01-01", "kind": "energy", "ends": "2024-01-01"},
            {"approved": "2024-01-01", "ends": "2026-03-02"},
        ),
        register({"approved": "2022-01-01", "ends": "2025-01-01"}, {"approved": "2022-01-01"}, name="planned.other"),
    )
    found = in_order(answer)
    assert found["state"].tolist() == ["running", "duty_overdue", "running", "expired", "unknown"]
    assert found["ends"].astype(str).tolist()[:4] == ["2026-01-01", "2024-01-01", "2026-03-02", "2025-01-01"]
    assert found["article"].tolist() == ["Art. 2", "Art. 2", "Art. 1", "", ""]
    # two years from 1 January 2024 end on 1 January 2026; 2 March is 60 days later
    assert found["over_term_days"].tolist()[2] == 60
    assert found.loc[4, ["answer", "error"]].tolist() == ["failed", "no end is known"]
    assert [book.notes["figures"][name] for name in ("over_term", "failed")] == [1, 1]
    assert len(book.doubts) == 2


def test_what_was_done_is_done_late_or_not_and_what_happens_later_is_not_known_yet():
    answer, book = watch(
        register(
            {"approved": "2021-01-01", "reclaimed": "2024-01-01"},
            {"approved": "2021-01-01", "reclaimed": "2024-01-31"},
            {"approved": "2021-01-01", "reclaimed": "2025-07-01"},
            {"approved": "2024-01-01", "reclaimed": "2025-01-01"},
        )
    )
    found = in_order(answer)
    assert found["state"].tolist() == ["done", "done", "duty_overdue", "done"]
    assert found["late_days"].tolist()[1] == 30
    assert found["late_days"].isna().tolist() == [True, False, False, True]
    assert found["done"].isna().tolist() == [False, False, True, False]
    assert book.notes["figures"]["done_late"] == 1


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(-900, 1800), min_size=1, max_size=10), st.integers(0, 200), st.integers(0, 200))
def test_a_longer_notice_only_warns_of_more_and_parts_make_the_whole(ages, notice, more):
    records = [{"approved": str(ON - timedelta(days=age))} for age in ages]
    short, _ = watch(register(*records), notice=notice)
    wide, _ = watch(register(*records), notice=notice + more)
    here, there = in_order(short), in_order(wide)
    assert (here["answer"].eq("present") <= there["answer"].eq("present")).all()
    alone = [watch(register(record), notice=notice)[0].loc[0, "state"] for record in records]
    assert here["state"].tolist() == alone
    turned, _ = watch(register(*reversed(records)), notice=notice)
    assert turned["state"].tolist() == short["state"].tolist()


def test_an_empty_register_has_its_columns():
    answer, _ = watch(register({"approved": "2024-01-01"}).iloc[:0])
    assert len(answer) == 0
    assert answer.crs == "EPSG:4549"
    assert answer["ends"].dtype == "datetime64[s]"


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="no dates"):
        watch(register({"approved": "soon"}))
    with pytest.raises(BadInput, match="before it begins"):
        watch(register({"approved": "2024-01-01", "ends": "2023-01-01"}))
    with pytest.raises(MissingColumn, match="a first or a last day is needed"):
        watch(register({}).drop(columns=["approved", "ends"]))
    with pytest.raises(BadPolicy, match="twice"):
        watch(register({"approved": "2024-01-01"}), terms=pd.concat([TERMS, TERMS]))
    with pytest.raises(BadPolicy, match="without a duty"):
        watch(register({"approved": "2024-01-01"}), terms=TERMS.assign(duty=None))


def test_planted_temporary_land():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["temporary_land"]
    lent = spacegov.open().layers["artificial.temporary-land"].read()
    answer = watch_expiry([lent], terms=read_policy("expiry-terms-2025"), on=date.fromisoformat(truth["on"]))
    words = {
        "duty_overdue": "overdue",
        "duty": "to-reclaim",
        "duty_due": "to-reclaim",
        "due": "running",
        "running": "running",
        "done": "reclaimed",
    }
    found = {
        row["record"]: (words[row["state"]], str(row["ends"].date()), str(row["duty_by"].date()))
        for row in answer.to_dict("records")
    }
    assert found == {row["land"]: (row["state"], row["ends"], row["reclaim_by"]) for row in truth["land"]}
    assert answer["over_term_days"].isna().all()
