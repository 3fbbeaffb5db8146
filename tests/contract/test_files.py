"""Files: whatever is wrong with one is told in one sentence, and nothing is read by halves."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from affine import Affine
from shapely import LineString, Point, box

import spacegov
from spacegov.errors import BadRaster, SpacegovError, UnknownName, UnreadableFile, UnsuitableCrs, WrongGeometry
from spacegov.layers import files
from spacegov.raster import Raster
from tests.tiny import parcels, terrain, town

NAMES = ("a.gpkg", "a.geojson", "a.shp", "a.parquet", "a.fgb", "a.kml", "a.csv", "a.tif")


def write(path: Path) -> Path:
    """Write the parcels, many times over so that there is something to cut off."""
    many = gpd.GeoDataFrame(pd.concat([parcels()] * 500, ignore_index=True), crs=4549)
    if path.suffix == ".tif":
        noise = np.random.default_rng(1).random((400, 400), dtype=np.float32)
        Raster.from_array(noise, Affine(5, 0, 500_000, 0, -5, 3_251_000), 4549).write(path)
    elif path.suffix == ".parquet":
        many.to_parquet(path)
    elif path.suffix == ".csv":
        many.assign(geometry=many.to_wkt().geometry).to_csv(path, index=False)
    else:
        driver = "LIBKML" if path.suffix == ".kml" else None
        many.to_crs(4326 if path.suffix in {".kml", ".geojson"} else 4549).to_file(path, driver=driver)
    return path


def read(path: Path) -> object:
    if files.is_raster(str(path)):
        return files.open_raster(path).values()
    return files.read_vector(path)


def one_sentence(error: SpacegovError, path: Path) -> None:
    message = str(error)
    assert "\n" not in message
    assert str(path) in message
    assert len(message) < 400 + len(str(path))


WRITABLE = tuple(name for name in NAMES if name != "a.kml" or "LIBKML" in pyogrio.list_drivers(write=True))


@pytest.mark.parametrize("name", [name for name in WRITABLE if name != "a.csv"])
@pytest.mark.parametrize("kept", [0.5, 0.9, 0.02])
def test_a_file_cut_off_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = write(tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    one_sentence(caught.value, path)


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.shp", "a.parquet", "a.fgb", "a.tif"])
@pytest.mark.parametrize("content", [b"", b"just words\n", b"\x00" * 4096, b"PK\x03\x04broken", b"<html>404</html>"])
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    one_sentence(caught.value, path)
    assert ("the file is empty" in str(caught.value)) == (not content) or path.suffix == ".tif"


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.tif", "a.parquet", "dir/a.gpkg"])
def test_an_absent_file_names_the_nearest(tmp_path: Path, name: str) -> None:
    (tmp_path / "aa.gpkg").touch()
    with pytest.raises(UnreadableFile, match="there is no such file") as caught:
        read(tmp_path / name)
    one_sentence(caught.value, tmp_path / name)


def test_a_geopackage_under_another_name_is_read_as_what_it_is_or_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "a.gpkg")
    for name in ("b.shp", "b.geojson", "b.parquet"):
        path = tmp_path / name
        shutil.copy(source, path)
        try:
            assert len(files.read_vector(path)) == 2000
        except UnreadableFile as error:
            one_sentence(error, path)


def test_a_geopackage_that_lost_records_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg")
    content = bytearray(path.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    content[half : half + 8 * 4096] = b"\x00" * 8 * 4096
    path.write_bytes(bytes(content))
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    one_sentence(caught.value, path)


def test_a_shapefile_without_its_parts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp")
    (tmp_path / "a.shx").unlink()
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    one_sentence(caught.value, path)
    path = write(tmp_path / "b.shp")
    table = tmp_path / "b.dbf"
    content = table.read_bytes()
    table.write_bytes(content[:-500])
    with pytest.raises(UnreadableFile, match=r"b\.dbf: it cannot be read, its header announces"):
        read(path)
    table.write_bytes(content)
    (tmp_path / "b.prj").unlink()
    assert files.read_vector(path).crs is None
    with pytest.raises(UnsuitableCrs, match="b: it has no CRS and cannot be brought to another"):
        files.read_vector(path, crs=4549)


def _curve(path: Path, declared: str, curved: bytes) -> None:
    """Make a GeoPackage whose only record is a curve."""
    town().to_file(path, layer="town")
    head = b"GP\x00\x01" + struct.pack("<i", 4549)
    with sqlite3.connect(path) as base:
        for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = ?", (declared,))
        base.execute("DELETE FROM town WHERE fid > 1")
        base.execute("UPDATE town SET geom = ?", (head + curved,))
    base.close()


def _circular(*points: tuple[float, float]) -> bytes:
    return b"\x01" + struct.pack("<II", 8, len(points)) + b"".join(struct.pack("<dd", *point) for point in points)


ARC = _circular(
    (500_000, 3_250_000), (500_010, 3_250_010), (500_020, 3_250_000), (500_010, 3_249_990), (500_000, 3_250_000)
)
CURVE_POLYGON = b"\x01" + struct.pack("<II", 10, 1) + ARC


@pytest.mark.parametrize("declared", ["CURVEPOLYGON", "GEOMETRY"])
def test_curves_are_refused_never_made_straight_in_silence(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "a.gpkg"
    _curve(path, declared, CURVE_POLYGON)
    with pytest.raises(WrongGeometry, match="CONVERT_TO_LINEAR") as caught:
        files.read_vector(path)
    one_sentence(caught.value, path)


def test_several_layers_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "plans.gpkg"
    town().to_file(path, layer="town")
    parcels().to_file(path, layer="parcels")
    with pytest.raises(UnknownName, match=r"it holds 2 layers \(town, parcels\); name one as plans\.gpkg:town"):
        files.read_vector(path)
    with pytest.raises(UnknownName, match="there is no layer 'twon'; did you mean 'town'"):
        files.read_vector(f"{path}:twon")
    frame = files.read_vector(f"{path}:parcels")
    assert (len(frame), frame.attrs["layer"]) == (4, "parcels")
    assert frame["use"].tolist() == ["0101", "0101", "0301", "0702"]


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.shp", "a.parquet", "a.fgb"])
def test_codes_survive_every_format(tmp_path: Path, name: str) -> None:
    frame = files.read_vector(write(tmp_path / name))
    # FlatGeobuf sorts its features by place.
    assert sorted(frame["use"]) == ["0101"] * 1000 + ["0301"] * 500 + ["0702"] * 500
    assert frame.attrs["layer"] == "a"
    moved = files.read_vector(tmp_path / name, crs=4549)
    assert moved.area.sum() == pytest.approx(500 * 1e6, rel=1e-9)
    assert moved.attrs["layer"] == "a"


@pytest.mark.parametrize("name", ["a.gpkg", "a.parquet", "a.fgb"])
def test_columns_and_boxes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.parquet":
        parcels().to_parquet(path, write_covering_bbox=True)
    else:
        parcels().to_file(path)
    corner = (500_000.0, 3_250_000.0, 500_100.0, 3_250_100.0)
    part = files.read_vector(path, bbox=corner, columns=["use"])
    assert part["use"].tolist() == ["0101"]
    assert list(part.columns) == ["use", "geometry"]
    with pytest.raises(UnknownName, match=r"there is no column 'us'; did you mean 'use'"):
        files.read_vector(path, columns=["us"])


def test_mixed_geometry_and_tables_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "mixed.geojson"
    mixed = gpd.GeoDataFrame(
        geometry=[Point(120, 29), LineString([(120, 29), (120.1, 29)]), box(120, 29, 121, 30)], crs=4326
    )
    mixed.to_file(path)
    assert files.read_vector(path).geom_type.tolist() == ["Point", "LineString", "Polygon"]
    table = tmp_path / "table.csv"
    pd.DataFrame({"code": ["0101"], "people": [3]}).to_csv(table, index=False)
    read_back = files.read_vector(table)
    assert not isinstance(read_back, gpd.GeoDataFrame)
    assert read_back["code"].tolist() == ["0101"]


def test_coordinates_that_cannot_be_brought_are_told(tmp_path: Path) -> None:
    path = tmp_path / "far.gpkg"
    gpd.GeoDataFrame(geometry=[box(500_000, 3_250_000, 500_010, 3_250_010)], crs=4326).to_file(path)
    with pytest.raises(UnsuitableCrs, match="cannot be brought to 4549, they lie outside its domain"):
        files.read_vector(path, crs=4549)


def test_rasters(tmp_path: Path) -> None:
    path = tmp_path / "t.tif"
    terrain().write(path)
    assert files.open_raster(path).values().sum() == 20 * sum(range(20))
    assert files.open_raster(f"{path}:1").shape == (20, 20)
    with pytest.raises(BadRaster, match="band 2 was asked for, the file has 1"):
        files.open_raster(f"{path}:2")
    with pytest.raises(UnknownName, match="there is no band 'two'"):
        files.open_raster(f"{path}:two")
    moved = files.open_raster(path, crs=32651)
    assert moved.attrs["warped"] == "EPSG:4549, bilinear"
    assert np.nanmax(moved.read()) <= 19
    bare = tmp_path / "bare.tif"
    Raster.from_array(np.ones((2, 2)), Affine(10, 0, 0, 0, -10, 20), None).write(bare)
    assert files.open_raster(bare).crs is None
    with pytest.raises(UnsuitableCrs, match="bare: it has no CRS and cannot be brought"):
        files.open_raster(bare, crs=4549)


def test_land_cover_is_warped_by_the_nearest_cell_and_keeps_its_codes(tmp_path: Path) -> None:
    path = tmp_path / "cover.tif"
    codes = np.where(np.indices((30, 30)).sum(axis=0) % 2, 7, 3).astype(np.uint8)
    Raster.from_array(codes, Affine(10, 0, 500_000, 0, -10, 3_250_300), 4549, nodata=0).write(path)
    moved = files.open_raster(path, crs=32651)
    found, valid = moved.read_codes()
    assert set(np.unique(found[valid])) == {3, 7}
    assert moved.attrs["warped"] == "EPSG:4549, nearest cell"


def test_counts_keep_their_sum_and_values_with_an_edge_do_not_spread(tmp_path: Path) -> None:
    path = tmp_path / "cells.tif"
    values = np.zeros((60, 60))
    values[20:40, 20:40] = np.random.default_rng(3).uniform(1, 9, (20, 20))
    Raster.from_array(values, Affine(10, 0, 500_000, 0, -10, 3_250_600), 4549).write(path)
    counts = files.open_raster(path, crs=32651, cells="counts")
    assert np.nansum(counts.read()) == pytest.approx(values.sum(), rel=1e-3)
    assert counts.attrs["warped"] == "EPSG:4549, sum kept"
    depth = files.open_raster(path, crs=32651, cells="edged").read()
    assert set(depth[np.isfinite(depth)]) <= set(values.ravel())
    smooth = files.open_raster(path, crs=32651).read()
    assert (smooth > 0).sum() > 1.05 * (depth > 0).sum() > 0


def test_a_path_that_cannot_be_one() -> None:
    assert not files.exists("x" * 5000)
    assert not files.exists("a\0b")
    with pytest.raises(UnreadableFile, match="there is no such file"):
        files.read_vector("x" * 300 + ".gpkg")


def test_a_hash_follows_the_file(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "a.bin"
    path.write_bytes(b"one")
    assert files.file_hash(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"another")
    assert files.file_hash(path) == hashlib.sha256(b"another").hexdigest()


def test_empty_layers_are_read(tmp_path: Path) -> None:
    for name in ("a.gpkg", "a.parquet", "a.geojson"):
        path = tmp_path / name
        none = parcels().iloc[:0]
        if name.endswith("parquet"):
            none.to_parquet(path)
        else:
            none.to_file(path)
        assert len(files.read_vector(path)) == 0
    assert shapely.is_empty(files.read_vector(tmp_path / "a.gpkg").union_all())


def test_heights_in_whole_metres_are_interpolated_where_they_are_known_to_be_values(tmp_path: Path) -> None:
    # a plane stays a plane when interpolated; by nearest cells some are taken twice or left out, and it has steps
    path = tmp_path / "heights.tif"
    plane = (np.tile(np.arange(200), (200, 1)) * 3).astype(np.int16)
    Raster.from_array(plane, Affine(10, 0, 500_000, 0, -10, 3_252_000), 4549, nodata=-1).write(path)
    taken = files.open_raster(path, crs=32651)
    moved = files.open_raster(path, crs=32651, cells="values")
    assert taken.attrs["warped"] == "EPSG:4549, nearest cell"
    assert moved.attrs["warped"] == "EPSG:4549, bilinear"
    inner = moved.read()[30:-30, 30:-30]
    assert moved.dtype.kind == "f"
    assert not np.array_equal(inner, np.rint(inner))

    def roughness(values: np.ndarray) -> float:
        return float(np.abs(np.diff(values[30:-30, 30:-30], n=2, axis=0)).mean())

    assert roughness(moved.read()) < 0.02 * roughness(taken.read())


def test_codes_stored_as_fractions_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "cover.tif"
    codes = np.where(np.indices((30, 30)).sum(axis=0) % 2, 7.0, 3.0)
    Raster.from_array(codes, Affine(10, 0, 500_000, 0, -10, 3_250_300), 4549).write(path)
    found, valid = files.open_raster(path, crs=32651, cells="codes").read_codes()
    assert set(np.unique(found[valid])) == {3, 7}


def test_the_card_of_a_raster_says_what_its_cells_hold() -> None:
    county = spacegov.open()
    cells = {name: county.layers[name].card.cells for name in ("natural.terrain", "natural.land-cover", "natural.soil")}
    assert cells == {"natural.terrain": "values", "natural.land-cover": "codes", "natural.soil": "either"}
