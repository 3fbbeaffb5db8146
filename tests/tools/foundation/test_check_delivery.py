from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from shapely import LineString, Polygon, box

import spacegov
from spacegov.errors import BadPolicy, EmptyLayer, UnreadableFile
from spacegov.layers.folder import folder_sources
from spacegov.ledger import collect
from spacegov.raster import Raster
from spacegov.toolbox import read_policy
from spacegov.tools.foundation import check_delivery

COLUMNS = [
    "code", "check", "layer", "severity", "weight", "field", "type", "required", "unique", "codes", "value", "limit",
    "other", "other_field", "unit", "title_en",
]  # fmt: skip


def pack(*rules: dict[str, Any]) -> pd.DataFrame:
    defaults = {"severity": "error", "weight": 10.0, "layer": "plots"}
    return pd.DataFrame(
        [{"code": f"{n:04}", **defaults, **rule} for n, rule in enumerate(rules, start=1)], columns=COLUMNS
    )


@dataclass
class Reader:
    data: Any
    document: bool = False
    card: Any = None
    bound: bool = True
    coverage: Any = None
    read_times: int = 0

    def read(self, bbox=None):
        self.read_times += 1
        if isinstance(self.data, Exception):
            raise self.data
        return self.data


@pytest.fixture
def plots(layer):
    return layer([box(0, 0, 10, 10), box(10, 0, 20, 10)], plot_id=["P1", "P2"], use=["0101", "0301"])


def check(rules, pass_score=100.0, **delivery):
    readers = {name: data if isinstance(data, Reader) else Reader(data) for name, data in delivery.items()}
    with collect() as ledger:
        answer = check_delivery(readers, rules=rules, pass_score=pass_score)
    return answer, ledger


def problems(rules, **delivery):
    answer, _ = check(rules, **delivery)
    return answer.report["verdict"].tolist(), answer.problems[["layer", "feature", "row", "detail"]].values.tolist()


def test_a_sound_delivery_passes(plots):
    rules = pack(
        {"check": "present"},
        {"check": "named", "value": "[a-z]+", "layer": "*"},
        {"check": "readable", "layer": "*"},
        {"check": "not-empty"},
        {"check": "crs", "value": "EPSG:4549"},
        {"check": "geometry", "value": "polygons"},
        {"check": "field", "field": "plot_id", "type": "string", "required": True, "unique": True},
        {"check": "field", "field": "use", "type": "code", "codes": "0101, 0301"},
        {"check": "topology", "value": "overlap, gap", "other": "county"},
        {
            "check": "table-agrees",
            "field": "use",
            "other": "areas",
            "other_field": "class",
            "value": "hectares",
            "limit": 0.1,
        },
    )
    county = gpd.GeoDataFrame(geometry=[box(510_000, 3_260_000, 510_020, 3_260_010)], crs="EPSG:4549")
    areas = pd.DataFrame({"class": ["0101", "0301"], "hectares": [0.01, 0.01]})
    answer, ledger = check(rules, plots=plots, county=county, areas=areas)
    assert answer.report["verdict"].tolist() == ["passed"] * 10
    assert answer.verdict[["verdict", "score", "problems"]].values.tolist() == [["pass", 100.0, 0]]
    assert answer.problems.empty
    assert ledger.notes["figures"]["score"] == 100.0
    assert "overlap" not in ledger.notes["figures"]


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        ({"check": "present", "layer": "*roads*"}, "nothing of this name was delivered"),
        ({"check": "named", "value": "[A-Z]+"}, "its name is not [A-Z]+"),
        ({"check": "crs", "value": "EPSG:4490"}, "it is in EPSG:4549, EPSG:4490 is needed"),
        ({"check": "geometry", "value": "lines"}, "mixed-type: Polygon in a layer of lines"),
        (
            {"check": "field", "field": "use", "type": "code", "codes": "0101"},
            "use: unknown-code, needed is one of 0101, '0301' was given",
        ),
        (
            {"check": "field", "field": "grade", "type": "integer", "required": True},
            "grade: missing-field, needed is a field of integer",
        ),
    ],
)
def test_every_check_finds_its_fault(plots, rule, detail):
    verdicts, found = problems(pack(rule), plots=plots)
    assert verdicts == ["failed"]
    assert found[0][3] == detail


def test_broken_and_overlapping_features_are_named(layer):
    twisted = layer([Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), box(0, 0, 10, 10), box(5, 0, 15, 10)], id=list("abc"))
    twisted.attrs["key"] = "id"
    verdicts, found = problems(pack({"check": "geometry"}, {"check": "topology", "value": "overlap"}), plots=twisted)
    assert verdicts == ["failed", "failed"]
    assert found == [
        ["plots", "a", "0", "self-intersection: Self-intersection"],
        ["plots", "a", "", "contained with b, 2.00 m²"],
        ["plots", "b", "", "overlap with c, 50.00 m²"],
    ]


def test_gaps_and_parts_outside_the_scope(plots, layer):
    county = layer([box(0, 0, 18, 20)])
    rules = pack({"check": "topology", "value": "gap,outside", "other": "county"})
    _, found = problems(rules, plots=plots, county=county)
    assert [row[3] for row in found] == ["gap, 180.00 m²", "outside, 20.00 m²"]


def test_the_map_against_the_table(plots):
    rule = {
        "check": "table-agrees",
        "field": "use",
        "other": "areas",
        "other_field": "class",
        "value": "m2",
        "unit": "m²",
        "limit": 1.0,
    }
    table = pd.DataFrame({"class": ["0101", "0301"], "m2": [100.0, 130.0]})
    _, found = problems(pack(rule), plots=plots, areas=table)
    assert found == [["plots", "0301", "", "differs: map 100.00 m², table 130.00 m²"]]


def test_score_weights_and_the_verdict(plots):
    rules = pack(
        {"check": "present", "severity": "fatal", "weight": 30.0},
        {"check": "crs", "value": "EPSG:4490", "weight": 10.0},
        {"check": "not-empty", "layer": "roads", "weight": 60.0},
    )
    answer, _ = check(rules, pass_score=70.0, plots=plots)
    # The third rule has no layer and no weight: 10 of 40 points are lost.
    assert answer.report[["verdict", "lost"]].values.tolist() == [
        ["passed", 0.0],
        ["failed", 25.0],
        ["not-applicable", 0.0],
    ]
    assert answer.verdict[["verdict", "score"]].values.tolist() == [["pass", 75.0]]
    assert check(rules, pass_score=80.0, plots=plots)[0].verdict["verdict"].tolist() == ["return"]


def test_a_fatal_rule_returns_whatever_the_score(plots):
    rules = pack(
        {"check": "crs", "value": "EPSG:4490", "severity": "fatal", "weight": 1.0}, {"check": "present", "weight": 99.0}
    )
    answer, _ = check(rules, pass_score=50.0, plots=plots)
    assert answer.verdict[["verdict", "score", "fatal"]].values.tolist() == [["return", 99.0, 1]]


def test_what_cannot_be_read_is_not_checked_and_never_passes(plots):
    bad = Reader(UnreadableFile("plots.shp: it is cut off; check the file"))
    rules = pack({"check": "readable"}, {"check": "geometry"}, {"check": "topology", "value": "overlap"})
    answer, _ = check(rules, plots=bad)
    assert answer.report["verdict"].tolist() == ["failed", "not-checked", "not-checked"]
    assert answer.verdict["score"].tolist() == [0.0]
    assert "cut off" in answer.report["reason"][1]
    assert bad.read_times == 1
    needs = pack({"check": "topology", "value": "outside", "other": "county"})
    assert check(needs, plots=plots)[0].report["reason"].tolist() == ["county: nothing of this name was delivered"]


def test_documents_count_by_name_only(plots):
    rules = pack({"check": "present", "layer": "*.pdf"}, {"check": "readable", "layer": "*"})
    report = Reader(UnreadableFile("report.pdf: it is no layer"), document=True)
    readers = {"plots": Reader(plots), "report.pdf": report}
    assert check_delivery(readers, rules=rules).report["verdict"].tolist() == ["passed", "passed"]
    assert report.read_times == 0


def test_rasters_and_tables_stand_beside_layers(plots):
    grid = Raster.from_array(np.ones((2, 2)), Affine(1, 0, 5e5, 0, -1, 3e6), "EPSG:4549")
    rules = pack(
        {"check": "not-empty", "layer": "*"},
        {"check": "crs", "layer": "*", "value": "EPSG:4549"},
        {"check": "geometry", "layer": "*"},
        {"check": "field", "layer": "*", "field": "plot_id", "type": "string"},
    )
    assert problems(rules, plots=plots, dem=grid, table=pd.DataFrame({"plot_id": ["P1"]}))[0] == ["passed"] * 4


def test_bad_packs_are_refused_in_one_sentence(plots):
    readers = {"plots": Reader(plots)}
    for rule, words in (
        ({"check": "smell"}, "names the check 'smell'; known are crs, field"),
        ({"check": "crs"}, "has no 'value', which this check needs"),
        ({"check": "present", "severity": "grave"}, "the severity 'grave' is not known"),
        ({"check": "present", "weight": -1.0}, "a weight of 0 points or more"),
        ({"check": "geometry", "value": "blobs"}, "names the geometry 'blobs'"),
        ({"check": "topology", "value": "holes"}, "topology is any of overlap, gap, outside"),
        ({"check": "field", "field": "use", "type": "text"}, "the type 'text', one of"),
    ):
        with pytest.raises(BadPolicy, match=words):
            check_delivery(readers, rules=pack(rule))
    with pytest.raises(EmptyLayer, match="nothing was delivered"):
        check_delivery({}, rules=pack({"check": "present"}))


def test_a_folder_is_read_as_it_was_delivered(tmp_path, plots, layer):
    (tmp_path / "maps").mkdir()
    plots.to_file(tmp_path / "maps" / "plots.gpkg", layer="plots")
    layer([LineString([(0, 0), (9, 9)])]).to_file(tmp_path / "maps" / "plots.gpkg", layer="roads")
    plots.to_file(tmp_path / "old.shp")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "broken.gpkg").write_bytes(b"not a database")
    layers, documents = folder_sources(tmp_path)
    assert [source.removeprefix(f"{tmp_path}/") for source in layers] == [
        "broken.gpkg", "maps/plots.gpkg:plots", "maps/plots.gpkg:roads", "old.shp",
    ]  # fmt: skip
    assert [source.rpartition("/")[2] for source in documents] == ["report.pdf"]
    rules = pack(
        {"check": "present", "layer": "*.pdf"},
        {"check": "readable", "layer": "*"},
        {"check": "crs", "value": "EPSG:4549"},
    )
    result = spacegov.open().run("check-delivery", delivery=str(tmp_path), rules=rules)
    assert result.frames["report"]["verdict"].tolist() == ["passed", "failed", "passed"]
    assert result.frames["problems"]["layer"].tolist() == ["broken"]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(EmptyLayer, match="the folder holds no file"):
        folder_sources(empty)


def test_the_delivery_of_the_sample_county_is_returned_for_its_planted_faults():
    workspace = spacegov.open()
    readers = {"artificial.survey-submission": workspace.layers["artificial.survey-submission"]}
    with collect():
        answer = check_delivery(readers, rules=read_policy("delivery-land-survey-2025"), pass_score=80.0)
    report = answer.report.set_index("code")
    assert report.loc[["1001", "1002", "1003", "2001"], "verdict"].tolist() == ["passed"] * 4
    assert report.loc["3001", "verdict"] == "failed"
    # Nine records have no defined area or another type; heights, repeats and many vertices are no fault of this rule.
    assert report.loc["3001", "problems"] == 9
    assert answer.verdict["verdict"].tolist() == ["return"]
