"""count_presence: different people by place and window, whatever the batches; small counts never leave."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from spacegov import ledger
from spacegov.errors import BadInput, UnsuitableCrs
from spacegov.tools.emergency import count_presence

ZONES = gpd.GeoDataFrame(
    {"zone_id": ["east", "west"]},
    geometry=[box(500_100, 3_260_000, 500_200, 3_260_100), box(500_000, 3_260_000, 500_100, 3_260_100)],
    crs="EPSG:4549",
)
HOUSE = gpd.GeoDataFrame(
    {"building_id": ["H"]}, geometry=[box(500_010, 3_260_010, 500_020, 3_260_020)], crs="EPSG:4549"
)


def positions(rows):
    """Rows of pseudonym, minute of the day, easting."""
    columns = {
        "pseudonym": [name for name, *_ in rows],
        "time": [(pd.Timestamp("2022-05-01") + pd.Timedelta(minutes=minute)).isoformat() for _, minute, _ in rows],
    }
    points = gpd.points_from_xy([500_000 + x for *_, x in rows], [3_260_015] * len(rows))
    return gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4549")


def presence(stream, zones=ZONES, buildings=None, **options):
    with ledger.collect() as book:
        answer = count_presence(stream, zones, buildings, **{"least": 2, **options})
    return answer, book


def test_people_count_once_by_place_and_window():
    rows = [("a", 5, 50), ("a", 6, 51), ("b", 59, 50), ("b", 60, 50), ("c", 61, 150), ("d", 61, 900)]
    answer, book = presence(positions(rows))
    table = answer.presence.set_index(["place", "begins"])
    assert table.loc[("west", pd.Timestamp("2022-05-01 00:00")), "people"] == 2
    # one person in the second hour, and one in the east: both withheld
    assert table["withheld"].tolist() == [True, False, True]
    assert table["people"].isna().tolist() == [True, False, True]
    places = answer.places.set_index("place")
    assert places["answer"].to_dict() == {"east": "withheld", "west": "present"}
    assert places.loc["west", ["peak_people", "windows", "windows_withheld"]].tolist() == [2, 2, 1]
    assert book.drops[0].count == 1
    assert any("not zero" in doubt.text for doubt in book.doubts)


def test_no_pseudonym_leaves():
    answer, book = presence(positions([("secret-one", 5, 50), ("secret-two", 5, 50)]))
    text = answer.presence.to_csv() + answer.places.to_csv() + repr(book)
    assert "secret" not in text


def test_zones_and_buildings_are_counted_apart():
    answer, _ = presence(positions([("a", 5, 15), ("b", 5, 15), ("c", 5, 80)]), buildings=HOUSE)
    table = answer.presence.set_index(["kind", "place"])["people"].to_dict()
    assert table == {("building", "H"): 2, ("zone", "west"): 3}


moves = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 1439), st.integers(-20, 220)), max_size=40)


@settings(deadline=None, max_examples=20)
@given(moves, st.integers(1, 10), st.sampled_from([15.0, 60.0, 240.0]), st.randoms())
def test_batches_and_order_do_not_matter_and_sets_agree(rows, size, window, random):
    if not rows:
        return
    whole, _ = presence(positions(rows), window=window)
    shuffled = list(rows)
    random.shuffle(shuffled)
    batches = [positions(shuffled[start : start + size]) for start in range(0, len(shuffled), size)]
    parts, _ = presence(iter(batches), window=window)
    pd.testing.assert_frame_equal(parts.presence, whole.presence)
    expected = {}
    for name, minute, x in rows:
        place = "east" if 100 <= x <= 200 else "west" if 0 <= x <= 100 else None
        if place:
            expected.setdefault((place, int(minute // window)), set()).add(name)
    counts = {key: len(people) for key, people in expected.items()}
    assert len(whole.presence) == len(counts)
    given_counts = sorted(int(count) for count in whole.presence["people"].dropna())
    assert given_counts == sorted(count for count in counts.values() if count >= 2)


def test_a_larger_least_withholds_more():
    rows = [(name, 5, 50) for name in "abcd"]
    small, _ = presence(positions(rows), least=4)
    large, _ = presence(positions(rows), least=5)
    assert small.presence["people"].tolist() == [4]
    assert large.presence["people"].isna().all()


def test_unreadable_rows_are_dropped_and_told():
    frame = positions([("a", 5, 50), ("b", 5, 50)])
    frame.loc[0, "time"] = "soon"
    answer, book = presence(frame)
    assert answer.presence["withheld"].tolist() == [True]
    assert any("readable time" in drop.reason for drop in book.drops)


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(BadInput, match="no place to count in"):
        count_presence(positions([("a", 5, 50)]), least=3)
    with pytest.raises(BadInput, match="do not divide a day"):
        presence(positions([("a", 5, 50)]), window=7.0)
    with pytest.raises(BadInput, match="greater than or equal to 2"):
        presence(positions([("a", 5, 50)]), least=1)
    with pytest.raises(UnsuitableCrs, match="the places in EPSG:4549"):
        presence(positions([("a", 5, 50)]).set_crs("EPSG:4547", allow_override=True))
    with pytest.raises(UnsuitableCrs, match="batch 2 has EPSG:4547"):
        presence([positions([("a", 5, 50)]), positions([("a", 5, 50)]).set_crs("EPSG:4547", allow_override=True)])


def test_an_empty_stream():
    answer, _ = presence(iter([positions([])]))
    assert len(answer.presence) == 0
    assert answer.places["answer"].tolist() == ["absent", "absent"]
    assert np.array_equal(answer.places.columns[:3], ["kind", "place", "answer"])
