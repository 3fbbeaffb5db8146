"""Styles of rasters: cells counted and measured, missing ones never blank; pictures of them."""

import base64
import warnings

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Geod
from rasterio.io import MemoryFile

from spacegov.errors import BadInput, UnsuitableCrs
from spacegov.maps.measure import row_cell_areas
from spacegov.maps.raster_image import gaps_of, picture_of_classes, picture_of_relief
from spacegov.maps.style import compile_style
from spacegov.raster import Raster
from tests.maps.layers import raster

DEPTH = {
    "colour_by": "value",
    "classes": [{"range": [0.01, 0.5]}, {"range": [0.5, 1.5]}, {"range": [1.5, None]}],
}


def pixels(uri: str) -> np.ndarray:
    """The picture as red, green, blue, alpha."""
    data = base64.b64decode(uri.partition(",")[2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with MemoryFile(data) as memory, memory.open() as source:
            colours = source.colormap(1)
            index = source.read(1)
    table = np.array([colours.get(i, (0, 0, 0, 0)) for i in range(256)], dtype=np.uint8)
    return table[index]


def test_cells_are_counted_and_measured():
    depth = raster([[0.0, 0.2, 0.5], [1.5, 9.0, np.nan]])
    compiled = compile_style(DEPTH, {"value": {"unit": "m"}}, {}, depth)
    assert [(entry.key, entry.count) for entry in compiled.entries] == [
        ("0.01..0.5", 1),
        ("0.5..1.5", 1),
        ("1.5..", 2),
        ("no-data", 1),
    ]
    assert compiled.entries[2].area_m2 == pytest.approx(200, rel=1e-4)


def test_values_without_a_class_are_not_drawn():
    depth = raster([[0.0, 0.2], [0.2, 0.2]])
    compiled = compile_style(DEPTH, {}, {}, depth)
    assert compiled.classify(depth.read()).tolist() == [[-1, 0], [0, 0]]


def test_codes_of_a_scheme_and_nodata():
    cover = raster([[10, 20, 20], [255, 10, 10]], nodata=255)
    fields = {
        "value": {
            "type": "code",
            "codes": {"10": {"title": {"en": "Trees"}, "colour": "forest"}, "20": {"en": "Grass"}},
        }
    }
    compiled = compile_style({"colour_by": "value"}, fields, {}, cover)
    assert [(entry.title["en"], entry.count) for entry in compiled.entries] == [
        ("Trees", 3),
        ("Grass", 2),
        ("No data", 1),
    ]


def test_computed_classes_reach_from_the_least_to_the_greatest():
    values = np.linspace(3, 97, 640_000).reshape(800, 800)
    values[0, 1], values[799, 798] = -50, 500
    compiled = compile_style({"ramp": "terrain"}, {"value": {"unit": "m"}}, {}, raster(values))
    assert sum(entry.count for entry in compiled.entries) == 640_000
    assert (compiled.entries[0].range[0], compiled.entries[-1].range[1]) == (-50, 500)


def test_a_single_colour_draws_what_is_not_zero():
    compiled = compile_style({"colour": "prohibited"}, {}, {}, raster([[0, 1], [1, 1]]))
    assert compiled.entries[0].count == 3


def test_words_for_cells_are_refused():
    with pytest.raises(BadInput, match="'wet'"):
        compile_style({"colour_by": "value", "classes": [{"value": "wet"}]}, {}, {}, raster([[1]]))


@pytest.mark.parametrize(
    ("crs", "cell", "corner"), [(4326, 0.01, (120.0, 29.5)), (3857, 1000.0, (13_358_000, 3_440_000))]
)
def test_areas_of_cells_are_those_of_the_ellipsoid(crs, cell, corner):
    grid = Raster.from_array(np.ones((4, 6)), Affine(cell, 0, corner[0], 0, -cell, corner[1]), crs)
    west, south, east, north = grid.bounds
    shape = gpd.GeoSeries([shapely.segmentize(shapely.box(west, south, east, north), cell / 10)], crs=crs).to_crs(4326)
    whole = abs(Geod(ellps="WGS84").geometry_area_perimeter(shape.iloc[0])[0])
    assert row_cell_areas(grid).sum() * 6 == pytest.approx(whole, rel=1e-6)


def test_a_picture_has_the_colours_of_its_classes_and_gaps_are_outlined():
    values = np.full((60, 60), 1.0)
    values[:, 20:40] = 2.0
    values[:, 40:] = np.nan
    style = {
        "colour_by": "value",
        "classes": [{"value": 1, "colour": "prohibited"}, {"value": 2, "colour": "farmland"}],
    }
    source = raster(values)
    picture = picture_of_classes(source, compile_style(style, {}, {}, source))
    image = pixels(picture.light)
    middle = image[image.shape[0] // 2]
    part = image.shape[1] // 6
    assert tuple(middle[part]) == (0xA3, 0x28, 0x1F, 255)
    assert tuple(middle[3 * part]) == (0xC2, 0x93, 0x00, 255)
    assert (image[5:-5, 5 * part : -5, 3] == 0).all()
    assert tuple(pixels(picture.dark)[image.shape[0] // 2, part]) == (0xF2, 0x86, 0x7B, 255)
    (south, west), (north, east) = picture.corners
    assert 119.99 < west < east < 120.02
    assert 29.3 < south < north < 29.4
    (gap,) = gpd.GeoSeries(gaps_of(source), crs=4326).to_crs(source.crs)
    assert gap.bounds == pytest.approx((500_400, 3_249_400, 500_600, 3_250_000), abs=0.01)


def test_a_large_raster_is_drawn_with_fewer_pixels_in_the_right_place():
    values = np.zeros((3000, 5000), dtype=np.uint8)
    values[:1500] = 1
    source = raster(values, cell=1.0)
    style = {"colour_by": "value", "classes": [{"value": 1, "colour": "water"}]}
    image = pixels(picture_of_classes(source, compile_style(style, {}, {}, source)).light)
    assert max(image.shape) < 2000
    drawn = image[..., 3] > 0
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)
    assert drawn[: int(image.shape[0] * 0.45), 10:-10].mean() > 0.99


def test_slopes_towards_the_sun_are_light_and_level_ground_is_left():
    east = np.add.outer(np.zeros(80), np.arange(80.0))
    rising = pixels(picture_of_relief(raster(east * 8)).light)[40, 40]
    falling = pixels(picture_of_relief(raster(-east * 8)).light)[40, 40]
    assert rising[0] > 200
    assert rising[3] > 0
    assert falling[0] < 60
    assert falling[3] > 0
    level = pixels(picture_of_relief(raster(np.zeros((80, 80)))).light)[40, 40]
    assert level[3] <= 1


def test_relief_without_data_is_transparent():
    values = np.random.default_rng(0).random((50, 50))
    values[:, :25] = np.nan
    image = pixels(picture_of_relief(raster(values)).light)
    assert (image[10:-10, 2 : image.shape[1] // 2 - 4, 3] == 0).all()


def test_a_raster_without_a_place_is_refused():
    source = raster([[1.0]], crs=None)
    with pytest.raises(UnsuitableCrs, match="coordinate reference system"):
        picture_of_classes(source, compile_style({"colour": "water"}, {}, {}, source))
