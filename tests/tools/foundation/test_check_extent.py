from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Point, Polygon, box

from spacegov.errors import EmptyLayer, UnsuitableCrs
from spacegov.ledger import collect
from spacegov.tools.foundation import check_extent


@pytest.fixture
def county(layer):
    return layer([box(0, 0, 10_000, 10_000)])


@pytest.fixture
def wells(layer):
    return layer([Point(x, y) for x in (1000, 5000, 9000) for y in (1000, 9000)], name="wells")


def verdict(layer, county, **options):
    return check_extent([layer], county, **options).layers.iloc[0]


def relabelled(frame, crs):
    return frame.set_crs(crs, allow_override=True)


def moved(frame, function):
    return frame.set_geometry(shapely.transform(frame.geometry.values, function))


def test_a_layer_in_its_place(wells, county):
    answer = check_extent([wells, wells.to_crs(4326)], county)
    assert answer.layers["verdict"].tolist() == ["inside", "inside"]
    assert answer.layers["stated_crs"].tolist() == ["EPSG:4549", "EPSG:4326"]
    assert answer.outside.empty
    assert answer.outside.crs == county.crs


def test_features_outside_with_their_distance(layer, county):
    plots = layer([box(0, 0, 50, 50), box(9_900, 0, 10_030, 50), box(10_100, 0, 10_150, 50)], plot=["a", "b", "c"])
    answer = check_extent([plots], county, id_column="plot")
    assert answer.layers[["verdict", "outside", "reaching_out"]].values.tolist() == [["outside", 1, 1]]
    assert answer.outside[["feature", "wholly", "distance_m"]].values.tolist() == [
        ["b", False, 30.0],
        ["c", True, 150.0],
    ]
    assert answer.outside.geometry.area.tolist() == pytest.approx([30 * 50, 50 * 50])
    assert verdict(plots.iloc[:2], county, tolerance=30.0)["verdict"] == "inside"


def test_swapped_axes(wells, county):
    told = verdict(moved(wells, lambda c: c[:, ::-1]), county)
    assert told[["verdict", "likely_crs", "reason"]].tolist() == ["swapped-axes", "EPSG:4549", "x and y are exchanged"]


def test_swapped_degrees(wells, county):
    assert verdict(moved(wells.to_crs(4326), lambda c: c[:, ::-1]), county)["verdict"] == "swapped-axes"


@pytest.mark.parametrize("stated", ["EPSG:4550", "EPSG:32650", "EPSG:4326"])
def test_a_wrong_crs_is_told_with_the_right_one(wells, county, stated):
    told = verdict(relabelled(wells, stated), county)
    assert told[["verdict", "stated_crs", "likely_crs"]].tolist() == ["wrong-crs", stated, "EPSG:4549"]
    assert "ogr2ogr -a_srs EPSG:4549" in told["mend"]


@pytest.mark.parametrize(
    ("true", "stated"), [("EPSG:4550", "EPSG:4549"), ("EPSG:4528", "EPSG:4549"), ("EPSG:3857", "EPSG:4549")]
)
def test_coordinates_of_another_grid_are_recognised(wells, county, true, stated):
    told = verdict(relabelled(wells.to_crs(true), stated), county)
    assert told[["verdict", "likely_crs"]].tolist() == ["wrong-crs", true]


def test_degrees_called_metres(wells, county):
    told = verdict(relabelled(wells.to_crs(4490), "EPSG:4549"), county)
    assert told[["verdict", "likely_crs"]].tolist() == ["wrong-crs", "EPSG:4490"]


@pytest.mark.parametrize(("factor", "unit"), [(1000, "millimetres"), (0.001, "kilometres"), (1 / 0.3048, "feet")])
def test_a_wrong_unit(wells, county, factor, unit):
    told = verdict(moved(wells, lambda c: c * factor), county)
    assert told["verdict"] == "wrong-unit"
    assert unit in told["reason"]


def test_without_a_crs_the_likely_one_is_told(wells, county):
    bare = gpd.GeoDataFrame(geometry=wells.geometry.values, crs=None)
    bare = bare.set_crs(None, allow_override=True)
    told = verdict(bare, county)
    assert told[["verdict", "stated_crs", "likely_crs"]].tolist() == ["no-crs", "", "EPSG:4549"]


def test_a_layer_of_another_country_lies_elsewhere(county):
    paris = gpd.GeoDataFrame(geometry=[Point(2.35, 48.85)], crs=4326)
    told = verdict(paris, county)
    assert told["verdict"] == "elsewhere"
    assert told["likely_crs"] == ""


def test_empty_layers_and_broken_shapes(layer, county):
    bowtie = layer([Polygon([(0, 0), (20, 20), (20, 0), (0, 20)]), None, Polygon()])
    assert verdict(bowtie, county)["verdict"] == "inside"
    assert verdict(bowtie.iloc[1:], county)["verdict"] == "empty"
    outer = layer([Polygon([(9_990, 0), (10_010, 20), (10_010, 0), (9_990, 20)])])
    assert verdict(outer, county)["reaching_out"] == 1


def test_figures(wells, county):
    with collect() as ledger:
        check_extent([wells, relabelled(wells, "EPSG:4550")], county)
    assert ledger.notes["figures"] == {"layers": 2, "misplaced": 1, "features_outside": 0}


def test_a_territory_is_needed(wells, county):
    with pytest.raises(EmptyLayer, match="territory: the layer has no feature"):
        check_extent([wells], county.iloc[:0])
    with pytest.raises(UnsuitableCrs, match="in degrees"):
        check_extent([wells], county.to_crs(4326))


def test_swellendam_lies_inside_and_a_false_label_is_found(real_data):
    farms = gpd.read_file(real_data / "swellendam" / "projected_data" / "farms_33S.shp")
    farms.attrs["layer"] = "farms"
    territory = gpd.GeoDataFrame(geometry=[box(*farms.to_crs("EPSG:32734").total_bounds)], crs="EPSG:32734")
    assert verdict(farms, territory, tolerance=500.0)["verdict"] == "inside"
    told = verdict(relabelled(farms, "EPSG:32734"), territory)
    assert told["verdict"] == "wrong-crs"
    assert "UTM zone 33S" in told["reason"]
    assert np.isfinite(farms.total_bounds).all()
