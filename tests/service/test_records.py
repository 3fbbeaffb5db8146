"""Records near a place by the pages of a file: the same as by asking the whole file."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spacegov.service import records
from spacegov.service.crs import swapped
from spacegov.service.query import filtered
from spacegov.service.records import largest, page_of
from spacegov.service.tables import Condition, Table, both, counted, fetched, meets_box, meets_shape, read_table
from spacegov.toolbox.runs import write_frame

NATIVE = "http://www.opengis.net/def/crs/EPSG/0/4549"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    random = np.random.default_rng(4)
    count = 70_000
    places = random.uniform(0, 10_000, (count, 2)) + np.array([500_000, 3_250_000])
    places = places[gpd.GeoSeries(shapely.points(places)).hilbert_distance().argsort().to_numpy()]
    shapes = shapely.buffer(shapely.points(places), random.uniform(2, 30, count), quad_segs=2)
    frame = gpd.GeoDataFrame(
        {"floors": random.integers(1, 9, count), "use": random.choice(["shop", "school"], count)},
        geometry=shapes,
        crs="EPSG:4549",
    )
    path = tmp_path_factory.mktemp("records") / "many.parquet"
    write_frame(frame, path)
    return read_table(path, "one", None)


def conditions(table: Table) -> list[Condition]:
    box = (503_000.0, 3_252_000.0, 503_900.0, 3_253_100.0)
    turned = shapely.affinity.rotate(shapely.box(*box), 20)
    return [
        meets_box(table, box),
        meets_shape(table, turned),
        both([meets_box(table, box), Condition("floors > ?", (5,))]),
        filtered(table, f"use = 'school' AND S_INTERSECTS(geometry, {swapped(turned).wkt})", None, NATIVE),
        meets_box(table, (0.0, 0.0, 1.0, 1.0)),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(5))
def test_a_page_is_that_of_the_whole_file(table: Table, number: int) -> None:
    condition = conditions(table)[number]
    assert condition.near is not None
    for limit, offset in ((10, 0), (50, 40), (10_000, 0), (10, 99_999)):
        page, matched = page_of(table, condition, columns=["use"], limit=limit, offset=offset, seconds=60)
        whole = fetched(table, condition, columns=["use"], limit=limit, offset=offset, seconds=60)
        assert page.column_names == ["use", "geometry", "__row"]
        assert page.to_pylist() == whole.to_pylist()
        assert matched == counted(table, condition, 60)


def test_a_large_place_is_left_to_the_whole_file(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    condition = conditions(table)[0]
    monkeypatch.setattr(records, "MOST_NEAR", 10)
    page, matched = page_of(table, condition, columns=["use"], limit=7, offset=3, seconds=60)
    assert matched is None
    assert page.to_pylist() == fetched(table, condition, columns=["use"], limit=7, offset=3, seconds=60).to_pylist()


def test_the_largest_stay_and_the_others_are_counted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    condition = conditions(table)[2]
    everything, none = largest(table, condition, columns=["floors"], most=100_000, seconds=60)
    few, others = largest(table, condition, columns=["floors"], most=20, seconds=60)
    assert (none, few.num_rows, others) == (0, 20, everything.num_rows - 20)
    areas = np.sort(shapely.area(shapely.from_wkb(everything["geometry"].to_numpy())))
    assert np.allclose(np.sort(shapely.area(shapely.from_wkb(few["geometry"].to_numpy()))), areas[-20:])
    monkeypatch.setattr(records, "MOST_NEAR", 10)
    again, left = largest(table, condition, columns=["floors"], most=20, seconds=60)
    assert left == others
    assert sorted(again["geometry"].to_pylist()) == sorted(few["geometry"].to_pylist())


def test_a_file_without_boxes_is_asked_as_a_whole(tmp_path: Path) -> None:
    path: Path = tmp_path / "plain.parquet"
    gpd.GeoDataFrame({"a": [1, 2]}, geometry=shapely.points([[0, 0], [5, 5]]), crs="EPSG:4549").to_parquet(path)
    plain = read_table(path, "two", None)
    page, matched = page_of(
        plain, meets_shape(plain, shapely.box(1, 1, 9, 9)), columns=["a"], limit=9, offset=0, seconds=9
    )
    assert (page["a"].to_pylist(), matched) == ([2], None)
