import geopandas as gpd
import shapely

from spacegov.layers.card import LayerCard
from spacegov.layers.layer import Layer
from spacegov.tools.values import labels_of


def card(**fields):
    return LayerCard.model_validate(
        {
            "id": "planned.plots",
            "space": "planned",
            "title": {"en": "Plots"},
            "about": "Plots.",
            "kind": "Polygons",
            "steward": "agriculture",
            "sharing": {"class": "open"},
            "fields": fields,
            "quality": {"tier": "A"},
        }
    )


def test_a_layer_names_the_column_that_names_its_records():
    title = {"en": "Number"}
    plots = card(grade={"type": "integer", "title": title}, plot_id={"type": "string", "title": title, "unique": True})
    attrs = Layer(None, plots, None).attrs()
    assert attrs["key"] == "plot_id"
    frame = gpd.GeoDataFrame({"plot_id": ["P7"]}, geometry=[shapely.Point(0, 0)])
    frame.attrs.update(attrs)
    assert labels_of(frame).tolist() == ["P7"]


def test_without_a_unique_field_the_index_names_them():
    attrs = Layer(None, card(grade={"type": "integer", "title": {"en": "Grade"}}), None).attrs()
    assert attrs["key"] is None
