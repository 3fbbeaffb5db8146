"""check_hazard_setback: distances on a line, and every pair tried by plain shapely."""

import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadPolicy, MissingColumn
from spacegov.toolbox.policy import read_policy
from spacegov.tools.security import check_hazard_setback

RULES = pd.DataFrame(
    [
        ("fuel", "any", 50.0, "default", None),
        ("fuel", "school", 100.0, "law", "Art. 3"),
        ("pipe", "any", 5.0, "law", "Art. 30"),
    ],
    columns=["source", "receptor", "distance_m", "basis", "article"],
)


def at(*eastings, layer=None, **columns):
    frame = GeoDataFrame(columns, geometry=[shapely.Point(500_000 + x, 3_260_000) for x in eastings], crs="EPSG:4549")
    if layer:
        frame.attrs["layer"] = layer
    return frame


def setback(*args, **options):
    with ledger.collect() as book:
        answer = check_hazard_setback(*args, **{"rules": RULES, **options})
    return answer, book


def test_the_rule_of_a_kind_stands_before_that_for_any():
    homes = at(49, 50, 51, 99, -20, use=["home", "home", "home", "school", "school"])
    answer, book = setback([at(0, kind=["fuel"], layer="stations")], [homes])
    table = answer.breaches.set_index("receptor")
    assert table["missing_m"].to_dict() == pytest.approx({"4": 80, "0": 1, "3": 1})
    assert table.loc["3", ["basis", "article", "source_layer"]].tolist() == ["law", "Art. 3", "stations"]
    assert answer.receptors["answer"].tolist() == ["present", "absent", "absent", "present", "present"]
    assert answer.breaches.geometry.length.tolist() == pytest.approx(table["distance_m"].tolist())
    assert book.notes["figures"]["largest_missing_m"] == pytest.approx(80)


def test_distances_run_from_edge_to_edge():
    pipe = GeoDataFrame(
        {"kind": ["pipe"]}, geometry=[shapely.LineString([(500_000, 3_260_000), (501_000, 3_260_000)])], crs="EPSG:4549"
    )
    house = GeoDataFrame(
        {"use": ["home"] * 2},
        geometry=[
            shapely.box(500_100, 3_260_003, 500_110, 3_260_009),
            shapely.box(500_100, 3_260_005, 500_110, 3_260_009),
        ],
        crs="EPSG:4549",
    )
    answer, _ = setback([pipe], [house])
    assert answer.breaches[["distance_m", "missing_m"]].to_numpy().tolist() == [[3.0, 2.0]]


def test_sources_without_a_rule_are_told_and_gaps_of_the_survey_are_not_absent():
    known = GeoDataFrame(geometry=[shapely.box(499_000, 3_259_000, 500_150, 3_261_000)], crs="EPSG:4549")
    answer, book = setback(
        [at(0, 5, kind=["fuel", "mine"], layer="s")], [at(20, 40, 70, use=["home"] * 3)], coverage={"s": known}
    )
    # 70 m lies within 100 m of ground without survey
    assert answer.receptors["answer"].tolist() == ["present", "present", "not_covered"]
    assert any("no distance from 'mine': 1 sources" in doubt.text for doubt in book.doubts)


def test_a_feature_is_not_too_near_to_itself():
    schools = at(0, 30, kind=["fuel", "fuel"], use=["school", "school"], layer="both")
    answer, _ = setback([schools], [schools])
    assert sorted(zip(answer.breaches["source"], answer.breaches["receptor"], strict=True)) == [("0", "1"), ("1", "0")]


places = st.lists(st.tuples(st.integers(0, 150), st.sampled_from(["fuel", "pipe", "mine"])), min_size=1, max_size=6)
homes = st.lists(st.tuples(st.integers(0, 150), st.sampled_from(["home", "school"])), min_size=1, max_size=6)


@settings(deadline=None, max_examples=20)
@given(places, homes)
def test_breaches_are_those_of_all_pairs(sources, receptors):
    sources = [*sources, (9000, "fuel")]
    answer, _ = setback(
        [at(*[x for x, _ in sources], kind=[k for _, k in sources], layer="s")],
        [at(*[x for x, _ in receptors], use=[k for _, k in receptors], layer="r")],
    )
    required = {("fuel", "home"): 50, ("fuel", "school"): 100, ("pipe", "home"): 5, ("pipe", "school"): 5}
    expected = sum(abs(x - y) < required.get((k, u), 0) for x, k in sources for y, u in receptors)
    assert len(answer.breaches) == expected
    assert answer.receptors["breaches"].sum() == expected


def test_empty_layers_and_bad_input():
    answer, _ = setback([at(0, kind=["fuel"]).iloc[:0]], [at(0, use=["home"])])
    assert len(answer.breaches) == 0
    assert answer.receptors["answer"].tolist() == ["absent"]
    with pytest.raises(BadPolicy, match="two rules for fuel × any"):
        setback([at(0, kind=["fuel"])], [at(0, use=["home"])], rules=pd.concat([RULES, RULES]))
    with pytest.raises(BadPolicy, match="no distance"):
        setback([at(0, kind=["fuel"])], [at(0, use=["home"])], rules=RULES.assign(distance_m=-1.0))
    with pytest.raises(MissingColumn, match="kind"):
        setback([at(0)], [at(0, use=["home"])])


def test_our_table_reads_and_marks_law_apart_from_default():
    table = read_policy("hazard-setback-2025")
    assert set(table["basis"]) == {"law", "default"}
    assert table.loc[table["basis"] == "law", "article"].notna().all()


def test_sources_of_which_no_kind_has_a_rule_are_refused_not_called_far_enough():
    with pytest.raises(BadPolicy, match=r"no rule is for any of the kinds of sources depot; .*fuel.*source_kind="):
        check_hazard_setback([at(0, kind=["depot"])], [at(30, use=["school"])], rules=RULES)
