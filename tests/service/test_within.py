"""A question asked of a drawn area: layers are cut to it, and what is not covered is told of it alone."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely.geometry import box, mapping

from spacegov.workspace import Workspace
from tests.service.client import Server

PLAN, FARMLAND = "planned.land-use-plan", "planned.permanent-basic-farmland"
EXECUTE = "/processes/summarize-by-zone/execution"


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
    given = {"zones": PLAN, "zone": "use", "layers": [PLAN], "rasters": None, "classes": None, "sums": None}
    given |= {"class_rasters": None, "statistics": None, "percentiles": None, "within": drawn(area)}
    got = county_server.post(
        EXECUTE, {"inputs": given, "outputs": {"zones": {"transmissionMode": "value"}, "provenance": {}}}
    )
    assert got.status == 200, got.body
    expected = county.layers[PLAN].read(bbox=area.total_bounds).clip(area)
    uses = {feature["properties"]["zone"]: feature["properties"] for feature in got.json["zones"]["value"]["features"]}
    assert set(uses) == set(expected["use"])
    for use, part in expected.groupby("use"):
        assert uses[use]["area_m2"] == pytest.approx(part.area.sum(), rel=2e-4)
    assert sum(each["area_m2"] for each in uses.values()) == pytest.approx(9e6, rel=2e-3)
    record = next(each for each in got.json["provenance"]["inputs"] if each["layer"] == PLAN)
    assert record["source"].endswith("cut to the area")


def test_what_is_not_covered_is_told_of_the_area(county: Workspace) -> None:
    """Of ground wholly outside a layer's coverage all is not covered, of ground inside nothing."""
    layer = next(each for each in map(county.layers.__getitem__, county.layers) if _partly_covered(each))
    coverage = layer.coverage.union_all()
    outside = county.territory.union_all().difference(coverage).buffer(-30)
    inside = coverage.buffer(-30)
    for shape, share in ((outside, 1.0), (inside, 0.0)):
        spot = shape.representative_point().buffer(20)
        result = county.run("check-extent", layers=[layer.id], within=spot)
        gaps = result.not_covered
        told = 0.0 if gaps is None else gaps.geometry.area.sum() / spot.area
        assert told == pytest.approx(share, abs=1e-6)


def _partly_covered(layer: object) -> bool:
    return bool(layer.bound) and layer.coverage is not None and layer.card.kind == "Polygons"  # type: ignore[attr-defined]


def test_ground_without_records_is_no_fault(county_server: Server, area: gpd.GeoSeries) -> None:
    away = gpd.GeoSeries(area.translate(200_000), crs=area.crs)
    got = county_server.post("/processes/detect-plan-conflict/execution", {"inputs": {"within": drawn(away)}})
    assert (got.status, got.json["summary"]["rows"]) == (200, 0), got.body


def test_a_withheld_layer_stays_withheld(county_server: Server, area: gpd.GeoSeries) -> None:
    given = {"zones": FARMLAND, "zone": "plot_id", "layers": [PLAN], "within": drawn(area)}
    got = county_server.post(EXECUTE, {"inputs": given})
    assert got.status == 403
    assert "is withheld by Natural resources" in got.problem


@pytest.mark.parametrize(
    ("within", "words"),
    [
        ({"type": "Point", "coordinates": [120.1, 29.5]}, "an area is needed"),
        ({"type": "Polygon", "coordinates": [[[120, 29], [121, 30], [121, 29], [120, 30], [120, 29]]]}, "within"),
        ("planned.land-use-plan", "within"),
        ({"type": "Polygon"}, "within"),
    ],
)
def test_what_is_no_area_is_refused(county_server: Server, within: object, words: str) -> None:
    got = county_server.post("/processes/detect-plan-conflict/execution", {"inputs": {"within": within}})
    assert got.status in (400, 422)
    assert words in got.problem
