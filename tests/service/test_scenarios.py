"""Scenarios as processes: listed beside tools, run as jobs, told by step; a withheld layer fails one step alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest

from spacegov.workspace import Workspace
from tests.service.client import Server, gone, running, worker_of

FAST = "red-line-watch"
OFFICE = {"en": "Trial office", "zh": "试验局", "ru": "Пробное ведомство"}
HECTARES = "100.0\N{NARROW NO-BREAK SPACE}"
FLOW = """
    title: {en: Trial flow, zh: 试行流程, ru: Пробный ход}
    question: {en: What of the parcels?, zh: 地块如何？, ru: Что с участками?}
    steps:
      - {id: measure, department: TR, title: {en: Measure, zh: 量算, ru: Измерить}, days: 1, tool: trial-measure}
      - id: town
        department: TR
        title: {en: Measure the town plan, zh: 量算城镇规划, ru: Измерить план города}
        days: 1
        tool: trial-measure
        inputs: {places: planned.trial-town}
      - id: sign
        department: TR
        title: {en: Sign, zh: 签认, ru: Подписать}
        days: 2
        after: [town]
        decision: {asked: {en: Is it signed?}}
      - id: again
        department: TR
        title: {en: Measure the large ones, zh: 量算大块, ru: Измерить крупные}
        days: 1
        tool: trial-measure
        inputs: {places: {from: measure.places, where: area_m2 > 1, rename: {use: kind}}}
        decision: {asked: {en: Are they kept?}, proposal: {en: Keep them}, choices: [agree, object]}
      - {id: lift, department: TR, title: {en: Lift}, days: 0, tool: trial-raise}
    shows: measure
    draws: [again, measure]
    deliverable: {title: {en: Paper}, signatures: [TR]}
"""
SLOW = """
    title: {en: Slow flow}
    question: {en: Where do grains fall?}
    steps:
      - {id: measure, department: TR, title: {en: Measure}, days: 0, tool: trial-measure}
      - {id: scatter, department: TR, title: {en: Scatter}, days: 0, tool: trial-scatter, options: {count: 500000}}
    deliverable: {title: {en: Paper}, signatures: [TR]}
"""
BAD = FLOW.replace("tool: trial-raise", "tool: trial-rise")


@pytest.fixture(scope="module")
def server(tiny_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server over a copy of the tiny workspace with scenarios of its own, one of them faulty."""
    folder = tmp_path_factory.mktemp("scenarios")
    shutil.copytree(tiny_template, folder / "tiny")
    cards = folder / "tiny" / "tools" / "integration" / "scenarios"
    cards.mkdir(parents=True)
    for name, text in {"trial-flow": FLOW, "slow-flow": SLOW, "bad-flow": BAD}.items():
        (cards / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    server = Server(folder / "tiny", folder / "state", trial=True).start()
    yield server
    assert server.stop() == 0
    assert not server.faults()


@pytest.fixture(scope="module")
def flow(server: Server) -> str:
    """A job that ran the trial scenario."""
    job = server.start_job("trial-flow")
    assert server.wait(job)["status"] == "successful"
    return job


def test_scenarios_are_processes_beside_the_tools(county_server: Server, county: Workspace) -> None:
    assert not set(county.tools) & set(county.scenarios)
    listed = {each["id"]: each for each in county_server.ask("/processes").json["processes"]}
    for name in county.scenarios:
        card = county.scenarios[name]
        assert listed[name]["title"] == card.title["en"]
        got = county_server.ask(f"/processes/{name}").json
        assert got["description"] == card.question["en"]
        assert [step["id"] for step in got["steps"]] == [step.id for step in card.steps]
        assert got["days"] == sum(step.days for step in card.steps)
        assert got["deliverable"]["title"] == card.deliverable.title["en"]
        assert [each["id"] for each in got["deliverable"]["signatures"]] == list(card.deliverable.signatures)
        for key, described in got["inputs"].items():
            step, _, role = key.partition(".")
            signature = county.tools[next(str(each.tool) for each in card.steps if each.id == step)].signature
            assert role in {*signature.inputs, *signature.policies, *signature.options.model_fields}
            assert described["minOccurs"] == 0
            jsonschema.Draft202012Validator.check_schema(described["schema"])
    inputs = county_server.ask("/processes/flood-warning").json["inputs"]
    assert inputs["flood.stage"]["schema"]["default"] == 1.0
    assert "default" not in inputs["exposure.hazard"]["schema"]
    assert "By default: the answer of the step flood (zones) where answer = 'present'." in str(
        inputs["exposure.hazard"]["description"]
    )
    assert "did you mean 'flood-warning'" in county_server.ask("/processes/flood-warnin").problem


def test_a_scenario_over_http_is_the_scenario_in_a_notebook(county_server: Server, county: Workspace) -> None:
    got = county_server.post(f"/processes/{FAST}/execution", {"inputs": {}})
    assert got.status == 201, "a scenario is a job, whether or not the client prefers one"
    assert "preference-applied" not in got.headers
    job = got.json["jobID"]
    status = county_server.wait(job)
    assert (status["status"], status["processID"], status["progress"]) == ("successful", FAST, 100)
    found = county_server.ask(f"/jobs/{job}/results").json
    expected = county.scenario(FAST)
    assert found["status"] == "done"
    assert found["answers"] == {language: expected.answer(language) for language in ("en", "zh", "ru")}
    assert [step["status"] for step in found["steps"]] == [each.status for each in expected.steps]
    for told, each in zip(found["steps"], expected.steps, strict=True):
        if each.result is not None:
            assert told["summary"] == json.loads(json.dumps(each.result.summary, default=float))
            assert told["provenance"]["tool"] == each.step.tool
            assert {f"{each.step.id}.{name}" for name in each.result.frames} <= set(told["frames"])
    assert county_server.ask(f"/jobs/{job}", "DELETE").status == 200
    assert county_server.ask(f"/jobs/{job}").status == 404


def test_a_step_that_needs_a_withheld_layer_fails_alone(server: Server, flow: str) -> None:
    status = server.ask(f"/jobs/{flow}").json
    assert status["message"] == "trial-flow: 2 of 5 steps gave no answer (town, sign); the rest is kept"
    got = server.ask(f"/jobs/{flow}/results").json
    assert got["status"] == "partly failed"
    steps = {step["id"]: step for step in got["steps"]}
    assert [step["status"] for step in got["steps"]] == ["done", "failed", "skipped", "done", "done"]
    assert "planned.trial-town is withheld by Trial office" in steps["town"]["error"]
    assert steps["town"]["withheld"] == {"layer": "planned.trial-town", "department": OFFICE}
    assert (steps["town"]["summary"], steps["town"]["provenance"], steps["town"]["frames"]) == (None, None, [])
    assert steps["sign"]["error"] == "not begun, since 'town' gave no answer"
    assert steps["again"]["decision"] == {
        "asked": {"en": "Are they kept?"},
        "proposal": {"en": "Keep them"},
        "choices": [
            {"id": "agree", "title": {"en": "agree", "zh": "同意", "ru": "согласовать"}},
            {
                "id": "object",
                "title": {"en": "object with reasons", "zh": "不同意并说明理由", "ru": "возразить с обоснованием"},
            },
        ],
    }
    assert steps["measure"]["answer"]["en"] == f"4 places of {HECTARES}ha"
    assert steps["measure"]["answer"]["zh"].startswith("4 块，")
    assert got["draws"] == ["again.places", "measure.places"]
    text = json.dumps(got)
    for secret in (str(server.workspace), "plans.gpkg", "300000", "300100", "urban"):
        assert secret not in text, secret


def test_frames_of_steps_are_layers(server: Server, flow: str) -> None:
    got = server.ask(f"/jobs/{flow}/results").json
    frames = {name: value for name, value in got.items() if isinstance(value, dict) and "collection" in value}
    assert {"measure.places", "measure.totals", "again.places", "lift.result"} <= set(frames)
    assert (frames["measure.places"]["spatial"], frames["measure.places"]["rows"]) == (True, 4)
    assert frames["measure.totals"]["spatial"] is False
    name = frames["measure.places"]["collection"]
    assert name == f"result.{flow}.measure.places"
    assert server.ask(f"/collections/{name}/items?limit=1").json["numberMatched"] == 4
    assert server.ask(f"/api/layers/{name}").json["title"]["zh"] == "量算：位置"
    style = server.ask(f"/api/layers/{name}/style").json
    assert style["field"] == "kind"
    tile = style["source"]["tiles"][0].replace("{z}", "3").replace("{y}", "3").replace("{x}", "6")
    assert server.ask(tile).status in (200, 204)
    assert server.ask(f"/api/layers/result.{flow}.lift.result/style").json["source"]["type"] == "raster"
    assert server.ask(f"/jobs/{flow}/results/lift.result?f=tif").body[:2] in (b"II", b"MM")
    assert server.ask(f"/jobs/{flow}/results/again.places?f=gpkg").body.startswith(b"SQLite")
    got = server.post("/processes/trial-measure/execution", {"inputs": {"places": name, "by": "kind"}})
    assert got.json["summary"]["rows"] == 4, "a frame of a step is an input of tools"
    for missing in ("measure", "measure.nothing", "nowhere.places", "town.places", "..places", "measure.places.x"):
        assert server.ask(f"/collections/result.{flow}.{missing}/items").status == 404, missing
        assert server.ask(f"/jobs/{flow}/results/{missing}?f=gpkg").status == 404, missing


def test_files_of_the_whole(server: Server, flow: str) -> None:
    for name, form, start in (
        ("report", "pdf", b"%PDF-"), ("workbook", "xlsx", b"PK"), ("layers", "gpkg", b"SQLite"), ("map", "html", b"<!"),
    ):  # fmt: skip
        got = server.ask(f"/jobs/{flow}/results/{name}?f={form}")
        assert got.status == 200, got.body[:300]
        assert got.body.lstrip().startswith(start)
        assert f'filename="trial-flow.{form}"' in got.headers["content-disposition"]
        assert got.headers["content-disposition"].startswith("inline" if form == "html" else "attachment")
    policy = server.ask(f"/jobs/{flow}/results/map?f=html").headers["content-security-policy"]
    assert "sandbox allow-scripts" in policy
    assert "connect-src" not in policy
    assert "'self'" not in policy
    for language, title in {"en": "Trial flow", "zh": "试行流程", "ru": "Пробный ход"}.items():
        page = server.ask(f"/jobs/{flow}/results/report?f=html&lang={language}")
        text = page.body.decode()
        assert f'lang="{language}"' in text or f'lang="{language}-' in text
        assert title in text
        assert "planned.trial-town is withheld by Trial office" in text
        assert str(server.workspace) not in text
        assert "sandbox" in page.headers["content-security-policy"]
        assert "script" not in page.headers["content-security-policy"]
    assert "did you mean 'pdf'" in server.ask(f"/jobs/{flow}/results/report?f=pfd").problem
    assert server.ask(f"/jobs/{flow}/results/layers?f=html").status == 400


def test_outputs_of_a_scenario_are_chosen(server: Server) -> None:
    asked = {"inputs": {}, "outputs": {"answer": {}, "measure.places": {"transmissionMode": "value"}}}
    got = server.post("/processes/trial-flow/execution", asked)
    assert got.status == 201
    refused = server.post("/processes/trial-flow/execution", {"inputs": {}, "outputs": {"measure.place": {}}})
    assert refused.status == 400
    assert "did you mean 'measure.places'" in refused.problem
    job = got.json["jobID"]
    server.wait(job)
    found = server.ask(f"/jobs/{job}/results").json
    assert set(found) == {"answer", "measure.places", "job", "links"}
    assert found["answer"] == f"4 places of {HECTARES}ha"
    assert len(found["measure.places"]["value"]["features"]) == 4


def test_what_is_given_to_a_step(server: Server) -> None:
    """A drawn place, in degrees, takes the place of the card's layer; options are those of the step's tool."""
    county = server.ask("/collections/artificial.trial-county/items").json["features"][0]["geometry"]
    place = {"type": "Feature", "geometry": county, "properties": {"use": "drawn"}}
    job = server.start_job("trial-flow", {"measure.places": place, "measure.min_area": 5, "again.min_area": 2e6})
    server.wait(job)
    got = {step["id"]: step for step in server.ask(f"/jobs/{job}/results").json["steps"]}
    assert got["measure"]["error"] is None
    assert got["measure"]["summary"]["rows"] == 1
    assert got["measure"]["summary"]["area_m2"] == pytest.approx(1_000_000, rel=1e-3)
    assert got["measure"]["provenance"]["parameters"]["min_area"] == 5
    assert got["measure"]["provenance"]["inputs"][0]["source"] == "given with the request"
    assert got["again"]["summary"]["rows"] == 0


@pytest.mark.parametrize(
    ("inputs", "status", "told"),
    [
        ({"min_area": 3}, 400, "write STEP.NAME, such as measure.NAME"),
        ({"mesure.min_area": 3}, 400, "did you mean 'measure'"),
        ({"sign.min_area": 3}, 400, "there is no step 'sign' with a tool"),
        ({"measure.min_aera": 3}, 400, "did you mean 'min_area'"),
        ({"measure.min_area": "much"}, 400, "measure.min_area"),
        ({"measure.places": "planned.trial-town"}, 403, "planned.trial-town is withheld by Trial office"),
        ({"measure.places": "/etc/passwd"}, 400, "no layer"),
        ({"measure.places": {"href": "http://127.0.0.1:1/x"}}, 400, "no address"),
        ({"measure.crs": "EPSG:3857"}, 400, "no input"),
    ],
)
def test_inputs_that_are_refused(server: Server, inputs: dict[str, object], status: int, told: str) -> None:
    folder = server.workspace / "service" / "jobs"
    before = set(folder.iterdir())
    got = server.post("/processes/trial-flow/execution", {"inputs": inputs})
    assert got.status == status, got.body
    assert told in got.problem
    assert set(folder.iterdir()) == before


def test_a_faulty_card_hides_no_other(server: Server) -> None:
    listed = {each["id"] for each in server.ask("/processes").json["processes"]}
    assert {"trial-flow", "slow-flow"} <= listed
    assert "bad-flow" not in listed
    assert any(event.get("scenario") == "bad-flow" and "trial-rise" in event["error"] for event in server.events())
    got = server.ask("/processes/bad-flow")
    assert got.status == 400
    assert "did you mean 'trial-raise'" in got.problem
    assert str(server.workspace) not in got.problem


def test_the_viewer_is_told_of_scenarios(server: Server) -> None:
    got = {each["id"]: each for each in server.ask("/api/scenarios").json}
    flow = got["trial-flow"]
    assert flow["title"] == {"en": "Trial flow", "zh": "试行流程", "ru": "Пробный ход"}
    steps = {step["id"]: step for step in flow["steps"]}
    assert steps["measure"]["layers"] == ["artificial.trial-parcels"]
    assert steps["town"]["withheld"] == {"planned.trial-town": OFFICE}
    assert steps["sign"]["after"] == ["town"]
    assert (flow["days"], flow["shows"], flow["deliverable"]["signatures"]) == (5, "measure", ["TR"])


def test_a_running_scenario_tells_its_step_survives_its_worker_and_is_cancelled(server: Server) -> None:
    job = server.start_job("slow-flow")
    child = running(server, job)
    os.kill(worker_of(child), signal.SIGKILL)
    assert gone(child), "the process of a job dies with its worker"
    child = running(server, job)
    for _ in range(2000):
        status = server.ask(f"/jobs/{job}").json
        if status.get("message", "").startswith("Scatter") or status["status"] not in ("accepted", "running"):
            break
    assert status["step"] == {"id": "scatter", "number": 2, "of": 2}, status
    assert server.ask(f"/jobs/{job}", "DELETE").json["status"] == "dismissed"
    assert gone(child, 2)
    assert server.ask(f"/jobs/{job}/results").status == 410
    folder = server.workspace / "service" / "jobs" / job
    assert not (folder / "runs").exists(), "what its steps had answered goes with it"
    assert server.ask(f"/jobs/{job}", "DELETE").status == 200
    assert not folder.exists()
