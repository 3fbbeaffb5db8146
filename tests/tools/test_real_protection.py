"""Protection by file names alone: a municipality of the Cape and a city's flood classes, layers no one here made."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from scipy import ndimage

from spacegov.content import content_path
from spacegov.errors import InvalidGeometry, UnreadableFile, UnsuitableCrs
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace

DATA = os.environ.get("SPACEGOV_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="real layers are found through SPACEGOV_REAL_DATA")
CAPE = Path(DATA or ".") / "swellendam"
FLOOD = Path(DATA or ".") / "jakarta" / "jakarta_flood_category_123.tif"
ZONE = "EPSG:32734"


def ask(tool, crs, **given):
    county = Workspace.open(content_path("sample_data"))
    return run(county, tool, {name: str(value) for name, value in given.items()}, crs=crs, text=True, keep=False)


def test_buildings_in_a_nature_reserve():
    buildings = f"{CAPE / 'training_data.gpkg'}:buildings"
    reserves = CAPE / "shapefile" / "protected_areas.shp"
    answer = ask("monitor-encroachment", ZONE, protected=reserves, changes=buildings, kind="building", date="")
    houses = gpd.read_file(CAPE / "training_data.gpkg", layer="buildings").to_crs(ZONE).geometry.values
    ground = shapely.union_all(gpd.read_file(reserves).to_crs(ZONE).geometry.values)
    inside = shapely.area(shapely.intersection(houses, ground))
    assert answer.summary["rows"] == (inside >= 1.0).sum() > 10
    assert answer.summary["ground_m2"] == pytest.approx(
        shapely.area(shapely.intersection(shapely.union_all(houses[inside >= 1.0]), ground)), rel=1e-9
    )
    assert set(answer.frames["patches"]["answer"]) <= {"present", "absent"}


def test_patches_of_flood_classes_are_those_that_scipy_labels():
    answer = ask("measure-landscape", "EPSG:32748", land_cover=FLOOD)
    classes = answer.frames["classes"].set_index("code")
    with rasterio.open(FLOOD) as source:
        codes = source.read(1)
    for code, row in classes.iterrows():
        # the cells are warped to metres, so that a speck may vanish or split; the number of patches stays
        patches = ndimage.label(codes == code, np.ones((3, 3)))[1]
        assert row["np"] == pytest.approx(patches, rel=0.03)
    assert classes["pland"].sum() == pytest.approx(100.0)


def test_priorities_among_farms():
    farms = CAPE / "projected_data" / "farms_33S.shp"
    reserves = CAPE / "shapefile" / "protected_areas.shp"
    with pytest.raises(InvalidGeometry, match="14 of 2008 polygons are broken"):
        ask("prioritize-protection", ZONE, units=farms, unit="AG_CAD_ID", features=reserves)
    with pytest.raises(UnreadableFile, match=r"water\.shp: it cannot be read"):
        ask("prioritize-protection", ZONE, units=farms, unit="AG_CAD_ID", features=CAPE / "shapefile" / "water.shp")
    answer = ask("prioritize-protection", ZONE, units=farms, unit="AG_CAD_ID", features=reserves, repair="true")
    assert answer.summary["gap"] <= 0.01
    chosen = answer.frames["units"].query("decision == 'selected'")
    ground = shapely.union_all(gpd.read_file(reserves).to_crs(ZONE).geometry.values)
    known = shapely.union_all(shapely.make_valid(answer.frames["units"].geometry.values))
    held = shapely.area(shapely.intersection(shapely.union_all(shapely.make_valid(chosen.geometry.values)), ground))
    assert held >= 0.3 * shapely.area(shapely.intersection(known, ground)) * (1 - 1e-6)


def test_the_wrong_zone_is_refused_by_name():
    urban, water = (CAPE / "projected_data" / f"{name}_33S.shp" for name in ("urban", "water"))
    with pytest.raises(UnsuitableCrs, match=r"EPSG:32733 is the wrong CRS for its place.*use --crs EPSG:32734"):
        ask("prioritize-protection", None, units=urban, unit="AG_CAD_ID", features=water)
