"""Files give the answer of the frames they were written from, at once or streamed, however they are parted."""

import json

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from spacegov import ledger
from spacegov.errors import BadInput, InvalidGeometry, MissingColumn, UnreadableFile, UnsuitableCrs, WrongGeometry
from spacegov.kernels import streaming as streaming_module
from spacegov.kernels import tabulate_areas, tabulate_files


def mesh(cells, size, seed, classes, column, x=4e5, y=3e6):
    """A mesh of quadrilaterals with moved corners, in rows from below."""
    random = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(cells + 1.0), np.arange(cells + 1.0)), axis=-1)
    corners[1:-1, 1:-1] += random.uniform(-0.3, 0.3, (cells - 1, cells - 1, 2))
    corners = corners * size + [x, y]
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2)
    shapes = shapely.polygons(rings.reshape(-1, 4, 2))
    names = np.array([f"{column} {k}" for k in range(classes)])
    return geopandas.GeoDataFrame({column: names[random.integers(0, classes, len(shapes))]}, geometry=shapes, crs=32650)


@pytest.fixture(scope="module")
def layers():
    plots, zones = mesh(60, 10.0, 1, 6, "use"), mesh(23, 20.0, 2, 4, "zone")
    stars = shapely.Point(400300, 3000300).buffer(150, quad_segs=200)
    plots.loc[7, "geometry"] = None
    plots.loc[8, "geometry"] = shapely.MultiPolygon([plots.geometry[20], plots.geometry[30]])
    plots.loc[9, "geometry"] = stars
    plots.loc[10:20, "use"] = None
    return plots, zones


@pytest.fixture(params=["at once", "streamed"])
def way(request, monkeypatch):
    monkeypatch.setattr(tabulate_files, "_PARTS_PER_THREAD", 10**9)
    if request.param == "streamed":
        monkeypatch.setattr(tabulate_files, "_AT_ONCE_BYTES", 0)
        monkeypatch.setattr(streaming_module, "_CACHE_BYTES", 40_000)
    return request.param


def write(frame, path, rows=300, **options):
    frame.to_parquet(path, row_group_size=rows, write_covering_bbox=options.pop("covering", True), **options)
    return path


BY = ("use", "zone")


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("covering", [True, False])
@pytest.mark.parametrize("rows", [250, 100_000])
def test_files_give_the_answer_of_frames_to_the_last_bit(layers, tmp_path, way, threads, covering, rows):
    plots, zones = layers
    left = write(plots, tmp_path / "plots.parquet", rows, covering=covering)
    right = write(zones, tmp_path / "zones.parquet", rows, covering=covering)
    for balance in (False, True):
        expected = tabulate_areas(plots, zones, by=BY, balance=balance)
        found = tabulate_areas(left, str(right), by=BY, balance=balance, threads=threads)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_frame_and_a_file_may_be_mixed(layers, tmp_path, way):
    plots, zones = layers
    left, right = write(plots, tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet")
    expected = tabulate_areas(plots, zones, by=BY, balance=True)
    pd.testing.assert_frame_equal(tabulate_areas(plots, right, by=BY, balance=True), expected, check_exact=True)
    pd.testing.assert_frame_equal(tabulate_areas(left, zones, by=BY, balance=True), expected, check_exact=True)


def test_batches_within_a_row_group_change_nothing(layers, tmp_path, way, monkeypatch):
    plots, zones = layers
    monkeypatch.setattr(streaming_module, "_BATCH_ROWS", 130)
    left = write(plots, tmp_path / "plots.parquet", 100_000)
    right = write(zones, tmp_path / "zones.parquet")
    pd.testing.assert_frame_equal(
        tabulate_areas(left, right, by=BY, threads=2), tabulate_areas(plots, zones, by=BY), check_exact=True
    )


def test_ellipsoidal_areas_of_files_are_those_of_frames(layers, tmp_path, way):
    plots, zones = layers
    left, right = write(plots, tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet")
    expected = tabulate_areas(plots, zones, by=BY, area_basis="ellipsoid", balance=True)
    found = tabulate_areas(left, right, by=BY, area_basis="ellipsoid", balance=True)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["category", "int64", "float64", "bool", "datetime64[ns]"])
def test_classes_of_every_type_are_kept(layers, tmp_path, way, kind):
    plots, zones = layers
    plots = plots.assign(use=pd.Series(np.arange(len(plots)) % 2, dtype="int64").astype(kind))
    left, right = write(plots, tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet")
    found, expected = tabulate_areas(left, right, by=BY), tabulate_areas(plots, zones, by=BY)
    assert found["use"].tolist() == expected["use"].tolist()
    assert found["area_m2"].tolist() == expected["area_m2"].tolist()


def test_not_a_number_is_one_missing_class(layers, tmp_path, way):
    plots, zones = layers
    plots = plots.assign(use=np.where(np.arange(len(plots)) % 3 == 0, np.nan, 1.5))
    left = pa.table(plots.to_arrow())
    pq.write_table(left, tmp_path / "plots.parquet", row_group_size=200)
    right = write(zones, tmp_path / "zones.parquet")
    plots.to_parquet(tmp_path / "plots.parquet", row_group_size=200)
    found = tabulate_areas(tmp_path / "plots.parquet", right, by=BY)
    assert found["use"].isna().sum() == 4
    assert len(found) == 8


def test_many_classes_are_summed_across_parts(layers, tmp_path, way):
    plots, zones = layers
    plots, zones = plots.assign(use=np.arange(len(plots))), zones.assign(zone=np.arange(len(zones)) // 2)
    left, right = write(plots, tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet", 37)
    pd.testing.assert_frame_equal(
        tabulate_areas(left, right, by=BY), tabulate_areas(plots, zones, by=BY), check_exact=True
    )


def test_invalid_polygons_in_files_are_refused_with_their_row_or_repaired(layers, tmp_path, way):
    plots, zones = layers
    bowtie = shapely.affinity.translate(shapely.Polygon([(0, 0), (20, 20), (20, 0), (0, 20)]), 400010, 3000010)
    broken = plots.copy()
    broken.loc[[700, 701], "geometry"] = bowtie
    left, right = write(broken, tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet")
    with pytest.raises(InvalidGeometry, match=r"2 of \d+ polygons in left.* invalid .*the first is row 700"):
        tabulate_areas(left, right, by=BY)
    with ledger.collect() as of_files:
        found = tabulate_areas(left, right, by=BY, repair=True, threads=2)
    with ledger.collect() as of_frames:
        expected = tabulate_areas(broken, zones, by=BY, repair=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert of_files.doubts == of_frames.doubts
    assert of_files.doubts[0].where == "left, rows 700, 701"


def test_a_balance_against_an_overlapping_file_is_refused(layers, tmp_path, way):
    plots, zones = layers
    doubled = pd.concat([zones, zones[5:6]], ignore_index=True)
    left, right = write(plots, tmp_path / "plots.parquet"), write(doubled, tmp_path / "zones.parquet", 100)
    with pytest.raises(BadInput, match=r"right overlaps itself by .* in 1 pairs .*rows 5 and 529\)"):
        tabulate_areas(left, right, by=BY, balance=True)


def test_files_without_extent_in_their_metadata_are_measured(layers, tmp_path, way):
    plots, zones = layers
    paths = []
    for frame, name in ((plots, "plots"), (zones, "zones")):
        path = write(frame, tmp_path / f"{name}.parquet", covering=False)
        table = pq.read_table(path)
        geo = json.loads(table.schema.metadata[b"geo"])
        del geo["columns"]["geometry"]["bbox"]
        pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path, row_group_size=300)
        paths.append(path)
    expected = tabulate_areas(plots, zones, by=BY, area_basis="ellipsoid")
    pd.testing.assert_frame_equal(tabulate_areas(*paths, by=BY, area_basis="ellipsoid"), expected, rtol=1e-12)
    pd.testing.assert_frame_equal(tabulate_areas(*paths, by=BY), tabulate_areas(plots, zones, by=BY), check_exact=True)


def test_unusual_files_are_refused_by_name(layers, tmp_path, way):
    plots, zones = layers
    left, right = write(plots, tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet")
    with pytest.raises(UnreadableFile, match="left: there is no file"):
        tabulate_areas(tmp_path / "absent.parquet", right, by=BY)
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(UnreadableFile, match="no complete Parquet file"):
        tabulate_areas(left, tmp_path / "text.parquet", by=BY)
    pq.write_table(pa.table({"use": ["a"]}), tmp_path / "plain.parquet")
    with pytest.raises(UnreadableFile, match="without the GeoParquet metadata"):
        tabulate_areas(tmp_path / "plain.parquet", right, by=BY)
    plots.dropna().to_parquet(tmp_path / "native.parquet", geometry_encoding="geoarrow", schema_version="1.1.0")
    with pytest.raises(UnreadableFile, match="'WKB' is needed"):
        tabulate_areas(tmp_path / "native.parquet", right, by=BY)
    with pytest.raises(MissingColumn, match=r"right has no column 'zones'.*did you mean 'zone'"):
        tabulate_areas(left, right, by=("use", "zones"))
    with pytest.raises(MissingColumn, match="left has no column 'uses'"):
        tabulate_areas(plots, right, by=("uses", "zone"))
    degrees = write(zones.to_crs(4326), tmp_path / "degrees.parquet")
    with pytest.raises(UnsuitableCrs, match="bring both to the same"):
        tabulate_areas(left, degrees, by=BY)
    with pytest.raises(UnsuitableCrs, match="counts in degrees"):
        tabulate_areas(degrees, degrees, by=("zone", "zone"))
    points = write(zones.set_geometry(zones.centroid), tmp_path / "points.parquet")
    with pytest.raises(WrongGeometry, match=r"right.* are not polygons"):
        tabulate_areas(left, points, by=BY)


def test_three_dimensional_and_big_endian_files_are_read(layers, tmp_path, way):
    plots, zones = layers
    raised = plots.set_geometry(shapely.force_3d(plots.geometry.values, 12.0))
    left, right = write(raised, tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet")
    table = pq.read_table(right)
    big = pa.array(shapely.to_wkb(zones.geometry.values, byte_order=0))
    table = table.set_column(table.column_names.index("geometry"), "geometry", big)
    pq.write_table(table, right, row_group_size=200)
    pd.testing.assert_frame_equal(
        tabulate_areas(left, right, by=BY), tabulate_areas(plots, zones, by=BY), check_exact=True
    )


def test_empty_files_give_empty_tables(layers, tmp_path, way):
    plots, zones = layers
    left, right = write(plots[:0], tmp_path / "plots.parquet"), write(zones, tmp_path / "zones.parquet")
    assert tabulate_areas(left, right, by=BY).empty
    assert tabulate_areas(left, right, by=BY, area_basis="ellipsoid").empty
    assert tabulate_areas(right, left, by=("zone", "use")).empty
    whole = tabulate_areas(right, left, by=("zone", "use"), balance=True)
    assert whole["area_m2"].sum() == pytest.approx(zones.area.sum(), rel=1e-12)
    assert whole["use"].tolist() == [None] * 4
