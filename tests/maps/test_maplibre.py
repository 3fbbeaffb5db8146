"""MapLibre layers give every feature the look its legend entry has."""

import xml.etree.ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spacegov.maps.maplibre import pattern_svg, to_maplibre
from spacegov.maps.palette import palette
from spacegov.maps.style import compile_style
from tests.maps.layers import CRS, points, raster, squares


def evaluate(expression, properties):
    """Evaluate the expressions we write, as the MapLibre style specification defines them."""
    if not isinstance(expression, list):
        return expression
    name, *rest = expression

    def value(part):
        return evaluate(part, properties)

    match name:
        case "literal":
            return rest[0]
        case "get":
            return properties.get(rest[0])
        case "to-string":
            found = value(rest[0])
            if found is None:
                return ""
            if isinstance(found, bool):
                return str(found).lower()
            return str(int(found)) if isinstance(found, float) and found.is_integer() else str(found)
        case "to-number":
            for part in rest:
                found = value(part)
                if isinstance(found, int | float) and not isinstance(found, bool):
                    return found
            raise TypeError(expression)
        case "match":
            found = value(rest[0])
            for labels, output in zip(rest[1:-1:2], rest[2:-1:2], strict=True):
                if found in labels:
                    return value(output)
            return value(rest[-1])
        case "case":
            for condition, output in zip(rest[:-1:2], rest[1:-1:2], strict=True):
                if value(condition):
                    return value(output)
            return value(rest[-1])
        case "all":
            return all(value(part) for part in rest)
        case "any":
            return any(value(part) for part in rest)
        case "!":
            return not value(rest[0])
        case "in":
            return value(rest[0]) in value(rest[1])
        case "==" | "!=" | "<" | "<=" | ">" | ">=":
            one, other = value(rest[0]), value(rest[1])
            return {
                "==": lambda: one == other,
                "!=": lambda: one != other,
                "<": lambda: one < other,
                "<=": lambda: one <= other,
                ">": lambda: one > other,
                ">=": lambda: one >= other,
            }[name]()
    raise ValueError(expression)


def as_sent(value):
    """A value as a vector tile carries it: missing ones are absent."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


CASES = [
    ({"colour_by": "v"}, ["prohibited", "x", None, "conditional", "x"]),
    ({"colour_by": "v"}, [1.5, 2.5, np.nan, 7.0, 100.0, -3.0]),
    ({"colour_by": "v"}, [True, False, True]),
    ({"colour_by": "v", "classes": [{"range": [0, 1]}, {"range": [1, 2]}]}, [0, 1, 2, 3, None]),
    ({"colour_by": "v", "classes": [{"value": "a", "colour": "farmland"}]}, ["a", "b", None]),
    ({"colour_by": "v", "classes": [{"value": 1, "colour": "farmland"}, {"value": 2, "colour": "water"}]}, [1, 2, 2]),
    ({"colour_by": "v"}, [f"u{i:02d}" for i in range(40)]),
    ({"colour": "red-line"}, [1, 2]),
]


@pytest.mark.parametrize(("style", "values"), CASES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_feature_has_the_colour_and_pattern_of_its_entry(style, values, theme):
    frame = squares([10] * len(values), v=values)
    compiled = compile_style(style, {}, {}, frame)
    out = to_maplibre(compiled, "s", theme=theme)
    fill = out.layers[0]
    patterned = [layer for layer in out.layers if "fill-pattern" in layer["paint"]]
    for value, place in zip(frame["v"], compiled.entry_of, strict=True):
        entry, properties = compiled.entries[place], {"v": as_sent(value)}
        assert evaluate(fill["paint"]["fill-color"], properties) == getattr(entry.symbol, theme)
        assert evaluate(fill["paint"]["fill-opacity"], properties) == entry.symbol.fill
        shown = [
            layer["paint"]["fill-pattern"] for layer in patterned if evaluate(layer.get("filter", True), properties)
        ]
        ink = getattr(entry.symbol.ink, theme)
        assert shown == ([] if entry.symbol.pattern == "solid" else [f"{entry.symbol.pattern}:{ink}"])
    assert {layer["paint"]["fill-pattern"] for layer in patterned} == set(out.images)


@pytest.mark.parametrize(("style", "values"), CASES)
def test_every_line_is_drawn_once_in_its_own_dashes(style, values):
    frame = gpd.GeoDataFrame(
        {"v": values}, geometry=[shapely.LineString([(5e5, 3e6), (5.1e5, 3e6)])] * len(values), crs=CRS
    )
    compiled = compile_style(style, {}, {}, frame)
    layers = [layer for layer in to_maplibre(compiled, "s").layers if not layer["id"].endswith("casing")]
    for value, place in zip(frame["v"], compiled.entry_of, strict=True):
        entry, properties = compiled.entries[place], {"v": as_sent(value)}
        shown = [layer for layer in layers if evaluate(layer.get("filter", True), properties)]
        assert len(shown) == 1
        assert shown[0]["id"].endswith(entry.symbol.line)
        assert evaluate(shown[0]["paint"]["line-color"], properties) == entry.symbol.light


def test_roads_have_a_casing_below_them():
    frame = gpd.GeoDataFrame(geometry=[shapely.LineString([(5e5, 3e6), (5.1e5, 3e6)])], crs=CRS)
    layers = to_maplibre(compile_style({"colour": "motorway"}, {}, {}, frame), "roads").layers
    assert [layer["id"] for layer in layers] == ["roads-casing", "roads-line-solid"]
    assert layers[0]["paint"]["line-width"] > layers[1]["paint"]["line-width"]


def test_points_are_circles_and_tiles_name_their_layer():
    out = to_maplibre(
        compile_style({"colour": "school"}, {}, {}, points(v=[1])), "s", source_layer="schools", prefix="x"
    )
    (circle,) = out.layers
    assert (circle["type"], circle["id"], circle["source-layer"]) == ("circle", "x-circle", "schools")


def test_rasters_have_no_vector_layers():
    assert to_maplibre(compile_style({"colour": "water"}, {}, {}, raster([[1]])), "s").layers == []


@pytest.mark.parametrize("name", sorted(palette().patterns))
def test_pattern_images_are_well_formed_and_repeat(name):
    image = ET.fromstring(pattern_svg(name, "#123456"))
    box = [float(part) for part in image.get("viewBox").split()]
    assert (float(image.get("width")), float(image.get("height"))) == (2 * box[2], 2 * box[3])
    assert "#123456" in pattern_svg(name, "#123456")
