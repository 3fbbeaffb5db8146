"""Layers cut to a drawn area."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely.geometry import box, mapping

from spacegov.workspace import Workspace
from tests.service.client import Server

PLAN, FARMLAND = "planned.land-use-plan", "planned.permanent-basic-farmland"


@pytest.fixture(scope="module")
def area(county: Workspace) -> gpd.GeoSeries:
    """A square in the middle of the plan, in the county's CRS; no edge of it follows a patch."""
    west, south, east, north = county.layers[PLAN].read().total_bounds
    x, y = (west + east) / 2 + 13.7, (south + north) / 2 - 7.3
    return gpd.GeoSeries([box(x - 1500, y - 1500, x + 1500, y + 1500)], crs=county.crs)


def drawn(area: gpd.GeoSeries) -> dict[str, object]:
    # Enough corners that its edges stay where they are in degrees.
    return mapping(area.segmentize(20).to_crs("OGC:CRS84").iloc[0])


def test_what_lies_in_the_area_is_cut_at_its_edge(
    county_server: Server, county: Workspace, area: gpd.GeoSeries
) -> None:
    got = county_server.post("/api/clips", {"layers": [PLAN], "geometry": drawn(area)})
    assert got.status == 200, got.body
    clip = got.json["clips"][PLAN]
    expected = county.layers[PLAN].read(bbox=area.total_bounds).clip(area)
    expected = expected[expected.area > 0]
    items = county_server.ask(f"/collections/{clip['id']}/items?limit=10000").json
    assert items["numberMatched"] == clip["rows"]
    parts = gpd.GeoDataFrame.from_features(items["features"], crs="OGC:CRS84").to_crs(county.crs)
    assert parts.area.sum() == pytest.approx(expected.area.sum(), rel=1e-5)
    assert parts.area.sum() == pytest.approx(9e6, rel=1e-3)  # the plan covers the square without gaps
    assert parts.within(area.buffer(0.2).iloc[0]).all()
    assert set(parts["use"]) == set(expected["use"])


def test_an_answer_calls_a_part_by_its_layer(county_server: Server, area: gpd.GeoSeries) -> None:
    clips = county_server.post("/api/clips", {"layers": [PLAN], "geometry": drawn(area)}).json["clips"]
    given = {"inputs": {"zoning": clips[PLAN]["id"]}}
    got = county_server.post("/processes/check-partition/execution", given)
    assert got.status == 200, got.body
    assert got.json["provenance"]["inputs"][0]["layer"] == PLAN


def test_a_layer_with_nothing_there_is_left_out(county_server: Server, area: gpd.GeoSeries) -> None:
    away = gpd.GeoSeries(area.translate(200_000), crs=area.crs)
    got = county_server.post("/api/clips", {"layers": [PLAN], "geometry": drawn(away)})
    assert (got.status, got.json) == (200, {"clips": {}})


def test_a_withheld_layer_is_refused_by_name(county_server: Server, area: gpd.GeoSeries) -> None:
    got = county_server.post("/api/clips", {"layers": [PLAN, FARMLAND], "geometry": drawn(area)})
    assert got.status == 403
    assert "is withheld by Natural resources" in got.problem


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"layers": [PLAN]}, "layers and a geometry"),
        ({"layers": [], "geometry": {"type": "Point", "coordinates": [120, 29]}}, "1 to 20 layers"),
        ({"layers": [7], "geometry": {"type": "Point", "coordinates": [120, 29]}}, "1 to 20 layers"),
        ({"layers": [PLAN], "geometry": {"type": "Point", "coordinates": [120, 29]}, "crs": 1}, "the member 'crs'"),
    ],
)
def test_malformed_bodies_are_refused(county_server: Server, body: dict[str, object], words: str) -> None:
    got = county_server.post("/api/clips", body)
    assert got.status == 400
    assert words in got.problem


def test_a_point_is_no_area(county_server: Server) -> None:
    got = county_server.post(
        "/api/clips", {"layers": [PLAN], "geometry": {"type": "Point", "coordinates": [120.1, 29.5]}}
    )
    assert got.status in (400, 422)
    assert "an area is needed" in got.problem


def test_a_raster_is_not_cut(county_server: Server, area: gpd.GeoSeries) -> None:
    got = county_server.post("/api/clips", {"layers": ["natural.terrain"], "geometry": drawn(area)})
    assert got.status == 400
    assert "cannot be cut" in got.problem
