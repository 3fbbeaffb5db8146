"""Maps of layers and answers over the ground of their workspace."""

import pytest

import spacegov
from spacegov.maps.answers import map_ground, result_layers
from spacegov.maps.palette import palette


@pytest.fixture(scope="module")
def county():
    return spacegov.open()


def test_the_ground_leaves_out_a_layer_that_the_map_draws_itself(county):
    crs = county.settings.crs
    titles = [layer.title["en"] for layer in map_ground(county, crs)]
    assert "Water bodies" in titles
    rest = [layer.title["en"] for layer in map_ground(county, crs, without="natural.water-bodies")]
    assert rest == [title for title in titles if title != "Water bodies"]


def test_a_layer_of_the_ground_is_drawn_once(county):
    def listed(layer: str) -> str:
        return county.layers[layer].map().get_root().render()

    assert "Water bodies · Roads" in listed("planned.flood-storage")
    assert "Water bodies · Roads" not in listed("natural.water-bodies")


def test_frames_beside_the_main_one_are_shown_and_cells_have_their_heading(county):
    result = county.run("trace-ecological-corridors")
    shown = {layer.title["en"]: layer.visible for layer in result_layers(result)}
    assert shown == {"Ecological corridors": True, "Sources": True, "Pinch points": False}
    terrain = county.run("derive-terrain")
    assert terrain.columns["value"].title["en"] == "Value"
    assert result_layers(terrain)[0].style.title["en"] == "Value"


def test_codes_keep_the_colours_of_their_scheme(county):
    result = county.run("measure-land-use-change")
    style = result_layers(result)[0].style
    codes = county.layers.schemes["third-survey"].codes
    orchard = next(entry for entry in style.entries if entry.title["en"] == codes["0201"].title["en"])
    assert orchard.symbol.light == palette().colour(codes["0201"].colour).light
