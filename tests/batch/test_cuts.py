"""What zones take, for any shapes: cut parts sum to the whole, records belong to one zone each."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.batch.cuts import Near, Own, Slice
from spacegov.batch.zones import ZoneSet
from spacegov.toolbox.clip import Clip

CRS = "EPSG:4549"
X, Y, SIDE = 500_000.0, 3_000_000.0, 300.0


def zones() -> ZoneSet:
    """Nine squares that tile a larger one."""
    squares = [
        shapely.box(X + column * 100, Y + row * 100, X + (column + 1) * 100, Y + (row + 1) * 100)
        for row in range(3)
        for column in range(3)
    ]
    keys = [f"z{number}" for number in range(9)]
    return ZoneSet(gpd.GeoDataFrame({"zone": keys, "zone_name": keys}, geometry=squares, crs=CRS))


# Corners on a grid of 50 m fall on borders of zones as often as between them.
place = st.integers(0, 6).map(lambda step: step * 50.0) | st.floats(0, SIDE, width=32)


@st.composite
def shapes(draw: st.DrawFn) -> shapely.Geometry:
    x, y, a, b = (draw(place) for _ in range(4))
    kind = draw(st.sampled_from(["point", "line", "box", "hole"]))
    if kind == "point":
        return shapely.Point(X + x, Y + y)
    if kind == "line":
        return shapely.LineString([(X + x, Y + y), (X + a, Y + b)])
    low_x, high_x, low_y, high_y = min(x, a), max(x, a) + 1, min(y, b), max(y, b) + 1
    box = shapely.box(X + low_x, Y + low_y, min(X + high_x, X + SIDE), min(Y + high_y, Y + SIDE))
    return box.difference(box.centroid.buffer(0.2)) if kind == "hole" else box


def frame(items: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    sound = [item for item in items if not item.is_empty and item.is_valid]
    return gpd.GeoDataFrame({"number": range(len(sound))}, geometry=sound, crs=CRS)


@given(st.lists(shapes(), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_cut_parts_sum_to_the_whole(items: list[shapely.Geometry]) -> None:
    whole = frame(items)
    parts = [
        Clip(zone, shape).of_frame("layer", whole)
        for zone, shape in zip(zones().frame["zone"], zones().frame.geometry, strict=True)
    ]
    assert sum(part.area.sum() for part in parts) == pytest.approx(whole.area.sum(), rel=1e-9, abs=1e-6)
    lines = whole[whole.geom_type.str.contains("Line")]
    inner = lines.geometry.intersection(shapely.union_all([shape.exterior for shape in zones().frame.geometry]))
    cut = sum(part[part.geom_type.str.contains("Line")].length.sum() for part in parts)
    # Along a border a line belongs to the zones on both sides.
    assert lines.length.sum() - 1e-6 <= cut <= lines.length.sum() + inner.length.sum() + 1e-6
    for part in parts:
        kinds = dict(zip(whole["number"], whole.geometry.map(shapely.get_dimensions), strict=True))
        assert [kinds[number] for number in part["number"]] == part.geometry.map(shapely.get_dimensions).tolist()
    for uncut, part in zip(_meeting(whole), parts, strict=True):
        assert uncut["number"].tolist() == part["number"].tolist()
        assert uncut.geometry.tolist() == whole.geometry[uncut["number"]].tolist()


def _meeting(whole: gpd.GeoDataFrame) -> list[gpd.GeoDataFrame]:
    return [Clip("zone", shape, uncut=True).of_frame("layer", whole) for shape in zones().frame.geometry]


@given(st.lists(shapes(), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_every_record_belongs_to_one_zone(items: list[shapely.Geometry]) -> None:
    whole = frame(items)
    parts = [Own(zones(), position).of_frame(whole) for position in range(-1, 9)]
    assert sorted(np.concatenate([part["number"].to_numpy() for part in parts]).tolist()) == whole["number"].tolist()
    assert len(parts[0]) == 0
    for position, part in enumerate(parts[1:]):
        assert part.geometry.intersects(zones().frame.geometry.iloc[position]).all()


def test_broken_and_missing_shapes_belong_somewhere_too() -> None:
    bow = shapely.Polygon([(X, Y), (X + 50, Y + 50), (X + 50, Y), (X, Y + 50)])
    whole = gpd.GeoDataFrame({"number": [0, 1, 2]}, geometry=[bow, None, shapely.Point()], crs=CRS)
    assert zones().owners(whole).tolist() == [0, -1, -1]
    elsewhere = gpd.GeoDataFrame(geometry=[shapely.Point(X - 5, Y)], crs=CRS)
    assert zones().owners(elsewhere).tolist() == [-1]
    assert zones().owners(elsewhere.set_geometry([shapely.Point(X + 150, Y + 50)]).to_crs(4490)).tolist() == [1]


def test_slices_follow_each_other() -> None:
    whole = frame([shapely.Point(X + step, Y) for step in range(10)])
    parts = [Slice(start, start + 4).of_frame(whole) for start in (0, 4, 8)]
    assert [len(part) for part in parts] == [4, 4, 2]
    assert parts[2].index.tolist() == [8, 9]


def test_the_surroundings_reach_as_far_as_the_question() -> None:
    whole = frame([shapely.box(X, Y, X + 10, Y + 20)])
    west, south, east, north = Near.of(whole, 500.0).bounds
    assert (west, south, east, north) == (X - 501, Y - 501, X + 511, Y + 521)
