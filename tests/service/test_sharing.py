"""Who gets what: every route against every sharing class."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from spacegov.content import content_path
from spacegov.service.app import create_app
from spacegov.service.guard import NEEDS, needs
from spacegov.service.settings import Options
from spacegov.service.sharing import Need, ServedWorkspace, Withheld, WithheldLayer
from spacegov.workspace import Workspace
from tests.service.client import Server

CLASSES = {
    "open": "natural.rivers",
    "conditional": "artificial.parcels",
    "restricted": "artificial.outbreak-cases",
}
FILLED = {
    "feature": "1", "matrix_set": "WebMercatorQuad", "matrix": "10", "row": "424", "column": "853",
    "tool": "check-geometry", "job": "0" * 32, "frame": "result", "path": "index.html",
}  # fmt: skip


@pytest.fixture(scope="module")
def app() -> Any:
    return create_app(Options(content_path("sample_data"), workers=False))


def routes(app: Any) -> list[APIRoute]:
    found = []
    for part in app.routes:
        inner = getattr(part, "original_router", None)
        found += [part] if isinstance(part, APIRoute) else list(getattr(inner, "routes", []))
    return [each for each in found if isinstance(each, APIRoute)]


def test_every_route_states_its_need(app: Any) -> None:
    found = routes(app)
    assert len(found) > 25
    for route in found:
        need = getattr(route.endpoint, NEEDS, None)
        assert need is not None, route.path
        assert (need is Need.NOTHING) == ("{layer}" not in route.path), route.path


@pytest.mark.parametrize("sharing", CLASSES)
def test_every_route_on_every_class(app: Any, county_server: Server, county: Workspace, sharing: str) -> None:
    layer = CLASSES[sharing]
    assert county.layers[layer].card.sharing.class_ == sharing
    seen = 0
    for route in routes(app):
        if "{layer}" not in route.path:
            continue
        path = route.path_format.format(layer=layer, **FILLED)
        got = county_server.ask(path)
        need = getattr(route.endpoint, NEEDS)
        seen += 1
        if sharing == "open":
            assert got.status != 403, path
        elif sharing == "conditional" and need is Need.CARD:
            assert got.status == 200, path
            assert not re.search(r'"(bounds|rows|tiles|version|items|coverage)"', got.body.decode()), got.body
        else:
            assert got.status == 403, path
            assert got.problem.startswith(f"{layer} is withheld by "), path
    assert seen >= 9


def test_a_route_without_a_statement_is_refused() -> None:
    app = create_app(Options(content_path("sample_data"), hosts=("testserver",), workers=False))
    router = APIRouter()

    @router.get("/forgotten/{layer}")
    async def forgotten() -> dict[str, str]:
        return {"secret": "out"}

    @router.get("/careless/{layer}")
    @needs(Need.NOTHING)
    async def careless() -> dict[str, str]:
        return {"secret": "out"}

    app.include_router(router)
    client = TestClient(app)
    for path in ("/forgotten/natural.rivers", "/careless/natural.rivers"):
        got = client.get(path)
        assert got.status_code == 403
        assert "out" not in got.json().values()


def test_lists_and_counts_tell_nothing(county_server: Server, county: Workspace) -> None:
    closed = [name for name in county.layers if county.layers[name].card.sharing.class_ != "open"]
    restricted = [name for name in closed if county.layers[name].card.sharing.class_ == "restricted"]
    assert restricted
    listed = county_server.ask("/collections").body.decode()
    assert not [name for name in closed if f'"{name}"' in listed]

    catalogue = county_server.ask("/api/catalogue").json
    at = {name: number for number, name in enumerate(catalogue["columns"])}
    rows = {row[0]: row for row in catalogue["rows"]}
    assert not set(restricted) & set(rows)
    assert "restricted" not in catalogue["facets"]["sharing"]
    assert sum(catalogue["facets"]["sharing"].values()) == len(rows) == len(county.layers) - len(restricted)
    for name in set(closed) - set(restricted):
        row = rows[name]
        assert (row[at["status"]], row[at["coverage"]], row[at["version"]]) == ("withheld", None, None)

    records = county_server.ask("/collections/registry/items?limit=10000").json
    assert records["numberMatched"] == len(rows)
    for feature in records["features"]:
        if feature["id"] in closed:
            assert feature["geometry"] is None
            assert feature["time"] is None
            assert feature["properties"]["status"] == "withheld"
            assert "version" not in feature["properties"]
            assert {link["rel"] for link in feature["links"]} == {"self", "collection"}
    for name in restricted:
        assert county_server.ask(f"/collections/registry/items/{name}").status == 403
        assert county_server.ask(f"/collections/registry/items?ids={name}").json["numberMatched"] == 0
    title = county.layers[restricted[0]].title("en").split()[0]
    found = county_server.ask(f"/collections/registry/items?q={title}&limit=1000").json
    assert not {feature["id"] for feature in found["features"]} & set(restricted)
    # a typing error in a name of an open layer must not be answered with the name of a restricted one
    for path in ("/collections/artificial.outbreak-case", "/collections/registry/items?steward=helath"):
        assert "outbreak-cases" not in county_server.ask(path).body.decode()


def test_a_withheld_layer_is_refused_as_input_by_name(county_server: Server) -> None:
    for layer in (CLASSES["conditional"], CLASSES["restricted"]):
        got = county_server.post("/processes/check-geometry/execution", {"inputs": {"layer": layer}})
        assert got.status == 403, got.body
        assert f"{layer} is withheld by " in got.problem


def test_a_withheld_default_is_refused_too(county_server: Server) -> None:
    got = county_server.post("/processes/detect-unpermitted-building/execution", {"inputs": {}})
    assert got.status == 403
    assert "is withheld by" in got.problem
    tools = {tool["id"]: tool for tool in county_server.ask("/api/tools").json}
    assert tools["detect-unpermitted-building"]["withheld"]


def test_an_extract_says_failed_where_a_layer_is_withheld(county_server: Server, county: Workspace) -> None:
    """The same place asked by the owner and by anyone: withheld layers fail, all other answers are the same."""
    hazards = county.layers["natural.geohazard-points"].read().to_crs(4326).geometry.iloc[0]
    place = {"type": "Point", "coordinates": [hazards.x, hazards.y]}
    got = county_server.post("/api/extract", {"geometry": place})
    assert got.status == 200, got.body
    rows = {each["properties"]["layer"]: each["properties"] for each in got.json["restrictions"]["features"]}
    withheld = {name for name in rows if county.layers[name].card.sharing.class_ != "open"}
    assert withheld
    for name, row in rows.items():
        department = county.layers.stewards[county.layers[name].card.steward].title["en"]
        if name in withheld:
            assert row["answer"] == "failed"
            assert f"withheld by {department}" in row["error"]
            assert (row["objects"], row["version"], row["records"], row["values"]) == (0, None, None, None)
        else:
            assert row["answer"] in {"present", "absent", "not_covered"}, row
    assert sum(row["answer"] == "failed" for row in rows.values()) == len(withheld)


def test_a_withheld_layer_gives_nothing_to_code_either() -> None:
    served = ServedWorkspace.open(content_path("sample_data"))
    for name in (CLASSES["conditional"], CLASSES["restricted"]):
        layer = served.layers[name]
        assert isinstance(layer, WithheldLayer)
        assert layer.bound
        for use in ("read", "scan", "source", "source_path", "vector_source", "quality", "attrs", "map"):
            with pytest.raises(Withheld, match="withheld by"):
                getattr(layer, use)
    assert len(served.layers[CLASSES["open"]].read())


def test_errors_and_results_name_no_path_of_the_machine(county_server: Server) -> None:
    drawn = {
        "type": "Polygon",
        "coordinates": [[[120.1, 29.45], [120.12, 29.45], [120.12, 29.47], [120.1, 29.47], [120.1, 29.45]]],
    }
    got = county_server.post("/processes/extract-restrictions/execution", {"inputs": {"place": drawn}})
    assert got.status == 200, got.body
    text = json.dumps(got.json)
    for folder in (str(county_server.workspace), str(county_server.state), "/root", "/home", ".geojson"):
        assert folder not in text, folder
