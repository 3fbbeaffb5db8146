"""Provinces of any size: borders meet, numbers are kept, the same seed gives the same files."""

import filecmp

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely

import spacegov
from spacegov.errors import BadInput
from spacegov.synthetic import build_province
from spacegov.synthetic.lattice import Province, county_ring, mixed, split


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    folder = tmp_path_factory.mktemp("province")
    return folder, build_province(folder, units=420_000, layers=30, seed=5)


def test_numbers_wanted_are_numbers_made(province):
    folder, made = province
    workspace = spacegov.open(folder)
    bound = [name for name in workspace.layers if workspace.layers[name].bound]
    assert len(bound) == made["layers"] == 30
    assert made["units"] == pytest.approx(420_000, rel=0.1)
    assert made["units"] == sum(pq.read_metadata(workspace.store.path(name)).num_rows for name in bound)


def test_counties_meet_at_their_borders(province):
    folder, made = province
    workspace = spacegov.open(folder)
    counties = workspace.layers["artificial.county"].read()
    survey = workspace.layers["artificial.land-survey"].read()
    assert len(counties) == made["counties"] == 3
    for frame in (counties, workspace.layers["artificial.townships"].read(), survey):
        assert shapely.coverage_is_valid(frame.geometry.to_numpy())
    assert survey.area.sum() == pytest.approx(counties.area.sum(), rel=1e-12)


def test_buildings_stand_in_parcels_and_parcels_in_their_cell(province):
    workspace = spacegov.open(province[0])
    buildings, parcels = workspace.layers["artificial.buildings"].read(), workspace.layers["artificial.parcels"].read()
    assert parcels["parcel_id"].is_unique
    ground = parcels.set_index("parcel_id").geometry.loc[buildings["parcel_id"]].to_numpy()
    assert shapely.contains_properly(ground, buildings.geometry.to_numpy()).all()
    assert shapely.is_valid(parcels.geometry.to_numpy()).all()


def test_small_layers_lie_in_what_they_cover(province):
    workspace = spacegov.open(province[0])
    for name in workspace.layers:
        handle = workspace.layers[name]
        if handle.bound and handle.coverage is not None:
            assert shapely.covers(handle.coverage.geometry.iloc[0], handle.read().geometry.to_numpy()).all()


def test_boxes_and_row_groups_serve_pruned_reading(province):
    workspace = spacegov.open(province[0])
    handle = workspace.layers["artificial.parcels"]
    west, south, _, _ = handle.read().total_bounds
    box = (west, south, west + 2_000, south + 2_000)
    part = handle.read(bbox=box)
    whole = handle.read()
    assert 0 < len(part) < len(whole)
    assert (
        len(part)
        == shapely.intersects(shapely.box(*box), shapely.box(*shapely.bounds(whole.geometry.to_numpy()).T)).sum()
    )


def test_same_seed_same_files(tmp_path):
    for name in ("a", "b"):
        build_province(tmp_path / name, units=30_000, layers=12, seed=9)
    files = sorted(file.relative_to(tmp_path / "a") for file in (tmp_path / "a").rglob("*") if file.is_file())
    assert files == sorted(file.relative_to(tmp_path / "b") for file in (tmp_path / "b").rglob("*") if file.is_file())
    assert all(filecmp.cmp(tmp_path / "a" / file, tmp_path / "b" / file, shallow=False) for file in files)


def test_neighbouring_rings_share_their_nodes():
    province = Province(seed=3, columns=2, rows=2, counties=4, breadth=12, depth=9)
    rings = [{tuple(point) for point in county_ring(province, n)} for n in range(4)]
    assert len(rings[0] & rings[1]) == 10
    assert len(rings[0] & rings[3]) == 13


def test_splitting_keeps_the_ground():
    cell = np.array([[[0.0, 0.0], [160.5, 3.25], [158.0, 110.0], [-2.0, 107.5]]])
    parts = shapely.polygons(split(cell, 4))
    assert len(parts) == 16
    assert shapely.coverage_is_valid(parts)
    assert shapely.area(parts).sum() == pytest.approx(shapely.polygons(cell)[0].area, rel=1e-5)


def test_mixed_numbers_are_spread_evenly():
    i, j = np.meshgrid(np.arange(200), np.arange(200))
    values = mixed(i.ravel(), j.ravel(), 1)
    assert abs(values.mean() - 0.5) < 0.01
    assert np.histogram(values, 10, (0, 1))[0].min() > 3_700


def test_too_little_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(BadInput, match="at least 8"):
        build_province(tmp_path / "x", units=50_000, layers=3)
    with pytest.raises(BadInput, match="at least 10000"):
        build_province(tmp_path / "x", units=5, layers=30)
    build_province(tmp_path / "x", units=10_000, layers=8)
    with pytest.raises(BadInput, match="already"):
        build_province(tmp_path / "x", units=10_000, layers=8)
