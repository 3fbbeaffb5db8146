from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from spacegov.errors import BadInput, MissingColumn
from spacegov.ledger import DoubtWarning, collect
from spacegov.tools.foundation import check_geometry
from spacegov.tools.foundation._geometry_faults import ERRORS, MENDS
from spacegov.tools.foundation.geometry import fault_counts

SQUARE = box(0, 0, 10, 10)


def codes(frame, **options):
    return check_geometry(frame, **options).faults["code"].tolist()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (SQUARE, []),
        (None, ["missing-geometry"]),
        (Polygon(), ["empty-geometry"]),
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), ["self-intersection"]),
        (Polygon([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)]), ["ring-self-intersection"]),
        (Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(20, 20), (21, 20), (21, 21)]]), ["hole-outside"]),
        (
            Polygon(
                [(0, 0), (9, 0), (9, 9), (0, 9)],
                [[(1, 1), (8, 1), (8, 8), (1, 8)], [(2, 2), (3, 2), (3, 3), (2, 3)]],
            ),
            ["nested-holes"],
        ),
        (MultiPolygon([SQUARE, box(2, 2, 3, 3)]), ["nested-parts"]),
        (MultiPolygon([SQUARE, box(5, 5, 15, 15)]), ["overlapping-parts"]),
        (Polygon([(0, 0), (9, 0), (5, 0), (3, 0)]), ["zero-area"]),
        (Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(0, 5), (5, 9), (9, 5), (5, 0)]]), ["disconnected-interior"]),
        (Polygon([(0, 0), (5, 5), (0, 0), (0, 0)]), ["too-few-points"]),
        (Polygon([(0, 0), (np.inf, 0), (1, 1), (0, 1)]), ["invalid-coordinate"]),
        (LineString([(1, 1), (1, 1)]), ["too-few-points"]),
        (Polygon([(0, 0), (10, 0), (10, 0), (10, 10), (0, 10)]), ["duplicate-points"]),
        (Polygon([(0, 0, 5), (10, 0, 5), (10, 10, 5)]), ["z-values"]),
        (LineString([(0, 0), (10, 0), (10, 10), (0, 0.005)]), ["unclosed-ring"]),
        (shapely.GeometryCollection([Point(1, 1), SQUARE]), ["mixed-type"]),
    ],
)
def test_every_kind_of_fault_is_named(layer, shape, expected):
    assert codes(layer([shape])) == expected


def test_a_spike_is_found_by_its_angle(layer):
    # The tip's edges run 10 m along and 0.05 m and 0 m up: atan(0.05 / 10) = 0.286 degrees.
    shape = Polygon([(0, 0), (10, 0), (10, 5), (20, 5), (10, 5.05), (10, 10), (0, 10)])
    faults = check_geometry(layer([shape])).faults
    assert faults["code"].tolist() == ["spike"]
    assert faults["severity"].tolist() == ["warning"]
    assert faults["reason"].tolist() == ["edges meet at 0.286°"]
    place = faults.geometry[0]
    assert (place.x - 510_000, place.y - 3_260_000) == pytest.approx((20, 5))
    assert codes(layer([shape]), spike_angle=0.2) == []


def test_a_spike_at_the_first_vertex_is_seen(layer):
    assert codes(layer([Polygon([(20, 5), (10, 5.05), (10, 10), (0, 10), (0, 0), (10, 0), (10, 5)])])) == ["spike"]


def test_repeated_vertices_are_counted_by_feature(layer):
    shape = Polygon([(0, 0), (10, 0), (10, 0), (10, 0), (10, 10), (0, 10), (0, 10)])
    faults = check_geometry(layer([SQUARE, shape], plot=["A", "B"]), id_column="plot").faults
    assert faults[["feature", "row", "count"]].values.tolist() == [["B", "1", 3]]


def test_the_tolerance_of_repeated_vertices_is_a_distance(layer):
    shape = Polygon([(0, 0), (10, 0), (10, 0.003), (10, 10), (0, 10)])
    assert codes(layer([shape])) == []
    assert codes(layer([shape]), point_tolerance=0.01) == ["duplicate-points"]
    degrees = Polygon([(120, 30), (121, 30), (121, 30 + 1e-8), (121, 31), (120, 31)])
    assert codes(layer([degrees], crs="EPSG:4326"), point_tolerance=0.01) == ["duplicate-points"]


def test_too_many_vertices(layer):
    circle = Point(0, 0).buffer(100, quad_segs=30)
    faults = check_geometry(layer([circle]), max_vertices=100).faults
    assert faults["code"].tolist() == ["too-many-vertices"]
    assert faults["count"].tolist() == [121]


def test_the_wanted_type_is_held(layer):
    frame = layer([SQUARE, Point(1, 1), LineString([(0, 0), (5, 5)])])
    faults = check_geometry(frame, geometry="polygons").faults
    assert faults["row"].tolist() == ["1", "2"]
    assert faults["reason"].tolist() == ["Point in a layer of polygons", "LineString in a layer of polygons"]
    with pytest.warns(DoubtWarning, match="points and lines and polygons together"):
        assert codes(frame) == []


def test_one_feature_may_have_several_faults_and_rows_stand_in_order(layer):
    twisted = Polygon([(0, 0, 1), (2, 2, 1), (2, 0, 1), (0, 2, 1)])
    faults = check_geometry(layer([None, twisted])).faults
    assert list(zip(faults["row"], faults["code"], strict=True)) == [
        ("0", "missing-geometry"),
        ("1", "self-intersection"),
        ("1", "z-values"),
    ]
    assert faults.geometry[0] is None


def test_repair_gives_areas_before_and_after(layer):
    # The bow tie covers two triangles of 1 m²; its rings cancel to nothing.
    twisted = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    frame = layer([SQUARE, twisted, Polygon([(0, 0), (5, 5), (0, 0)])], plot=[7, 8, 9])
    with collect() as ledger:
        repaired = check_geometry(frame, repair=True).repaired
    assert repaired["plot"].tolist() == [7, 8]
    assert repaired["area_before_m2"].tolist() == pytest.approx([100.0, 0.0])
    assert repaired["area_after_m2"].tolist() == pytest.approx([100.0, 2.0])
    assert repaired["changed"].tolist() == [False, True]
    assert repaired.crs == frame.crs
    assert [(drop.count, drop.reason) for drop in ledger.drops] == [(1, "nothing is left after repair")]
    assert ledger.notes["figures"]["broken"] == 2


def test_repair_takes_heights_and_repeats(layer):
    shape = Polygon([(0, 0, 1), (10, 0, 1), (10, 0, 1), (10, 10, 1), (0, 10, 1)])
    answer = check_geometry(layer([shape]), repair=True)
    assert codes(answer.repaired) == []
    assert answer.repaired["area_after_m2"].tolist() == pytest.approx([100.0])


def test_areas_of_a_layer_in_degrees_are_ellipsoidal(layer):
    # A cell of one degree at the equator has 12,308.464 km² on WGS 84 between its parallels.
    repaired = check_geometry(layer([box(0, 0, 1, 1)], crs="EPSG:4326"), repair=True).repaired
    assert repaired["area_after_m2"][0] == pytest.approx(12_308.464e6, rel=1e-7)


def test_without_repair_the_second_frame_is_empty_with_its_columns(layer):
    repaired = check_geometry(layer([SQUARE], plot=[1])).repaired
    assert len(repaired) == 0
    assert list(repaired.columns) == ["plot", "geometry", "area_before_m2", "area_after_m2", "changed"]


@pytest.mark.parametrize("shapes", [[], [SQUARE]])
def test_an_answer_without_faults_keeps_columns_and_types(layer, shapes):
    faults = check_geometry(layer(shapes)).faults
    assert faults.shape == (0, 8)
    assert faults["count"].dtype == np.int64
    assert faults.crs == "EPSG:4549"


def test_a_layer_without_crs_is_checked_too(layer):
    faults = check_geometry(layer([Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])], crs=None)).faults
    assert faults.crs is None
    assert faults["code"].tolist() == ["self-intersection"]


def test_bad_options_are_refused_in_one_sentence(layer):
    with pytest.raises(MissingColumn, match="the column 'plott' is missing; did you mean 'plot'"):
        check_geometry(layer([SQUARE], plot=[1]), id_column="plott")
    with pytest.raises(BadInput, match="max_vertices: 0 was given"):
        check_geometry(layer([SQUARE]), max_vertices=0)
    with pytest.raises(BadInput, match="geometry: 'polygon' was given"):
        check_geometry(layer([SQUARE]), geometry="polygon")
    with pytest.raises(BadInput, match="without geometry was given"):
        check_geometry(pd.DataFrame({"a": [1]}))


def test_every_code_has_a_mend():
    assert set(MENDS) >= ERRORS


vertices = st.tuples(st.integers(0, 8), st.integers(0, 8))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(vertices, min_size=4, max_size=9), min_size=1, max_size=6))
def test_any_polygon_is_reported_exactly_when_invalid_and_repaired_to_valid(rings):
    frame = gpd.GeoDataFrame(geometry=[Polygon(ring) for ring in rings], crs="EPSG:4549").translate(5e5, 3e6).to_frame()
    frame = frame.rename(columns={0: "geometry"}).set_geometry("geometry")
    with collect():
        answer = check_geometry(frame, repair=True)
    invalid = {str(row) for row in np.flatnonzero(~frame.geometry.is_valid)}
    named = set(answer.faults.loc[answer.faults["severity"] == "error", "row"])
    assert named == invalid
    assert answer.repaired.geometry.is_valid.all()
    assert (answer.repaired.geometry.area > 0).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(vertices, min_size=4, max_size=8), min_size=2, max_size=8), st.integers(1, 7))
def test_split_by_rows_gives_the_whole(rings, cut):
    frame = gpd.GeoDataFrame(geometry=[Polygon(ring) for ring in rings], crs="EPSG:4549")
    whole = check_geometry(frame, repair=True)
    parts = [check_geometry(part, repair=True) for part in (frame.iloc[:cut], frame.iloc[cut:])]
    joined = pd.concat([part.faults for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(joined.drop(columns="geometry"), whole.faults.drop(columns="geometry"))
    repaired = pd.concat([part.repaired for part in parts], ignore_index=True)
    assert shapely.equals(repaired.geometry.values, whole.repaired.geometry.values).all()


def test_counts_by_code(layer):
    faults = check_geometry(layer([Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), None, None])).faults
    assert fault_counts(faults).values.tolist() == [["missing-geometry", "error", 2], ["self-intersection", "error", 1]]


@pytest.mark.parametrize(("name", "records", "broken"), [("zoning", 2407, 11), ("baltimore_mihp", 5231, 98)])
def test_baltimore(real_data, name, records, broken):
    frame = gpd.read_file(real_data / "baltimore_md.gpkg", layer=name)
    with collect() as ledger:
        answer = check_geometry(frame, repair=True)
    assert len(frame) == records
    assert ledger.notes["figures"]["broken"] == broken
    assert (answer.faults["severity"] == "error").sum() == broken
    assert len(answer.repaired) == records
    assert answer.repaired.geometry.is_valid.all()
    assert answer.repaired["changed"].sum() == broken


def test_every_planted_fault_of_the_sample_county_is_found():
    from spacegov import yaml12
    from spacegov.content import content_path

    county = content_path("sample_data")
    planted = yaml12.load(county / "truth.yaml")["broken_geometry"]
    folder = county / "data" / planted["layer"]
    version = (folder / "current").read_text(encoding="utf-8").strip()
    frame = gpd.read_parquet(folder / f"{version}.parquet")
    faults = check_geometry(frame, id_column="record_id", geometry="polygons", max_vertices=10_000).faults
    names = {"empty": "empty-geometry", "missing": "missing-geometry", "z-coordinate": "z-values"}
    expected = {(fault["record"], names.get(fault["fault"], fault["fault"])) for fault in planted["faults"]}
    found = set(zip(faults["feature"], faults["code"], strict=True))
    assert expected <= found
    # A spike without width also lies on itself; nothing else is found, and none of the sound records.
    assert found - expected == {("SUB005", "self-intersection")}
    assert len(frame) == planted["sound"] + planted["broken"]
