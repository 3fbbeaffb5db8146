"""OGC API Tiles: what a tile shows is what the layer holds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from pyproj import Transformer

from spacegov.content import content_path
from spacegov.service.collection import collection
from spacegov.service.prepare import prepare
from spacegov.service.settings import Options
from spacegov.service.state import Service
from spacegov.service.tables import Table
from spacegov.service.tiles import tile_at, tile_box
from spacegov.service.vector_tiles import cut_tile, vector_tile
from spacegov.workspace import Workspace
from tests.service.client import Server

LIVE = "/collections/natural.rivers/tiles/WebMercatorQuad"


def decoded(content: bytes, level: int, row: int, column: int, folder: Path) -> Any:
    """Read a vector tile with GDAL, an independent program."""
    path = folder / f"{level}-{column}-{row}.pbf"
    path.write_bytes(content)
    options = {"X": str(column), "Y": str(row), "Z": str(level)}
    return pyogrio.read_dataframe(path, **options)


def test_ats_tms_and_tileset(county_server: Server) -> None:
    """/conf/tilesets-list, tileset, tms/json-tilematrixset: metadata lead to tiles."""
    listed = county_server.ask("/collections/natural.rivers/tiles").json["tilesets"]
    own = next(link["href"] for link in listed[0]["links"] if link["rel"] == "self")
    found = county_server.ask(own.removeprefix(county_server.address)).json
    assert found["dataType"] == "vector"
    template = next(link["href"] for link in found["links"] if link["rel"] == "item")
    limits = {each["tileMatrix"]: each for each in found["tileMatrixSetLimits"]}["12"]
    statuses = set()
    for row in range(limits["minTileRow"], limits["maxTileRow"] + 1):
        path = template.removeprefix(county_server.address)
        filled = (
            path.replace("{tileMatrix}", "12")
            .replace("{tileRow}", str(row))
            .replace("{tileCol}", str(limits["minTileCol"] + 1))
        )
        got = county_server.ask(filled)
        statuses.add(got.status)
        assert got.status == 204 or got.media == "application/vnd.mapbox-vector-tile"
    assert 200 in statuses
    matrices = county_server.ask("/tileMatrixSets/WebMercatorQuad").json["tileMatrices"]
    assert matrices[0]["scaleDenominator"] == pytest.approx(559082264.0287178)
    assert matrices[3]["matrixWidth"] == 8


def test_a_tile_holds_the_features_that_lie_in_it(county_server: Server, county: Workspace, tmp_path: Path) -> None:
    rivers = county.layers["natural.rivers"].read()
    middle = rivers.to_crs(4326).geometry.iloc[20].centroid
    level = 13
    column, row = tile_at(middle.x, middle.y, level)
    got = county_server.ask(f"{LIVE}/{level}/{row}/{column}")
    assert got.status == 200
    inside = rivers[rivers.to_crs(3857).intersects(shapely.box(*tile_box(level, row, column)))]
    found = decoded(got.body, level, row, column, tmp_path)
    assert set(inside["reach_id"]) <= set(found["reach_id"])
    one = inside.iloc[0]
    same = found[found["reach_id"] == one["reach_id"]].iloc[0]
    assert same["width_m"] == one["width_m"]
    cell = (tile_box(level, row, column)[2] - tile_box(level, row, column)[0]) / 4096
    cut = shapely.intersection(inside.to_crs(3857).geometry.iloc[0], shapely.box(*tile_box(level, row, column)))
    assert shapely.distance(shapely.force_2d(same.geometry), cut.centroid) < 100 * cell


def test_a_tile_of_a_filter_holds_what_passes_it(county_server: Server, county: Workspace, tmp_path: Path) -> None:
    rivers = county.layers["natural.rivers"].read().to_crs(3857)
    level = 11
    column, row = tile_at(120.13, 29.49, level)
    wide = float(rivers["width_m"].median())
    asked = quote(f"width_m > {wide}")
    near = rivers[rivers.intersects(shapely.box(*tile_box(level, row, column)))]
    path = f"{LIVE}/{level}/{row}/{column}"
    got = county_server.ask(f"{path}?filter={asked}")
    found = set(decoded(got.body, level, row, column, tmp_path)["reach_id"])
    expected = set(near[near["width_m"] > wide]["reach_id"])
    assert expected < set(near["reach_id"])
    # the tile reaches a little over its border
    assert expected <= found <= set(rivers[rivers["width_m"] > wide]["reach_id"])
    assert got.headers["etag"] != county_server.ask(path).headers["etag"]
    assert "widht" in county_server.ask(f"{path}?filter={quote('widht_m > 3')}").problem
    assert county_server.ask(f"{path}?filter-lang=cql2-text").status == 400
    terrain = f"/collections/natural.terrain/tiles/WebMercatorQuad/{level}/{row}/{column}?filter={asked}"
    assert "raster" in county_server.ask(terrain).problem


def test_the_value_of_a_cell(county_server: Server, county: Workspace) -> None:
    raster = county.layers["natural.terrain"].read()
    back = Transformer.from_crs(raster.crs, "OGC:CRS84", always_xy=True)
    heights = raster.read()
    for row, column in [(40, 60), (200, 111)]:
        place = back.transform(*(raster.transform * (column + 0.5, row + 0.5)))
        got = county_server.ask("/api/layers/natural.terrain/value?at={:.9f},{:.9f}".format(*place))
        assert got.json == {"value": pytest.approx(heights[row, column])}
    assert county_server.ask("/api/layers/natural.terrain/value?at=10,10").json == {"value": None}
    assert "at=120.1,29.5" in county_server.ask("/api/layers/natural.terrain/value?at=10,100").problem
    assert "no raster" in county_server.ask("/api/layers/natural.rivers/value?at=120.1,29.5").problem


def test_tiles_are_kept_by_the_client_until_the_data_change(county_server: Server) -> None:
    middle = tile_at(120.13, 29.49, 11)
    path = f"{LIVE}/11/{middle[1]}/{middle[0]}"
    first = county_server.ask(path)
    again = county_server.ask(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"
    assert "immutable" in county_server.ask(f"{path}?version=abc").headers["cache-control"]


@pytest.mark.parametrize("tail", ["23/0/0", "3/8/0", "3/0/8", "a/0/0", "-1/0/0", "1/0/1e3", "999999999/0/0"])
def test_tiles_that_are_none(county_server: Server, tail: str) -> None:
    assert county_server.ask(f"{LIVE}/{tail}").status == 404


def test_tiles_of_another_set_or_form(county_server: Server) -> None:
    assert county_server.ask("/collections/natural.rivers/tiles/WorldCRS84Quad/1/0/0").status == 404
    assert county_server.ask(f"{LIVE}/1/0/0?f=png").status == 400
    assert county_server.ask("/collections/natural.terrain/tiles/WebMercatorQuad/1/0/0?theme=pink").status == 400
    assert county_server.ask("/collections/registry/tiles").status == 404


def test_heights_of_a_terrain_tile(county_server: Server, county: Workspace) -> None:
    """The heights of the terrarium encoding are those of the raster, within its relief across a cell."""
    raster = county.layers["natural.terrain"].read()
    level = 12
    column, row = tile_at(120.13, 29.49, level)
    got = county_server.ask(f"/collections/natural.terrain/tiles/WebMercatorQuad/{level}/{row}/{column}?f=terrarium")
    assert got.media == "image/png"
    with rasterio.open(io.BytesIO(got.body)) as picture:
        red, green, blue = (picture.read(band).astype(float) for band in (1, 2, 3))
    heights = red * 256 + green + blue / 256 - 32768
    west, south, east, north = tile_box(level, row, column)
    xs, ys = np.meshgrid(
        west + (np.arange(256) + 0.5) * (east - west) / 256, north - (np.arange(256) + 0.5) * (north - south) / 256
    )
    x, y = Transformer.from_crs(3857, raster.crs, always_xy=True).transform(xs[::16, ::16], ys[::16, ::16])
    rows = ((raster.transform.f - y) / -raster.transform.e).astype(int)
    columns = ((x - raster.transform.c) / raster.transform.a).astype(int)
    expected = raster.read()[rows, columns]
    assert np.median(np.abs(heights[::16, ::16] - expected)) < 2
    assert np.corrcoef(heights[::16, ::16].ravel(), expected.ravel())[0, 1] > 0.99


def test_classes_of_a_raster_in_the_colours_of_its_card(county_server: Server) -> None:
    style = county_server.ask("/api/layers/natural.land-cover/style").json
    colours = {entry["colour"] for entry in style["legend"]}
    column, row = tile_at(120.13, 29.49, 11)
    got = county_server.ask(f"/collections/natural.land-cover/tiles/WebMercatorQuad/11/{row}/{column}")
    with rasterio.open(io.BytesIO(got.body)) as picture:
        bands = picture.read()
    seen = {f"#{r:02x}{g:02x}{b:02x}" for r, g, b, a in bands.reshape(4, -1).T.tolist() if a}
    assert seen
    assert seen <= colours


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("tiles")))
        yield Service(Options(content_path("sample_data"), workers=False))


def table(service: Service, name: str) -> Table:
    return collection(service, name).table


def test_a_tile_that_would_be_too_large_says_what_it_leaves_out(service: Service, tmp_path: Path) -> None:
    buildings = table(service, "artificial.buildings")
    column, row = tile_at(120.13, 29.49, 9)
    whole = cut_tile(buildings, 9, row, column, 1_000_000, 100_000_000, 60)
    assert whole.dropped == 0
    few = cut_tile(buildings, 9, row, column, 500, 100_000_000, 60)
    everything, some = (decoded(tile.content, 9, row, column, tmp_path) for tile in (whole, few))
    assert few.dropped >= len(everything) - 500
    assert 0 < len(some) <= 500
    small = cut_tile(buildings, 9, row, column, 1_000_000, 50_000, 60)
    assert len(small.content) <= 50_000
    assert small.dropped > 0


def test_stored_tiles_hold_what_live_ones_do(service: Service, tmp_path: Path) -> None:
    largest = "artificial.land-survey"
    most = table(service, largest).rows
    assert len(prepare(service, least=most)) == 1
    assert prepare(service, least=most) == [], "what is stored is not stored again"
    found = collection(service, largest)
    level = 14
    column, row = tile_at(120.13, 29.49, level)
    stored = vector_tile(found, level, row, column)
    assert stored.packed
    import gzip

    live = cut_tile(found.table, level, row, column, 1_000_000, 100_000_000, 60)
    have, expected = (
        decoded(content, level, row, column, tmp_path) for content in (gzip.decompress(stored.content), live.content)
    )
    assert set(have["patch_id"]) <= set(table_ids(found))
    missing = set(expected["patch_id"]) - set(have["patch_id"])
    assert len(missing) < 0.05 * len(expected), "only what is smaller than a pixel may be joined to its neighbour"


def table_ids(found: Any) -> list[str]:
    """The ids of all records."""
    import pyarrow.parquet as pq

    return pq.read_table(found.table.path, columns=["patch_id"])["patch_id"].to_pylist()
