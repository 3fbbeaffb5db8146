"""Drawing less where there is too much: simplified, counted, or refused with a way out."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spacegov.errors import BadInput, UnsuitableCrs
from spacegov.maps import thinning
from spacegov.maps.thinning import check_number, drawn_layer
from tests.maps.layers import CRS, EAST, NORTH, squares


def cells(side: int, size: float, vertex_every: float) -> gpd.GeoDataFrame:
    """A coverage of side × side cells with vertices along their edges, a little off the straight line."""
    ticks = np.arange(side) * size
    boxes = [shapely.box(EAST + x, NORTH + y, EAST + x + size, NORTH + y + size) for x in ticks for y in ticks]
    dense = shapely.segmentize(np.array(boxes), vertex_every)

    def wave(places):
        # The same shift for the same place, so that neighbours still share their border.
        return places + 0.2 * np.sin(places[:, ::-1] / 3)

    return gpd.GeoDataFrame(geometry=shapely.transform(dense, wave), crs=CRS)


@pytest.fixture
def few(monkeypatch):
    """Small limits, so that small layers meet them."""
    monkeypatch.setattr(thinning, "DRAWN_AS_IS", 50)
    monkeypatch.setattr(thinning, "MOST_VERTICES", 4_000)


def test_a_layer_of_ordinary_size_is_drawn_as_it_is():
    drawn = drawn_layer(squares([100, 200]), "squares")
    assert (drawn.tolerance_m, drawn.kept.tolist(), drawn.features) == (0.0, [0, 1], 2)
    assert shapely.bounds(drawn.geometry)[:, 0].tolist() == pytest.approx([120.0, 120.001545], abs=1e-5)


def test_shared_borders_stay_shared(few):
    frame = cells(12, 60, 2)
    drawn = drawn_layer(frame, "cells")
    assert drawn.tolerance_m > 0
    assert len(drawn.kept) == 144
    assert shapely.get_num_coordinates(drawn.geometry).sum() <= 4_000
    assert shapely.coverage_is_valid(drawn.geometry)


def test_specks_are_left_out_and_counted(few):
    frame = squares([100] * 60 + [0.3] * 5)
    drawn = drawn_layer(frame, "squares")
    assert drawn.features == 65
    assert drawn.kept.tolist() == list(range(60))


def test_points_are_never_left_out(few):
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(EAST + i, NORTH) for i in range(80)], crs=CRS)
    assert len(drawn_layer(frame, "points").kept) == 80


def test_a_layer_in_degrees_is_simplified_by_metres(few):
    drawn = drawn_layer(cells(12, 60, 2).to_crs(4326), "cells")
    back = gpd.GeoSeries(drawn.geometry, crs=4326).to_crs(CRS)
    moved = shapely.hausdorff_distance(back.to_numpy()[0], cells(12, 60, 2).geometry.iloc[0])
    assert 0 < moved < 3 * drawn.tolerance_m


def test_features_without_geometry_are_left_out():
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(EAST, NORTH), None, shapely.Polygon()], crs=CRS)
    assert drawn_layer(frame, "gaps").kept.tolist() == [0]


def test_too_many_vertices_are_refused_with_a_way_out(few):
    rings = shapely.buffer(shapely.points(EAST + 3000.0 * np.arange(400), NORTH), 1000, quad_segs=8)
    rough = shapely.transform(rings, lambda places: places + 300 * np.sin(places[:, ::-1] * 1.7))
    with pytest.raises(BadInput, match=r"rough: .* vertices were given.*give a box or a filter"):
        drawn_layer(gpd.GeoDataFrame(geometry=rough, crs=CRS), "rough")


def test_too_many_features_are_refused_with_a_way_out():
    check_number(200_000)
    with pytest.raises(BadInput, match=r"200,001 features were given.*filter"):
        check_number(200_001)


def test_a_layer_without_a_crs_has_no_place():
    with pytest.raises(UnsuitableCrs, match="coordinate reference system"):
        drawn_layer(squares([10]).set_crs(None, allow_override=True), "squares")
