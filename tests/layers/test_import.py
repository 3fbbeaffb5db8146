"""Imports: any format becomes one sorted file, faults are told feature by feature, and nothing is lost on the way."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from affine import Affine
from shapely import Point, box

from spacegov.errors import BadInput, EmptyLayer, UnknownName, UnreadableFile, UnsuitableCrs, WrongGeometry
from spacegov.layers import geoparquet
from spacegov.layers.ingest import import_layer, read_faults
from spacegov.raster import Raster
from spacegov.soundness import is_sound
from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, TABLE, TERRAIN, bowtie, content, many, plots, send
from tests.tiny import CRS, EAST, NORTH, square


def codes(report: object) -> dict[str, int]:
    return report.facts["faults"]  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson", "a.parquet", "a.fgb"])
def test_every_format_gives_the_same_layer(tiny_folder: Path, tmp_path: Path, name: str) -> None:
    sent = plots() if name != "a.geojson" else plots().to_crs(4326)
    report = send(tmp_path, sent, name)
    assert (report.status, report.rows, report.problem_records) == ("imported", 6, 0)
    got = Workspace.open(tiny_folder).layers[PARCELS].read().sort_values("plot_id", ignore_index=True)
    assert got["plot_id"].tolist() == plots()["plot_id"].tolist()
    assert got["use"].tolist() == plots()["use"].tolist()
    assert got["people"].tolist() == plots()["people"].tolist()
    assert np.allclose(got.area, 100.0, atol=1e-3)
    assert got.crs == CRS


def test_a_zipped_shapefile_and_a_folder_of_parts_are_one_layer(tiny_folder: Path, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    plots(3).to_file(parts / "north.shp")
    plots(6).iloc[3:].to_file(parts / "south.shp")
    with zipfile.ZipFile(tmp_path / "parts.zip", "w") as archive:
        for file in parts.iterdir():
            archive.write(file, f"delivery/{file.name}")
    workspace = Workspace.open(tiny_folder)
    for given in (tmp_path / "parts.zip", parts):
        assert import_layer(workspace, PARCELS, given).rows == 6
        assert sorted(workspace.layers[PARCELS].read()["plot_id"]) == sorted(plots()["plot_id"])
    one = import_layer(workspace, PARCELS, f"{parts}:north")
    assert one.rows == 3
    two = import_layer(workspace, PARCELS, [parts / "north.shp", parts / "south.shp"])
    assert two.rows == 6


@pytest.mark.parametrize(
    ("columns", "encoding", "delimiter"),
    [(("x", "y"), "utf-8", ","), (("东坐标", "北坐标"), "gb18030", ","), (("Восток", "Север"), "utf-8", ";")],
)
def test_a_table_with_coordinates_is_a_layer_of_points(
    tiny_folder: Path, tmp_path: Path, columns: tuple[str, str], encoding: str, delimiter: str
) -> None:
    _card(tiny_folder, "artificial/wells", "Points", "{code: {type: string, title: {en: Code, zh: 编号}}}")
    table = pd.DataFrame({"编号": ["007", "008"], columns[0]: [EAST + 1, EAST + 2], columns[1]: [NORTH + 3, NORTH + 4]})
    table["备注"] = ["水井", "泉"]
    table.to_csv(tmp_path / "wells.csv", index=False, encoding=encoding, sep=delimiter)
    workspace = Workspace.open(tiny_folder)
    with pytest.raises(UnsuitableCrs, match="--source-crs"):
        import_layer(workspace, "artificial.wells", tmp_path / "wells.csv")
    import_layer(workspace, "artificial.wells", tmp_path / "wells.csv", source_crs=CRS)
    got = workspace.layers["artificial.wells"].read().sort_values("code", ignore_index=True)
    assert got["code"].tolist() == ["007", "008"]
    assert got["备注"].tolist() == ["水井", "泉"]
    assert got.geometry.tolist() == [Point(EAST + 1, NORTH + 3), Point(EAST + 2, NORTH + 4)]


def _card(folder: Path, name: str, kind: str, fields: str, more: str = "") -> None:
    path = folder / "layers" / f"{name}.yaml"
    path.write_text(
        f"title: {{en: Made}}\nabout: Made for tests.\nkind: {kind}\nsteward: trial-office\nsharing: {{class: open}}\n"
        f"quality: {{tier: A}}\nfields: {fields}\n{more}",
        encoding="utf-8",
    )


def test_a_table_of_text_stays_a_table(tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("year,people\n2023,420\n2024,430\n", encoding="utf-8")
    workspace = Workspace.open(tiny_folder)
    report = import_layer(workspace, TABLE, tmp_path / "t.csv")
    assert report.rows == 2
    assert workspace.layers[TABLE].read()["people"].tolist() == ["420", "430"]


def test_fields_are_found_by_name_title_and_cut_name(tiny_folder: Path, tmp_path: Path) -> None:
    fields = (
        "{plot_number: {type: string, unique: true, title: {en: Plot, zh: 地块}},"
        " use: {type: code, scheme: trial-use, title: {en: Use}, names: [DLBM]},"
        " surveyed_on: {type: date, title: {en: Surveyed}}, kept: {type: boolean, title: {en: Kept}}}"
    )
    _card(tiny_folder, "artificial/mapped", "Polygons", fields)
    sent = plots(3).rename(columns={"plot_id": "PLOT_NUMBE", "use": "dlbm"})
    sent["surveyed_o"], sent["Kept"], sent["extra"] = ["2024/5/1", "20240502", "2024年5月3日"], ["1", "no", "是"], "x"
    sent.to_file(tmp_path / "m.gpkg")
    workspace = Workspace.open(tiny_folder)
    report = import_layer(workspace, "artificial.mapped", tmp_path / "m.gpkg")
    assert report.status == "imported"
    got = workspace.layers["artificial.mapped"].read().sort_values("plot_number", ignore_index=True)
    assert got["plot_number"].tolist() == ["p0", "p1", "p2"]
    assert [str(day) for day in got["surveyed_on"]] == ["2024-05-01", "2024-05-02", "2024-05-03"]
    assert got["kept"].tolist() == [True, False, True]
    assert got["extra"].tolist() == ["x"] * 3
    assert got.columns[:4].tolist() == ["plot_number", "use", "surveyed_on", "kept"]


def test_two_columns_for_one_field_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    sent = plots(2)
    sent["PLOT_ID"] = "x"
    with pytest.raises(BadInput, match="both look like the field 'plot_id'"):
        send(tmp_path, sent.rename(columns={"plot_id": "Plot_id"}), "two.parquet")


def faulty() -> gpd.GeoDataFrame:
    """One fault in each of five records of eight: twisted, no shape, unknown code, twice the same id (two records)."""
    sent = plots(8)
    sent.loc[1, "geometry"] = bowtie(10, 0)
    sent.loc[2, "geometry"] = None
    sent.loc[3, "use"] = "9999"
    sent.loc[5, "plot_id"] = "p4"
    return sent


EXPECTED = {"self-intersection": 1, "missing-geometry": 1, "unknown-code": 1, "duplicate": 2}


def test_a_rejected_delivery_lists_every_fault_and_changes_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    before = content(tiny_folder)
    report = send(tmp_path, faulty(), "f.parquet")
    assert report.status == "rejected"
    assert codes(report) == EXPECTED
    assert report.problem_records == 5
    assert content(tiny_folder) == before
    table = report.faults[report.faults["severity"] == "error"]
    assert table[["row", "code", "field", "value"]].values.tolist() == [
        [1, "self-intersection", "geometry", ""],
        [2, "missing-geometry", "geometry", ""],
        [3, "unknown-code", "use", "9999"],
        [4, "duplicate", "plot_id", "p4"],
        [5, "duplicate", "plot_id", "p4"],
    ]
    assert set(table["action"]) == {"refused"}
    assert table["feature"].tolist() == ["p1", "p2", "p3", "p4", "p4"]
    assert table.geometry.iloc[0] == Point(EAST + 15, NORTH + 5)
    assert table.geometry.iloc[2] == Point(EAST + 35, NORTH + 5)


def test_accepted_faults_are_marked_and_nothing_is_lost(tiny_folder: Path, tmp_path: Path) -> None:
    report = send(tmp_path, faulty(), "f.parquet", on_fault="accept")
    assert (report.status, report.rows, codes(report)) == ("imported", 8, EXPECTED)
    layer = Workspace.open(tiny_folder).layers[PARCELS]
    got = layer.read()
    assert len(got) == 8
    marks = dict(zip(got["people"], got["fault"], strict=True))
    assert {row: mark for row, mark in marks.items() if mark == mark and mark is not None} == {
        1: "self-intersection", 2: "missing-geometry", 3: "unknown-code", 4: "duplicate", 5: "duplicate",
    }  # fmt: skip
    assert not is_sound(got)
    kept = got.set_index("people").geometry
    assert shapely.equals_exact(kept[1], bowtie(10, 0))
    assert len(read_faults(layer)) == 5
    assert layer.quality["rate"] == pytest.approx(5 / 8)


def test_repair_mends_what_has_one_meaning_and_logs_it(tiny_folder: Path, tmp_path: Path) -> None:
    sent = plots(4)
    sent.loc[1, "geometry"] = bowtie(10, 0)
    sent["use"] = ["101", "0101", "301", "0702"]
    report = send(tmp_path, sent, on_fault="repair")
    assert (report.status, codes(report)) == ("imported", {"leading-zero-lost": 2, "self-intersection": 1})
    read = Workspace.open(tiny_folder).layers[PARCELS].read()
    assert is_sound(read)
    got = read.set_index("plot_id")
    assert got["use"].to_dict() == {"p0": "0101", "p1": "0101", "p2": "0301", "p3": "0702"}
    assert got.geometry["p1"].is_valid
    # The two triangles of a bow tie of 10 m cover half its square.
    assert got.area["p1"] == pytest.approx(50.0)
    told = report.faults.set_index("row").loc[1]
    assert told["action"] == "repaired"
    assert "area 0.000 m² became 50.000 m²" in told["reason"]


def test_what_repair_cannot_mend_refuses_the_delivery(tiny_folder: Path, tmp_path: Path) -> None:
    before = content(tiny_folder)
    report = send(tmp_path, faulty(), "f.parquet", on_fault="repair")
    assert report.status == "rejected"
    actions = dict(zip(report.faults["code"], report.faults["action"], strict=True))
    assert actions == {"self-intersection": "repaired", "missing-geometry": "refused", "unknown-code": "refused",
                       "duplicate": "refused"}  # fmt: skip
    assert content(tiny_folder) == before


def test_the_policy_of_the_card_holds_without_another(tiny_folder: Path, tmp_path: Path) -> None:
    path = tiny_folder / "layers/artificial/trial-parcels.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("{tier: A}", "{tier: A, on_fault: accept}"), "utf-8")
    assert send(tmp_path, faulty(), "f.parquet").status == "imported"


def test_values_of_another_type_are_named_with_what_was_sent(tiny_folder: Path, tmp_path: Path) -> None:
    sent = plots(3)
    sent["people"] = ["1", "many", "3.5"]
    report = send(tmp_path, sent)
    wrong = report.faults[report.faults["code"] == "wrong-type"]
    assert wrong[["row", "field", "value"]].values.tolist() == [[1, "people", "many"], [2, "people", "3.5"]]


def test_a_field_that_must_be_there(tiny_folder: Path, tmp_path: Path) -> None:
    _card(tiny_folder, "artificial/needs", "Polygons", "{name: {type: string, required: true, title: {en: Name}}}")
    plots(2).to_file(tmp_path / "n.gpkg")
    report = import_layer(Workspace.open(tiny_folder), "artificial.needs", tmp_path / "n.gpkg")
    assert (report.status, codes(report), report.problem_records) == ("rejected", {"missing-field": 1}, 2)


def test_the_file_is_sorted_along_a_curve_with_boxes_and_opens_anywhere(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 20_000 <= geoparquet.ROW_GROUP <= 50_000
    monkeypatch.setattr(geoparquet, "ROW_GROUP", 3_000)
    sent = many(7_000)
    report = send(tmp_path, sent, "m.parquet")
    path = Workspace.open(tiny_folder).store.path(PARCELS)
    metadata = pq.read_metadata(path)
    assert metadata.num_row_groups == 3
    groups = {metadata.row_group(group).num_rows for group in range(3)}
    assert groups == {3_000, 7_000 - 2 * 3_000}
    assert {
        metadata.row_group(0).column(column).compression for column in range(metadata.row_group(0).num_columns)
    } == {"ZSTD"}
    geo = json.loads(metadata.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert geo["columns"]["geometry"]["geometry_types"] == ["Polygon"]
    assert report.facts["bounds"] == pytest.approx(sent.total_bounds.tolist())
    # Neighbours in the file are neighbours on the ground: a third of all records fills about a third of the area.
    first = gpd.read_parquet(path, columns=["geometry"]).iloc[:3_000].union_all().envelope.area
    assert first < 0.85e6
    box_column = pq.read_table(path, columns=["bbox"]).column("bbox").combine_chunks().flatten()
    read = gpd.read_parquet(path)
    assert np.array_equal(np.array([side.to_numpy() for side in box_column]).T, read.bounds.to_numpy())
    query = "SELECT count(*), sum(people) FROM read_parquet(?)"
    assert duckdb.execute(query, [str(path)]).fetchone() == (7_000, int(sent["people"].sum()))
    if "Parquet" in pyogrio.list_drivers():
        assert len(pyogrio.read_dataframe(path)) == 7_000


def test_large_layers_are_sorted_on_disk_into_the_same_file(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = many(4_000, seed=3)
    send(tmp_path, sent, "m.parquet", version="memory")
    first = Workspace.open(tiny_folder).layers[PARCELS].read()
    monkeypatch.setattr("spacegov.layers.geoparquet.IN_MEMORY", 0)
    sent.iloc[:3_999].to_parquet(tmp_path / "n.parquet")
    import_layer(Workspace.open(tiny_folder), PARCELS, tmp_path / "n.parquet", version="on-disk")
    second = Workspace.open(tiny_folder).layers[PARCELS].read()
    dropped = first[first["plot_id"] != "m3999"].reset_index(drop=True)
    assert dropped["plot_id"].tolist() == second["plot_id"].tolist()
    assert dropped.geometry.geom_equals_exact(second.geometry, 0).all()


def test_layers_come_in_their_crs_and_are_brought_to_the_workspace(tiny_folder: Path, tmp_path: Path) -> None:
    report = send(tmp_path, plots().to_crs(4326))
    assert (report.facts["source_crs"], report.facts["crs"]) == (["EPSG:4326"], CRS)
    got = Workspace.open(tiny_folder).layers[PARCELS].read()
    assert np.allclose(got.area, 100.0, atol=1e-3)
    with pytest.raises(UnsuitableCrs, match="never relabelled"):
        send(tmp_path, plots().to_crs(4326), source_crs=CRS)


def test_a_layer_that_lies_elsewhere_is_told_with_a_reason(tiny_folder: Path, tmp_path: Path) -> None:
    swapped = plots()
    swapped["geometry"] = shapely.transform(np.asarray(swapped.geometry.array, object), lambda xy: xy[:, ::-1])
    report = send(tmp_path, swapped)
    assert (report.status, "swapped-axes" in codes(report)) == ("rejected", True)
    one = plots()
    one.loc[0, "geometry"] = square(5000, 5000, 5010, 5010)
    report = send(tmp_path, one)
    assert (report.status, codes(report)) == ("imported", {"outside-territory": 1})
    assert report.faults["feature"].tolist() == ["p0"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda f: f.iloc[:0], EmptyLayer, "holds no record"),
        (lambda f: f.set_crs(None, allow_override=True), UnsuitableCrs, "states no CRS"),
        (lambda f: f.set_geometry(f.centroid), None, "mixed-type"),
    ],
)
def test_deliveries_that_cannot_be_the_layer(
    tiny_folder: Path, tmp_path: Path, change: object, error: type[BadInput] | None, words: str
) -> None:
    sent = change(plots())  # type: ignore[operator]
    if error is None:
        assert words in codes(send(tmp_path, sent, "c.parquet"))
        return
    with pytest.raises(error, match=words):
        send(tmp_path, sent, "c.parquet")


def test_a_raster_is_no_polygon_layer_and_the_other_way_round(tiny_folder: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(tiny_folder)
    Raster.from_array(np.ones((4, 4), "float32"), Affine(5, 0, EAST, 0, -5, NORTH + 20), CRS).write(tmp_path / "r.tif")
    plots().to_file(tmp_path / "v.gpkg")
    with pytest.raises(BadInput, match="a raster"):
        import_layer(workspace, PARCELS, tmp_path / "r.tif")
    with pytest.raises(BadInput, match="vector data"):
        import_layer(workspace, TERRAIN, tmp_path / "v.gpkg")
    with pytest.raises(BadInput, match="together"):
        import_layer(workspace, PARCELS, [tmp_path / "r.tif", tmp_path / "v.gpkg"])
    with pytest.raises(UnknownName, match="trial-parcels"):
        import_layer(workspace, "artificial.trial-parcel", tmp_path / "v.gpkg")
    with pytest.raises(BadInput, match="reads it in place"):
        import_layer(workspace, "planned.trial-town", tmp_path / "v.gpkg")
    with pytest.raises(BadInput, match="did you mean 'repair'"):
        import_layer(workspace, PARCELS, tmp_path / "v.gpkg", on_fault="repare")  # type: ignore[arg-type]
    with pytest.raises(UnreadableFile, match="no such file"):
        import_layer(workspace, PARCELS, tmp_path / "absent.gpkg")


def test_curves_are_refused_by_name(tiny_folder: Path, tmp_path: Path) -> None:
    curve = (
        bytes.fromhex("010a000000" + "01000000" + "0108000000" + "05000000")
        + np.array([EAST, NORTH, EAST + 1, NORTH + 1, EAST + 2, NORTH, EAST + 1, NORTH - 1, EAST, NORTH]).tobytes()
    )
    frame = plots(1)
    frame.to_parquet(tmp_path / "c.parquet")
    table = pq.read_table(tmp_path / "c.parquet")
    import pyarrow as pa

    place = table.schema.get_field_index("geometry")
    table = table.set_column(place, table.schema.field(place), pa.array([curve], pa.binary()))
    pq.write_table(table, tmp_path / "c.parquet")
    with pytest.raises(WrongGeometry, match="CurvePolygon"):
        import_layer(Workspace.open(tiny_folder), PARCELS, tmp_path / "c.parquet")


def test_heights_are_kept(tiny_folder: Path, tmp_path: Path) -> None:
    high = plots(2)
    high["geometry"] = shapely.force_3d(np.asarray(high.geometry.array, object), 7.0)
    send(tmp_path, high)
    got = Workspace.open(tiny_folder).layers[PARCELS].read()
    assert got.geometry.has_z.all()
    assert box(EAST, NORTH, EAST + 20, NORTH + 10).equals(got.geometry.force_2d().union_all())
