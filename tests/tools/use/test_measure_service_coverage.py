"""measure_service_coverage: minutes along a street by arithmetic, and a second program over the same network."""

import networkx as nx
import numpy as np
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, EmptyLayer, MissingColumn
from spacegov.tools.use import measure_service_coverage

# 6 km/h: 100 m a minute
PACE = {"speed": 6.0, "walking": 6.0}


def at(x, y=0.0):
    return shapely.Point(5e5 + x, 3.2e6 + y)


def way(*points):
    return shapely.LineString([at(*point) for point in points])


def frame(*shapes, **columns):
    return GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:4549")


STREET = frame(way((0, 0), (1000, 0)), way((1000, 0), (2000, 0)))


def measure(*args, **options):
    with ledger.collect() as book:
        answer = measure_service_coverage(*args, **{**PACE, **options})
    return answer, book


def test_minutes_along_a_street_with_the_way_to_the_road_at_both_ends():
    homes = frame(at(300), at(850, 50), at(1000, 100), at(1900), people=[1, 2, 4, 8])
    answer, book = measure(frame(at(0, 100)), STREET, homes, limit=10.0, people="people")
    assert answer.buildings["minutes"].tolist() == pytest.approx([4.0, 10.0, 12.0, 20.0])
    assert answer.buildings["answer"].tolist() == ["present", "present", "absent", "absent"]
    assert answer.buildings["snap_m"].tolist() == pytest.approx([0, 50, 100, 0])
    assert answer.units["share"].tolist() == pytest.approx([3 / 15])
    assert book.notes["figures"]["people_unserved"] == 12


def test_a_street_at_the_limit_is_reached_in_part():
    answer, _ = measure(frame(at(400, 100)), STREET, frame(at(0)), limit=8.0, margin=10.0)
    # one of eight minutes is the way to the road, 700 m remain: 400 m to the west end, 700 m to the east
    assert answer.areas["length_m"].tolist() == pytest.approx([1100])
    assert answer.areas["area_m2"].tolist() == pytest.approx([1100 * 20 + np.pi * 100], rel=2e-3)
    short, _ = measure(frame(at(400)), STREET, frame(at(0)), limit=2.0)
    assert short.areas["length_m"].tolist() == pytest.approx([400])


def test_an_edge_reached_from_both_ends_with_a_gap_between():
    ring = frame(way((0, 0), (100, 0)), way((0, 0), (0, 1000), (100, 1000), (100, 0)))
    answer, _ = measure(frame(at(50)), ring, frame(at(0)), limit=5.0)
    # 450 m up either side of the ring beside the 100 m of its foot
    assert answer.areas["length_m"].tolist() == pytest.approx([100 + 2 * 450])


def test_the_nearest_facility_counts_from_door_to_door():
    # the first is nearer along the road, but lies 190 m off it
    answer, _ = measure(frame(at(100, 190), at(200)), STREET, frame(at(0)), limit=15.0)
    assert answer.buildings[["facility", "minutes"]].to_numpy().tolist() == [["1", pytest.approx(2.0)]]
    assert answer.areas["buildings"].tolist() == [0, 1]


def test_one_way_roads_are_taken_in_the_direction_travelled():
    loop = frame(way((0, 0), (1000, 0)), way((1000, 0), (1000, 500), (0, 500), (0, 0)), oneway=["yes", "yes"])
    school, home = frame(at(0)), frame(at(600))
    to_school, _ = measure(school, loop, home, limit=30.0, direction="oneway")
    from_school, _ = measure(school, loop, home, limit=30.0, direction="oneway", towards="people")
    assert to_school.buildings["minutes"].tolist() == pytest.approx([24.0])
    assert from_school.buildings["minutes"].tolist() == pytest.approx([6.0])
    # towards the school 500 m of its approach are reached, away from it the first 500 m
    near, _ = measure(school, loop, home, limit=5.0, direction="oneway", margin=1.0)
    assert near.areas.geometry[0].contains(at(0, 250))
    assert not near.areas.geometry[0].intersects(at(250, 0))


def test_barriers_and_places_off_the_network_are_told_not_counted_as_far():
    homes = frame(at(300), at(1500), at(500, 900))
    answer, book = measure(frame(at(0), at(0, 5000)), STREET, homes, None, frame(at(1200, 0)), limit=10.0)
    assert answer.buildings["reason"].tolist() == ["", "off_network", "off_network"]
    assert answer.areas["answer"].tolist() == ["present", "failed"]
    assert answer.areas["length_m"].tolist() == pytest.approx([1000, 0])
    apart = frame(way((0, 0), (1000, 0)), way((3000, 0), (4000, 0)))
    cut, _ = measure(frame(at(0)), apart, frame(at(3500)))
    assert cut.buildings[["answer", "reason"]].to_numpy().tolist() == [["failed", "no_way"]]
    assert book.notes["figures"]["facilities_off"] == 1
    assert [doubt.text for doubt in book.doubts] == [
        "no column of people was named: every place counts as one person",
        "1 of 2 facilities lie off the network and serve nobody",
        "2 buildings with 2 people lie off the network",
    ]


def test_where_the_list_of_facilities_ends_nobody_is_called_unserved():
    known = frame(shapely.box(5e5 - 50, 3.2e6 - 50, 5e5 + 1600, 3.2e6 + 50))
    schools, homes = (
        frame(at(1000)),
        frame(at(1200), at(100), at(1700), at(1990), at(1990, 900), people=[1, 2, 4, 8, 16]),
    )
    schools.attrs["layer"] = "schools"
    answer, book = measure(schools, STREET, homes, limit=8.0, coverage={"schools": known}, people="people")
    assert answer.buildings["answer"].tolist() == ["present", "absent", "present", "not_covered", "failed"]
    row = answer.units.iloc[0]
    assert row[["people_served", "people_not_covered", "people_failed"]].tolist() == [5, 8, 16]
    assert row[["served", "not_covered", "failed"]].tolist() == [2, 1, 1]
    assert book.notes["figures"]["people_not_covered"] == 8
    assert book.notes["figures"]["people_unserved"] == 2


def test_speeds_of_roads_and_units():
    roads = STREET.assign(kmh=[6.0, 12.0])
    parts = frame(shapely.box(5e5, 3.2e6 - 9, 5e5 + 900, 3.2e6 + 9), name=["west"])
    homes = frame(at(500), at(1500), people=[3, 5])
    answer, _ = measure(frame(at(0)), roads, homes, parts, limit=11, road_speed="kmh", people="people", unit="name")
    assert answer.buildings["minutes"].tolist() == pytest.approx([5.0, 12.5])
    assert answer.units[["unit", "people", "people_served"]].to_numpy().tolist() == [["", 5, 0], ["west", 3, 3]]


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_minutes_agree_with_networkx_and_more_time_serves_no_fewer(data):
    size = 4
    lengths = st.integers(50, 400)
    graph = nx.DiGraph()
    shapes, directions = [], []
    for x in range(size):
        for y in range(size):
            for east, north in ((x + 1, y), (x, y + 1)):
                if east < size and north < size and data.draw(st.booleans()):
                    one = data.draw(st.sampled_from(["both", "forward", "backward"]))
                    shapes.append(way((x * 100, y * 100), (east * 100, north * 100)))
                    directions.append(one)
                    if one != "backward":
                        graph.add_edge((x, y), (east, north), weight=1.0)
                    if one != "forward":
                        graph.add_edge((east, north), (x, y), weight=1.0)
    if not shapes:
        return
    nodes = sorted(graph.nodes)
    place = data.draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3, unique=True))
    limit = data.draw(lengths) / 100
    spots = frame(*(at(100 * x, 100 * y) for x, y in place))
    homes = frame(*(at(100 * x, 100 * y) for x, y in nodes))
    roads = frame(*shapes, way=directions)
    answer, _ = measure(spots, roads, homes, limit=limit, direction="way", margin=0.0)
    reach = nx.multi_source_dijkstra_path_length(graph.reverse(), set(place))
    wanted = [reach.get(node, np.nan) for node in nodes]
    assert answer.buildings["minutes"].to_numpy() == pytest.approx(np.array(wanted), nan_ok=True)
    more, _ = measure(spots, roads, homes, limit=limit + 1, direction="way", margin=0.0)
    assert (more.areas["length_m"] >= answer.areas["length_m"] - 1e-6).all()
    turned, _ = measure(spots, roads.iloc[::-1], homes, limit=limit, direction="way", margin=0.0)
    assert turned.buildings["minutes"].to_numpy() == pytest.approx(np.array(wanted), nan_ok=True)


def test_layers_without_rows():
    nobody, _ = measure(frame(at(0)), STREET, frame(at(0)).iloc[:0])
    assert len(nobody.buildings) == len(nobody.units) == 0
    nowhere, _ = measure(frame(at(0)).iloc[:0], STREET, frame(at(0)))
    assert nowhere.buildings["answer"].tolist() == ["failed"]
    assert len(nowhere.areas) == 0


def test_bad_input_is_refused():
    with pytest.raises(EmptyLayer):
        measure(frame(at(0)), STREET.iloc[:0], frame(at(0)))
    with pytest.raises(BadInput, match="negative or infinite people"):
        measure(frame(at(0)), STREET, frame(at(0), people=[-1.0]), people="people")
    with pytest.raises(MissingColumn):
        measure(frame(at(0)), STREET, frame(at(0)), people="residents")
    with pytest.raises(BadInput, match="limit"):
        measure(frame(at(0)), STREET, frame(at(0)), limit=0)


def test_blocks_beyond_the_straight_line_are_beyond_by_road_in_the_sample_county():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["services"]
    county = spacegov.open()
    blocks = county.layers["artificial.blocks"].read()
    answer, _ = measure(
        county.layers["artificial.schools"].read(),
        county.layers["artificial.roads"].read(),
        blocks,
        limit=truth["limit_m"] / 100,
        max_snap=2000.0,
        margin=0.0,
    )
    found = answer.buildings.set_index("building")
    far = found[found["answer"] != "present"]
    assert len(far) >= truth["blocks_certainly_unserved"]
    for row in truth["farthest"]:
        assert found.loc[row["block"], "minutes"] >= row["distance_m"] / 100 - 1e-6
