"""A batch over the sample county: its parts, refusals, partial failure, what is kept, and what is written."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

import spacegov
from spacegov.batch import Plan, read_plan, run_batch
from spacegov.batch.checking import check_plan
from spacegov.batch.run import open_plan, plan_parts
from spacegov.content import content_path
from spacegov.errors import BadCard, BadInput
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace
from tests.processes import spacegov as command

COUNTY = content_path("sample_data")
LIGHT = "zones: artificial.townships\ntasks:\n  - tool: find-idle-land\n"


@cache
def sample() -> Workspace:
    return spacegov.open(COUNTY)


def written(folder: Path, text: str) -> Path:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


# ---- plans


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("zones: artificial.townships\ntasks:\n  - tool: find-idle-lnd\n", 3, "find-idle-land"),
        ("zones: artificial.township\ntasks:\n  - tool: find-idle-land\n", 1, "artificial.townships"),
        ("zones: artificial.roads\ntasks:\n  - tool: find-idle-land\n", 1, "zones are polygons"),
        ("zones: {layer: artificial.townships, rows: 3}\ntasks:\n  - tool: find-idle-land\n", 1, "one of the two"),
        ("tasks:\n  - tool: find-idle-land\n    given: {om: 2025-01-01}\n", 3, "on"),
        ("tasks:\n  - tool: detect-plan-conflict\n    vary: {min_area: [10, -1]}\n", 3, "min_area"),
        ("tasks:\n  - tool: find-idle-land\n    scenario: flood-warning\n", 2, "either a tool or a scenario"),
        ("tasks:\n  - scenario: flod-warning\n", 2, "flood-warning"),
        ("tasks:\n  - scenario: flood-warning\n    given: {rain: 3}\n", 3, "STEP.NAME"),
        ("tasks:\n  - scenario: flood-warning\n    given: {nowhere.rain: 3}\n", 3, "no step 'nowhere'"),
        ("tasks:\n  - tool: find-idle-land\n  - tool: find-idle-land\n", 3, "stands twice"),
        ("zones: artificial.townships\ntasks:\n  - tool: derive-terrain\n    take: own\n", 4, "clip or meet"),
        ("zones: {rows: 3}\ntasks:\n  - tool: derive-terrain\n", 3, "layer of zones"),
        ("zones: artificial.townships\ntasks:\n  - tool: match-addresses\n", 3, "split by rows"),
        ("tasks: []\n", 1, "tasks"),
        ("taks:\n  - tool: find-idle-land\n", 1, "tasks"),
    ],
)
def test_a_plan_is_refused_with_its_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadCard) as refused:
        open_plan(path, sample())
    assert f"{path}, line {line}:" in str(refused.value)
    assert told in str(refused.value)


def test_a_plan_multiplies_zones_tasks_and_values(tmp_path: Path) -> None:
    plan = Plan.model_validate(
        {
            "zones": {"layer": "artificial.townships", "where": "residents > 10000"},
            "tasks": [
                {"tool": "detect-plan-conflict", "vary": {"min_area": [0, 100]}},
                {"tool": "find-idle-land", "take": "whole"},
            ],
        }
    )
    check_plan(sample(), plan, "the plan")
    parts = plan_parts(sample(), plan, tmp_path, tmp_path / "out")
    zones = len(sample().layers["artificial.townships"].read(where="residents > 10000"))
    assert 0 < zones < 9
    assert len(parts) == 2 * zones + 1
    assert len({part.key for part in parts}) == len({part.folder for part in parts}) == len(parts)
    assert [part.zone for part in parts[: 2 * zones : 2]] == sorted(part.zone for part in parts[: 2 * zones : 2])


def test_the_key_of_a_part_follows_what_decides_its_answer(tmp_path: Path) -> None:
    def keys(**changes: Any) -> list[str]:
        plan = Plan.model_validate({"tasks": [{"tool": "detect-plan-conflict", **changes}]})
        return [part.key for part in plan_parts(sample(), plan, tmp_path, tmp_path / "out")]

    assert keys() == keys()
    assert keys() != keys(given={"min_area": 7})
    assert keys() != keys(given={"plans": ["planned.land-use-plan", "planned.water-plan"]})
    assert keys() != keys(id="other")


# ---- what zones take


def test_clipped_parts_add_up_to_the_whole(tmp_path: Path) -> None:
    plan = Plan.model_validate(
        {
            "zones": "artificial.townships",
            "tasks": [{"tool": "monitor-encroachment", "given": {"min_area": 0}}],
            "formats": ["parquet"],
        }
    )
    batch = run_batch(plan, tmp_path / "out", workspace=sample(), workers=1)
    assert not batch.failed
    whole = run(sample(), "monitor-encroachment", {"min_area": 0}, keep=False)
    name = whole.tool.card.show.frame or next(iter(whole.frames))
    parts = gpd.read_parquet(tmp_path / "out" / "monitor-encroachment" / f"{name}.parquet")
    zones = sample().layers["artificial.townships"].read()
    inside = whole.frame.clip(zones.geometry.union_all())
    assert parts.geometry.area.sum() == pytest.approx(inside.geometry.area.sum(), rel=1e-6)
    by_zone = zones.set_index("township_id").geometry
    for zone, rows in parts.groupby("in_zone"):
        assert by_zone[zone].buffer(1e-3).covers(rows.geometry.union_all())
    units = gpd.read_parquet(tmp_path / "out" / "monitor-encroachment" / "units.parquet")
    assert units["zone"].tolist() == sorted(by_zone.index)
    assert set(units["state"]) <= {"present", "absent"}
    assert shapely.equals(units.geometry.to_numpy(), by_zone[units["zone"]].to_numpy()).all()
    assert units["rows"].fillna(0).sum() == len(parts)


def test_rasters_and_lines_are_cut_at_the_border() -> None:
    from spacegov.toolbox.clip import Clip
    from spacegov.toolbox.view import ZoneWorkspace

    zones = sample().layers["artificial.townships"].read()
    shape = zones.geometry.iloc[0]
    cut = ZoneWorkspace(sample(), Clip("a", shape), zones.iloc[[0]])
    roads = cut.layers["artificial.roads"].read()
    whole = sample().layers["artificial.roads"].read().clip(shape)
    assert roads.geometry.length.sum() == pytest.approx(whole.geometry.length.sum(), rel=1e-9)
    assert set(roads.geom_type) <= {"LineString", "MultiLineString"}
    terrain = cut.layers["natural.terrain"].read()
    values = terrain.read()
    cells = int((values == values).sum()) * terrain.cell_area_m2
    assert cells == pytest.approx(shape.area, rel=0.01)
    assert cut.layers["artificial.roads"].sha256 != sample().layers["artificial.roads"].sha256
    table = cut.layers["artificial.visits"].read()
    assert len(table) == len(sample().layers["artificial.visits"].read()) > 0


def test_records_outside_every_zone_are_asked_too(tmp_path: Path) -> None:
    plan = Plan.model_validate(
        {
            "zones": {"layer": "artificial.townships", "where": "township_id = 'LH01'"},
            "tasks": [{"tool": "find-idle-land"}],
            "formats": ["parquet"],
        }
    )
    run_batch(plan, tmp_path / "out", workspace=sample(), workers=1)
    found = pd.read_parquet(tmp_path / "out" / "find-idle-land" / "result.parquet")
    whole = run(sample(), "find-idle-land", {}, keep=False)
    assert set(found["in_zone"]) == {"LH01", "outside"}
    assert len(found) == len(whole.frame)


def test_files_are_cut_as_layers_are(tmp_path: Path) -> None:
    sample().layers["artificial.land-supply"].read().to_crs(4490).to_file(tmp_path / "supply.gpkg", layer="supply")
    options = sample().tools["find-idle-land"].card.options
    given = json.dumps({"supply": "supply.gpkg:supply", **options, "area_basis": "ellipsoid"})
    plan = written(tmp_path, f"{LIGHT}    given: {given}\n")
    batch = run_batch(plan, tmp_path / "out", workspace=sample(), workers=1)
    assert not batch.failed, batch.failed
    found = pd.read_parquet(tmp_path / "out" / "find-idle-land" / "result.parquet")
    whole = run(sample(), "find-idle-land", {}, keep=False)
    assert len(found) == len(whole.frame)


# ---- running


def test_what_failed_is_kept_apart_and_asked_again(tmp_path: Path) -> None:
    text = LIGHT + "  - id: broken\n    tool: check-partition\n    take: whole\n    given: {zoning: gone.gpkg}\n"
    plan, out = written(tmp_path, text), tmp_path / "out"
    told = command("batch", plan, "--out", out, "--workers", "1", "--json", "-w", COUNTY)
    assert told.code == 3, told.err
    answer = told.answer
    assert answer["status"] == "partly failed"
    assert answer["counts"]["failed"] == 1
    assert "gone.gpkg" in answer["failed"][0]["reason"]
    assert (out / "find-idle-land" / "result.parquet").is_file()
    assert not (out / "broken" / "parts" / "whole").exists()
    lines = told.lines
    assert lines[-1]["exit_code"] == 3
    assert "--resume" in lines[-1]["error"]
    progress = [line["progress"] for line in lines if "progress" in line]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert [part["state"] for part in manifest["parts"] if part["task"] == "broken"] == ["failed"]
    plan.write_text(LIGHT, encoding="utf-8")
    again = command("batch", plan, "--out", out, "--workers", "1", "--json", "--resume", "-w", COUNTY)
    assert again.code == 0, again.err
    assert again.answer["kept"] >= again.answer["parts"]
    refused = command("batch", plan, "--out", out, "-w", COUNTY)
    assert refused.code == 2
    assert "--resume" in refused.err
    listed = command("batch", plan, "--out", out, "--dry-run", "--json", "-w", COUNTY)
    assert listed.code == 0
    assert all(json.loads(line)["kept"] for line in listed.out.splitlines())


def test_only_what_changed_is_asked_again(tmp_path: Path) -> None:
    plan = Plan.model_validate({"zones": "artificial.townships", "tasks": [{"tool": "find-idle-land"}]})
    first = run_batch(plan, tmp_path / "out", workspace=sample(), workers=1)
    assert first.kept == 0
    second = run_batch(plan, tmp_path / "out", workspace=sample(), workers=1, resume=True)
    assert second.kept >= len(second.answered)
    damaged = next(part for part, answered in second.answered if answered.state == "present")
    (damaged.folder / "result.parquet").write_bytes(b"torn")
    third = run_batch(plan, tmp_path / "out", workspace=sample(), workers=1, resume=True)
    assert third.kept == second.kept - 1
    assert pd.read_parquet(damaged.folder / "result.parquet").shape[0] > 0


def test_two_batches_do_not_share_a_folder(tmp_path: Path) -> None:
    from spacegov.batch.run import _held

    with _held(tmp_path / "out", resume=False), pytest.raises(BadInput), _held(tmp_path / "out", resume=True):
        pytest.fail("both hold the folder")


def test_workers_answer_as_one_process_does(tmp_path: Path) -> None:
    plan = written(tmp_path, LIGHT)
    told = command("batch", plan, "--out", tmp_path / "two", "--workers", "2", "--json", "-w", COUNTY)
    assert told.code == 0, told.err
    assert told.answer["status"] == "done"
    assert told.lines[-1]["progress"] == 1
    run_batch(read_plan(plan), tmp_path / "one", workspace=sample(), workers=1)
    one, two = (tmp_path / name / "find-idle-land" / "result.parquet" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_the_answers_together_in_three_formats(tmp_path: Path) -> None:
    run_batch(written(tmp_path, LIGHT), tmp_path / "out", workspace=sample(), workers=1)
    frame = gpd.read_parquet(tmp_path / "out" / "find-idle-land" / "result.parquet")
    assert frame.crs == sample().crs
    layers = {str(name) for name, _ in pyogrio.list_layers(tmp_path / "out" / "batch.gpkg")}
    assert layers == {"find-idle-land_units", "find-idle-land_result"}
    copied = gpd.read_file(tmp_path / "out" / "batch.gpkg", layer="find-idle-land_result")
    assert len(copied) == len(frame)
    assert copied.geometry.area.sum() == pytest.approx(frame.geometry.area.sum())
    book = openpyxl.load_workbook(tmp_path / "out" / "batch.xlsx")
    assert {"units", "result", "Sources and method"} <= set(book.sheetnames)
    assert book["result"].max_row == len(frame) + 1
    method = [[cell.value for cell in row] for row in book["Sources and method"].rows]
    assert any(row[1] == "Input" and "artificial.land-supply" in row[2] for row in method)


def test_a_scenario_is_run_for_every_zone(tmp_path: Path) -> None:
    text = (
        "zones: {layer: artificial.townships, where: \"township_id IN ('LH01', 'LH04')\"}\n"
        "tasks:\n  - scenario: plan-conflict-round\nlanguage: zh\n"
    )
    batch = run_batch(written(tmp_path, text), tmp_path / "out", workspace=sample(), workers=1)
    assert not batch.failed, batch.failed[0][1].reason
    assert [part.zone for part, _ in batch.answered] == ["LH01", "LH04"]
    for part, answered in batch.answered:
        assert "report/scenario.json" in answered.files
        steps = json.loads((part.folder / "report" / "scenario.json").read_text(encoding="utf-8"))["steps"]
        used = [item for step in steps if step["provenance"] for item in step["provenance"]["inputs"]]
        assert any(f"cut to {part.zone}" in item["source"] for item in used)
    units = gpd.read_parquet(tmp_path / "out" / "plan-conflict-round" / "units.parquet")
    assert len(units) == 2
