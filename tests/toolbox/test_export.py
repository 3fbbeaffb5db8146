"""Files of an answer: every format opens again with the same rows, and nothing half written is left."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import rasterio

import spacegov
from spacegov.errors import BadInput, UnknownName, UnreadableFile
from spacegov.toolbox.export import write_any
from spacegov.toolbox.result import Result
from tests import trial_tools as _trial_tools  # noqa: F401  the tiny workspace's cards name its functions
from tests.tiny import parcels, terrain, town

FORMATS = ("a.parquet", "a.gpkg", "a.geojson", "a.shp", "a.fgb")


@pytest.fixture
def result(tiny_folder: Path) -> Result:
    return spacegov.open(tiny_folder).run("trial-measure", places=["artificial.trial-parcels", "planned.trial-town"])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_opens_again(result: Result, tmp_path: Path, name: str) -> None:
    path = result.to_file(tmp_path / name)
    read = gpd.read_parquet(path) if name.endswith("parquet") else gpd.read_file(path)
    assert len(read) == 6
    assert sorted(read["area_m2"]) == sorted(result.frame["area_m2"])
    assert read.to_crs(4549).area.sum() == pytest.approx(1_300_100, rel=1e-6)
    assert {file.stem for file in tmp_path.glob("*a.*")} == {"a"}
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["conflicts.gpkg", "conflicts.fgb", "conflicts.geojson"])
def test_the_layer_is_named_like_the_file(result: Result, tmp_path: Path, name: str) -> None:
    assert [layer for layer, _ in pyogrio.list_layers(result.to_file(tmp_path / name))] == ["conflicts"]


@pytest.mark.parametrize("name", FORMATS)
def test_an_answer_of_nothing_is_written_too(result: Result, tmp_path: Path, name: str) -> None:
    write_any(result.frame.iloc[:0], tmp_path / name)
    read = gpd.read_parquet(tmp_path / name) if name.endswith("parquet") else gpd.read_file(tmp_path / name)
    assert len(read) == 0


def test_a_table_and_a_raster(result: Result, tmp_path: Path) -> None:
    table = pd.read_csv(result.to_file(tmp_path / "totals.csv", "totals"), dtype={"use": str})
    assert table["use"].tolist() == ["0101", "0301", "0702", "urban"]
    write_any(terrain(), tmp_path / "t.tif")
    with rasterio.open(tmp_path / "t.tif") as source:
        assert source.read(1)[0].tolist() == [float(value) for value in range(20)]
        assert source.profile["tiled"]
        assert source.crs.to_epsg() == 4549


def test_lists_and_dates_become_text_where_a_format_needs_it(tmp_path: Path) -> None:
    import datetime as dt

    odd = parcels().assign(parts=[[1, 2]] * 4, day=dt.date(2025, 1, 1), none=None, share=np.nan)
    for name in ("a.gpkg", "a.geojson", "a.shp", "a.fgb", "a.csv"):
        write_any(odd, tmp_path / name)
        assert len(pyogrio.read_dataframe(tmp_path / name)) == 4


def test_what_cannot_be_written_is_told_before_anything_is(result: Result, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"the suffix '\.docx' names no format that fits; use one of \.parquet"):
        result.to_file(tmp_path / "a.docx")
    with pytest.raises(BadInput, match=r"the suffix '\.gpkg' names no format"):
        write_any(terrain(), tmp_path / "a.gpkg")
    with pytest.raises(BadInput, match=r"the suffix '\.gpkg' names no format"):
        result.to_file(tmp_path / "a.gpkg", "totals")
    with pytest.raises(BadInput, match="does not exist; make it first"):
        result.to_file(tmp_path / "absent" / "a.gpkg")
    with pytest.raises(UnknownName, match="there is no frame 'total'; did you mean 'totals'"):
        result.to_file(tmp_path / "a.csv", "total")
    with pytest.raises(BadInput, match="the answer has no CRS, GeoJSON is in degrees"):
        write_any(town().set_crs(None, allow_override=True), tmp_path / "a.geojson")
    assert list(tmp_path.glob("*a.*")) == []


def test_a_format_that_cannot_hold_the_answer(tmp_path: Path) -> None:
    mixed = gpd.GeoDataFrame(geometry=[*parcels().geometry, *parcels().centroid], crs=4549)
    with pytest.raises(UnreadableFile, match=r"a\.shp: it cannot be written") as caught:
        write_any(mixed, tmp_path / "a.shp")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    write_any(mixed, tmp_path / "a.gpkg")
    assert len(gpd.read_file(tmp_path / "a.gpkg")) == 8


def test_an_existing_file_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    write_any(parcels(), path)
    before = path.read_bytes()
    mixed = gpd.GeoDataFrame(geometry=[*parcels().geometry, *parcels().centroid], crs=4549)
    with pytest.raises(UnreadableFile):
        write_any(mixed, path)
    assert path.read_bytes() == before


def test_a_workbook_says_what_it_stands_on(result: Result, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(result.to_xlsx(tmp_path / "a.xlsx"))
    assert book.sheetnames == ["places", "totals", "not covered", "Sources and method"]
    heads = [cell.value for cell in book["places"][1]]
    assert heads == ["layer", "kind", "answer", "Area (m²)"]
    assert book["places"].max_row == 7
    method = {row[0].value: row[1].value for row in book["Sources and method"].iter_rows()}
    assert method["Question"] == "How large are the places?"
    assert "sha256" in method["Input places"]
    assert method["Parameter by"] == "use"


def test_a_cell_never_acts_on_the_reader(tiny_folder: Path, tmp_path: Path) -> None:
    evil = parcels().assign(use=["=1+1", "http://example.org", "@SUM(A1)", "+cmd"])
    result = spacegov.open(tiny_folder).run("trial-measure", places=evil, by="use")
    sheet = openpyxl.load_workbook(result.to_xlsx(tmp_path / "a.xlsx"))["places"]
    kinds = [row[1] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in kinds] == ["=1+1", "http://example.org", "@SUM(A1)", "+cmd"]
    assert {cell.data_type for cell in kinds} == {"s"}
    assert not any(cell.hyperlink for cell in kinds)
    assert "<script" not in result._repr_html_()
