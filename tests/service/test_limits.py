"""Hostile and oversized requests: the right status, one sentence, nothing left behind."""

from __future__ import annotations

import io
import json
import socket
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from tests.service.client import Server

EXECUTE = "/processes/extract-restrictions/execution"
SQUARE = [[120.1, 29.45], [120.12, 29.45], [120.12, 29.47], [120.1, 29.47], [120.1, 29.45]]
BOW = [[120.1, 29.45], [120.12, 29.47], [120.12, 29.45], [120.1, 29.47], [120.1, 29.45]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def left(server: Server) -> set[str]:
    """What requests might leave: folders of uploads and jobs."""
    root = server.state / "spacegov" / "sample_data" / "service"
    return {str(path.relative_to(root)) for folder in ("uploads", "jobs") for path in (root / folder).iterdir()}


@pytest.mark.parametrize(
    ("geometry", "told"),
    [
        (polygon(BOW), "not sound"),
        (polygon(SQUARE[:2]), "no shape"),
        (polygon([[500000, 3250000]] * 4), "degrees"),
        (polygon([]), "coordinates"),
        (polygon("x"), "coordinates"),
        ({"type": "Point", "coordinates": [1]}, "position"),
        ({"type": "Point", "coordinates": [None, 1]}, "position"),
        ({"type": "Point", "coordinates": [True, 1]}, "position"),
        ({"type": "Point", "coordinates": []}, "coordinates"),
        ({"type": "GeometryCollection", "geometries": []}, "no GeoJSON"),
        ({"type": "Feature", "geometry": None}, "geometry is needed"),
        ({"type": "FeatureCollection", "features": []}, "no feature"),
        ({"type": "FeatureCollection", "features": [1]}, "none"),
        (
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}}] * 10_001,
            },
            "10000 are allowed",
        ),
        ({"href": "http://127.0.0.1:1/secret"}, "no address"),
        (7, "no GeoJSON"),
        ("/etc/passwd", "no layer"),
        ("../../../etc/passwd", "no layer"),
        ("/vsicurl/http://127.0.0.1/x", "no layer"),
        ("http://127.0.0.1/x.geojson", "no layer"),
        ("upload." + "0" * 32, "there is no"),
        ("upload.../../x", "there is no"),
        ("result.x.y", "there is no"),
        ([], "1 to 50"),
    ],
)
def test_geometry_that_is_none(county_server: Server, geometry: Any, told: str) -> None:
    before = left(county_server)
    got = county_server.post(EXECUTE, {"inputs": {"place": geometry}})
    assert got.status in (400, 404), got.body
    assert told in got.problem, got.problem
    assert left(county_server) == before


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"{", 400, "no JSON"),
        (b"\xff\xfe", 400, "no JSON"),
        (b'{"inputs": NaN}', 400, "no JSON"),
        (b"[" * 200_000, 400, "nested"),
        (b"[]", 400, "object"),
        (b'{"inputs": []}', 400, "inputs"),
        (b'{"input": {}}', 400, "inputs"),
        (b'{"inputs": {"palce": 1}}', 400, "place"),
        (b'{"inputs": {}, "subscriber": {"successUri": "http://127.0.0.1/"}}', 400, "no requests"),
        (b'{"inputs": {}, "response": "xml"}', 400, "response"),
        (b'{"inputs": {}, "outputs": {"nothing": {}}}', 400, "nothing"),
        (b" " * (1 << 20) + b"{}", 413, "larger than"),
    ],
)
def test_bodies_that_are_none(county_server: Server, body: bytes, status: int, told: str) -> None:
    got = county_server.post(EXECUTE, body, content_type="application/json")
    assert got.status == status, got.body
    assert told in got.problem


def test_a_body_of_another_type(county_server: Server) -> None:
    assert county_server.post(EXECUTE, b"inputs=1", content_type="application/x-www-form-urlencoded").status == 415


def test_a_body_that_is_longer_than_it_says_it_could_be(county_server: Server) -> None:
    """Chunks without a length are counted as they come."""
    host, port = county_server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as stream:
        head = f"POST {EXECUTE} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\n"
        head += "transfer-encoding: chunked\r\n\r\n"
        stream.sendall(head.encode())
        piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        try:
            for _ in range(40):
                stream.sendall(piece)
            stream.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        assert b" 413 " in stream.recv(4096).splitlines()[0]


def test_another_host_name_is_refused(county_server: Server) -> None:
    got = county_server.ask("/", headers={"host": "evil.example:8000"})
    assert got.status == 400
    assert "host" in got.problem


def test_every_answer_protects_the_browser(county_server: Server) -> None:
    for path in ("/", "/nothing", "/collections/natural.rivers/items", "/viewer/"):
        headers = county_server.ask(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/viewer/../pyproject.toml",
        "/viewer/..%2f..%2fpyproject.toml",
        "/viewer/%2e%2e/%2e%2e/pyproject.toml",
        "/viewer//etc/passwd",
        "/viewer/.hidden",
        "/viewer/a%00b",
        "/viewer/..%5cx",
    ],
)
def test_the_viewer_gives_no_file_outside_of_it(county_server: Server, path: str) -> None:
    assert county_server.ask(path).status == 404


# Uploads


def upload(server: Server, name: str, content: bytes) -> Any:
    return server.ask(f"/uploads?name={name}", "POST", content, {"content-type": "application/octet-stream"})


def frame(count: int = 2) -> gpd.GeoDataFrame:
    boxes = [shapely.box(120.1 + i / 100, 29.45, 120.105 + i / 100, 29.455) for i in range(count)]
    return gpd.GeoDataFrame({"name": [f"plot {i}" for i in range(count)]}, geometry=boxes, crs=4326)


def zipped(folder: Path, data: gpd.GeoDataFrame) -> bytes:
    data.to_file(folder / "plots.shp")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in folder.glob("plots.*"):
            archive.write(part, f"inner/{part.name}")
    return content.getvalue()


@pytest.mark.parametrize("form", ["geojson", "gpkg", "zip"])
def test_an_upload_becomes_a_layer_and_an_input(county_server: Server, tmp_path: Path, form: str) -> None:
    data = frame().to_crs(4549) if form != "geojson" else frame()
    if form == "zip":
        content = zipped(tmp_path, data)
    else:
        data.to_file(tmp_path / f"plots.{form}")
        content = (tmp_path / f"plots.{form}").read_bytes()
    got = upload(county_server, f"plots.{form}", content)
    assert got.status == 201, got.body
    name = got.json["id"]
    assert got.json["features"] == 2
    assert got.headers["location"].endswith(f"/collections/{name}")
    items = county_server.ask(f"/collections/{name}/items").json
    assert [feature["properties"]["name"] for feature in items["features"]] == ["plot 0", "plot 1"]
    apart = shapely.hausdorff_distance(
        shapely.from_geojson(json.dumps(items["features"][0]["geometry"])), frame().geometry[0]
    )
    assert apart < 1e-8
    assert not any(name in each["id"] for each in county_server.ask("/collections").json["collections"])
    answer = county_server.post(EXECUTE, {"inputs": {"place": name, "name": "name"}})
    assert answer.status == 200, answer.body
    assert {row["properties"]["place"] for row in answer.json["restrictions"]["value"]["features"]} == {
        "plot 0",
        "plot 1",
    }


def _bomb(folder: Path) -> bytes:
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("big.shp", "w", force_zip64=True) as part,
    ):
        for _ in range(1100):
            part.write(bytes(1 << 20))
    return content.getvalue()


def _view(folder: Path) -> bytes:
    path = folder / "view.gpkg"
    frame().to_file(path, layer="plots")
    frame().to_file(path, layer="more")
    return path.read_bytes()


def _no_crs(folder: Path) -> bytes:
    frame().set_crs(None, allow_override=True).to_file(folder / "plots.shp")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for part in folder.glob("plots.*"):
            archive.write(part, part.name)
    return content.getvalue()


def _sqlite(folder: Path) -> bytes:
    with sqlite3.connect(folder / "plain.gpkg") as data:
        data.execute("create table secrets (a)")
    return (folder / "plain.gpkg").read_bytes()


def _broken(folder: Path) -> bytes:
    gpd.GeoDataFrame(geometry=[shapely.Polygon(BOW)], crs=4326).to_file(folder / "bow.gpkg")
    return (folder / "bow.gpkg").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("plots.vrt", b"<OGRVRTDataSource/>", "suffix"),
        ("plots.gpkg", b"<OGRVRTDataSource/>", "not what its name says"),
        ("plots.geojson", b"<OGRVRTDataSource/>", "not what its name says"),
        ("plots.zip", b"PK\x03\x04broken", "archive"),
        ("plots.zip", _bomb, "unpacks to more"),
        ("plots.zip", _no_crs, "CRS"),
        ("plots.gpkg", b"SQLite format 3\x00" + b"\x00" * 5000, "cannot be read"),
        ("plots.gpkg", _sqlite, "cannot be read"),
        ("plots.gpkg", _view, "2 layers"),
        ("plots.gpkg", _broken, "not sound"),
        ("plots.geojson", b"", "empty"),
        ("plots.geojson", b'{"type": "FeatureCollection"', "no JSON"),
        ("plots.geojson", b'{"a":' + b"[" * 100_000, "nested"),
        ("plots.geojson", b'{"type": "Topology", "objects": {}}', "no GeoJSON"),
        ("plots.geojson", json.dumps(polygon(BOW)).encode(), "not sound"),
        ("plots.geojson", json.dumps(polygon([[500000, 3250000]] * 4)).encode(), "degrees"),
        ("..%2f..%2fplots.php", b"{}", "suffix"),
    ],
)
def test_hostile_uploads_are_refused_and_leave_nothing(
    county_server: Server, tmp_path: Path, name: str, content: Any, told: str
) -> None:
    before = left(county_server)
    got = upload(county_server, name, content(tmp_path) if callable(content) else content)
    assert got.status == 400, got.body
    assert told in got.problem, got.problem
    assert str(county_server.state) not in got.problem
    assert left(county_server) == before


def test_an_upload_that_is_too_large_is_refused_before_it_is_sent(county_server: Server) -> None:
    host, port = county_server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as stream:
        head = f"POST /uploads?name=a.gpkg HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: {200 << 20}\r\n\r\n"
        stream.sendall(head.encode())
        assert b" 413 " in stream.recv(4096).splitlines()[0]
