"""route_evacuation on streets whose times are counted by hand."""

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from shapely.affinity import translate

from spacegov import ledger
from spacegov.errors import BadInput, EmptyLayer, MissingColumn
from spacegov.tools.security import route_evacuation

CRS = "EPSG:4549"


def frame(shapes, **columns):
    moved = [translate(shape, 500_000, 3_260_000) for shape in shapes]
    return GeoDataFrame(columns, geometry=moved, crs=CRS)


def at(*places, **columns):
    return frame([shapely.Point(place) for place in places], **columns)


def streets(*lines, **columns):
    return frame([shapely.LineString(line) for line in lines], **columns)


STREET = streets([(0, 0), (500, 0), (1000, 0)], [(500, 0), (500, 500)], [(0, 0), (0, 400), (1000, 400), (1000, 0)])


def route(*args, **options):
    with ledger.collect() as book:
        # 6 km/h: 100 m a minute
        answer = route_evacuation(*args, **{"people": "residents", "speed": 6.0, **options})
    return answer, book


def test_everybody_goes_where_the_total_time_is_least():
    homes = at((100, 0), (400, 0), (500, 300), residents=[5, 5, 2])
    shelters = at((0, 0), (1000, 0), capacity=[6, 20])
    answer, book = route(homes, shelters, STREET)
    ways = answer.routes.set_index(["origin", "shelter"])
    # six fit in the west; sending the second home there saves 2 min a head (4 against 6), the first 8 (1 against 9)
    assert ways["people"].to_dict() == {("0", "0"): 5, ("1", "0"): 1, ("1", "1"): 4, ("2", "1"): 2}
    assert ways["minutes"].to_dict() == pytest.approx({("0", "0"): 1, ("1", "0"): 4, ("1", "1"): 6, ("2", "1"): 8})
    figures = book.notes["figures"]
    assert figures["person_minutes"] == pytest.approx(5 + 4 + 24 + 16)
    assert figures["bound_person_minutes"] == pytest.approx(figures["person_minutes"])
    assert figures["longest_minutes"] == pytest.approx(8)
    assert answer.shelters["free"].tolist() == [0, 14]
    assert answer.routes["length_m"].tolist() == pytest.approx([100, 400, 600, 800])
    first = shapely.get_coordinates(answer.routes.geometry.iloc[3]) - (500_000, 3_260_000)
    assert first[[0, -1]].tolist() == [[500, 300], [1000, 0]]


def test_the_way_to_the_road_takes_time():
    answer, book = route(at((100, 50), residents=[1]), at((0, 0), capacity=[1]), STREET)
    assert answer.routes["minutes"].tolist() == pytest.approx([1.5])
    assert answer.origins["snap_m"].tolist() == [50]
    assert book.notes["figures"]["longest_snap_m"] == 50


def test_blocked_roads_lead_around():
    slide = frame([shapely.box(200, -5, 210, 5)])
    answer, book = route(at((400, 0), residents=[1]), at((0, 0), capacity=[1]), STREET, None, slide)
    # west is closed between 0 and 500: east 600 m, north 400, west 1000, south 400; but the home snaps to an open road,
    # the crossing 100 m away, from where it is 500 m east
    assert answer.routes["minutes"].tolist() == pytest.approx([1 + 5 + 4 + 10 + 4])
    assert book.notes["figures"]["blocked_length_m"] == pytest.approx(500)


def test_only_people_on_the_hazard_leave_and_shelters_on_it_are_closed():
    water = frame([shapely.box(-50, -50, 450, 50)])
    homes = at((100, 0), (400, 0), (900, 0), residents=[1, 1, 1])
    answer, book = route(homes, at((0, 0), (1000, 0), capacity=[9, 9]), STREET, water)
    assert answer.routes["shelter"].tolist() == ["1", "1"]
    assert answer.shelters["closed"].tolist() == [True, False]
    assert book.drops[0].count == 1


def test_shelters_off_the_network_are_named_and_take_nobody():
    shelters = at((-10, 0), (500, 2000), capacity=[9, 9])
    answer, book = route(at((100, 0), residents=[1]), shelters, STREET)
    assert answer.shelters["snap_m"].tolist() == pytest.approx([10, np.nan], nan_ok=True)
    assert answer.shelters["placed"].tolist() == [1, 0]
    assert [doubt.where for doubt in book.doubts if "1 of 2 shelters" in doubt.text] == ["1"]


def test_people_without_a_shelter_are_named_by_place_and_reason():
    homes = at((100, 0), (100, 5000), (400, 0), residents=[5, 3, 4], village=["Upper", "Far", "Upper"])
    island = streets([(0, 0), (500, 0)], [(5000, 5000), (6000, 5000)])
    shelters = at((0, 0), capacity=[7])
    answer, book = route(homes, shelters, island, place="village")
    table = answer.origins.set_index("origin")
    assert table["unplaced"].to_dict() == {"0": 0, "1": 3, "2": 2}
    assert table["reason"].to_dict() == {"0": "", "1": "off_network", "2": "no_room"}
    told = {doubt.where: doubt.text for doubt in book.doubts}
    assert "Far (3)" in told
    assert "Upper (2)" in told
    far = at((5500, 5000), residents=[1])
    answer, _ = route(far, shelters, island)
    assert answer.origins["reason"].tolist() == ["no_way"]
    assert len(answer.routes) == 0
    answer, _ = route(at((400, 0), residents=[1]), shelters, island, limit=3)
    assert answer.origins["reason"].tolist() == ["beyond_limit"]


def test_one_way_roads_and_speeds():
    roads = streets(
        [(0, 0), (500, 0)], [(0, 0), (0, 100), (500, 100), (500, 0)], way=["forward", "both"], kmh=[60.0, 30.0]
    )
    answer, _ = route(at((500, 0), residents=[1]), at((0, 0), capacity=[1]), roads, direction="way", road_speed="kmh")
    # against the one-way street: 700 m at 500 m a minute
    assert answer.routes["minutes"].tolist() == pytest.approx([1.4])


def test_order_of_features_does_not_matter():
    random = np.random.default_rng(7)
    homes = at(*[(x, 0) for x in random.uniform(0, 1000, 12)], residents=random.integers(1, 5, 12))
    homes.index = [f"h{n}" for n in range(12)]
    shelters = at((0, 0), (1000, 0), (500, 500), capacity=[10, 8, 6])
    one, _ = route(homes, shelters, STREET)
    two, _ = route(homes.iloc[::-1], shelters, STREET.iloc[::-1])
    first = one.routes.drop(columns="geometry").sort_values(["origin", "shelter"], ignore_index=True)
    second = two.routes.drop(columns="geometry").sort_values(["origin", "shelter"], ignore_index=True)
    pd.testing.assert_frame_equal(first, second)


def test_bad_input_is_refused_in_one_sentence():
    shelter = at((0, 0), capacity=[1])
    with pytest.raises(EmptyLayer, match="nobody has to be evacuated"):
        route(at((0, 0), residents=[0]), shelter, STREET)
    with pytest.raises(BadInput, match="negative or infinite people"):
        route(at((0, 0), residents=[-1]), shelter, STREET)
    with pytest.raises(BadInput, match="every road is closed"):
        route(at((0, 0), residents=[1]), shelter, STREET, None, frame([shapely.box(-1e4, -1e4, 1e4, 1e4)]))
    with pytest.raises(MissingColumn, match="capacity"):
        route(at((0, 0), residents=[1]), at((0, 0)), STREET)
