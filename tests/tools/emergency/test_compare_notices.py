"""compare_notices: every pair of zones, matched by id."""

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from spacegov import ledger
from spacegov.errors import BadInput, UnknownName
from spacegov.toolbox.policy import read_policy
from spacegov.tools.emergency import compare_notices

PROTOCOL = read_policy("three-zones-community-2022")
RANK = {"containment": 1, "control": 2, "prevention": 3, "normal": 4}


def notice(zones, **columns):
    shapes = [box(500_000 + n, 3_260_000, 500_001 + n, 3_260_001) for n in range(len(zones))]
    return gpd.GeoDataFrame(
        {"building_id": list(zones), "zone": list(zones.values()), **columns}, geometry=shapes, crs="EPSG:4549"
    )


def compare(before, after, **options):
    with ledger.collect() as book:
        answer = compare_notices(
            notice(before), after if hasattr(after, "columns") else notice(after), protocol=PROTOCOL, **options
        )
    return answer, book


def test_each_kind_of_change():
    before = {"A": "control", "B": "containment", "C": "prevention", "D": "normal", "E": "control", "F": "not_covered"}
    after = {
        "A": "containment",
        "B": "prevention",
        "C": "prevention",
        "D": "prevention",
        "G": "control",
        "F": "control",
    }
    people = notice(after, residents=[1, 2, 4, 8, 16, 32])
    answer, book = compare(before, people, people="residents")
    table = answer.buildings.set_index("building")
    assert table["change"].to_dict() == {
        "A": "tightened", "D": "tightened", "B": "eased", "C": "unchanged", "G": "new", "E": "gone", "F": "not_covered",
    }  # fmt: skip
    assert table["answer"].to_dict()["C"] == "absent"
    assert table.loc["E", "zone_after"] == ""
    figures = book.notes["figures"]
    assert (figures["tightened_buildings"], figures["tightened_people"], figures["eased_people"]) == (2, 9, 2)
    assert answer.changes["buildings"].sum() == 7
    assert any("not in the later one" in doubt.text for doubt in book.doubts)


zones = st.dictionaries(st.sampled_from("ABCDEFGH"), st.sampled_from(list(RANK)), min_size=1)


@settings(deadline=None)
@given(zones, zones)
def test_changes_are_those_of_ranks_and_turn_around(before, after):
    answer, _ = compare(before, after)
    found = answer.buildings.set_index("building")["change"].to_dict()
    assert set(found) == set(before) | set(after)
    for key in set(before) & set(after):
        step = RANK[after[key]] - RANK[before[key]]
        assert found[key] == ("tightened" if step < 0 else "eased" if step else "unchanged")
    back, _ = compare(after, before)
    turned = {"tightened": "eased", "eased": "tightened", "unchanged": "unchanged", "new": "gone", "gone": "new"}
    assert {key: turned[change] for key, change in found.items()} == back.buildings.set_index("building")[
        "change"
    ].to_dict()


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(UnknownName, match="no zone 'red'"):
        compare({"A": "red"}, {"A": "control"})
    twice = notice({"A": "control", "B": "control"}).assign(building_id="A")
    with pytest.raises(BadInput, match="name one feature each"):
        compare({"A": "control"}, twice)
