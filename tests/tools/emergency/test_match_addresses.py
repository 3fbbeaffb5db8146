"""match_addresses: the many ways to write one address, and what must not be matched."""

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from spacegov import ledger
from spacegov.errors import EmptyLayer, MissingColumn
from spacegov.tools.emergency import match_addresses
from spacegov.tools.emergency._addresses import numeral, read_address


def register(**addresses):
    shapes = [Point(500_000 + 10 * n, 3_260_000) for n in range(len(addresses))]
    columns = {"building_id": list(addresses), "address": list(addresses.values())}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")


HOUSES = register(
    A="人民路12号3栋",
    B="人民路12号4栋",
    C="人民路13号",
    D="解放路12号3栋",
    E="People's Road 7",
    F="People's Road 17",
    G="улица Ленина, дом 5",
)


def match(*addresses, houses=HOUSES, **options):
    with ledger.collect() as book:
        answer = match_addresses(pd.DataFrame({"address": list(addresses)}), houses, **options)
    return answer, book


@pytest.mark.parametrize(
    ("written", "building"),
    [
        ("人民路12号3栋", "A"),
        ("人民路１２号３幢", "A"),
        ("人民路十二号三号楼", "A"),
        ("人民路12号4栋501室", "B"),
        ("人民路十三号", "C"),
        ("解放路 12号 3座", "D"),
        ("7 Peoples Road", "E"),
        ("PEOPLE'S RD 17", "F"),
        ("ул. Ленина, д. 5", "G"),
    ],
)
def test_ways_to_write_one_address(written, building):
    answer, _ = match(written)
    assert answer.matches.loc[0, ["answer", "building"]].tolist() == ["present", building]
    assert answer.matches.geometry.iloc[0].equals(HOUSES.set_index("building_id").geometry[building])
    assert 0.85 <= answer.matches.loc[0, "confidence"] <= 1


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "no_address"),
        ("人民路99号", "number_differs"),
        ("人民路12号", "ambiguous"),
        ("滨江大道12号3栋", "too_unlike"),
        ("People's Road", "number_differs"),
        ("somewhere else 7", "too_unlike"),
    ],
)
def test_what_is_not_sure_is_left_to_people(written, reason):
    answer, book = match(written)
    assert answer.matches.loc[0, ["answer", "building", "reason"]].tolist() == ["failed", "", reason]
    assert answer.matches.geometry.iloc[0] is None
    assert len(answer.unresolved) == 1
    assert book.notes["figures"]["left_for_people"] == 1


def test_a_street_that_is_merely_alike_is_not_meant_where_the_written_one_exists():
    streets = register(A="Yushan Street 2 7, Town", B="Xishan Street 2, Town")
    answer, _ = match("Yushan Street 2 9197, Town", houses=streets)
    assert answer.matches.loc[0, ["answer", "reason"]].tolist() == ["failed", "number_differs"]


def test_one_address_of_two_buildings_is_ambiguous_and_two_of_one_is_not():
    twins = register(A="人民路1号", B="人民路1号")
    answer, _ = match("人民路1号", houses=twins)
    assert answer.matches.loc[0, "reason"] == "ambiguous"
    one = register(A="人民路1号", B="人民路1号").assign(building_id="A")
    answer, _ = match("人民路1号", houses=one)
    assert answer.matches.loc[0, "building"] == "A"


def test_numerals():
    assert [numeral(text) for text in ("三", "十", "十五", "二十", "九十九", "一百零一", "三千二百", "一〇二")] == [
        3, 10, 15, 20, 99, 101, 3200, 102,
    ]  # fmt: skip
    # numerals in names stay: 三里 is no number before a counting word
    assert read_address("三里屯路8号").numbers == ("8",)


@settings(deadline=None)
@given(st.integers(1, 999), st.integers(1, 40))
def test_digits_and_full_width_digits_are_one(house, block):
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in f"人民路{house}号{block}栋")
    assert read_address(wide) == read_address(f"人民路{house}号{block}栋")


def test_a_run_in_parts_is_the_whole_run():
    written = ["人民路12号3栋", "人民路99号", "7 Peoples Road"]
    whole, _ = match(*written)
    parts = [match(text)[0].matches for text in written]
    joined = pd.concat([part.drop(columns="record") for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(
        joined.drop(columns="geometry"), whole.matches.drop(columns=["record", "geometry"]), check_dtype=False
    )


def test_empty_layers_and_bad_input():
    answer, _ = match()
    assert len(answer.matches) == 0
    assert answer.matches.crs == "EPSG:4549"
    with pytest.raises(EmptyLayer, match="no feature has an address"):
        match("x", houses=HOUSES.assign(address=None))
    with pytest.raises(MissingColumn, match="adress"):
        match("x", register_address="adress")
