"""OGC API Processes and what the viewer asks; tests carry the ids of the abstract tests they keep."""

from __future__ import annotations

import time
from typing import Any

import jsonschema
import pytest
import shapely

from spacegov.service.execution import is_spatial
from spacegov.workspace import Workspace
from tests.service.client import Server


def test_ats_core_process_list_and_description(county_server: Server, county: Workspace) -> None:
    """/conf/core/process-list-success and process-success: every tool, with inputs and outputs."""
    listed = county_server.ask("/processes").json["processes"]
    assert sorted(each["id"] for each in listed) == sorted([*county.tools, *county.scenarios])
    for each in [each for each in listed if each["id"] in county.tools]:
        got = county_server.ask(f"/processes/{each['id']}").json
        signature = county.tools[each["id"]].signature
        own = {*signature.inputs, *signature.policies, *signature.options.model_fields}
        tool = county.tools[each["id"]]
        beside = {name for name, wanted in (("vary", bool(tool.card.vary)), ("within", is_spatial(tool))) if wanted}
        assert set(got["inputs"]) == own | beside
        assert set(signature.returns) <= set(got["outputs"])
        for described in got["inputs"].values():
            jsonschema.Draft202012Validator.check_schema(described["schema"])
    assert county_server.ask("/processes?limit=2").json["processes"] == listed[:2]


def test_ats_core_exceptions(county_server: Server) -> None:
    """/conf/core/process-exception-no-such-process, job-exception-no-such-job, job-results-exception."""
    assert "did you mean 'map-flood'" in county_server.ask("/processes/map-flod").problem
    assert county_server.post("/processes/map-flod/execution", {"inputs": {}}).status == 404
    for path in ("/jobs/1", f"/jobs/{'0' * 32}", f"/jobs/{'0' * 32}/results"):
        assert county_server.ask(path).status == 404
    assert county_server.ask(f"/jobs/{'0' * 32}", "DELETE").status == 404


def test_ats_core_job_creation_and_results(county_server: Server) -> None:
    """/conf/core/job-creation-success-async, job-success, job-results."""
    job = county_server.start_job("summarize-by-zone")
    status = county_server.wait(job)
    assert status["status"] == "successful", status
    assert status["processID"] == "summarize-by-zone"
    assert {"created", "started", "finished", "updated"} <= set(status)
    results = next(link["href"] for link in status["links"] if link["rel"].endswith("results"))
    got = county_server.ask(results.removeprefix(county_server.address)).json
    assert got["summary"]["rows"]
    frames = [value for value in got.values() if isinstance(value, dict) and "collection" in value]
    frame = next(each for each in frames if each["value"]["features"][0]["geometry"] is not None)
    items = county_server.ask(f"/collections/{frame['collection']}/items?limit=1").json
    assert items["features"]
    style = county_server.ask(f"/api/layers/{frame['collection']}/style").json
    assert style["legend"]
    assert not any(job in each["id"] for each in county_server.ask("/collections").json["collections"])


def test_an_answer_under_other_values(county_server: Server, county: Workspace) -> None:
    """`vary` gives the answer again for each value that the card names, as a frame of its own."""
    card = county.tools["warn-thresholds"].card
    got = county_server.post("/processes/warn-thresholds/execution", {"inputs": {"vary": True}}).json
    tried = [feature["properties"] for feature in got["sensitivity"]["value"]["features"]]
    assert {each["option"] for each in tried} == set(card.vary)
    assert "sensitivity" not in county_server.post("/processes/warn-thresholds/execution", {"inputs": {}}).json
    refused = county_server.post("/processes/warn-thresholds/execution", {"inputs": {"vary": "yes"}})
    assert "true or false" in refused.problem


def test_outputs_are_chosen(county_server: Server) -> None:
    """/conf/core/job-creation-default-outputs and the raw response of one output."""
    asked = {"inputs": {}, "outputs": {"summary": {}}}
    got = county_server.post("/processes/summarize-by-zone/execution", asked).json
    assert set(got) == {"summary", "job", "links"}
    raw = county_server.post("/processes/summarize-by-zone/execution", {**asked, "response": "raw"}).json
    assert raw == got["summary"]
    started = county_server.ask(
        "/processes/summarize-by-zone/execution", "POST", {**asked, "response": "raw"}, {"prefer": "respond-async"}
    ).json["jobID"]
    county_server.wait(started)
    assert county_server.ask(f"/jobs/{started}/results").json == raw, "a job remembers what was wanted of it"


def test_an_option_out_of_its_bounds(county_server: Server) -> None:
    got = county_server.post("/processes/dissolve-slivers/execution", {"inputs": {"area_basis": "sphere"}})
    assert got.status == 400
    assert "area_basis" in got.problem


def test_a_policy_is_named_never_read_from_a_path(county_server: Server, county: Workspace) -> None:
    tool = next(
        name for name in county.tools if county.tools[name].signature.policies and not county.tools[name].card.layers
    )
    policy = next(iter(county.tools[tool].signature.policies))
    got = county_server.post(f"/processes/{tool}/execution", {"inputs": {policy: "/etc/hostname.yaml"}})
    assert got.status == 400


def test_a_drawn_place_goes_beside_layers_of_the_catalogue(county_server: Server, county: Workspace) -> None:
    """Roles that are not given take the card's layers also where another is drawn."""
    area = county.layers["artificial.townships"].read().to_crs(4326).geometry.iloc[0]
    place = {"type": "Feature", "geometry": shapely.geometry.mapping(area), "properties": {"name": "drawn"}}
    signature = county.tools["summarize-by-zone"].signature
    zone = next(name for name in signature.inputs if "zone" in name)
    got = county_server.post("/processes/summarize-by-zone/execution", {"inputs": {zone: place}})
    assert got.status == 200, got.body[:500]
    assert len(got.json["provenance"]["inputs"]) >= 2


def test_the_extract_gives_four_answers(county_server: Server, county: Workspace) -> None:
    plan = county.layers["planned.land-use-plan"].read().to_crs(4326).geometry.iloc[100].representative_point()
    got = county_server.post("/api/extract", {"geometry": {"type": "Point", "coordinates": [plan.x, plan.y]}})
    rows = {row["properties"]["layer"]: row["properties"]["answer"] for row in got.json["restrictions"]["features"]}
    assert rows["planned.land-use-plan"] == "present"
    assert "absent" in rows.values()
    assert set(rows.values()) <= {"present", "absent", "not_covered", "failed"}
    narrowed = county_server.post(
        "/api/extract", {"geometry": {"type": "Point", "coordinates": [plan.x, plan.y]}, "themes": ["land-use-plan"]}
    )
    assert {row["properties"]["layer"] for row in narrowed.json["restrictions"]["features"]} == {
        "planned.land-use-plan"
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "geometry"),
        ({"geometry": {}}, "GeoJSON"),
        ({"geometry": 1}, "GeoJSON"),
        ({"geometry": {"type": "Point", "coordinates": [120, 29]}, "x": 1}, "member"),
        ([], "object"),
    ],
)
def test_an_extract_of_nothing(county_server: Server, body: Any, told: str) -> None:
    got = county_server.post("/api/extract", body)
    assert got.status == 400
    assert told in got.problem


def test_the_catalogue_in_one_answer(county_server: Server, county: Workspace) -> None:
    got = county_server.ask("/api/catalogue").json
    rows = {row[0]: dict(zip(got["columns"], row, strict=True)) for row in got["rows"]}
    rivers = rows["natural.rivers"]
    assert rivers["title"]["zh"] == county.layers["natural.rivers"].card.title["zh"]
    assert (rivers["status"], rivers["kind"], rivers["space"]) == ("in-force", "Lines", "natural")


def test_workspace_card_and_style(county_server: Server) -> None:
    workspace = county_server.ask("/api/workspace").json
    west, south, east, north = workspace["bounds"]
    assert 119 < west < east < 121
    assert 29 < south < north < 30
    assert workspace["background"]["relief"] == ["natural.terrain"]
    card = county_server.ask("/api/layers/artificial.land-survey").json
    assert card["fields"]["class"]["codes"]["0101"]["zh"]
    style = county_server.ask("/api/layers/artificial.land-survey/style?theme=dark").json
    assert style["source"]["type"] == "vector"
    assert all(layer["source"] == "artificial.land-survey" for layer in style["layers"])
    tile = style["source"]["tiles"][0].replace("{z}", "3").replace("{y}", "3").replace("{x}", "6")
    assert county_server.ask(tile).status in (200, 204)
    assert county_server.ask("/api/layers/natural.rivers/style?theme=pink").status == 400


def test_requests_stand_in_the_log_with_their_id(county_server: Server) -> None:
    got = county_server.ask("/conformance", headers={"x-request-id": "test-77"})
    assert got.headers["x-request-id"] == "test-77"
    # the line is written after the answer is sent
    for _ in range(200):
        found = [event for event in county_server.events() if event.get("request") == "test-77"]
        if found:
            break
        time.sleep(0.05)
    assert found[0]["status"] == 200
    assert found[0]["path"] == "/conformance"
    forged = county_server.ask("/conformance", headers={"x-request-id": "a b\tc"})
    assert forged.headers["x-request-id"] != "a b\tc"
