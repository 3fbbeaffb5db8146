"""Rasters: values checked cell by cell, kept in their own CRS, read by window and by overview."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from spacegov.errors import BadInput, BadRaster, UnsuitableCrs
from spacegov.layers.files import open_raster, warp
from spacegov.layers.ingest import import_layer
from spacegov.raster import Raster
from spacegov.workspace import Workspace
from tests.layers.deliveries import TERRAIN, content
from tests.tiny import CRS, EAST, NORTH, SIDE


def grid(values: object, size: float = 1.0, crs: object = CRS, nodata: float | None = None) -> Raster:
    return Raster.from_array(values, Affine(size, 0, EAST, 0, -size, NORTH + SIDE), crs, nodata)  # type: ignore[arg-type]


@pytest.fixture
def limited(tiny_folder: Path) -> Path:
    """The tiny workspace, in which heights go from 0 to 100 m."""
    card = tiny_folder / "layers/natural/trial-terrain.yaml"
    card.write_text(card.read_text("utf-8").replace("{type: number,", "{type: number, range: [0, 100],"), "utf-8")
    return tiny_folder


def test_a_raster_is_kept_as_it_is_with_overviews(limited: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(5).uniform(0, 100, (1200, 1000)).astype("float32")
    values[:10, :10] = np.nan
    grid(values).write(tmp_path / "t.tif")
    workspace = Workspace.open(limited)
    report = import_layer(workspace, TERRAIN, tmp_path / "t.tif")
    assert (report.status, report.rows, report.problem_records) == ("imported", 1_200_000, 0)
    assert (report.facts["without_data"], report.facts["sum"]) == (100, pytest.approx(np.nansum(values, dtype=float)))
    with rasterio.open(workspace.store.path(TERRAIN)) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1)
        assert np.array_equal(file.read(1), values, equal_nan=True)
    assert import_layer(workspace, TERRAIN, tmp_path / "t.tif").status == "unchanged"
    window = (EAST + 100, NORTH + 900, EAST + 110, NORTH + 905)
    part = workspace.layers[TERRAIN].read(window)
    assert np.array_equal(part.read(), values[95:100, 100:110])
    coarse = workspace.layers[TERRAIN].read(cell_size=2.0)
    assert coarse.shape == (600, 500)
    # An overview's cell is the mean of the four below it.
    assert np.isclose(coarse.read()[300, 300], values[600:602, 600:602].mean(), rtol=1e-6)
    assert workspace.layers[TERRAIN].read(cell_size=0.5).shape == (1200, 1000)
    with pytest.raises(BadInput, match="above 0"):
        workspace.layers[TERRAIN].read(cell_size=-1)


def test_cells_at_fault_are_listed_and_follow_the_policy(limited: Path, tmp_path: Path) -> None:
    values = np.full((20, 20), 5.0, "float32")
    values[3, 4], values[7, 8], values[0, 0] = -1, 101, np.nan
    grid(values, 50).write(tmp_path / "t.tif")
    before = content(limited, TERRAIN)
    workspace = Workspace.open(limited)
    report = import_layer(workspace, TERRAIN, tmp_path / "t.tif")
    assert (report.status, report.problem_records, report.facts["faults"]) == ("rejected", 2, {"out-of-range": 2})
    assert report.faults[["feature", "value"]].values.tolist() == [["3,4", "-1.0"], ["7,8", "101.0"]]
    assert (report.faults.geometry.x[0], report.faults.geometry.y[0]) == (EAST + 225, NORTH + SIDE - 175)
    assert content(limited, TERRAIN) == before
    assert import_layer(workspace, TERRAIN, tmp_path / "t.tif", on_fault="accept").status == "imported"
    assert float(np.nanmin(workspace.layers[TERRAIN].read().read())) == -1
    repaired = import_layer(workspace, TERRAIN, tmp_path / "t.tif", on_fault="repair")
    assert set(repaired.faults["action"]) == {"repaired"}
    got = workspace.layers[TERRAIN].read().read()
    assert int(np.isnan(got).sum()) == 3
    assert np.nanmax(got) == np.nanmin(got) == 5


def test_a_raster_of_codes(tiny_folder: Path, tmp_path: Path) -> None:
    card = tiny_folder / "layers/natural/trial-terrain.yaml"
    coded = card.read_text("utf-8").replace("type: number, unit: m,", "type: code, codes: {1: {en: A}, 2: {en: B}},")
    card.write_text(coded, "utf-8")
    grid(np.array([[1, 2], [3, 0]], "uint8"), 500, nodata=0).write(tmp_path / "c.tif")
    report = import_layer(Workspace.open(tiny_folder), TERRAIN, tmp_path / "c.tif")
    assert (report.status, report.faults["feature"].tolist()) == ("rejected", ["1,0"])


def test_a_raster_in_another_crs_keeps_its_values(limited: Path, tmp_path: Path) -> None:
    home = grid(np.tile(np.arange(100, dtype="float32"), (100, 1)), 10)
    warp(home, 4326).write(tmp_path / "d.tif")
    own = open_raster(tmp_path / "d.tif").read()
    workspace = Workspace.open(limited)
    report = import_layer(workspace, TERRAIN, tmp_path / "d.tif")
    assert report.facts["crs"] == "EPSG:4326"
    assert np.array_equal(open_raster(workspace.store.path(TERRAIN)).read(), own, equal_nan=True)
    box = (EAST + 300, NORTH + 300, EAST + 400, NORTH + 400)
    whole = workspace.layers[TERRAIN].read()
    part = workspace.layers[TERRAIN].read(box)
    assert whole.crs == part.crs == CRS
    # The plane rises by one on ten metres; a window says the same of it as the whole.
    for raster in (whole.clip(box), part):
        west = raster.bounds[0]
        rows, columns = raster.shape
        expected = (west + (np.arange(columns) + 0.5) * raster.cell_size[0] - EAST) / 10 - 0.5
        assert np.allclose(raster.read()[rows // 2], expected, atol=0.15)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda p: grid(np.full((4, 4), np.nan, "float32"), 250).write(p), BadRaster, "every cell is nodata"),
        (lambda p: grid(np.ones((4, 4), "float32"), 250, crs=None).write(p), UnsuitableCrs, "states no CRS"),
    ],
)
def test_a_raster_that_says_nothing(
    limited: Path, tmp_path: Path, make: object, error: type[BadInput], words: str
) -> None:
    make(tmp_path / "r.tif")  # type: ignore[operator]
    before = content(limited, TERRAIN)
    with pytest.raises(error, match=words):
        import_layer(Workspace.open(limited), TERRAIN, tmp_path / "r.tif")
    assert content(limited, TERRAIN) == before


def test_bands_are_named_and_tiles_are_merged_first(limited: Path, tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "height": 2, "width": 2, "count": 2, "dtype": "float32", "crs": CRS,
               "transform": Affine(500, 0, EAST, 0, -500, NORTH + SIDE)}  # fmt: skip
    with rasterio.open(tmp_path / "two.tif", "w", **profile) as file:
        file.write(np.stack([np.full((2, 2), 1.0), np.full((2, 2), 2.0)]).astype("float32"))
    workspace = Workspace.open(limited)
    with pytest.raises(BadInput, match="2 bands"):
        import_layer(workspace, TERRAIN, tmp_path / "two.tif")
    import_layer(workspace, TERRAIN, f"{tmp_path / 'two.tif'}:2")
    assert workspace.layers[TERRAIN].read().read().tolist() == [[2, 2], [2, 2]]
    with pytest.raises(BadInput, match="2 rasters"):
        import_layer(workspace, TERRAIN, [tmp_path / "two.tif", tmp_path / "two.tif"])


def test_a_raster_that_lies_elsewhere(limited: Path, tmp_path: Path) -> None:
    far = Raster.from_array(np.ones((4, 4), "float32"), Affine(10, 0, EAST + 9e4, 0, -10, NORTH), CRS)
    far.write(tmp_path / "far.tif")
    report = import_layer(Workspace.open(limited), TERRAIN, tmp_path / "far.tif")
    assert (report.status, report.facts["faults"]) == ("rejected", {"elsewhere": 1})
