from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spacegov.errors import BadInput, UnreadableFile
from spacegov.layers.card import Binding, LayerCard
from spacegov.ledger import collect
from spacegov.tools.integration import extract_restrictions
from tests.tools.integration.frames import CRS, EAST, NORTH, box, layer


class Reader:
    """A layer of a registry, held in memory."""

    bound = True
    coverage = None
    binding = Binding()
    error = None
    version = "2025"

    def __init__(self, shapes, restriction, kind="Polygons", **columns):
        self.frame = layer("layer", list(shapes), **columns)
        style = {"colour_by": next(iter(columns))} if columns else {}
        self.card = LayerCard.model_validate(
            {
                "id": "planned.layer", "space": "planned", "title": {"en": "Layer", "zh": "图层"}, "about": "A layer.",
                "kind": kind, "steward": "ecology", "sharing": {"class": "open"}, "quality": {"tier": "A"},
                "style": style, "restriction": restriction,
            }
        )  # fmt: skip
        self.boxes = []

    @property
    def id(self):
        return self.card.id

    def read(self, bbox=None):
        if self.error is not None:
            raise self.error
        self.boxes.append(bbox)
        return self.frame.cx[bbox[0] : bbox[2], bbox[1] : bbox[3]]


def reader(*shapes, theme="red-line", kind="Polygons", restriction=None, **columns):
    return Reader(shapes, {"theme": theme, **(restriction or {})}, kind, **columns)


def parcel(*shapes, **columns):
    return layer("parcels", list(shapes), **columns)


def extract(place, layers, **options):
    return extract_restrictions(place, layers, **options)


def one(place, given, **options):
    restrictions, _ = extract(place, {"planned.layer": given}, **options)
    (row,) = restrictions.to_dict("records")
    return row


def test_a_restriction_with_area_share_department_and_documents():
    documents = [{"title": "Notice", "number": "142", "date": "2022-08-16", "article": "3"}]
    given = reader(box(50, 0, 200, 100), restriction={"documents": documents}, zone=["core"])
    row = one(parcel(box(0, 0, 100, 100)), given)
    assert (row["answer"], row["area_m2"], row["share"], row["objects"]) == ("present", 5000, 0.5, 1)
    assert (row["department"], row["values"], row["version"], row["title"]) == ("ecology", "core", "2025", "Layer")
    assert row["documents"] == "Notice (142, Art. 3, 2022-08-16)"
    assert row["law_status"] == "in-force"
    assert row["geometry"].equals(box(50, 0, 100, 100))


def test_pieces_are_united_before_shares_and_thresholds():
    # overlapping copies do not count twice
    assert one(parcel(box(0, 0, 100, 100)), reader(*[box(0, 0, 60, 100)] * 3))["share"] == pytest.approx(0.6)
    # two hundred strips of 0.5 m² reach a threshold of 50 m² together
    strips = [box(x / 2, 0, x / 2 + 0.005, 100) for x in range(200)]
    row = one(parcel(box(0, 0, 100, 100)), reader(*strips, restriction={"min_area_m2": 50}))
    assert (row["answer"], row["area_m2"]) == ("present", pytest.approx(100))


def test_thresholds_of_the_card_make_it_not_concerned_and_say_so():
    small = {"min_area_m2": 600}
    row = one(parcel(box(0, 0, 100, 100)), reader(box(95, 0, 200, 100), restriction=small))
    assert (row["answer"], row["below_threshold"], row["area_m2"]) == ("absent", True, 500)
    share = {"min_share": 0.06}
    assert one(parcel(box(0, 0, 100, 100)), reader(box(95, 0, 200, 100), restriction=share))["answer"] == "absent"
    assert one(parcel(box(0, 0, 100, 100)), reader(box(94, 0, 200, 100), restriction=share))["answer"] == "present"


def test_a_neighbour_that_only_touches_is_not_concerned():
    row = one(parcel(box(0, 0, 100, 100)), reader(box(100, 0, 200, 100), box(100, 100, 200, 200)))
    assert (row["answer"], row["area_m2"], row["below_threshold"]) == ("absent", 0, False)


def test_a_parcel_inside_a_restriction_is_found():
    assert one(parcel(box(40, 40, 60, 60)), reader(box(0, 0, 100, 100)))["share"] == 1


def test_the_four_answers_of_a_registry():
    layers = {name: reader(box(0, 0, 100, 100), theme=name) for name in ("a", "b", "c", "d", "e", "f")}
    layers["b"].frame = layers["b"].frame.iloc[:0]
    layers["c"].frame = layers["c"].frame.iloc[:0]
    layers["c"].coverage = layer("coverage", [box(0, 0, 40, 100)])
    layers["d"].error = UnreadableFile("d.parquet: the file is truncated; fetch it again")
    layers["e"].bound = False
    bow = [(0, 0), (90, 90), (90, 0), (0, 90)]
    layers["f"].frame = layer("layer", [shapely.Polygon([(EAST + x, NORTH + y) for x, y in bow])])
    with collect() as ledger:
        restrictions, themes = extract(parcel(box(0, 0, 100, 100)), layers)
    found = restrictions.set_index("layer")
    assert found["answer"].tolist() == ["present", "absent", "not_covered", "failed", "not_covered", "failed"]
    assert found["not_covered_m2"].tolist() == [0, 0, 6000, 0, 10_000, 0]
    assert found.loc["d", "error"] == "d.parquet: the file is truncated; fetch it again"
    assert "broken" in found.loc["f", "error"]
    assert themes["answer"].tolist() == found["answer"].tolist()
    assert ledger.doubts[0].where == "d, f"
    assert ledger.notes["figures"]["answers_failed"] == 2


def test_a_layer_present_beside_its_gap_is_present_and_tells_the_gap():
    given = reader(box(0, 0, 40, 100))
    given.coverage = layer("coverage", [box(0, 0, 40, 100)])
    row = one(parcel(box(0, 0, 100, 100)), given)
    assert (row["answer"], row["not_covered_m2"]) == ("present", 6000)


def test_themes_count_the_ground_of_several_layers_once():
    layers = {
        "a": reader(box(0, 0, 60, 100)),
        "b": reader(box(40, 0, 100, 100)),
        "c": reader(box(0, 0, 9, 9), theme="x"),
    }
    _, themes = extract(parcel(box(0, 0, 100, 100)), layers)
    first = themes.set_index("theme").loc["red-line"]
    assert (first["area_m2"], first["share"], first["layers"]) == (10_000, 1, "a; b")
    assert extract(parcel(box(0, 0, 100, 100)), layers, themes=["x"]).themes["theme"].tolist() == ["x"]


def test_points_and_lines_as_places_and_as_restrictions():
    point = parcel(shapely.Point(EAST + 5, NORTH + 5), shapely.Point(EAST + 500, NORTH + 5))
    restrictions, _ = extract(point, {"l": reader(box(0, 0, 10, 10))})
    assert restrictions["answer"].tolist() == ["present", "absent"]
    line = parcel(shapely.LineString([(EAST, NORTH + 5), (EAST + 40, NORTH + 5)]))
    row = one(line, reader(box(0, 0, 10, 10)))
    assert (row["length_m"], row["share"]) == (10, 0.25)
    pipes = reader(shapely.LineString([(EAST - 50, NORTH + 5), (EAST + 50, NORTH + 5)]), kind="Lines")
    assert one(parcel(box(0, 0, 20, 20)), pipes)["length_m"] == 20
    wells = reader(shapely.Point(EAST + 5, NORTH + 5), shapely.Point(EAST + 6, NORTH + 6), kind="Points")
    assert one(parcel(box(0, 0, 20, 20)), wells)["objects"] == 2


@pytest.mark.parametrize(
    ("first", "last", "on", "status"),
    [
        ("2020-01-01", "2030-01-01", date(2025, 6, 1), "in-force"),
        ("2020-01-01", "2024-01-01", date(2025, 6, 1), "expired"),
        ("2026-01-01", None, date(2025, 6, 1), "not-yet-in-force"),
        ("2026-01-01", None, None, "in-force"),
    ],
)
def test_law_status_on_a_day(first, last, on, status):
    given = reader(box(0, 0, 100, 100))
    given.binding = Binding(valid_from=first, valid_to=last)
    row = one(parcel(box(0, 0, 10, 10)), given, on=on)
    assert row["law_status"] == status
    assert row["valid_from"] == pd.Timestamp(first)


def test_only_the_box_around_the_places_is_read():
    given = reader(box(0, 0, 100, 100))
    one(parcel(box(10, 20, 30, 40)), given)
    assert given.boxes == [(EAST + 10, NORTH + 20, EAST + 30, NORTH + 40)]


def test_layers_without_a_restriction_are_not_asked():
    given = reader(box(0, 0, 100, 100))
    given.card = given.card.model_copy(update={"restriction": None})
    restrictions, themes = extract(parcel(box(0, 0, 10, 10)), {"l": given})
    assert restrictions.empty
    assert themes.empty
    assert restrictions.crs == CRS


def test_a_layer_in_another_crs_is_reprojected():
    given = reader(box(0, 0, 100, 100))
    given.read = lambda bbox=None: given.frame.to_crs(4326)
    assert one(parcel(box(0, 0, 10, 10)), given)["area_m2"] == pytest.approx(100, rel=1e-4)


def test_places_one_by_one_equal_places_together():
    places = parcel(box(0, 0, 100, 100), box(300, 0, 400, 100), box(90, 0, 120, 30))
    layers = {"a": reader(box(50, 0, 110, 100)), "b": reader(box(0, 0, 20, 20), theme="x")}
    whole = extract(places, layers)
    parts = [extract(places.iloc[[n]], layers) for n in range(3)]
    for number, frame in enumerate(whole):
        joined = pd.concat([pd.DataFrame(part[number]) for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(pd.DataFrame(frame), joined)


def test_bad_input_is_refused():
    layers = {"a": reader(box(0, 0, 1, 1))}
    with pytest.raises(BadInput, match="no layer restricts for 'flood'"):
        extract(parcel(box(0, 0, 1, 1)), layers, themes=["flood"])
    with pytest.raises(BadInput, match="a mapping from layer id to reader"):
        extract(parcel(box(0, 0, 1, 1)), [1])
    with pytest.raises(BadInput, match="degrees"):
        extract(gpd.GeoDataFrame(geometry=[shapely.Point(120, 30)], crs=4326), layers)
