"""Reads by window, filter, columns, version and day, whole or streamed, equal to what geopandas says of all records."""

from __future__ import annotations

import datetime as dt
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, UnknownName, UnreadableFile
from spacegov.layers.batches import VectorSource
from spacegov.layers.ingest import import_layer
from spacegov.layers.parquet_groups import groups_meeting, parquet_facts
from spacegov.soundness import is_sound
from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, many, plots, send
from tests.tiny import CRS, EAST, NORTH, SIDE

COUNT = 3_000


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, gpd.GeoDataFrame]:
    """Three thousand parcels in the store."""
    from tests.tiny import build_tiny_workspace

    folder = tmp_path_factory.mktemp("reads") / "tiny"
    build_tiny_workspace(folder)
    sent = many(COUNT)
    path = folder.parent / "m.gpkg"
    sent.to_file(path, layer="m")
    workspace = Workspace.open(folder)
    import_layer(workspace, PARCELS, path)
    return workspace, sent


def ids(frame: pd.DataFrame) -> list[str]:
    return sorted(frame["plot_id"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(west=st.floats(-50, 1000), south=st.floats(-50, 1000), width=st.floats(0, 400), height=st.floats(0, 400))
def test_a_window_holds_what_meets_it(
    stored: tuple[Workspace, gpd.GeoDataFrame], west: float, south: float, width: float, height: float
) -> None:
    workspace, sent = stored
    box = (EAST + west, NORTH + south, EAST + west + width, NORTH + south + height)
    wanted = sent[shapely.intersects(np.asarray(sent.geometry.array, object), shapely.box(*box))]
    assert ids(workspace.layers[PARCELS].read(box)) == ids(wanted)


AREA = f"POLYGON(({EAST} {NORTH}, {EAST + 300} {NORTH}, {EAST + 300} {NORTH + 300}, {EAST} {NORTH}))"
QUESTIONS: list[tuple[str, Callable[[gpd.GeoDataFrame], Any]]] = [
    ("people > 50", lambda f: f["people"] > 50),
    ("people >= 50 AND people <= 60", lambda f: f["people"].between(50, 60)),
    ("people BETWEEN 50 AND 60", lambda f: f["people"].between(50, 60)),
    ("people NOT BETWEEN 50 AND 60", lambda f: ~f["people"].between(50, 60)),
    ("use = '0101' OR people < 5", lambda f: (f["use"] == "0101") | (f["people"] < 5)),
    ("use <> '0101'", lambda f: f["use"] != "0101"),
    ("use IN ('0101', '0702')", lambda f: f["use"].isin(["0101", "0702"])),
    ("use NOT IN ('0101', '0702')", lambda f: ~f["use"].isin(["0101", "0702"])),
    ("plot_id LIKE 'm12%'", lambda f: f["plot_id"].str.startswith("m12")),
    ("plot_id LIKE 'm_'", lambda f: f["plot_id"].str.len() == 2),
    ("CASEI(plot_id) = CASEI('M7')", lambda f: f["plot_id"] == "m7"),
    ("NOT (people < 98)", lambda f: f["people"] >= 98),
    ("people * 2 + 1 > 190", lambda f: f["people"] * 2 + 1 > 190),
    ("people IS NULL", lambda f: f["people"].isna()),
    ("people IS NOT NULL AND people = 7", lambda f: f["people"] == 7),
    (f"S_INTERSECTS(geometry, {AREA})", lambda f: f.intersects(shapely.from_wkt(AREA))),
    (f"S_WITHIN(geometry, {AREA})", lambda f: f.within(shapely.from_wkt(AREA))),
    (f"S_DISJOINT(geometry, {AREA})", lambda f: f.disjoint(shapely.from_wkt(AREA))),
    (f"S_INTERSECTS(geometry, {AREA}) AND people > 90",
     lambda f: f.intersects(shapely.from_wkt(AREA)) & (f["people"] > 90)),
    (f"S_INTERSECTS(geometry, {AREA}) OR people > 98",
     lambda f: f.intersects(shapely.from_wkt(AREA)) | (f["people"] > 98)),
    (f"NOT S_INTERSECTS(geometry, {AREA})", lambda f: ~f.intersects(shapely.from_wkt(AREA))),
    (f"S_INTERSECTS(geometry, BBOX({EAST}, {NORTH}, {EAST + 100}, {NORTH + 100}))",
     lambda f: f.intersects(shapely.box(EAST, NORTH, EAST + 100, NORTH + 100))),
]  # fmt: skip


@pytest.mark.parametrize(("question", "truth"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_filters_say_what_geopandas_says(
    stored: tuple[Workspace, gpd.GeoDataFrame], question: str, truth: Callable[[gpd.GeoDataFrame], Any]
) -> None:
    workspace, sent = stored
    layer = workspace.layers[PARCELS]
    assert ids(layer.read(where=question)) == ids(sent[truth(sent)])
    box = (EAST + 100, NORTH + 100, EAST + 500, NORTH + 700)
    inside = sent[truth(sent) & sent.intersects(shapely.box(*box))]
    assert ids(layer.read(box, where=question)) == ids(inside)


def test_a_filter_over_json_and_over_files_in_place(tiny_folder: Path) -> None:
    workspace = Workspace.open(tiny_folder)
    layer = workspace.layers["planned.trial-town"]
    assert len(layer.read(where="use = 'urban'")) == 2
    # The farmland lies in degrees; the window of the filter is in the analysis CRS.
    west = f"S_INTERSECTS(geometry, BBOX({EAST + 210}, {NORTH + 310}, {EAST + 220}, {NORTH + 320}))"
    east = f"S_INTERSECTS(geometry, BBOX({EAST + 10}, {NORTH + 310}, {EAST + 20}, {NORTH + 320}))"
    farmland = workspace.layers["planned.trial-farmland"]
    assert (len(farmland.read(where=west)), len(farmland.read(where=east))) == (1, 0)
    tree = {"op": "=", "args": [{"property": "use"}, "urban"]}
    assert len(layer.read(where=tree)) == len(layer.read(where=json.dumps(tree))) == 2
    table = workspace.layers["artificial.trial-indicators"]
    assert table.read(where="year = 2024")["people"].tolist() == [430]


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        ("peple > 5", UnknownName, "did you mean 'people'"),
        ("people >", BadInput, "no CQL2"),
        ("people > 'many'", BadInput, "compares a"),
        ("use = 101", BadInput, "compares a string with a number"),
        ("people + 1", BadInput, "a condition is needed"),
        ("use IN (1, 2)", BadInput, "write text in quotes"),
        ("explode(use) = 1", UnknownName, "'explode'"),
        ("bbox = 1", UnknownName, "'bbox'"),
        ("S_INTERSECTS(use, POINT(0 0))", UnknownName, "'geometry'"),
        ("S_INTERSECTS(geometry, 5)", BadInput, "geometry"),
        ("'a' = 'a'; DROP TABLE x", BadInput, "no CQL2"),
        ("use = 'a' UNION SELECT 1", BadInput, "no CQL2"),
        ("(" * 200 + "people = 1" + ")" * 200, BadInput, "nested deeper"),
        ("people = 1 OR " * 3000 + "people = 1", BadInput, "letters"),
        ("{broken", BadInput, "no CQL2"),
        ("T_AFTER(people, DATE('2024-01-01'))", BadInput, "date"),
    ],
)
def test_a_filter_that_cannot_be_asked(
    stored: tuple[Workspace, gpd.GeoDataFrame], question: str, error: type[BadInput], words: str
) -> None:
    with pytest.raises(error) as caught:
        stored[0].layers[PARCELS].read(where=question)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["'; DROP TABLE records; --", '" OR 1=1 --', "\\", "%", "水田", "it's"])
def test_values_are_bound_and_never_become_sql(stored: tuple[Workspace, gpd.GeoDataFrame], text: str) -> None:
    quoted = text.replace("'", "''")
    assert len(stored[0].layers[PARCELS].read(where=f"plot_id = '{quoted}'")) == 0
    assert len(stored[0].layers[PARCELS].read()) == COUNT


def test_dates_in_filters(tiny_folder: Path, tmp_path: Path) -> None:
    path = tiny_folder / "layers/artificial/trial-parcels.yaml"
    dated = path.read_text(encoding="utf-8").replace("{plot_id:", "{granted: {type: date, title: {en: G}}, plot_id:")
    path.write_text(dated, encoding="utf-8")
    sent = plots(4)
    sent["granted"] = ["2023-05-01", "2024-01-01", "2024-06-30", None]
    send(tmp_path, sent)
    layer = Workspace.open(tiny_folder).layers[PARCELS]
    assert ids(layer.read(where="granted >= DATE('2024-01-01')")) == ["p1", "p2"]
    assert ids(layer.read(where="granted >= '2024-01-01'")) == ["p1", "p2"]
    assert ids(layer.read(where="T_BEFORE(granted, DATE('2024-01-01'))")) == ["p0"]
    assert ids(layer.read(where="T_DURING(granted, INTERVAL('2023-12-31', '2024-02-01'))")) == ["p1"]
    assert ids(layer.read(where="T_INTERSECTS(granted, INTERVAL('2024-06-30', '..'))")) == ["p2"]
    assert ids(layer.read(where="granted IS NULL")) == ["p3"]
    with pytest.raises(BadInput, match="none"):
        layer.read(where="granted > '2024-13-01'")


def test_columns_and_what_does_not_exist(stored: tuple[Workspace, gpd.GeoDataFrame]) -> None:
    layer = stored[0].layers[PARCELS]
    got = layer.read(columns=["use"], where="people > 97")
    assert got.columns.tolist() == ["use", "geometry"]
    assert len(got) == int((stored[1]["people"] > 97).sum())
    with pytest.raises(UnknownName, match="did you mean 'use'"):
        layer.read(columns=["usse"])
    empty = layer.read(where="people > 1000")
    assert empty.columns.tolist() == layer.read().columns.tolist()
    assert (len(empty), empty.crs) == (0, CRS)
    assert len(layer.read((0, 0, 1, 1))) == 0


def test_a_stream_is_the_whole_in_parts(stored: tuple[Workspace, gpd.GeoDataFrame]) -> None:
    layer = stored[0].layers[PARCELS]
    parts = list(layer.scan(size=700, where="people > 10"))
    assert len(parts) > 3
    whole = layer.read(where="people > 10")
    joined = pd.concat(parts, ignore_index=True)
    assert joined["plot_id"].tolist() == whole["plot_id"].tolist()
    assert all(part.attrs["layer"] == PARCELS and part.crs == CRS for part in parts)
    assert [len(part) for part in layer.scan(where="people > 1000")] == [0]
    town = stored[0].layers["planned.trial-town"]
    assert sum(len(part) for part in town.scan(size=1)) == 2


def test_memory_of_a_stream_does_not_grow(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacegov.layers.geoparquet.ROW_GROUP", 1_000)
    send(tmp_path, many(10_000), "m.parquet")
    layer = Workspace.open(tiny_folder).layers[PARCELS]

    def peak(box: tuple[float, float, float, float] | None) -> int:
        tracemalloc.start()
        for _ in layer.scan(box, size=1_000):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few = peak((EAST, NORTH, EAST + 300, NORTH + 300))
    assert peak(None) < 2 * few + 1_000_000


def test_a_window_reads_few_row_groups(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacegov.layers.geoparquet.ROW_GROUP", 1_000)
    send(tmp_path, many(4_500), "m.parquet")
    path = Workspace.open(tiny_folder).store.path(PARCELS)
    facts = parquet_facts(path)
    assert facts["metadata"].num_row_groups == 5
    corner = (EAST, NORTH, EAST + 25, NORTH + 25)
    assert len(groups_meeting(facts, corner)) == 1
    assert groups_meeting(facts, None) == [0, 1, 2, 3, 4]
    wanted = many(4_500).intersects(shapely.box(*corner)).sum()
    assert wanted > 0
    assert len(list(VectorSource(path).batches(bbox=corner))) == 1
    assert len(Workspace.open(tiny_folder).layers[PARCELS].read(corner)) == wanted


def test_versions_and_days(tiny_folder: Path, tmp_path: Path) -> None:
    for day, count in ((dt.date(2026, 3, 1), 3), (dt.date(2026, 6, 1), 5)):
        send(tmp_path, plots(count), valid_from=day)
    layer = Workspace.open(tiny_folder).layers[PARCELS]
    store = layer.workspace.store
    assert store.versions(PARCELS) == ["2025-01-01", "2026-03-01", "2026-06-01"]
    assert layer.version == "2026-06-01"
    assert [len(layer.read(version=version)) for version in store.versions(PARCELS)] == [4, 3, 5]
    days = {"2025-01-01": 4, "2026-02-28": 4, "2026-03-01": 3, "2026-05-31": 3, "2026-06-01": 5, "2030-01-01": 5}
    assert {day: len(layer.read(valid_on=dt.date.fromisoformat(day))) for day in days} == days
    with pytest.raises(UnknownName, match="the first is of 2025-01-01"):
        layer.read(valid_on=dt.date(2024, 12, 31))
    with pytest.raises(BadInput, match="one is needed"):
        layer.read(version="2026-03-01", valid_on=dt.date(2026, 3, 1))
    with pytest.raises(UnknownName, match="2026-03-01"):
        layer.read(version="2026-03-02")
    # A person sets the layer back; what came after it is not in force on any day.
    store.make_current(PARCELS, "2026-03-01")
    assert len(layer.read()) == len(layer.read(valid_on=dt.date(2030, 1, 1))) == 3


def test_a_version_that_ended(tiny_folder: Path, tmp_path: Path) -> None:
    send(tmp_path, plots(3), valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 12, 31))
    layer = Workspace.open(tiny_folder).layers[PARCELS]
    assert len(layer.read(valid_on=dt.date(2026, 12, 31))) == 3
    with pytest.raises(UnknownName, match="ended on 2026-12-31"):
        layer.read(valid_on=dt.date(2027, 1, 1))
    town = Workspace.open(tiny_folder).layers["planned.trial-town"]
    assert len(town.read(valid_on=dt.date(1999, 1, 1))) == 2
    with pytest.raises(UnknownName, match="no versions"):
        town.read(version="2025")


def test_the_same_again_is_no_version_and_another_on_the_same_day_is(tiny_folder: Path, tmp_path: Path) -> None:
    day = dt.date(2026, 3, 1)
    store = Workspace.open(tiny_folder).store
    first = send(tmp_path, plots(3), valid_from=day)
    files = sorted((tiny_folder / "data" / PARCELS).rglob("*"))
    times = [
        file.stat().st_mtime_ns for file in files if file.suffix in {".parquet", ".json"} or file.name == "current"
    ]
    again = send(tmp_path, plots(3), valid_from=day)
    shuffled = send(tmp_path, plots(3).iloc[::-1], "other.geojson.parquet", valid_from=day)
    assert [report.status for report in (first, again, shuffled)] == ["imported", "unchanged", "unchanged"]
    assert [
        file.stat().st_mtime_ns for file in files if file.suffix in {".parquet", ".json"} or file.name == "current"
    ] == times
    assert send(tmp_path, plots(4), valid_from=day).version == "2026-03-01.2"
    # The first content comes again after another: it is in force anew, so that it is a version.
    assert send(tmp_path, plots(3), valid_from=day).version == "2026-03-01.3"
    assert store.versions(PARCELS) == ["2025-01-01", "2026-03-01", "2026-03-01.2", "2026-03-01.3"]
    assert len(Workspace.open(tiny_folder).layers[PARCELS].read(valid_on=day)) == 3


def test_the_stamp_of_soundness_belongs_to_the_file(tiny_folder: Path, tmp_path: Path) -> None:
    send(tmp_path, plots(3))
    workspace = Workspace.open(tiny_folder)
    layer = workspace.layers[PARCELS]
    assert is_sound(layer.read())
    assert all(is_sound(part) for part in layer.scan())
    path = workspace.store.path(PARCELS)
    gpd.read_parquet(path).to_parquet(path)
    assert not is_sound(layer.read())
    assert not is_sound(layer.read(version="2025-01-01"))
    # Another analysis CRS moves the vertices, so that what was proved no longer holds.
    send(tmp_path, plots(2), version="again")
    settings_file = tiny_folder / "workspace.yaml"
    settings_file.write_text(settings_file.read_text(encoding="utf-8").replace("4549", "4547"), encoding="utf-8")
    assert not is_sound(Workspace.open(tiny_folder).layers[PARCELS].read())


class _Collection(BaseHTTPRequestHandler):
    """A server of OGC API Features with one collection of points, ten to a page."""

    def do_GET(self) -> None:
        url = urlparse(self.path)
        asked = parse_qs(url.query)
        base = f"http://{self.headers['Host']}"
        links: list[dict[str, str]] = []
        if url.path.rstrip("/") == "":
            body: dict[str, Any] = {
                "links": [{"rel": "data", "href": f"{base}/collections", "type": "application/json"}]
            }
        elif url.path == "/collections":
            body = {"links": links, "collections": [self.described(base)]}
        elif url.path == "/collections/wells":
            body = self.described(base)
        elif url.path == "/collections/wells/items":
            body = self.page(base, asked)
        else:
            self.send_error(404)
            return
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/geo+json" if "features" in body else "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    @staticmethod
    def described(base: str) -> dict[str, Any]:
        items = {"rel": "items", "href": f"{base}/collections/wells/items", "type": "application/geo+json"}
        return {"id": "wells", "title": "Wells", "links": [items], "itemType": "feature"}

    @staticmethod
    def page(base: str, asked: dict[str, list[str]]) -> dict[str, Any]:
        wells = gpd.GeoSeries(gpd.points_from_xy(EAST + np.arange(35) * 20.0, NORTH + 100), crs=CRS).to_crs(4326)
        kept = list(range(35))
        if "bbox" in asked:
            west, south, east, north = (float(side) for side in asked["bbox"][0].split(","))
            kept = [n for n in kept if west <= wells[n].x <= east and south <= wells[n].y <= north]
        start = int(asked.get("offset", ["0"])[0])
        shown = kept[start : start + 10]
        features = [
            {"type": "Feature", "id": n, "properties": {"number": n}, "geometry": wells[n].__geo_interface__}
            for n in shown
        ]
        box = f"&bbox={asked['bbox'][0]}" if "bbox" in asked else ""
        after = {"rel": "next", "href": f"{base}/collections/wells/items?offset={start + 10}{box}",
                 "type": "application/geo+json"}  # fmt: skip
        return {"type": "FeatureCollection", "features": features, "numberMatched": len(kept),
                "links": [after] if start + 10 < len(kept) else []}  # fmt: skip

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    """A server on this machine."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Collection)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def test_a_layer_of_another_server(tiny_folder: Path, server: str) -> None:
    card = tiny_folder / "layers/artificial/far-wells.yaml"
    card.write_text(
        (tiny_folder / "layers/artificial/trial-county.yaml").read_text("utf-8").replace("Polygons", "Points")
    )
    binding = tiny_folder / "layers/bindings/artificial.far-wells.yaml"
    binding.write_text(f"source: {server}/collections/wells\n")
    layer = Workspace.open(tiny_folder).layers["artificial.far-wells"]
    whole = layer.read()
    assert sorted(whole["number"]) == list(range(35))
    assert whole.crs == CRS
    assert np.allclose(sorted(whole.geometry.x), EAST + np.arange(35) * 20.0, atol=1e-3)
    part = layer.read((EAST + 90, NORTH, EAST + 210, NORTH + SIDE), where="number <> 7")
    assert sorted(part["number"]) == [5, 6, 8, 9, 10]
    binding.write_text("source: http://127.0.0.1:9/collections/wells\n")
    with pytest.raises(UnreadableFile, match="the server gives no layer"):
        Workspace.open(tiny_folder).layers["artificial.far-wells"].read()
    binding.write_text(f"source: {server}/somewhere\n")
    with pytest.raises(UnreadableFile, match="/collections/NAME"):
        Workspace.open(tiny_folder).layers["artificial.far-wells"].read()
