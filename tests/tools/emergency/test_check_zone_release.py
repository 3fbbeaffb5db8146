"""check_zone_release: days counted on the calendar, conditions one by one."""

from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from spacegov import ledger
from spacegov.errors import BadInput, UnknownName
from spacegov.toolbox.policy import read_policy
from spacegov.tools.emergency import check_zone_release

RULES = read_policy("zone-release-community-2022")


def layer(**columns):
    count = len(next(iter(columns.values())))
    shapes = [box(500_000 + n, 3_260_000, 500_001 + n, 3_260_001) for n in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")


def zones(**changes):
    columns = {
        "zone_id": ["containment-1", "control-1", "prevention-1"],
        "zone": ["containment", "control", "prevention"],
        "county": ["Lanhe"] * 3,
        "since": ["2022-05-01"] * 3,
    }
    return layer(**{**columns, **changes})


HOMES = layer(building_id=["A", "B", "C", "D"], zone_id=["containment-1", "control-1", "prevention-1", ""])
CASES = pd.DataFrame({"building_id": ["A", "A"], "date": ["2022-04-28", "2022-05-01"]})


def screenings(*rows):
    return pd.DataFrame(rows, columns=["zone_id", "date", "positive", "missed"])


def contacts(*rows):
    return pd.DataFrame(rows, columns=["zone_id", "exposed", "negative"])


CLEAR = screenings(("containment-1", "2022-05-14", 0, 0), ("control-1", "2022-05-14", 0, 0))
NOBODY = contacts()


def release(on, area=None, cases=CASES, rounds=CLEAR, people=NOBODY, rules=RULES, **options):
    given_options = {"since": "since", "building_zone": "zone_id", **options}
    with ledger.collect() as book:
        answer = check_zone_release(
            zones() if area is None else area, HOMES, cases, rounds, people,
            rules=rules, on=date.fromisoformat(on), **given_options,
        )  # fmt: skip
    return answer, book


def decisions(answer):
    return dict(zip(answer.zones["zone_id"], answer.zones["decision"], strict=True))


def test_fourteen_days_from_the_last_case_which_is_day_zero():
    before, _ = release("2022-05-14")
    assert decisions(before) == {"containment-1": "wait", "control-1": "wait", "prevention-1": "wait"}
    assert before.zones["from_day"].tolist() == ["2022-05-15"] * 3
    on_day, book = release("2022-05-15")
    assert decisions(on_day) == {"containment-1": "release", "control-1": "release", "prevention-1": "release"}
    # all strict zones of the county go at once, so that nothing remains to be prevented
    assert on_day.zones["next_state"].tolist() == ["normal"] * 3
    assert on_day.buildings["next_state"].tolist() == ["normal"] * 4
    assert book.notes["figures"]["zones_release"] == 3


def test_a_zone_that_is_not_the_last_goes_to_prevention():
    late = contacts(("control-1", "2022-05-04", "2022-05-14"))
    answer, _ = release("2022-05-15", people=late)
    table = answer.zones.set_index("zone_id")
    assert table.loc["containment-1", ["decision", "next_state"]].tolist() == ["release", "prevention"]
    # exposed on the 4th: more than 14 days since is the 19th
    assert table.loc["control-1", ["decision", "from_day", "blocked_by"]].tolist() == ["wait", "2022-05-19", "contacts"]
    assert table.loc["prevention-1", ["decision", "blocked_by"]].tolist() == ["wait", "others"]


@pytest.mark.parametrize(
    ("rounds", "people", "blocked"),
    [
        (None, NOBODY, "screening"),
        (screenings(("containment-1", "2022-05-12", 0, 0)), NOBODY, "screening"),
        (screenings(("containment-1", "2022-05-14", 1, 0)), NOBODY, "screening"),
        (screenings(("containment-1", "2022-05-14", 0, 3)), NOBODY, "screening"),
        (CLEAR, None, "contacts"),
        (CLEAR, contacts(("containment-1", "2022-04-20", None)), "contacts"),
        (CLEAR, contacts(("containment-1", "2022-04-20", "2022-04-19")), "contacts"),
    ],
)
def test_what_is_missing_or_unknown_blocks(rounds, people, blocked):
    answer, _ = release("2022-05-15", rounds=rounds, people=people)
    row = answer.zones.set_index("zone_id").loc["containment-1"]
    assert (row["decision"], row["blocked_by"], row["from_day"]) == ("blocked", blocked, "")
    evidence = answer.conditions[answer.conditions["zone_id"] == "containment-1"].set_index("condition")
    assert not evidence.loc[blocked, "met"]
    assert evidence.loc[blocked, "evidence"]


def test_a_positive_in_control_is_containment_at_once():
    fresh = pd.DataFrame({"building_id": ["A", "B"], "date": ["2022-05-01", "2022-05-10"]})
    answer, _ = release("2022-05-20", cases=fresh)
    row = answer.zones.set_index("zone_id").loc["control-1"]
    assert row[["decision", "next_state", "from_day"]].tolist() == ["tighten", "containment", "2022-05-10"]
    assert answer.zones.set_index("zone_id").loc["prevention-1", "decision"] == "blocked"
    # a case after the day asked about is not known yet
    earlier, _ = release("2022-05-09", cases=fresh)
    assert decisions(earlier)["control-1"] != "tighten"


def test_versions_count_as_their_tables_say():
    area = zones(zone=["high", "medium", "low"], zone_id=["high-1", "medium-1", "low-1"], previous=[None, "high", None])
    homes = HOMES.assign(zone_id=["high-1", "medium-1", "low-1", ""])
    rounds = screenings(("high-1", "2022-05-08", 0, 0))

    def run(version, on):
        with ledger.collect():
            return check_zone_release(
                area, homes, CASES, rounds, rules=read_policy(f"zone-release-{version}"), on=date.fromisoformat(on),
                since="since", previous="previous", building_zone="zone_id",
            ).zones.set_index("zone_id")  # fmt: skip

    ninth = run("p9-2022-06", "2022-05-08")
    assert ninth.loc["high-1", ["decision", "next_state"]].tolist() == ["release", "medium"]
    # eased from high: three days from the day that began
    assert ninth.loc["medium-1", ["decision", "next_state", "from_day"]].tolist() == ["release", "low", "2022-05-08"]
    measures = area[area["zone"] != "medium"]
    with ledger.collect():
        twenty = check_zone_release(
            measures,
            homes,
            CASES,
            rules=read_policy("zone-release-measures-2022-11"),
            on=date(2022, 5, 5),
            since="since",
            building_zone="zone_id",
        ).zones
    assert twenty["from_day"].tolist() == ["2022-05-06", "2022-05-06"]
    assert twenty["decision"].tolist() == ["wait", "wait"]


@settings(deadline=None)
@given(st.integers(0, 30))
def test_a_zone_once_free_stays_free(days):
    on = date(2022, 5, 1) + timedelta(days=days)
    rounds = screenings(*[(z, on.isoformat(), 0, 0) for z in ("containment-1", "control-1")])
    answer, _ = release(on.isoformat(), rounds=rounds)
    assert (decisions(answer)["containment-1"] == "release") == (days >= 14)


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(UnknownName, match="buildings that the layer does not have"):
        release("2022-05-15", cases=pd.DataFrame({"building_id": ["X"], "date": ["2022-05-01"]}))
    with pytest.raises(UnknownName, match="know no zone 'joint'"):
        release("2022-05-15", zones(zone=["joint", "control", "prevention"]))
    with pytest.raises(BadInput, match="name the column since"):
        release("2022-05-15", cases=CASES.iloc[:0], since=None)
