from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.ledger import collect
from spacegov.toolbox import read_policy
from spacegov.tools.foundation import crosswalk_classes

TABLE = read_policy("third-survey-to-planning-2023")


def translate(layer, codes, **options):
    frame = layer([box(10 * n, 0, 10 * n + 10, 10) for n in range(len(codes))], **{"class": codes})
    with collect() as ledger:
        answer = crosswalk_classes(frame, crosswalk=TABLE, **options)
    return answer, ledger


def test_the_table_holds_the_pairs_of_the_classifications():
    pairs = TABLE.groupby("from_code")["to_code"].agg(list).to_dict()
    # Of the same name in both classifications.
    for code in ("0101", "0102", "0103", "0201", "0202", "0301", "0302", "0401"):
        assert pairs[code] == [code]
    named = {
        "0305": "0303", "0307": "0304", "0403": "0402", "0303": "0507", "0304": "0501", "0306": "0502", "0402": "0503",
        "0603": "1003", "1105": "0505", "1106": "0506", "05": "09", "0601": "1001", "0602": "1002", "0809": "13",
        "09": "15", "1001": "1201", "1003": "1202", "1004": "1207", "1007": "1203", "1008": "1204", "1009": "1205",
        "1101": "1701", "1102": "1702", "1103": "1703", "1104": "1704", "1107": "1705", "1201": "2301", "1202": "0602",
        "1203": "2303", "1204": "2304", "1205": "2305", "1206": "2306", "1207": "2307", "0203": "0203", "1002": "1206",
        "1005": "1208", "1108": "0504", "1109": "1311", "1110": "1706",
    }  # fmt: skip
    for code, target in named.items():
        assert pairs[code] == [target], code
    for code in ("05H1", "08H1", "08H2", "0810", "0508", "1006", "0204", "0404", "0701", "0702"):
        assert len(pairs[code]) > 1, code
    assert pairs["08H2"] == ["0802", "0803", "0804", "0805", "0806", "0807"]
    assert (
        TABLE["relation"] == TABLE["from_code"].map(lambda c: "one-to-many" if len(pairs[c]) > 1 else "one-to-one")
    ).all()


def test_every_code_of_the_table_is_in_its_scheme():
    from spacegov import yaml12
    from spacegov.content import content_path

    for column, scheme in (("from_code", "third-survey"), ("to_code", "planning-2023")):
        known = yaml12.load(content_path("layers") / "schemes" / f"{scheme}.yaml")["codes"]
        assert set(TABLE[column]) <= set(known)
        assert set(TABLE[column.replace("code", "scheme")]) == {scheme}


def test_certain_ambiguous_unknown_and_missing(layer):
    answer, ledger = translate(layer, ["0305", "1006", "9999", None])
    assert answer.layer["status"].tolist() == ["translated", "ambiguous", "unknown", "missing"]
    assert answer.layer["to_code"].fillna("").tolist() == ["0303", "", "", ""]
    assert answer.layer["candidates"].tolist() == ["", "060101, 060102", "", ""]
    assert ledger.doubts[0].text == "the crosswalk does not know the codes 9999"
    assert ledger.notes["figures"]["ambiguous_m2"] == pytest.approx(100.0)
    assert answer.classes["area_m2"].sum() == pytest.approx(400.0)
    assert answer.classes["share"].tolist() == pytest.approx([0.25] * 4)


def test_codes_collide_between_schemes_and_carry_theirs(layer):
    # 0601 is industry in the survey; in the planning classes that code is a rural road, and 1001 is industry.
    answer, _ = translate(layer, ["0601", "1001"])
    assert answer.layer[["from_scheme", "from_code", "to_scheme", "to_code"]].values.tolist() == [
        ["third-survey", "0601", "planning-2023", "1001"],
        ["third-survey", "1001", "planning-2023", "1201"],
    ]


@pytest.mark.parametrize("code", ["010", "01", "01011", "06", "101"])
def test_a_code_is_never_cut_or_filled(layer, code):
    answer, _ = translate(layer, [code])
    assert answer.layer["status"].tolist() == ["unknown"]


def test_columns_order_and_place_are_kept(layer):
    frame = layer([box(0, 0, 10, 10), box(20, 0, 30, 10)], **{"class": ["0103", "0101"], "plot": [7, 8]})
    frame.index = [5, 3]
    answer = crosswalk_classes(frame, crosswalk=TABLE).layer
    assert answer["plot"].tolist() == [7, 8]
    assert answer.crs == frame.crs
    assert answer.geometry.geom_equals(frame.geometry.reset_index(drop=True)).all()


def test_lines_and_points_have_no_area(layer):
    frame = layer([LineString([(0, 0), (9, 9)]), Point(1, 1), box(0, 0, 10, 10)], **{"class": ["1006", "0101", "0101"]})
    answer = crosswalk_classes(frame, crosswalk=TABLE)
    assert answer.layer["area_m2"].tolist() == pytest.approx([0, 0, 100])


def test_bad_input_is_refused_in_one_sentence(layer):
    frame = layer([box(0, 0, 10, 10)], **{"class": [101]})
    with pytest.raises(BadInput, match="text is needed since numbers lose leading zeros"):
        crosswalk_classes(frame, crosswalk=TABLE)
    text = frame.assign(**{"class": ["0101"]})
    with pytest.raises(MissingColumn, match="the column 'clas' is missing; did you mean 'class'"):
        crosswalk_classes(text, code="clas", crosswalk=TABLE)
    with pytest.raises(BadPolicy, match="no from_scheme 'third-surveys'; did you mean 'third-survey'"):
        crosswalk_classes(text, crosswalk=TABLE, from_scheme="third-surveys")
    two = pd.concat([TABLE, TABLE.assign(to_scheme="urban-2012")])
    with pytest.raises(BadPolicy, match="holds 2 schemes"):
        crosswalk_classes(text, crosswalk=two)
    assert crosswalk_classes(text, crosswalk=two, to_scheme="urban-2012").layer["to_code"].tolist() == ["0101"]
    with pytest.raises(BadPolicy, match="no column 'to_code'"):
        crosswalk_classes(text, crosswalk=TABLE.drop(columns="to_code"))


def test_an_empty_layer_keeps_its_columns(layer):
    answer = crosswalk_classes(layer([box(0, 0, 1, 1)], **{"class": ["0101"]}).iloc[:0], crosswalk=TABLE)
    assert list(answer.layer.columns)[-7:] == [
        "from_scheme",
        "from_code",
        "to_scheme",
        "to_code",
        "candidates",
        "status",
        "area_m2",
    ]
    assert len(answer.classes) == 0


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from([*TABLE["from_code"].unique(), "77", None]), min_size=2, max_size=12), st.integers(1, 11)
)
def test_split_by_rows_gives_the_whole(codes, cut):
    import geopandas as gpd

    shapes = [box(5e5 + n, 3e6, 5e5 + n + 1, 3e6 + 1) for n in range(len(codes))]
    frame = gpd.GeoDataFrame({"class": pd.Series(codes, dtype="str")}, geometry=shapes, crs="EPSG:4549")
    with collect():
        whole = crosswalk_classes(frame, crosswalk=TABLE).layer
        parts = [crosswalk_classes(part, crosswalk=TABLE).layer for part in (frame.iloc[:cut], frame.iloc[cut:])]
    pd.testing.assert_frame_equal(pd.DataFrame(pd.concat(parts, ignore_index=True)), pd.DataFrame(whole))
