"""`toolbox.run` on the tiny workspace: defaults, coverage, provenance, and one answer however the data are named."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely import Polygon

import spacegov
from spacegov.errors import (
    AreaBalanceError,
    BadInput,
    BadPolicy,
    InvalidGeometry,
    MissingColumn,
    SpacegovError,
    UnknownName,
    UnreadableFile,
    UnsuitableCrs,
)
from spacegov.layers.coverage import Answer
from spacegov.toolbox.result import Result, column_title
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace
from tests import trial_tools as _trial_tools  # noqa: F401  the tiny workspace's cards name its functions
from tests.tiny import EAST, NORTH, farmland, parcels, square, terrain, town

PARCELS = "artificial.trial-parcels"
TOWN = "planned.trial-town"


@pytest.fixture
def ws(tiny_folder: Path) -> Workspace:
    return spacegov.open(tiny_folder)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files without any workspace's layers among them."""
    folder = tmp_path / "bare"
    folder.mkdir()
    monkeypatch.chdir(folder)
    parcels().to_file(folder / "parcels.gpkg")
    town().to_file(folder / "town.gpkg")
    return folder


def refused(kind: type[SpacegovError], *parts: str, ws: Workspace, tool: str, **given: Any) -> None:
    with pytest.raises(kind) as caught:
        ws.run(tool, **given)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)
    assert list(ws.runs.glob("*")) == []


# ---- defaults


def test_the_card_gives_layers_and_options(ws: Workspace) -> None:
    result = ws.run("trial-measure")
    assert result.summary["rows"] == 4
    assert result.summary["area_m2"] == 1_000_000
    assert result.summary["largest_m2"] == 250_000
    assert result.summary["by"]["kind"]["0101"] == {"rows": 2, "area_m2": 500_000.0}
    assert result.summary["frames"]["totals"]["rows"] == 3
    assert result.provenance.parameters["by"] == "use"
    assert result.answer("en") == "4 places of 100.0\u202fha"
    assert result.answer("zh").startswith("4 块")
    assert result.answer("ru").startswith("4 places")


def test_layers_and_frames_of_the_territory_take_its_area_basis_and_files_the_plane(ws: Workspace, bare: Path) -> None:
    assert ws.run("trial-measure").provenance.parameters["area_basis"] == "ellipsoid"
    assert ws.run("trial-measure", places="parcels.gpkg", by="use").provenance.parameters["area_basis"] == "plane"
    held = ws.run("trial-measure", places=parcels(), by="use")
    elsewhere = ws.run("trial-measure", places=parcels().to_crs(4548), by="use")
    assert held.provenance.parameters["area_basis"] == "ellipsoid"
    assert elsewhere.provenance.parameters["area_basis"] == "plane"
    assert ws.run("trial-measure", area_basis="plane").provenance.parameters["area_basis"] == "plane"


def test_options_of_the_card_are_not_mixed_with_files(ws: Workspace, bare: Path) -> None:
    refused(BadInput, "by: nothing was given", ws=ws, tool="trial-measure", places="parcels.gpkg")


def test_layers_of_the_card_are_not_mixed_with_files(ws: Workspace, bare: Path, tiny_folder: Path) -> None:
    card = tiny_folder / "tools/foundation/trial-zones.yaml"
    card.write_text(
        "title: {en: Sum up}\nquestion: What lies in each zone?\n"
        "run: spacegov.tools.foundation.zones:summarize_by_zone\n"
        "layers: {zones: artificial.trial-county, layers: [artificial.trial-parcels]}\n",
        encoding="utf-8",
    )
    ws = spacegov.open(tiny_folder)
    assert [record.role for record in ws.run("trial-zones").provenance.inputs] == ["zones", "layers"]
    shutil.rmtree(ws.runs)
    refused(
        BadInput, "the input zones (Polygons) is needed since another input is a file", ws=ws, tool="trial-zones",
        layers="parcels.gpkg",
    )  # fmt: skip
    both = ws.run("trial-zones", zones="town.gpkg", zone="use", layers="parcels.gpkg")
    assert [record.layer for record in both.provenance.inputs] == ["town", "parcels"]


def test_a_file_and_a_layer_named_together_meet_in_the_crs_of_the_workspace(ws: Workspace, bare: Path) -> None:
    parcels().to_crs(32651).to_file(bare / "moved.gpkg")
    result = ws.run("trial-measure", places=["moved.gpkg", PARCELS], by="use")
    assert {record.crs for record in result.provenance.inputs} == {"EPSG:4549"}
    assert result.summary["area_m2"] == pytest.approx(2_000_000, rel=1e-9)


def test_what_is_missing_or_too_much_is_told(ws: Workspace) -> None:
    refused(
        BadInput, "trial-rules: places takes one layer, 2 were given", ws=ws, tool="trial-rules", places=[PARCELS, TOWN]
    )
    refused(BadInput, "trial-rules: places names no layer", ws=ws, tool="trial-rules", places="")
    refused(BadInput, "trial-measure: places names no layer", ws=ws, tool="trial-measure", places=" , ")
    refused(UnknownName, "no input or option 'plces'; did you mean 'places'", ws=ws, tool="trial-rules", plces=PARCELS)
    refused(UnknownName, "there is no tool 'trial-rulez'; did you mean 'trial-rules'", ws=ws, tool="trial-rulez")
    near = f"there is no layer and no file 'artificial.trial-parcel'; did you mean '{PARCELS}'"
    refused(UnknownName, near, ws=ws, tool="trial-rules", places="artificial.trial-parcel")
    refused(UnreadableFile, "there is no such file", ws=ws, tool="trial-rules", places="x" * 5000 + ".gpkg")
    refused(
        BadInput, "is a layer of Raster, Polygons is needed", ws=ws, tool="trial-rules", places="natural.trial-terrain"
    )
    refused(BadInput, f"terrain: {PARCELS} is a layer of Polygons", ws=ws, tool="trial-raise", terrain=PARCELS)
    refused(MissingColumn, "'usage'", "did you mean 'use'", ws=ws, tool="trial-measure", by="usage")
    refused(BadInput, "min_area: -1 was given", ws=ws, tool="trial-measure", min_area=-1)


def test_a_layer_without_data_is_told_in_one_sentence(ws: Workspace) -> None:
    refused(
        UnreadableFile, "this workspace has no data for the layer", "layers/bindings/planned.trial-unbound.yaml", ws=ws,
        tool="trial-rules", places="planned.trial-unbound",
    )  # fmt: skip


def test_a_store_without_its_version_is_told(ws: Workspace, tiny_folder: Path) -> None:
    current = tiny_folder / "data" / PARCELS / "current"
    current.write_text("2030-01-01", encoding="utf-8")
    refused(UnreadableFile, "current version '2030-01-01' is missing", ws=ws, tool="trial-measure")
    current.unlink()
    refused(UnreadableFile, "the store has no data of this layer; import it first", ws=ws, tool="trial-measure")


# ---- the same answer however the data are named


def same(first: Result, second: Result) -> None:
    assert_geodataframe_equal(
        first.frame.drop(columns="layer"), second.frame.drop(columns="layer"), check_less_precise=True
    )
    for result in (first, second):
        assert "layer" in result.frame.columns
    pd.testing.assert_frame_equal(first.frames["totals"], second.frames["totals"])


def test_a_layer_a_file_and_a_frame_give_one_answer(ws: Workspace, bare: Path) -> None:
    options = {"by": "use", "area_basis": "plane", "min_area": 1000}
    by_id = ws.run("trial-measure", places=PARCELS, **options)
    same(by_id, ws.run("trial-measure", places="parcels.gpkg", **options))
    same(by_id, ws.run("trial-measure", places=bare / "parcels.gpkg", **options))
    same(by_id, ws.run("trial-measure", places=parcels(), **options))
    same(by_id, ws.run("trial-measure", places=ws.layers[PARCELS], **options))
    same(by_id, ws.run("trial-measure", places=ws.layers[PARCELS].read(), **options))


def test_two_layers_in_one_text_or_in_a_list(ws: Workspace) -> None:
    text = ws.run("trial-measure", places=f"{PARCELS}, {TOWN}")
    listed = ws.run("trial-measure", places=[PARCELS, TOWN])
    same(text, listed)
    assert text.summary["rows"] == 6


def test_options_as_text_are_the_same_as_values(ws: Workspace) -> None:
    text = run(ws, "trial-measure", {"min_area": "250000.5", "labels": "a,b"}, text=True)
    assert text.summary["rows"] == 0
    assert text.provenance.parameters["labels"] == ["a", "b"]
    assert text.provenance.key == ws.run("trial-measure", min_area=250000.5, labels=["a", "b"]).provenance.key


def test_real_plans_as_layers_files_and_frames(ws: Workspace, bare: Path) -> None:
    town().to_file(bare / "town.gpkg")
    farmland().to_file(bare / "farm.gpkg")
    options = {"use": "use", "area_basis": "plane"}
    answers = [
        ws.run("trial-conflict", **options, **given)
        for given in ({}, {"plans": ["town.gpkg", "farm.gpkg"]}, {"plans": [town(), farmland()]})
    ]
    for answer in answers:
        # The farmland is 800 × 200 m, the town plan covers 300 m of its length.
        assert answer.summary["rows"] == 1
        assert answer.summary["area_m2"] == pytest.approx(300 * 200, abs=1e-3)
        assert answer.summary["prohibited"] == 1


def test_repeated_questions_have_one_key_and_other_questions_another(ws: Workspace, bare: Path) -> None:
    key = ws.run("trial-measure").provenance.key
    assert ws.run("trial-measure").provenance.key == key
    assert ws.run("trial-measure", by="use", places=[PARCELS]).provenance.key == key
    others = [
        ws.run("trial-measure", min_area=1),
        ws.run("trial-measure", places=TOWN),
        ws.run("trial-measure", crs="EPSG:4548"),
        ws.run("trial-measure", repair=True),
        ws.run("trial-measure", places=parcels(), by="use"),
        ws.run("trial-measure", places=parcels().iloc[::-1], by="use"),
        ws.run("trial-measure", places="parcels.gpkg", by="use"),
    ]
    assert len({other.provenance.key for other in others} | {key}) == len(others) + 1


def test_the_key_knows_rules_and_coverage(ws: Workspace, tiny_folder: Path) -> None:
    rules = ws.run("trial-rules").provenance.key
    covered = ws.run("trial-measure", places=TOWN).provenance.key
    table = tiny_folder / "tools/policy/trial-rules-1.yaml"
    table.write_text(table.read_text(encoding="utf-8").replace("free", "keep"), encoding="utf-8")
    gpd.GeoDataFrame(geometry=[square(0, 0, 700, 1000)], crs=4549).to_crs(4326).to_file(
        tiny_folder / "files/west.geojson"
    )
    assert ws.run("trial-rules").provenance.key != rules
    assert ws.run("trial-measure", places=TOWN).provenance.key != covered


# ---- CRS, repair, vary


def test_crs_reprojects_and_never_relabels(ws: Workspace, bare: Path) -> None:
    parcels().to_crs(4326).to_file(bare / "degrees.gpkg")
    refused(UnsuitableCrs, "in degrees", "--crs", ws=ws, tool="trial-measure", places="degrees.gpkg", by="use")
    for given in ("degrees.gpkg", parcels().to_crs(4326), PARCELS):
        result = ws.run("trial-measure", places=given, by="use", crs="EPSG:4548")
        assert result.frame.crs.to_epsg() == 4548
        assert result.provenance.inputs[0].crs == "EPSG:4548"
        # CGCS2000 / 3-degree zone 117E is 3° off its meridian here: areas grow by about 0.2 %.
        assert result.summary["area_m2"] == pytest.approx(1e6, rel=0.003)
        assert result.summary["area_m2"] > 1.0005e6


def test_a_layer_in_degrees_is_brought_to_the_workspace(ws: Workspace) -> None:
    result = ws.run("trial-measure", places="planned.trial-farmland")
    assert result.provenance.inputs[0].crs == "EPSG:4549"
    assert result.summary["area_m2"] == pytest.approx(800 * 200, rel=1e-9)


def test_a_raster_is_warped_on_request_and_it_is_on_record(ws: Workspace) -> None:
    result = ws.run("trial-raise", terrain=terrain(), crs="EPSG:32651")
    assert result.provenance.inputs[0].crs == "EPSG:32651"
    assert result.frame.crs.to_epsg() == 32651
    layer = ws.run("trial-raise", crs="EPSG:32651")
    assert layer.provenance.inputs[0].warped == "EPSG:4549, bilinear"
    plain = ws.run("trial-raise", metres=2.5)
    assert plain.frame.read()[0].tolist() == [value + 2.5 for value in range(20)]
    assert (ws.runs / (plain.folder or Path()).name / "result.tif").is_file()


BOWTIE = Polygon([(EAST, NORTH), (EAST + 10, NORTH + 10), (EAST + 10, NORTH), (EAST, NORTH + 10)])


def test_broken_polygons_are_refused_and_mended_on_request(ws: Workspace) -> None:
    broken = gpd.GeoDataFrame({"use": ["a", "b"]}, geometry=[square(100, 0, 110, 10), BOWTIE], crs=4549)
    refused(InvalidGeometry, "1 of 2 polygons are broken", ws=ws, tool="trial-measure", places=broken, by="use")
    result = ws.run("trial-measure", places=broken, by="use", repair=True)
    # A bow tie of 10 m encloses two triangles of 25 m² that cancel each other out: 0 m² before, 50 m² mended.
    assert result.summary["area_m2"] == pytest.approx(150)
    assert result.provenance.repair
    assert "went from 0.00 m² to 50.00 m²" in result.doubts[0].text


def test_vary_tries_the_values_of_the_card(ws: Workspace) -> None:
    table = ws.run("trial-measure", vary=True).sensitivity
    assert table["value"].tolist() == [0, 250_000, 250_001]
    assert table["rows"].tolist() == [4, 4, 0]
    assert table["chosen"].tolist() == [True, False, False]
    assert ws.run("trial-measure").sensitivity is None
    batches = ws.run("trial-batches", vary=True)
    assert batches.frame["features"].tolist() == [4]
    assert batches.sensitivity["rows"].tolist() == [1, 1]


def test_vary_needs_values_in_the_card(ws: Workspace) -> None:
    refused(BadInput, "its card names no option to vary", ws=ws, tool="trial-rules", vary=True)


def test_repair_reaches_a_tool_that_repairs_by_itself(bare: Path, ws: Workspace) -> None:
    gpd.GeoDataFrame({"use": ["a"]}, geometry=[BOWTIE], crs=4549).to_file(bare / "bowtie.gpkg")
    for result in (
        ws.run("check-geometry", layer="bowtie.gpkg", repair=True),
        run(ws, "check-geometry", {"layer": "bowtie.gpkg"}, repair=True, text=True),
    ):
        assert result.provenance.parameters["repair"] is True
        assert result.frames["repaired"].area.sum() == pytest.approx(50)
    assert len(ws.run("check-geometry", layer="bowtie.gpkg").frames["repaired"]) == 0


# ---- coverage


def test_ground_that_nobody_surveyed_is_not_covered(ws: Workspace) -> None:
    result = ws.run("trial-measure", places=[PARCELS, TOWN])
    gaps = result.not_covered
    assert gaps["layer"].tolist() == [TOWN]
    assert gaps["answer"].tolist() == [Answer.NOT_COVERED]
    assert gaps["area_m2"].iloc[0] == pytest.approx(400_000, rel=1e-6)
    assert gaps.geometry.iloc[0].symmetric_difference(square(600, 0, 1000, 1000)).area < 1e-2
    assert gaps.crs.to_epsg() == 4549
    assert result.summary["not_covered"] == {TOWN: pytest.approx(400_000, rel=1e-6)}
    assert [record.coverage for record in result.provenance.inputs] == ["whole", "partial"]
    assert [record.not_covered_m2 for record in result.provenance.inputs] == [None, pytest.approx(400_000, rel=1e-6)]
    # Of the town's two areas the large one lies east of the covered ground; all parcels are covered.
    assert result.frame["answer"].tolist() == ["present"] * 4 + ["not_covered", "present"]


def test_coverage_follows_the_crs_of_the_run(ws: Workspace) -> None:
    result = ws.run("trial-measure", places=TOWN, crs="EPSG:4548")
    assert result.frame["answer"].tolist() == ["not_covered", "present"]


def test_coverage_that_is_whole_leaves_no_gap(ws: Workspace) -> None:
    result = ws.run("trial-measure")
    assert result.not_covered is None
    assert "not_covered" not in result.summary


def test_tools_that_ask_the_whole_registry(ws: Workspace) -> None:
    result = ws.run("trial-list")
    answers = dict(zip(result.frame["layer"], result.frame["answer"], strict=True))
    assert answers == {
        "artificial.trial-county": "present",
        PARCELS: "present",
        "planned.trial-farmland": "present",
        TOWN: "present",
        "planned.trial-unbound": "not_covered",
    }
    inputs = {record.layer: record for record in result.provenance.inputs}
    assert set(inputs) == {layer for layer, answer in answers.items() if answer == "present"}
    assert inputs[PARCELS].rows == 4
    assert inputs[TOWN].coverage == "partial"
    assert result.provenance.rows_in == 1 + 4 + 1 + 2
    assert result.provenance.workspace == "Tiny"


def test_a_set_of_named_layers_and_files(ws: Workspace, bare: Path) -> None:
    result = ws.run("trial-list", layers=[PARCELS, "town.gpkg"])
    assert result.frame["features"].tolist() == [4, 2]
    assert [record.layer for record in result.provenance.inputs] == [PARCELS, "town"]


# ---- provenance


def test_provenance_says_what_the_answer_stands_on(ws: Workspace, tiny_folder: Path) -> None:
    result = ws.run("trial-measure", places=[PARCELS, TOWN], min_area=101)
    facts = result.provenance
    first, second = facts.inputs
    stored = tiny_folder / "data" / PARCELS / "2025-01-01.parquet"
    assert first.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()
    assert (first.version, first.rows, first.crs, first.steward) == ("2025-01-01", 4, "EPSG:4549", "trial-office")
    assert second.sha256 == hashlib.sha256((tiny_folder / "files/plans.gpkg").read_bytes()).hexdigest()
    assert (second.source, second.status) == ("files/plans.gpkg:town", "draft")
    assert second.coverage_sha256 == hashlib.sha256((tiny_folder / "files/west.geojson").read_bytes()).hexdigest()
    assert facts.software == f"spacegov {version('spacegov')}"
    assert (facts.rows_in, facts.rows_out) == (6, 5)
    assert [(drop.count, drop.reason, drop.area_m2) for drop in facts.dropped] == [
        (1, "smaller than min_area", pytest.approx(100))
    ]
    assert facts.balances[0].whole == pytest.approx(1_300_100)
    assert abs(facts.balances[0].difference) < 1.3
    assert facts.doubts[0].text == "1 small places were left out"
    assert list(facts.areal_scale) == [f"places[0] ({PARCELS})", f"places[1] ({TOWN})"]
    assert all(0.995 < low <= high < 1.005 for low, high in facts.areal_scale.values())
    assert facts.seconds > 0
    assert facts.workspace == "Tiny"


def test_frames_in_memory_are_on_record(ws: Workspace) -> None:
    facts = ws.run("trial-measure", places=parcels(), by="use").provenance
    assert facts.inputs[0].source == "given in memory"
    assert facts.inputs[0].coverage == "not stated"
    assert len(facts.inputs[0].sha256) == 64
    assert facts.workspace is None


def test_a_shapefile_is_known_by_its_attributes_too(ws: Workspace, bare: Path) -> None:
    parcels().to_file(bare / "p.shp")
    before = ws.run("trial-measure", places="p.shp", by="use").provenance.inputs[0].sha256
    parcels().assign(use="9").to_file(bare / "p.shp")
    assert ws.run("trial-measure", places="p.shp", by="use").provenance.inputs[0].sha256 != before


def test_rules_are_on_record_and_may_be_replaced(ws: Workspace, tmp_path: Path) -> None:
    result = ws.run("trial-rules")
    assert result.frame["verdict"].tolist() == ["keep", "keep", "keep", "free"]
    policy = result.provenance.policies[0]
    assert (policy.parameter, policy.name, policy.version, policy.valid_from) == (
        "rules",
        "trial-rules-1",
        "1",
        "2025-01-01",
    )
    own = pd.DataFrame({"use": ["0101"], "verdict": ["ask"]})
    given = ws.run("trial-rules", rules=own)
    assert given.provenance.policies[0].name == "given in memory"
    assert given.frame["verdict"].tolist()[:2] == ["ask", "ask"]
    other = ws.run("trial-rules", rules=own.assign(verdict="no"))
    assert other.provenance.key != given.provenance.key
    shutil.rmtree(ws.runs)
    refused(UnknownName, "did you mean 'trial-rules-1'", ws=ws, tool="trial-rules", rules="trial-rule-1")
    refused(BadPolicy, "rules: int was given", ws=ws, tool="trial-rules", rules=5)


# ---- faults of ours, and runs


def test_a_lost_tenth_is_withheld(ws: Workspace) -> None:
    with pytest.raises(AreaBalanceError, match="the answer is withheld"):
        ws.run("trial-imbalance")
    assert list(ws.runs.glob("*")) == []


def test_a_fault_of_a_tool_leaves_no_run(ws: Workspace) -> None:
    with pytest.raises(ZeroDivisionError):
        ws.run("trial-fault")
    assert list(ws.runs.glob("*")) == []


def test_a_run_folder_holds_the_whole_answer(ws: Workspace) -> None:
    result = ws.run("trial-measure", places=[PARCELS, TOWN], vary=True)
    folder = result.folder
    assert folder is not None
    assert folder.parent == ws.runs
    assert sorted(file.name for file in folder.iterdir()) == [
        "not_covered.parquet", "places.parquet", "run.json", "sensitivity.parquet", "totals.parquet",
    ]  # fmt: skip
    assert_geodataframe_equal(gpd.read_parquet(folder / "places.parquet"), result.frame)
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert facts["summary"]["rows"] == 6
    assert facts["provenance"]["inputs"][0]["layer"] == PARCELS
    assert ws.run("trial-measure").folder != ws.run("trial-measure").folder


def test_a_run_that_is_not_kept(ws: Workspace) -> None:
    assert run(ws, "trial-measure", {}, keep=False).folder is None
    assert not ws.runs.exists()


def test_columns_take_their_words_from_the_tool_or_the_layer(ws: Workspace) -> None:
    columns = ws.run("trial-rules").columns
    assert columns["people"].title == {"en": "People"}
    assert columns["use"].codes == {"0101": {"en": "Paddy"}, "0301": {"en": "Forest"}, "0702": {"en": "Village"}}
    assert "verdict" not in columns
    measured = ws.run("trial-measure")
    assert measured.columns["area_m2"].unit == "m²"
    assert column_title(measured, "area_m2", "zh") == "面积 (m²)"
    assert column_title(measured, "answer", "zh") == "answer"


def test_results_show_themselves(ws: Workspace) -> None:
    result = ws.run("trial-measure", places=[PARCELS, TOWN], min_area=101)
    text = result._repr_html_()
    assert "not covered by planned.trial-town" in text
    assert "smaller than min_area" in text
    assert repr(result).startswith("<Result trial-measure: 5 places")
    facts = result.to_json()
    assert json.loads(json.dumps(facts))["status"] == "done"
    assert np.isfinite(facts["summary"]["area_m2"])
    assert "<script" not in text


def test_an_empty_word_switches_off_what_may_be_left_out() -> None:
    from spacegov.content import content_path

    county = Workspace.open(content_path("sample_data"))
    with_permits = run(county, "monitor-encroachment", {}, text=True, keep=False)
    without = run(county, "monitor-encroachment", {"permits": "", "kind": ""}, text=True, keep=False)
    assert "artificial.permits" in {record.layer for record in with_permits.provenance.inputs}
    assert "artificial.permits" not in {record.layer for record in without.provenance.inputs}
    assert without.provenance.parameters["kind"] is None
    assert set(with_permits.frame["permitted"]) == {"permitted", "partly", "unpermitted"}
    assert set(without.frame["permitted"]) == {"unpermitted"}
    with pytest.raises(BadInput, match="changes names no layer; write changes=LAYER"):
        run(county, "monitor-encroachment", {"changes": ""}, text=True, keep=False)
