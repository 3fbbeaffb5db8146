"""The network engine against plain searches written here, and on constructed streets."""

import heapq
import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString

from spacegov.errors import BadInput, EmptyLayer
from spacegov.kernels.network import build_network, routes
from spacegov.kernels.network_graph import Snapped


def layer(*lines):
    return gpd.GeoDataFrame(geometry=[LineString(line) for line in lines])


def points(*places):
    return shapely.points(np.array(places, dtype=float))


def test_lines_join_at_shared_vertices_and_not_where_they_merely_cross():
    bridge = layer([(0, 0), (50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)], [(75, -50), (75, 50)])
    network = build_network(bridge)
    # the second line shares a vertex with the first, the third passes over it
    costs = network.costs(network.snap(points([0, 0])), network.snap(points([50, 50], [75, 50])))
    assert costs.tolist() == [[100, np.inf]]
    assert sorted(np.bincount(network.components).tolist()) == [2, 5]
    ends = build_network(bridge, joined="ends")
    assert np.isinf(ends.costs(ends.snap(points([0, 0])), ends.snap(points([50, 50])))).all()


def test_points_enter_where_they_stand_and_their_distance_is_given():
    network = build_network(layer([(0, 0), (100, 0)]))
    snapped = network.snap(points([30, 4], [70, -3], [200, 0], [50, 60]), max_distance=50)
    assert snapped.distance_m.tolist() == [4, 3, np.inf, np.inf]
    assert snapped.edge.tolist() == [0, 0, -1, -1]
    costs = network.costs(snapped, snapped)
    assert costs[:2, :2].tolist() == [[0, pytest.approx(40)], [pytest.approx(40), 0]]
    assert np.isinf(costs[2:]).all()
    assert np.isinf(costs[:, 2:]).all()


def test_one_way_streets_and_speeds():
    loop = layer([(0, 0), (100, 0)], [(100, 0), (100, 100), (0, 100), (0, 0)])
    network = build_network(loop, direction=["forward", "FT"], speed_kmh=[60, 30])
    home, shop = network.snap(points([20, 0])), network.snap(points([80, 0]))
    # 60 km/h are 1 km a minute
    assert network.costs(home, shop)[0, 0] == pytest.approx(0.06)
    # back: 20 m on, 300 m at half the speed, 20 m
    assert network.costs(shop, home)[0, 0] == pytest.approx(0.04 + 0.6)
    assert network.costs(shop, home, reverse=True)[0, 0] == pytest.approx(0.06)
    backward = build_network(loop, direction=["-1", "yes"])
    assert backward.costs(home, shop)[0, 0] == np.inf


def test_nodes_within_the_tolerance_are_one():
    gap = layer([(0, 0), (100, 0)], [(100.04, 0), (200, 0)])
    near = build_network(gap)
    far = build_network(gap, tolerance=0.01)
    assert np.isfinite(near.costs(near.snap(points([0, 0])), near.snap(points([200, 0])))).all()
    assert np.isinf(far.costs(far.snap(points([0, 0])), far.snap(points([200, 0])))).all()


def test_barriers_close_edges_and_points_snap_to_open_ones():
    network = build_network(
        layer([(0, 0), (100, 0), (200, 0)], [(100, 0), (100, 50)], [(0, 0), (0, 90), (200, 90), (200, 0)])
    )
    flood = [shapely.box(140, -10, 160, 10)]
    hit = network.meets(flood)
    assert network.line[hit].tolist() == [0]
    blocked = network.block(hit)
    home, goal = blocked.snap(points([0, 0])), blocked.snap(points([200, 0]))
    assert network.costs(home, goal)[0, 0] == pytest.approx(200)
    assert blocked.costs(home, goal)[0, 0] == pytest.approx(380)
    assert blocked.line[blocked.snap(points([160, 10])).edge].tolist() == [2]
    assert network.meets([shapely.Point(50, 3)]).sum() == 0
    assert network.meets([shapely.Point(50, 3)], tolerance=3).sum() == 1


def test_nearest_is_the_least_cost_over_all_sources():
    network = build_network(layer([(0, 0), (500, 0), (1000, 0)], [(500, 0), (500, 300)]))
    shops = network.snap(points([150, 0], [900, 0]))
    homes = network.snap(points([350, 0], [800, 0], [500, 300], [150, 0]))
    source, cost = network.nearest(shops, homes)
    assert source.tolist() == [0, 1, 0, 0]
    assert cost.tolist() == pytest.approx([200, 100, 650, 0])
    source, cost = network.nearest(shops, homes, limit=150)
    assert source.tolist() == [-1, 1, -1, 0]
    assert np.isinf(cost[[0, 2]]).all()


def test_what_a_source_costs_beforehand_counts_when_the_nearest_is_chosen():
    network = build_network(layer([(0, 0), (100, 0)], [(100, 0), (200, 0)]))
    sources, targets = network.snap(points((0, 0), (200, 0))), network.snap(points((20, 0), (90, 0)))
    chosen, cost = network.nearest(sources, targets, start=np.array([150.0, 0.0]))
    assert chosen.tolist() == [0, 1]
    assert cost.tolist() == [170.0, 110.0]


def test_nodes_reached_within_a_cost():
    network = build_network(layer([(0, 0), (100, 0)], [(100, 0), (300, 0)]))
    reached = list(network.reached(network.snap(points([50, 0], [300, 0])), limit=60))
    assert [(source, network.nodes[nodes].tolist(), costs.tolist()) for source, nodes, costs in reached] == [
        (0, [[0, 0], [100, 0]], [50, 50]),
        (1, [[300, 0]], [0]),
    ]


def test_routes_are_drawn_along_the_network():
    network = build_network(layer([(0, 0), (100, 0)], [(100, 0), (100, 50)], [(100, 50), (0, 50), (0, 0)]))
    a, b = network.snap(points([20, 0], [10, 0])), network.snap(points([100, 30], [90, 0]))
    way = routes(network, a, b, (np.array([0, 1]), np.array([0, 1])))
    assert shapely.get_coordinates(way[0]).tolist() == [[20, 0], [100, 0], [100, 30]]
    assert shapely.get_coordinates(way[1]).tolist() == [[10, 0], [90, 0]]
    back = routes(network, a, b, (np.array([0]), np.array([0])), reverse=True)
    assert shapely.get_coordinates(back[0]).tolist() == [[100, 30], [100, 0], [20, 0]]
    gone = network.block(network.line == 1)
    none = routes(gone, a, gone.snap(points([500, 500]), max_distance=1), (np.array([0]), np.array([0])))
    assert none[0].is_empty


def plain_costs(lines, ways, speeds, start, goal):
    """Dijkstra over the lines as straight edges, with start and goal put in as nodes of their own."""
    arcs = {}

    def connect(a, b, cost):
        arcs.setdefault(a, []).append((b, cost))

    def place(point):
        distances = [LineString(line).distance(shapely.Point(point)) for line in lines]
        return int(np.argmin(distances))

    where = [place(start), place(goal)]
    for number, (a, b) in enumerate(lines):
        line = LineString([a, b])
        stops = [(0.0, a), (1.0, b)]
        for name, point, edge in (("start", start, where[0]), ("goal", goal, where[1])):
            if edge == number:
                stops.append((line.project(shapely.Point(point), normalized=True), name))
        stops.sort(key=lambda stop: stop[0])
        for (s, u), (t, v) in itertools.pairwise(stops):
            cost = (t - s) * line.length * 0.06 / speeds[number]
            if ways[number] != "backward":
                connect(u, v, cost)
            if ways[number] != "forward":
                connect(v, u, cost)
    best, queue = {"start": 0.0}, [(0.0, 0, "start")]
    count = 0
    while queue:
        cost, _, node = heapq.heappop(queue)
        if cost > best.get(node, np.inf):
            continue
        for after, weight in arcs.get(node, []):
            if cost + weight < best.get(after, np.inf) - 1e-15:
                best[after] = cost + weight
                count += 1
                heapq.heappush(queue, (best[after], count, after))
    return best.get("goal", np.inf)


GRID = [((c, r), (c + 1, r)) for c in range(3) for r in range(3)] + [
    ((c, r), (c, r + 1)) for c in range(3) for r in range(2)
]
ARCS = [tuple((100.0 * x, 100.0 * y) for x, y in line) for line in GRID]


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.sampled_from(["both", "forward", "backward"]), min_size=len(ARCS), max_size=len(ARCS)),
    st.lists(st.sampled_from([10.0, 30.0, 60.0]), min_size=len(ARCS), max_size=len(ARCS)),
    st.tuples(st.integers(0, len(ARCS) - 1), st.floats(0.1, 0.9)),
    st.tuples(st.integers(0, len(ARCS) - 1), st.floats(0.1, 0.9)),
)
def test_costs_are_those_of_a_plain_search(ways, speeds, start, goal):
    places = [LineString(ARCS[edge]).interpolate(share, normalized=True).coords[0] for edge, share in (start, goal)]
    assume(places[0] != places[1])
    network = build_network(layer(*ARCS), direction=ways, speed_kmh=speeds)
    a, b = network.snap(points(places[0])), network.snap(points(places[1]))
    expected = plain_costs(ARCS, ways, speeds, *places)
    assert network.costs(a, b)[0, 0] == pytest.approx(expected)
    assert network.costs(b, a, reverse=True)[0, 0] == pytest.approx(expected)
    assert network.nearest(a, b)[1][0] == pytest.approx(expected)
    assert network.nearest(b, a, reverse=True)[1][0] == pytest.approx(expected)
    way = routes(network, a, b, (np.array([0]), np.array([0])))[0]
    if np.isfinite(expected):
        coordinates = shapely.get_coordinates(way)
        assert coordinates[[0, -1]] == pytest.approx(np.array(places), abs=1e-6)
        # the drawn way costs what the search says
        minutes = 0.0
        for a, b in itertools.pairwise(coordinates):
            middle = shapely.Point((a + b) / 2)
            edge = int(np.argmin([LineString(line).distance(middle) for line in ARCS]))
            minutes += np.hypot(*(b - a)) * 0.06 / speeds[edge]
        assert minutes == pytest.approx(expected)
    else:
        assert way.is_empty


def test_bad_lines_are_refused():
    with pytest.raises(EmptyLayer, match="no line"):
        build_network(layer())
    with pytest.raises(EmptyLayer, match="length"):
        build_network(layer([(1, 1), (1, 1)]))
    with pytest.raises(BadInput, match="no positive speed"):
        build_network(layer([(0, 0), (1, 0)]), speed_kmh=[0])
    with pytest.raises(BadInput, match="'sideways' of line 0 is unknown"):
        build_network(layer([(0, 0), (1, 0)]), direction=["sideways"])


@st.composite
def webs(draw):
    """Random nodes joined by random lines, some one-way, and points on them."""
    count = draw(st.integers(3, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    nodes = rng.integers(0, 40, (count, 2)).astype(float)
    pairs = [tuple(rng.choice(count, 2, replace=False)) for _ in range(draw(st.integers(3, 25)))]
    lines = [LineString(nodes[list(pair)]) for pair in pairs if (nodes[pair[0]] != nodes[pair[1]]).any()]
    assume(lines)
    directions = rng.choice(["both", "forward", "backward"], len(lines))
    return lines, directions, rng.random((4, 2)) * 40


@settings(deadline=None, max_examples=60)
@given(webs(), st.one_of(st.floats(0.0, 90.0), st.just(np.inf)), st.booleans())
def test_what_is_reached_is_what_full_searches_find_within_the_limit(web, limit, reverse):
    lines, directions, places = web
    network = build_network(gpd.GeoDataFrame(geometry=lines), direction=directions, joined="ends")
    snapped = network.snap(shapely.points(places), max_distance=15.0)
    # at the end of an edge of its own: a node may also lie on an edge that merely passes over it
    edges = [np.flatnonzero((network.tail == k) | (network.head == k))[0] for k in range(len(network.nodes))]
    shares = np.where(network.tail[edges] == np.arange(len(edges)), 0.0, 1.0)
    targets = Snapped(np.array(edges), shares, np.zeros(len(edges)))
    wanted = network.costs(snapped, targets, reverse=reverse)
    for threads in (1, 2):
        found = list(network.reached(snapped, limit, reverse=reverse, threads=threads))
        assert [number for number, _, _ in found] == [0, 1, 2, 3]
        for number, nodes, costs in found:
            assert len(set(nodes.tolist())) == len(nodes)
            assert (costs <= limit).all()
            at_node = np.full(len(network.nodes), np.inf)
            at_node[nodes] = costs
            # a point on its own edge is nearer to a node than through its ends only where the node is an end
            assert at_node[np.isfinite(at_node)] == pytest.approx(wanted[number][np.isfinite(at_node)], abs=1e-9)
            missed = np.isfinite(wanted[number]) & ~np.isfinite(at_node)
            assert (wanted[number][missed] > limit - 1e-9).all()


def test_more_that_waits_than_there_is_room_for_is_searched_anew(monkeypatch):
    from spacegov.kernels import network_bounded

    side = 12
    spots = [(x, y) for x in range(side) for y in range(side)]
    lines = [LineString([spot, (spot[0] + dx, spot[1] + dy)]) for spot in spots for dx, dy in ((1, 0), (0, 1))]
    network = build_network(gpd.GeoDataFrame(geometry=lines))
    corner = network.snap(points([0, 0], [side / 2, side / 2]))
    whole = [(nodes.tolist(), costs.tolist()) for _, nodes, costs in network.reached(corner, 30.0)]
    rooms = []
    real = network_bounded._Scratch

    def small(nodes, limit, width, room):
        made = real(nodes, limit, width, room)
        rooms.append(room)
        if len(rooms) == 1:
            made.room, arrays = 8, list(made.arrays)
            arrays[3], arrays[4] = arrays[3][:8], arrays[4][:8]
            made.arrays = tuple(arrays)
        return made

    monkeypatch.setattr(network_bounded, "_Scratch", small)
    again = [(nodes.tolist(), costs.tolist()) for _, nodes, costs in network.reached(corner, 30.0, threads=1)]
    assert again == whole
    assert len(rooms) > 1
