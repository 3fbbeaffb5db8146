"""A scenario is its tools run one after the other: the same answers, and a failure stops only what depends on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
from geopandas.testing import assert_geodataframe_equal

import spacegov
from spacegov.applications.outcome import ScenarioOutcome
from spacegov.applications.runner import run_scenario
from spacegov.workspace import Workspace
from tests.processes import spacegov as command

BROKEN = """
  - {id: measure, department: NR, title: {en: M}, days: 1, tool: trial-measure}
  - {id: fail, department: NR, title: {en: F}, days: 1, tool: trial-fault}
  - {id: decide, department: NR, title: {en: D}, days: 1, after: [fail], decision: {asked: {en: A?}}}
  - {id: again, department: NR, title: {en: A}, days: 1, tool: trial-measure, inputs: {places: measure},
     options: {by: kind}}
  - {id: lost, department: NR, title: {en: L}, days: 1, tool: trial-measure, after: [decide]}
"""


def test_steps_give_what_the_tools_give_by_themselves(
    county: Workspace, outcome_of: Callable[[str], ScenarioOutcome]
) -> None:
    outcome = outcome_of("plan-conflict-round")
    conflicts = county.run("detect-plan-conflict")
    proposals = county.run("reconcile-plans", conflicts=conflicts.frame)
    assert_geodataframe_equal(outcome.step("conflicts").result.frame, conflicts.frame)
    assert_geodataframe_equal(outcome.step("proposals").result.frame, proposals.frame)
    record = outcome.step("proposals").result.provenance.inputs[0]
    assert record.layer == "conflicts"
    assert record.source == "answer of detect-plan-conflict"
    assert record.sha256 == outcome.step("conflicts").result.provenance.key


def test_a_part_of_a_layer_or_of_an_answer_is_taken(
    county: Workspace, outcome_of: Callable[[str], ScenarioOutcome]
) -> None:
    site = county.layers["planned.projects"].read(where="project_id = 'KP006'")
    asked = county.run("review-project", site="planned.projects").frames["verdicts"]
    review = outcome_of("project-access").step("review").result
    assert list(review.frames["verdicts"]["site"]) == ["KP006"]
    assert list(review.frames["verdicts"]["verdict"]) == list(asked[asked["site"] == "KP006"]["verdict"])
    assert review.frames["verdicts"]["area_m2"].sum() == pytest.approx(site.area.sum(), rel=2e-3)
    record = next(item for item in review.provenance.inputs if item.role == "site")
    assert record.layer == "planned.projects"
    assert record.rows == 1
    assert "where project_id = 'KP006'" in record.source
    assert record.sha256 != county.layers["planned.projects"].sha256

    zones = outcome_of("outbreak-three-zones")
    strict = zones.step("zones").result.frames["zones"].query("zone != 'prevention'")
    assert len(zones.step("notice").result.frame) == len(strict)


def test_columns_are_taken_from_others(outcome_of: Callable[[str], ScenarioOutcome]) -> None:
    outcome = outcome_of("zone-release")
    houses = outcome.step("release").result.frames["buildings"]
    compared = outcome.step("compare").result.frames["buildings"].set_index("building")
    expected = houses.set_index("building_id")
    assert compared["zone_after"].sort_index().to_dict() == expected["zone_after"].sort_index().to_dict()
    eased = int((expected["zone"] != expected["zone_after"]).sum())
    assert outcome.figures["compare.eased_buildings"] == eased
    assert eased == int((expected["decision"] == "release").sum())


def test_what_is_given_takes_the_place_of_the_cards(county: Workspace, tmp_path: Path) -> None:
    mine = tmp_path / "mine.gpkg"
    county.layers["planned.projects"].read(where="project_id = 'KP010'").to_file(mine)
    outcome = run_scenario(county, "project-access", {"review.site": str(mine), "review.min_area": "5"}, text=True)
    review = outcome.step("review").result
    assert review.provenance.parameters["min_area"] == 5
    assert [item.source for item in review.provenance.inputs if item.role == "site"] == [str(mine)]
    whole = county.run("review-project").frames["verdicts"].set_index("site")
    assert list(review.frames["verdicts"]["verdict"]) == [whole.loc["KP010", "verdict"]]


def test_a_failure_stops_only_what_depends_on_it(write_card: Callable[..., Path]) -> None:
    path = write_card(BROKEN)
    told: list[tuple[float, str]] = []
    workspace = spacegov.open(path.parents[3])
    outcome = run_scenario(workspace, path.stem, progress=lambda done, what: told.append((done, what)))
    assert [each.status for each in outcome.steps] == ["done", "failed", "skipped", "done", "skipped"]
    assert outcome.step("lost").error == "not begun, since 'decide' gave no answer"
    assert "fault of spacegov" in str(outcome.step("fail").error)
    assert outcome.step("again").result.summary["area_m2"] == outcome.step("measure").result.summary["area_m2"]
    shares = [done for done, _ in told]
    assert shares == sorted(shares)
    assert {what.partition(":")[0] for _, what in told} == {"M", "F", "D", "A", "L"}


def test_the_command_line_saves_the_rest_and_leaves_with_three(write_card: Callable[..., Path], tmp_path: Path) -> None:
    path = write_card(BROKEN)
    out = tmp_path / "out"
    done = command("scenario", path.stem, "--workspace", str(path.parents[3]), "--out", str(out), "--json")
    assert done.code == 3
    facts = json.loads(done.out)
    assert facts["status"] == "partly failed"
    assert [step["status"] for step in facts["steps"]] == ["done", "failed", "skipped", "done", "skipped"]
    assert "3 of 5 steps gave no answer (fail, decide, lost)" in done.err
    assert Path(facts["files"]["layers"]).is_file()
    assert "again-places" in list(gpd.list_layers(out / "layers.gpkg")["name"])


def test_the_folder_holds_layers_tables_map_and_record(
    county: Workspace, outcome_of: Callable[[str], ScenarioOutcome], tmp_path: Path
) -> None:
    from spacegov.applications.folder import write_scenario

    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    (tmp_path / "old.html").write_text("old", encoding="utf-8")
    (tmp_path / "scenario.json").write_text('{"files": {"page": "old.html", "secret": "../x"}}', encoding="utf-8")
    outcome = outcome_of("red-line-watch")
    files = write_scenario(outcome, tmp_path, "zh")
    assert set(files) >= {"layers", "tables", "map", "record"}
    assert all((tmp_path / name).exists() for name in files.values())
    assert (tmp_path / "mine.txt").is_file()
    assert not (tmp_path / "old.html").exists()
    frame = gpd.read_file(tmp_path / "layers.gpkg", layer="watch-cases")
    assert frame.area.sum() == pytest.approx(outcome.step("watch").result.frames["cases"].area.sum())
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx", read_only=True)
    assert book.sheetnames[0] == "步骤"
    assert book.sheetnames[-1] == "来源与方法"
    rows = list(book["步骤"].iter_rows(values_only=True))
    assert [row[1] for row in rows[1:]] == ["生态环境局", "自然资源局", "综合行政执法局"]
    assert [row[3] for row in rows[1:]] == ["已完成", "已完成", "待决定"]
    stands = {str(row[0]): str(row[1]) for row in book["来源与方法"].iter_rows(values_only=True) if row[0]}
    assert {"问题", "结论", "工具", "场景", "步骤", "平衡"} <= set(stands)
    assert not [name for name in stands if name.startswith(("Parameter", "Input", "Rules"))]
    assert "条记录" in stands["输入 permits"]
    assert book["watch-cases"].max_row == len(outcome.step("watch").result.frames["cases"]) + 1
    record = json.loads((tmp_path / "scenario.json").read_text(encoding="utf-8"))
    assert record["steps"][0]["provenance"]["tool"] == "monitor-encroachment"
    assert outcome.card.question["zh"] in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_lists_and_show(county: Workspace) -> None:
    listed = [json.loads(line) for line in command("scenarios", "--json").out.splitlines()]
    assert {row["id"] for row in listed} == set(county.scenarios)
    assert all(row["title"] and row["application"] and row["days"] >= 0 for row in listed)
    shown = command("show", "project-access", "--language", "zh").out
    assert "建设项目空间准入" in shown
    assert "自然资源局" in shown
    wrong = command("scenario", "sky-patrl")
    assert wrong.code == 2
    assert "did you mean 'sky-patrol'" in wrong.err
