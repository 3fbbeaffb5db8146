"""check_development_intensity: parcels and buildings on a line, and what was planted in the sample county."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.tools.use import check_development_intensity


def ground(*spans, layer=None, **columns):
    """Strips 10 m deep from west to east, in m."""
    shapes = [shapely.box(5e5 + west, 3e6, 5e5 + east, 3e6 + 10) for west, east in spans]
    frame = GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    if layer:
        frame.attrs["layer"] = layer
    return frame


def check(*args, **options):
    with ledger.collect() as book:
        answer = check_development_intensity(*args, **options)
    return answer, book


def test_a_building_across_a_border_is_shared_by_footprint():
    plots = ground((0, 50), (50, 100), most=[1.0, 1.0])
    houses = ground((20, 60), floors=[5], height_m=[15.0])
    answer, book = check(plots, houses, ratio_max="most", height="height_m")
    # 30 and 10 of 40 m, five floors of 10 m depth
    assert answer.parcels["floor_area_m2"].tolist() == pytest.approx([1500, 500])
    assert answer.parcels["ratio"].tolist() == pytest.approx([3.0, 1.0])
    assert answer.parcels["answer"].tolist() == ["present", "absent"]
    assert answer.parcels["height_m"].tolist() == [15, 15]
    assert answer.breaches["over_m2"].tolist() == pytest.approx([1000])
    assert answer.shared["share"].tolist() == pytest.approx([0.75, 0.25])
    assert book.notes["figures"]["floor_area_m2"] == pytest.approx(2000)
    assert book.notes["figures"]["buildings_shared"] == 1


def test_missing_floors_are_missing_unless_what_is_known_is_over_already():
    plots = ground((0, 50), (50, 100), (100, 150), most=[1.0, 1.0, 1.0])
    houses = ground((0, 10), (20, 40), (50, 90), (100, 110), floors=[2.0, None, None, 9.0])
    extra = ground((120, 130), floors=[np.nan])
    answer, book = check(plots, pd.concat([houses, extra], ignore_index=True), ratio_max="most")
    assert answer.parcels["answer"].tolist() == ["failed", "failed", "present"]
    assert answer.parcels["ratio"].isna().all()
    assert answer.parcels["ratio_least"].tolist() == pytest.approx([0.4, 0.0, 1.8])
    assert answer.parcels["unknown"].tolist() == ["ratio_max", "ratio_max", ""]
    assert book.notes["figures"]["undecided"] == 2
    assert any("floors of 3 buildings" in doubt.text for doubt in book.doubts)


def test_registered_floor_area_stands_before_footprint_times_floors():
    houses = ground((0, 20), (20, 30), floors=[1, 1], registered=[900.0, None])
    answer, _ = check(ground((0, 100), most=[1.0]), houses, ratio_max="most", floor_area="registered")
    assert answer.parcels["ratio"].tolist() == pytest.approx([1.0])


def test_areas_on_the_ellipsoid_are_those_of_the_globe():
    from pyproj import Geod, Transformer

    # 80 km beside the central meridian the grid is a six-thousandth too large
    plots = ground((0, 500), most=[1.0]).translate(80_000)
    plots = GeoDataFrame({"most": [1.0]}, geometry=plots, crs="EPSG:4549")
    houses = GeoDataFrame({"floors": [3]}, geometry=ground((100, 300)).translate(80_000), crs="EPSG:4549")
    plane, _ = check(plots, houses, ratio_max="most")
    globe, _ = check(plots, houses, ratio_max="most", area_basis="ellipsoid")
    there = Transformer.from_crs(4549, 4490, always_xy=True)
    for column, layer, factor in (("area_m2", plots, 1), ("footprint_m2", houses, 1), ("floor_area_m2", houses, 3)):
        ring = shapely.get_coordinates(shapely.segmentize(layer.geometry.iloc[0], 5.0))
        true = abs(Geod(ellps="GRS80").polygon_area_perimeter(*there.transform(*ring.T))[0])
        assert globe.parcels[column].iloc[0] == pytest.approx(factor * true, rel=2e-6)
        assert plane.parcels[column].iloc[0] == pytest.approx(factor * true * (1 + (80 / 6371) ** 2), rel=1e-5)


def test_floors_are_found_by_their_usual_name_and_missed_without_it():
    plots = ground((0, 50), most=[1.0])
    named, _ = check(plots, ground((0, 30), floors=[1]), ratio_max="most")
    assert named.parcels["ratio"].tolist() == pytest.approx([0.6])
    without, book = check(plots, ground((0, 30), storeys=["1"]), ratio_max="most")
    assert without.parcels[["answer", "unknown", "floors_missing"]].to_numpy().tolist() == [["failed", "ratio_max", 1]]
    assert any("floors of 1 buildings" in doubt.text for doubt in book.doubts)
    # numbers that a file keeps as text
    text, _ = check(plots, ground((0, 30), storeys=["1 "]), ratio_max="most", floors="storeys")
    assert text.parcels["ratio"].tolist() == pytest.approx([0.6])


def test_overlapping_footprints_cover_ground_once():
    answer, book = check(ground((0, 100), most=[0.5]), ground((0, 40), (20, 60), floors=[1, 1]), coverage_max="most")
    assert answer.parcels["footprint_m2"].tolist() == pytest.approx([600])
    assert answer.parcels["floor_area_m2"].tolist() == pytest.approx([800])
    assert answer.breaches["over_m2"].tolist() == pytest.approx([100])
    assert any("overlap" in doubt.text for doubt in book.doubts)


def test_limits_of_a_code_fill_what_a_parcel_has_not_of_its_own():
    table = pd.DataFrame(
        [("R", 1.0, 0.3, 20.0, None), ("C", 4.0, None, None, None)],
        columns=["zoning", "ratio_max", "coverage_max", "height_max_m", "green_min"],
    )
    plots = ground((0, 10), (10, 20), (20, 30), (30, 40), code=["R", "R", "C", "X"], own=[None, 3.0, None, None])
    houses = ground((0, 40), floors=[2], height_m=[25.0])
    answer, book = check(plots, houses, limits=table, zoning="code", ratio_max="own", height="height_m")
    assert answer.parcels["broken"].tolist() == [
        "ratio_max; coverage_max; height_max_m",
        "coverage_max; height_max_m",
        "",
        "",
    ]
    assert answer.parcels["answer"].tolist() == ["present", "present", "absent", "not_covered"]
    assert any(doubt.where == "X" for doubt in book.doubts)
    with pytest.raises(BadPolicy, match="stands twice"):
        check(plots, houses, limits=pd.concat([table, table]), zoning="code")


def test_green_share_counts_ground_once_and_by_its_share():
    plots = ground((0, 100), (100, 200), least=[0.3, 0.3])
    greens = ground((0, 20), (10, 30), (100, 150), part=[1.0, 1.0, 0.5])
    houses = ground((50, 60), floors=[1])
    answer, _ = check(plots, houses, greens, green_min="least")
    assert answer.parcels["green_share"].tolist() == pytest.approx([0.3, 0.5])
    assert answer.parcels["answer"].tolist() == ["absent", "absent"]
    weighed, _ = check(plots, houses, greens.iloc[[0, 2]], green_min="least", green="part")
    assert weighed.parcels["green_share"].tolist() == pytest.approx([0.2, 0.25])
    assert weighed.breaches["over"].tolist() == pytest.approx([0.1, 0.05])
    unknown, _ = check(plots, houses, green_min="least")
    assert unknown.parcels["answer"].tolist() == ["failed", "failed"]


def test_a_limit_met_exactly_is_kept_and_tolerance_widens_it():
    plots, houses = ground((0, 100), most=[0.7]), ground((0, 70), floors=[1])
    assert check(plots, houses, ratio_max="most")[0].parcels["answer"].tolist() == ["absent"]
    more = ground((0, 73), floors=[1])
    assert check(plots, more, ratio_max="most")[0].parcels["answer"].tolist() == ["present"]
    assert check(plots, more, ratio_max="most", tolerance=0.05)[0].parcels["answer"].tolist() == ["absent"]


def test_a_strip_of_a_tower_below_the_least_piece_gives_no_height():
    plots = ground((0, 50), (50, 100), high=[20.0, 20.0])
    tower = ground((10, 50.05), floors=[9], height_m=[27.0])
    answer, _ = check(plots, tower, height_max="high", height="height_m")
    assert answer.parcels["answer"].tolist() == ["present", "absent"]


def test_buildings_off_every_parcel_are_dropped_and_ground_not_surveyed_is_not_covered():
    plots = ground((0, 50), (50, 100), most=[0.1, 0.1])
    houses = ground((0, 20), (200, 230), floors=[1, 1], layer="houses")
    answer, book = check(plots, houses, ratio_max="most", coverage={"houses": ground((0, 50))})
    assert answer.parcels["answer"].tolist() == ["present", "not_covered"]
    assert [(drop.count, drop.area_m2) for drop in book.drops] == [(1, pytest.approx(300))]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 180), st.integers(1, 19), st.integers(1, 30)), min_size=1, max_size=12),
    st.lists(st.integers(1, 199), min_size=1, max_size=6, unique=True),
)
def test_floor_area_is_kept_however_the_land_is_divided(houses, cuts):
    edges = [0, *sorted(cuts), 200]
    plots = ground(*pairwise(edges)).assign(most=1.0)
    homes = ground(*((west, west + width) for west, width, _ in houses), floors=[floors for *_, floors in houses])
    answer, _ = check(plots, homes, ratio_max="most")
    assert answer.parcels["floor_area_m2"].sum() == pytest.approx(sum(10 * w * f for _, w, f in houses))
    covered = shapely.union_all(homes.geometry.to_numpy()).area
    assert answer.parcels["footprint_m2"].sum() == pytest.approx(covered)
    turned, _ = check(plots, homes.iloc[::-1], ratio_max="most")
    assert turned.parcels["ratio"].to_numpy() == pytest.approx(answer.parcels["ratio"].to_numpy())


def test_layers_without_rows():
    answer, _ = check(ground((0, 10), most=[1.0]).iloc[:0], ground((0, 5), floors=[1]), ratio_max="most")
    assert [len(frame) for frame in answer] == [0, 0, 0]
    bare, _ = check(ground((0, 10), most=[1.0]), ground((0, 5), floors=[1]).iloc[:0], ratio_max="most")
    assert bare.parcels["ratio"].tolist() == [0.0]


def test_bad_input_is_refused():
    plots, houses = ground((0, 10), most=[1.0]), ground((0, 5), floors=[1])
    with pytest.raises(BadInput, match="no limit was given"):
        check(plots, houses)
    with pytest.raises(BadInput, match="below 0"):
        check(plots, houses.assign(floors=-1), ratio_max="most")
    with pytest.raises(MissingColumn):
        check(plots, houses, ratio_max="least")
    with pytest.raises(BadInput, match="not percent"):
        check(plots, houses, ground((0, 5), part=[30.0]), ratio_max="most", green="part")


def test_planted_plan_units_over_their_limit():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["development_intensity"]
    county = spacegov.open()
    plan, homes = county.layers[truth["layer"]].read(), county.layers["artificial.buildings"].read()
    answer, _ = check(
        plan,
        homes,
        ratio_max="ratio_max",
        coverage_max="coverage_max",
        height_max="height_max_m",
        height="height_m",
    )
    found = answer.breaches.set_index(["parcel", "limit"])
    assert set(found.index) == {(row["unit"], row["limit"]) for row in truth["over"]}
    for row in truth["over"]:
        assert found.loc[(row["unit"], row["limit"]), "allowed"] == row["allowed"]
        assert found.loc[(row["unit"], row["limit"]), "built"] == pytest.approx(row["built"], abs=6e-5)
