"""Layers no one here made: all are taken in, with the faults that are known of them found."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import geopandas as gpd
import pyogrio
import pytest
import rasterio
import yaml

from spacegov.errors import BadInput, UnreadableFile, UnsuitableCrs
from spacegov.layers.draft import draft_card, write_card
from spacegov.layers.found import found_workspace
from spacegov.layers.ingest import ImportReport, import_layer, read_faults
from spacegov.workspace import Workspace

DATA = os.environ.get("SPACEGOV_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="real layers are found through SPACEGOV_REAL_DATA")
ROOT = Path(DATA or ".")


def take(workspace: Workspace, given: str, name: str, *, value_range: list[float] | None = None, **how: object) -> (
    ImportReport
):  # fmt: skip
    """Draft a card for a layer and import it."""
    layer = f"artificial.{name.lower().replace('_', '-')}"
    try:
        card = draft_card(given, layer, "natural-resources")
    except BadInput:
        card = draft_card(given, layer, "natural-resources", kind="Polygons")
    if value_range is not None:
        card["fields"]["value"]["range"] = value_range
    write_card(workspace.directory, layer, yaml.safe_dump(card, allow_unicode=True, sort_keys=False))
    workspace.forget()
    return import_layer(workspace, layer, given, **how)  # type: ignore[arg-type]


def opens_anywhere(path: Path, rows: int) -> None:
    """The file as it is, read by programs that know nothing of us."""
    if path.suffix == ".tif":
        with rasterio.open(path) as file:
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert file.read(1).size == rows
        return
    assert duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone() == (rows,)
    assert len(gpd.read_parquet(path)) == rows
    if "Parquet" in pyogrio.list_drivers():
        assert pyogrio.read_info(path, force_feature_count=True)["features"] == rows


def errors(report: ImportReport) -> int:
    table = report.faults
    return int(table.loc[(table["severity"] == "error") & (table["field"] == "geometry"), "row"].nunique())


def test_all_layers_of_baltimore(tmp_path: Path) -> None:
    workspace = found_workspace(tmp_path / "baltimore", "EPSG:2804")
    source = ROOT / "baltimore_md.gpkg"
    broken, mixed = {}, list[str]()
    for name, kind in pyogrio.list_layers(source):
        given = f"{source}:{name}"
        if kind == "Unknown":
            # Plans of a type of geometry that is not stated: areas, and one outline that is a line.
            with pytest.raises(BadInput, match="mixes Lines and Polygons"):
                draft_card(given, f"artificial.{name}", "natural-resources")
            mixed.append(name)
        report = take(workspace, given, name, on_fault="accept")
        assert report.rows == pyogrio.read_info(source, layer=name)["features"]
        opens_anywhere(workspace.store.path(report.layer), report.rows)
        broken[name] = errors(report)
        assert import_layer(workspace, report.layer, given, on_fault="accept").status == "unchanged"
    # Known of these layers: 11 invalid polygons in the zoning, 98 among the historic properties.
    assert (broken["zoning"], broken["baltimore_mihp"]) == (11, 98)
    assert {name for name, count in broken.items() if count} >= {"zoning", "baltimore_mihp"}
    assert mixed == ["adopted_plans"]
    plans = read_faults(workspace.layers["artificial.adopted-plans"])
    assert (plans["code"] == "mixed-type").sum() >= 1
    rejected = import_layer(workspace, "artificial.zoning", f"{source}:zoning", on_fault="reject")
    assert rejected.status == "rejected"
    assert workspace.layers["artificial.zoning"].read()["fault"].notna().sum() == 11


def test_all_layers_of_jakarta(tmp_path: Path) -> None:
    workspace = found_workspace(tmp_path / "jakarta", "EPSG:32748")
    source = ROOT / "jakarta/jakarta.gpkg"
    crs = set()
    for name, _ in pyogrio.list_layers(source):
        report = take(workspace, f"{source}:{name}", name, on_fault="accept")
        assert report.rows == pyogrio.read_info(source, layer=name)["features"]
        opens_anywhere(workspace.store.path(report.layer), report.rows)
        crs |= set(report.facts["source_crs"])
    rasters = {}
    for path in sorted((ROOT / "jakarta").glob("*.tif")):
        report = take(workspace, str(path), path.stem, value_range=[0, 1e6], on_fault="accept")
        opens_anywhere(workspace.store.path(report.layer), report.rows)
        rasters[path.stem] = report
        crs |= set(report.facts["source_crs"])
    # The vectors are in degrees and the population in a zone of the northern half; each says so.
    assert {"EPSG:4326", "EPSG:32648"} <= crs
    people = rasters["Population_Jakarta_UTM48N"]
    assert people.problem_records == 3
    assert people.faults["code"].tolist() == ["out-of-range"] * 3
    assert all(float(value) < 0 for value in people.faults["value"])
    assert people.facts["sum"] == pytest.approx(361e6, rel=0.01)
    card = workspace.directory / "layers/artificial/population-jakarta-utm48n.yaml"
    assert "range" in card.read_text(encoding="utf-8")
    given = str(ROOT / "jakarta/Population_Jakarta_UTM48N.tif")
    assert import_layer(workspace, people.layer, given, on_fault="reject").status == "rejected"


def test_all_layers_of_swellendam(tmp_path: Path) -> None:
    workspace = found_workspace(tmp_path / "swellendam", "EPSG:32734")
    found = {}
    files = [*(ROOT / "swellendam/projected_data").glob("*.shp"), *(ROOT / "swellendam/shapefile").glob("*.shp")]
    given = [(str(path), path.stem) for path in sorted(files)]
    package = ROOT / "swellendam/training_data.gpkg"
    given += [(f"{package}:{name}", f"training-{name}") for name, _ in pyogrio.list_layers(package)]
    for source, name in given:
        if source.endswith("shapefile/water.shp"):
            # Its thirty-first shape is broken; what can be read of it is not the layer.
            with pytest.raises(UnreadableFile, match="38 records and only 37"):
                take(workspace, source, name, on_fault="accept")
            continue
        report = take(workspace, source, name, on_fault="accept")
        opens_anywhere(workspace.store.path(report.layer), report.rows)
        found[name] = report
    # 33S is the zone of 15° E; at 20° E its areas are half a per cent too large.
    for name, report in found.items():
        wrong = report.faults[report.faults["code"] == "wrong-zone"]
        assert (len(wrong) == 1) == (report.facts["source_crs"] == ["EPSG:32733"]), name
        if len(wrong):
            assert "1.004" in wrong["reason"].iloc[0] or "1.005" in wrong["reason"].iloc[0]
            assert "EPSG:32734" in wrong["mend"].iloc[0]
    assert any(name.endswith("33S") for name in found)
    for path in sorted((ROOT / "swellendam/SRTM").glob("*.tif")):
        report = take(workspace, str(path), path.stem, on_fault="accept")
        opens_anywhere(workspace.store.path(report.layer), report.rows)


def test_statutory_zoning_with_chinese_fields(tmp_path: Path) -> None:
    workspace = found_workspace(tmp_path / "hsinchu", "EPSG:3826")
    report = take(workspace, str(ROOT / "hsinchu_county_zoning.gpkg"), "zoning", on_fault="accept")
    assert report.rows == 3464
    frame = workspace.layers[report.layer].read()
    assert {"建蔽率", "容積率"} <= {str(column) for column in frame.columns}
    half = workspace.layers[report.layer].read(where='"建蔽率" IS NOT NULL')
    assert 0 < len(half) <= 3464


def test_a_layer_without_its_prj(tmp_path: Path) -> None:
    workspace = found_workspace(tmp_path / "swellendam", "EPSG:32734")
    for suffix in (".shp", ".shx", ".dbf"):
        source = ROOT / f"swellendam/projected_data/farms_33S{suffix}"
        (tmp_path / f"farms{suffix}").write_bytes(source.read_bytes())
    with pytest.raises(UnsuitableCrs, match="--source-crs"):
        take(workspace, str(tmp_path / "farms.shp"), "farms")
    assert (
        import_layer(
            workspace, "artificial.farms", tmp_path / "farms.shp", source_crs="EPSG:32733", on_fault="accept"
        ).rows
        == pyogrio.read_info(tmp_path / "farms.shp")["features"]
    )
