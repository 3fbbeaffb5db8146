"""Programs of others as clients: GDAL, OWSLib, schemathesis, a validator of OpenAPI."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from spacegov.workspace import Workspace
from tests.service.client import Server


def open_vectors(county: Workspace) -> list[str]:
    layers = [county.layers[name] for name in county.layers]
    return [
        each.id for each in layers if each.card.sharing.class_ == "open" and each.bound and each.card.kind != "Raster"
    ]


def test_gdal_reads_every_open_collection(county_server: Server, county: Workspace) -> None:
    """GDAL's OAPIF driver pages through every collection and finds what the layer holds."""
    source = f"OAPIF:{county_server.address}"
    listed = {str(name) for name, _ in pyogrio.list_layers(source)}
    names = open_vectors(county)
    assert set(names) <= listed
    for name in names:
        layer = county.layers[name]
        expected = layer.read()
        if len(expected) > 3000:
            continue  # one large layer is read below
        found = pyogrio.read_dataframe(source, layer=name, PAGE_SIZE="500")
        assert len(found) == len(expected), name
        if hasattr(expected, "geometry"):
            assert found.crs == expected.crs, name
            apart = np.abs(shapely.bounds(found.geometry.to_numpy()) - shapely.bounds(expected.geometry.to_numpy()))
            assert np.nanmax(apart) < 0.001, name


def test_gdal_pages_through_a_large_layer(county_server: Server, county: Workspace) -> None:
    expected = county.layers["natural.forest"].read()
    found = pyogrio.read_dataframe(f"OAPIF:{county_server.address}", layer="natural.forest", PAGE_SIZE="100")
    assert found["stand_id"].tolist() == expected["stand_id"].tolist()
    assert found.area.sum() == pytest.approx(expected.area.sum(), rel=1e-6)


def test_gdal_filters_on_the_server(county_server: Server, county: Workspace) -> None:
    """Box and filter reach the server, and bring what geopandas finds."""
    forest = county.layers["natural.forest"].read()
    source = f"OAPIF:{county_server.address}"
    west, south, east, north = forest.total_bounds
    box = (west, south, (west + east) / 2, (south + north) / 2)
    found = gpd.read_file(source, layer="natural.forest", bbox=box)
    assert set(found["stand_id"]) == set(forest["stand_id"][forest.intersects(shapely.box(*box))])
    found = gpd.read_file(source, layer="natural.forest", where="age_years > 40 AND grade = 1")
    assert set(found["stand_id"]) == set(forest["stand_id"][(forest["age_years"] > 40) & (forest["grade"] == 1)])
    found = gpd.read_file(source, layer="natural.forest", where="species ILIKE 'M%'")
    assert set(found["stand_id"]) == set(
        forest["stand_id"][forest["species"].str.lower().str.startswith("m", na=False)]
    )
    queries = [event.get("query", "") for event in county_server.events()]
    assert any("bbox=" in query for query in queries)
    assert any("filter=" in query and "age_years" in query for query in queries)


def test_owslib_features(county_server: Server, county: Workspace) -> None:
    from owslib.ogcapi.features import Features

    client = Features(county_server.address)
    assert set(open_vectors(county)) <= set(client.feature_collections())
    assert client.collection("natural.rivers")["id"] == "natural.rivers"
    assert client.collection_items("natural.rivers", limit=3)["numberReturned"] == 3
    assert client.collection_queryables("natural.rivers")["properties"]
    assert client.collection_items("natural.rivers", filter="width_m > 20", limit=1)["numberMatched"] > 0


def test_owslib_records(county_server: Server, county: Workspace) -> None:
    from owslib.ogcapi.records import Records

    client = Records(county_server.address)
    assert client.records() == ["registry"]
    found = client.collection_items("registry", q="rivers", limit=5)
    assert found["features"][0]["id"] == "natural.rivers"
    assert (
        client.collection_item("registry", "natural.rivers")["properties"]["steward"]
        == county.layers["natural.rivers"].card.steward
    )
    assert {bucket["value"] for bucket in found["facets"]["space"]["buckets"]}
    chinese = client.collection_items("registry", q="河流")
    assert "natural.rivers" in {feature["id"] for feature in chinese["features"]}


def test_owslib_processes(county_server: Server, county: Workspace) -> None:
    from owslib.ogcapi.processes import Processes

    client = Processes(county_server.address)
    assert {each["id"] for each in client.processes()} == {*county.tools, *county.scenarios}
    described = client.process("delineate-watersheds")
    assert described["inputs"]
    scenario = client.process("flood-warning")
    assert scenario["inputs"]["flood.stage"]["schema"]["default"] == 1.0
    assert scenario["jobControlOptions"] == ["async-execute", "dismiss"]
    done = client.execute("summarize-by-zone", inputs={})
    assert done["summary"]
    assert done["provenance"]["tool"] == "summarize-by-zone"


def test_the_same_answer_over_http_as_in_a_notebook(county_server: Server, county: Workspace) -> None:
    """Every tool whose default layers are open gives the figures of its run in a notebook."""
    tools = {tool["id"]: tool for tool in county_server.ask("/api/tools").json}
    name = "delineate-watersheds"
    assert not tools[name]["withheld"]
    got = county_server.post(f"/processes/{name}/execution", {"inputs": {}})
    assert got.status == 200, got.body[:500]
    expected = county.run(name)
    told = json.loads(json.dumps(expected.summary, default=float))
    assert got.json["summary"] == told
    assert got.json["answer"] == expected.answer("en")


def test_openapi_is_valid_and_all_its_references_are_local(county_server: Server) -> None:
    from openapi_spec_validator import validate

    document = county_server.ask("/api").json
    validate(document)
    references = re.findall(r'"\$ref": ?"([^"]*)"', json.dumps(document))
    assert references
    assert all(each.startswith("#/") for each in references)
    assert document["openapi"].startswith("3.0")
    assert {"/collections/{collectionId}/items", "/processes/{processID}/execution", "/jobs/{jobId}"} <= set(
        document["paths"]
    )


@pytest.fixture(scope="module")
def schema_checks() -> Any:
    return pytest.importorskip("schemathesis")


def test_schemathesis(county_server: Server, schema_checks: Any) -> None:
    """Made-up requests against the description: no fault, no answer that is not described."""
    words = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
        f"{county_server.address}/api",
        "--max-examples=8", "--phases=examples,coverage,fuzzing", "--seed=7", "--workers=2", "--no-color",
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
        "response_schema_conformance,unsupported_method",
        "--exclude-path-regex=/api/extract|/execution|/uploads|/viewer",
        "--suppress-health-check=all", "--generation-deterministic",
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
