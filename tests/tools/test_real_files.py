"""Tools by file names alone, without a workspace, on the layers of a city and of a county that no one here made."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from spacegov.content import content_path
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace

DATA = os.environ.get("SPACEGOV_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="real layers are found through SPACEGOV_REAL_DATA")
ROOT = Path(DATA or ".")
CITY, COUNTY = f"{ROOT / 'baltimore_md.gpkg'}:", f"{ROOT / 'hsinchu_county_zoning.gpkg'}:tw_J"


def ask(tool, **given):
    return run(Workspace.open(content_path("sample_data")), tool, given, text=True, keep=False)


@pytest.mark.parametrize(
    ("tool", "given", "figures"),
    [
        # known of these layers: 11 and 98 broken polygons
        ("check-geometry", {"layer": f"{CITY}zoning"}, {"features": 2407, "broken": 11}),
        ("check-geometry", {"layer": f"{CITY}baltimore_mihp"}, {"features": 5231, "broken": 98}),
        ("check-geometry", {"layer": COUNTY}, {"features": 3464, "broken": 1}),
        (
            "check-extent",
            {"layers": f"{CITY}zoning,{CITY}parks", "territory": f"{CITY}baltimore_city_detailed", "repair": "true"},
            {},
        ),
        ("mask-coordinates", {"layer": f"{CITY}rec_centers", "sharing": "open"}, {"features": 48, "at_risk": 0}),
        (
            "assess-coverage",
            {"units": f"{CITY}planning_districts", "layers": f"{CITY}parks,{CITY}zoning"},
            {"units": 12, "layers": 2, "answers_failed": 0},
        ),
        ("crosswalk-classes", {"layer": COUNTY, "code": "使用分", "repair": "true"}, {"rows": 3464, "missing": 12}),
    ],
)
def test_a_question_to_files(tool, given, figures):
    answer = ask(tool, **given)
    assert {name: answer.summary[name] for name in figures} == figures
    assert answer.provenance.workspace is None
    assert all(record.crs in {"EPSG:2804", "EPSG:3826"} for record in answer.provenance.inputs)


def test_a_version_against_itself_has_no_change():
    layer = f"{CITY}neighborhoods"
    answer = ask("compare-versions", before=layer, after=layer, key="name")
    assert (answer.summary["unchanged"], answer.summary["reshaped"]) == (278, 0)


def test_overlaps_of_a_zoning_are_those_of_plain_shapely():
    answer = ask("check-partition", zoning=COUNTY, repair="true", gaps="false")
    # where a polygon is broken its ground is the repaired one in both
    shapes = shapely.make_valid(gpd.read_file(ROOT / "hsinchu_county_zoning.gpkg").geometry.values, method="structure")
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[first[first < second]], shapes[second[first < second]])).sum()
    assert answer.summary["overlap_m2"] == pytest.approx(area, rel=0.01)
    assert answer.summary["duplicate"] == 9


def test_zones_sum_to_the_whole():
    answer = ask(
        "summarize-by-zone",
        zones=f"{CITY}planning_districts",
        layers=f"{CITY}parks",
        classes="parks:class",
        repair="true",
    )
    parks, districts = (
        gpd.read_file(ROOT / "baltimore_md.gpkg", layer=name) for name in ("parks", "planning_districts")
    )
    ground = shapely.intersection(
        shapely.union_all(shapely.make_valid(parks.geometry.values)), shapely.union_all(districts.geometry.values)
    )
    for frame in answer.frames.values():
        if "area_m2" in frame.columns and "class" in frame.columns:
            assert frame["area_m2"].sum() >= 0.99 * shapely.area(ground)


def test_a_base_map_of_parks_and_neighbourhoods_has_no_gap():
    answer = ask(
        "compose-base-map",
        base=f"{CITY}neighborhoods", base_use="type", plans=f"{CITY}parks", use="class", repair="true",
    )  # fmt: skip
    summary = answer.summary
    assert summary["planned_m2"] + summary["existing_m2"] == pytest.approx(summary["ground_m2"], rel=1e-9)
    shapes = answer.frame.geometry.values
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum(), rel=1e-6)


def test_plans_of_a_county_in_one_file_against_each_other():
    conflicts = ask("detect-plan-conflict", plans=COUNTY, plan="計畫區", use="使用分", repair="true")
    assert conflicts.summary["plans"] == 15
    layer = gpd.read_file(ROOT / "hsinchu_county_zoning.gpkg")
    shapes = shapely.make_valid(layer.geometry.values, method="structure")
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = layer["計畫區"].to_numpy()[first] != layer["計畫區"].to_numpy()[second]
    use = layer["使用分"].fillna("").to_numpy()
    keep = (first < second) & apart & (use[first] != use[second])
    area = shapely.area(shapely.intersection(shapes[first[keep]], shapes[second[keep]]))
    assert conflicts.frames["conflicts"]["area_m2"].sum() == pytest.approx(area[area > 1].sum(), rel=1e-6)


@pytest.mark.long
def test_edges_of_two_layers_of_a_city():
    answer = ask("match-edges", left=f"{CITY}neighborhoods", right=f"{CITY}planning_districts", repair="true")
    neighbours, districts = (
        gpd.read_file(ROOT / "baltimore_md.gpkg", layer=name).geometry.values
        for name in ("neighborhoods", "planning_districts")
    )
    shared = shapely.intersection(shapely.union_all(neighbours), shapely.union_all(districts))
    assert answer.summary["overlap_m2"] == pytest.approx(shapely.area(shared), rel=1e-3)
