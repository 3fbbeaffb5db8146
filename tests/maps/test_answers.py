"""Maps of layers and answers over the ground of their workspace."""

import pytest

import spacegov
from spacegov.maps.answers import map_ground


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
