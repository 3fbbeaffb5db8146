"""resolve_zone_overlap: strips of notices, replaced by number, on a given day."""

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from spacegov import ledger
from spacegov.errors import BadInput, UnknownName
from spacegov.toolbox.policy import read_policy
from spacegov.tools.emergency import resolve_zone_overlap

PROTOCOL = read_policy("three-zones-community-2022")


def strips(*bounds, **columns):
    shapes = [box(500_000 + a, 3_260_000, 500_000 + b, 3_260_100) for a, b in bounds]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")


COUNTY = strips((0, 1000), name=["County"])
HOMES = strips(*[(10 * n, 10 * n + 5) for n in range(20)], building_id=[f"H{n:02d}" for n in range(20)])


def resolve(notices, on="2022-05-10", **options):
    parameters = {"buildings": HOMES, "units": COUNTY, "protocol": PROTOCOL, **options}
    with ledger.collect() as book:
        answer = resolve_zone_overlap(notices, on=date.fromisoformat(on), **parameters)
    return answer, book


def test_the_stricter_wins_and_every_building_has_one_state():
    notices = strips(
        (0, 60), (40, 100), (0, 1000), notice=["1", "2", "3"], zone=["control", "containment", "prevention"]
    )
    answer, book = resolve(notices)
    assert answer.zones[["zone", "area_m2"]].to_numpy().tolist() == [
        ["containment", 6000],
        ["control", 4000],
        ["prevention", 90_000],
    ]
    states = answer.buildings.set_index("building_id")["zone"]
    # the home at 30–35 lies in control alone, that at 40–45 in both
    assert states[["H03", "H04", "H09", "H10"]].tolist() == ["control", "containment", "containment", "containment"]
    assert states["H11"] == "prevention"
    assert answer.buildings["building_id"].is_unique
    assert len(answer.overlaps) == 1
    assert answer.overlaps.loc[0, ["notice_1", "notice_2", "stands", "area_m2"]].tolist() == [
        "1",
        "2",
        "containment",
        2000,
    ]
    assert book.notes["figures"]["overlap_m2"] == 2000


def test_prevention_lifts_when_nothing_stricter_stands():
    answer, _ = resolve(strips((0, 1000), notice=["3"], zone=["prevention"]))
    assert len(answer.zones) == 0
    assert set(answer.buildings["zone"]) == {"normal"}


def test_days_and_replacement_by_number():
    notices = strips(
        (0, 50),
        (0, 20),
        (100, 150),
        notice=["1", "2", "9"],
        zone=["containment", "control", "containment"],
        replaces=[None, "1", None],
        begins=["2022-05-01", "2022-05-08", "2022-05-20"],
        ends=[None, "2022-05-12", None],
    )
    columns = {"replaces": "replaces", "valid_from": "begins", "valid_to": "ends"}
    early, _ = resolve(notices, "2022-05-05", **columns)
    assert early.zones["zone"].tolist() == ["containment", "prevention"]
    replaced, book = resolve(notices, "2022-05-08", **columns)
    assert replaced.zones["zone"].tolist() == ["control", "prevention"]
    assert sorted((drop.count, "replaced" in drop.reason) for drop in book.drops) == [(1, False), (1, True)]
    last, _ = resolve(notices, "2022-05-12", **columns)
    assert last.zones["zone"].tolist() == ["control", "prevention"]
    # the earlier notice does not come back when the one that replaced it ends
    over, _ = resolve(notices, "2022-05-13", **columns)
    assert len(over.zones) == 0


kinds = st.sampled_from(["containment", "control", "prevention"])
notice_rows = st.lists(st.tuples(st.integers(0, 150), st.integers(1, 60), kinds), min_size=1, max_size=6)


@settings(deadline=None, max_examples=20)
@given(notice_rows, st.randoms())
def test_zones_tile_the_county_as_sets_of_metres_do(rows, random):
    frame = strips(
        *[(a, a + n) for a, n, _ in rows], notice=[str(n) for n in range(len(rows))], zone=[z for *_, z in rows]
    )
    answer, _ = resolve(frame)
    strict = {m for a, n, z in rows if z == "containment" for m in range(a, a + n)}
    control = {m for a, n, z in rows if z == "control" for m in range(a, a + n)} - strict
    areas = answer.zones.groupby("zone")["area_m2"].sum()
    assert areas.get("containment", 0) == pytest.approx(100 * len(strict))
    assert areas.get("control", 0) == pytest.approx(100 * len(control))
    rest = 100_000 - 100 * len(strict | control) if strict | control else 0
    assert areas.get("prevention", 0) == pytest.approx(rest)
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled, _ = resolve(frame.iloc[order])
    pd.testing.assert_frame_equal(shuffled.zones.drop(columns="geometry"), answer.zones.drop(columns="geometry"))


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(UnknownName, match="no zone 'contaiment'; did you mean 'containment'"):
        resolve(strips((0, 10), notice=["1"], zone=["contaiment"]))
    with pytest.raises(BadInput, match="replaces itself"):
        resolve(strips((0, 10), notice=["1"], zone=["control"], old=["1"]), replaces="old")
    with pytest.raises(BadInput, match="holds no dates"):
        resolve(strips((0, 10), notice=["1"], zone=["control"], begins=["soon"]), valid_from="begins")
