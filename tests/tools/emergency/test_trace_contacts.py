"""trace_contacts: overlaps on the clock, and every pair tried."""

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, UnknownName
from spacegov.toolbox.policy import read_policy
from spacegov.tools.emergency import trace_contacts

RULES = read_policy("contact-tracing-2022")
PLACES = gpd.GeoDataFrame(
    {"building_id": ["S", "T", "U"]}, geometry=[Point(500_000 + n, 3_260_000) for n in range(3)], crs="EPSG:4549"
)
START = pd.Timestamp("2022-05-01")


def stays(*rows):
    """Rows of person, building, minute of arrival and of leaving, from 1 May on."""
    return pd.DataFrame(
        [(p, b, START + pd.Timedelta(minutes=a), START + pd.Timedelta(minutes=z)) for p, b, a, z in rows],
        columns=["pseudonym", "building_id", "arrived", "left"],
    )


def case(person="c", onset="2022-05-02", isolated=None):
    return pd.DataFrame({"pseudonym": [person], "onset": [onset], "isolated": [isolated]})


def trace(visits, cases=None, **options):
    with ledger.collect() as book:
        answer = trace_contacts(visits, case() if cases is None else cases, PLACES, **{"rules": RULES, **options})
    return answer, book


def test_overlap_and_gap_decide_the_risk():
    visits = stays(
        ("c", "S", 600, 660),
        ("long", "S", 620, 700),
        ("short", "S", 655, 700),
        ("after", "S", 690, 700),
        ("late", "S", 691, 700),
        ("before", "S", 500, 599),
        ("elsewhere", "T", 600, 660),
    )
    answer, book = trace(visits)
    table = answer.contacts.set_index("person")
    assert table["risk"].to_dict() == {"long": "high-risk", "short": "some-risk", "after": "some-risk"}
    assert table.loc["long", "overlap_minutes"] == 40
    assert table.loc["after", ["overlap_minutes", "gap_minutes"]].tolist() == [0, 30]
    assert table.loc["short", "exposed"] == START + pd.Timedelta(minutes=655)
    row = answer.buildings.iloc[0]
    assert row[["building_id", "place", "visits", "minutes", "contacts"]].tolist() == ["S", "high-risk", 1, 60, 3]
    figures = book.notes["figures"]
    assert (figures["case_places"], figures["people_met"], figures["high_risk_people"]) == (1, 3, 1)


def test_the_infectious_time_begins_two_days_before_onset_and_ends_with_isolation():
    visits = stays(
        ("c", "S", -2 * 1440 - 60, -2 * 1440 + 60),
        ("early", "S", -2 * 1440 - 60, -2 * 1440 - 1),
        ("x", "S", -2 * 1440 + 30, -2 * 1440 + 50),
        ("c", "T", 600, 660),
        ("y", "T", 600, 660),
    )
    # onset on 1 May: from 29 April 00:00; isolated on 1 May 10:10
    answer, _ = trace(visits, case(onset="2022-05-01", isolated="2022-05-01T10:10"), isolated="isolated")
    table = answer.contacts.set_index("person")
    assert set(table.index) == {"x", "y"}
    assert table.loc["y", ["overlap_minutes", "risk"]].tolist() == [10, "some-risk"]
    minutes = answer.buildings.set_index("building_id")["minutes"]
    assert minutes.to_dict() == {"S": 60, "T": 10}


def test_places_of_a_lonely_case_have_the_lowest_risk_and_cases_are_no_contacts():
    visits = stays(("c", "S", 600, 660), ("d", "S", 600, 660), ("c", "U", 700, 710))
    cases = pd.concat([case("c"), case("d"), case("ghost")], ignore_index=True)
    answer, book = trace(visits, cases)
    assert len(answer.contacts) == 0
    assert answer.buildings[["building_id", "place", "visits"]].to_numpy().tolist() == [
        ["S", "some-risk", 2],
        ["U", "some-risk", 1],
    ]
    assert any("1 cases have no visit" in doubt.text for doubt in book.doubts)


people = st.lists(
    st.tuples(st.sampled_from(["c", "x", "y"]), st.sampled_from(["S", "T"]), st.integers(0, 200), st.integers(0, 90)),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=20)
@given(people, st.randoms())
def test_contacts_are_those_of_all_pairs_in_any_order(rows, random):
    made = [(p, b, a, a + n) for p, b, a, n in rows]
    answer, _ = trace(stays(*made))
    expected = {}
    for _, place, a, z in [row for row in made if row[0] == "c"]:
        for person, where, b, y in [row for row in made if row[0] != "c" and row[1] == place]:
            overlap = min(z, y) - max(a, b)
            level = 0 if overlap >= 15 else 1 if overlap > 0 or 0 <= b - z <= 30 else None
            if level is not None:
                key = (person, where)
                expected[key] = min(level, expected.get(key, 9))
    found = {(r.person, r.building_id): ["high-risk", "some-risk"].index(r.risk) for r in answer.contacts.itertuples()}
    assert found == expected
    shuffled = list(made)
    random.shuffle(shuffled)
    again, _ = trace(stays(*shuffled))
    pd.testing.assert_frame_equal(again.contacts, answer.contacts)


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(UnknownName, match="1 buildings are not in the layer"):
        trace(stays(("c", "X", 0, 1)))
    with pytest.raises(BadInput, match="end before they begin"):
        trace(stays(("c", "S", 10, 5)))
    with pytest.raises(BadInput, match="are no times"):
        trace(stays(("c", "S", 0, 1)).assign(arrived="noon"))
    with pytest.raises(BadPolicy, match="from high to low"):
        trace(stays(("c", "S", 0, 1)), rules=RULES.iloc[::-1])
