"""Layers that are read in place, tables without shapes, and layers that change while the service runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from spacegov.service.app import create_app
from spacegov.service.settings import Limits, Options
from tests.tiny import farmland, parcels


@pytest.fixture
def client(tiny_folder: Path) -> TestClient:
    options = Options(tiny_folder, hosts=("testserver",), limits=Limits(kept_seconds=0), workers=False)
    return TestClient(create_app(options), raise_server_exceptions=False)


def items(client: TestClient, layer: str, query: str = "") -> Any:
    got = client.get(f"/collections/{layer}/items?{query}")
    assert got.status_code == 200, got.text
    return got.json()


def test_a_layer_in_another_format_and_crs_is_served_in_the_workspaces(client: TestClient, tiny_folder: Path) -> None:
    """The farmland lies in a GeoJSON in degrees."""
    crs = "http://www.opengis.net/def/crs/EPSG/0/4549"
    found = items(client, "planned.trial-farmland", f"crs={crs}")
    assert client.get("/collections/planned.trial-farmland").json()["storageCrs"] == crs
    shape = shapely.from_geojson(json.dumps(found["features"][0]["geometry"]))
    turned = shapely.transform(shape, lambda points: points[:, ::-1])
    assert turned.hausdorff_distance(farmland().geometry[0]) < 0.001
    copies = list((tiny_folder / "service" / "copies").rglob("*.parquet"))
    assert len(copies) == 1


def test_a_copy_follows_its_source(client: TestClient, tiny_folder: Path) -> None:
    assert items(client, "planned.trial-farmland")["numberMatched"] == 1
    source = tiny_folder / "files" / "farmland.geojson"
    data = json.loads(source.read_text())
    data["features"] *= 3
    source.write_text(json.dumps(data))
    assert items(client, "planned.trial-farmland")["numberMatched"] == 3
    assert len(list((tiny_folder / "service" / "copies").rglob("*.parquet"))) == 1


def test_a_new_version_is_served_at_once(client: TestClient, tiny_folder: Path) -> None:
    folder = tiny_folder / "data" / "artificial.trial-parcels"
    assert items(client, "artificial.trial-parcels")["numberMatched"] == 4
    parcels().iloc[:2].to_parquet(folder / "2025-06-01.parquet", schema_version="1.1.0", write_covering_bbox=True)
    (folder / "current").write_text("2025-06-01\n")
    assert items(client, "artificial.trial-parcels")["numberMatched"] == 2
    assert [feature["id"] for feature in items(client, "artificial.trial-parcels")["features"]] == ["a", "b"]


def test_a_table_has_records_without_shapes(client: TestClient) -> None:
    found = items(client, "artificial.trial-indicators", "year=2024")
    assert [(each["geometry"], each["properties"]["people"]) for each in found["features"]] == [(None, 430)]
    assert items(client, "artificial.trial-indicators", "bbox=0,0,1,1")["numberMatched"] == 2
    got = client.get(
        "/collections/artificial.trial-indicators/items", params={"filter": "S_INTERSECTS(geometry, POINT(1 1))"}
    )
    assert got.status_code == 400
    assert client.get("/collections/artificial.trial-indicators/tiles").status_code == 404


def test_a_layer_without_data_is_not_covered(client: TestClient) -> None:
    got = client.get("/collections/planned.trial-unbound/items")
    assert got.status_code == 404
    assert "not covered" in got.json()["detail"]
    assert client.get("/api/layers/planned.trial-unbound").json()["status"] == "not-bound"


def test_a_damaged_file_is_told_without_its_path(client: TestClient, tiny_folder: Path) -> None:
    path = tiny_folder / "data" / "artificial.trial-parcels" / "2025-01-01.parquet"
    path.write_bytes(path.read_bytes()[:200])
    got = client.get("/collections/artificial.trial-parcels/items")
    assert got.status_code in (400, 500)
    assert str(tiny_folder) not in got.text
    assert items(client, "artificial.trial-county")["numberMatched"] == 1


def test_what_is_old_is_removed(client: TestClient, tiny_folder: Path) -> None:
    drawn = {"type": "Point", "coordinates": [120.0, 29.36]}
    got = client.post("/uploads", content=json.dumps(drawn), headers={"content-type": "application/octet-stream"})
    assert got.status_code == 201, got.text
    name = got.json()["id"]
    assert items(client, name)["numberMatched"] == 1
    assert client.app.state.service.clean() == 1
    assert client.get(f"/collections/{name}/items").status_code == 404
    assert list((tiny_folder / "service" / "uploads").iterdir()) == []
