"""locate_facilities: published optima, every choice tried one by one, and streets by arithmetic."""

import os
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadInput, EmptyLayer, UnknownName, Unsolvable
from spacegov.tools.use import locate_facilities
from spacegov.tools.use._median import p_median

# a metre takes a minute
METRE = {"walking": 0.06}
REAL = os.environ.get("SPACEGOV_REAL_DATA", "")


def at(*places, **columns):
    points = [shapely.Point(5e5 + x, 3.2e6 + y) for x, y in (p if isinstance(p, tuple) else (p, 0) for p in places)]
    return gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4549")


def locate(*args, **options):
    with ledger.collect() as book:
        answer = locate_facilities(*args, **{**METRE, **options})
    return answer, book


def decided(answer, decision="chosen"):
    return answer.sites.loc[answer.sites["decision"] == decision, "site"].tolist()


SIX = at(0, 1, 2, 8, 9, 15)


@pytest.mark.parametrize(("number", "way"), [(2, 9), (3, 3)])
def test_six_points(number, way):
    answer, book = locate(SIX, SIX, number=number)
    row = answer.solution.iloc[0]
    assert row[["objective", "bound", "gap", "status"]].tolist() == [way, way, 0.0, "optimal"]
    assert row["chosen"] == number
    assert (answer.assignment["people"] * answer.assignment["minutes"]).sum() == way
    assert [doubt.text.split(":")[0] for doubt in book.doubts] == ["no column of people was named"]


@pytest.mark.skipif(not (Path(REAL) / "orlib" / "pmed1.txt").is_file(), reason="SPACEGOV_REAL_DATA has no orlib/pmed1")
def test_the_first_problem_of_the_or_library():
    from scipy.sparse.csgraph import floyd_warshall

    numbers = np.array((Path(REAL) / "orlib" / "pmed1.txt").read_text().split(), dtype=int)
    count, _, chosen = numbers[:3]
    graph = np.zeros((count, count))
    for one, other, length in numbers[3:].reshape(-1, 3):
        # of repeated edges the last wins
        graph[one - 1, other - 1] = graph[other - 1, one - 1] = length
    ways = floyd_warshall(graph)
    place, site = (axis.ravel() for axis in np.indices(ways.shape))
    travel = pd.DataFrame({"place": place.astype(str), "site": site.astype(str), "minutes": ways.ravel()})
    points = at(*range(count))
    answer, _ = locate(points, points, travel=travel, number=int(chosen))
    assert answer.solution[["objective", "bound", "status"]].to_numpy().tolist() == [[5819, 5819, "optimal"]]
    assert answer.assignment["minutes"].sum() == 5819


@st.composite
def problems(draw):
    places, sites = draw(st.integers(2, 7)), draw(st.integers(2, 6))
    spots = st.lists(st.integers(0, 40), min_size=places + sites, max_size=places + sites)
    spots = np.array(draw(spots), dtype=float)
    weight = np.array(draw(st.lists(st.integers(1, 9), min_size=places, max_size=places)))
    return spots[:places], spots[places:], weight, draw(st.integers(1, sites)), draw(st.integers(3, 30))


@settings(deadline=None, max_examples=40)
@given(problems(), st.booleans())
def test_no_choice_is_better_than_the_answer(problem, with_existing):
    where, sites, weight, number, limit = problem
    ways = np.abs(where[:, None] - sites)
    kept = np.abs(where - 50.0) if with_existing else np.full(len(where), np.inf)
    old = at(50) if with_existing else None
    demand, candidates = at(*where, people=weight), at(*sites)
    tried = [
        np.minimum(ways[:, list(choice)].min(axis=1, initial=np.inf), kept)
        for size in range(len(sites) + 1)
        for choice in combinations(range(len(sites)), size)
        if size <= number
    ]
    answer, _ = locate(demand, candidates, old, number=number, people="people")
    least = min(float(weight @ way) for way in tried if np.isfinite(way).all())
    assert answer.solution["objective"][0] == pytest.approx(least)
    assert answer.solution["status"][0] == "optimal"
    most = max(float(weight[way <= limit].sum()) for way in tried)
    cover, _ = locate(demand, candidates, old, number=number, people="people", goal="maximum-coverage", limit=limit)
    assert cover.solution["objective"][0] == pytest.approx(most)
    assert cover.places["people_served"].sum() == pytest.approx(most)
    fewest, _ = locate(demand, candidates, old, people="people", goal="set-cover", limit=limit)
    within = np.minimum(ways.min(axis=1), kept) <= limit
    least = next(
        size
        for size in range(len(sites) + 1)
        for choice in combinations(range(len(sites)), size)
        if (np.minimum(ways[:, list(choice)].min(axis=1, initial=np.inf), kept)[within] <= limit).all()
    )
    assert fewest.solution["objective"][0] == least
    assert fewest.places["people_served"].sum() == weight[within].sum()


def test_a_large_relaxed_program_that_is_not_whole_is_solved_whole():
    # three places, each site serves two of them at no cost: half of every site is best when halves are allowed
    cost = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
    found = p_median(cost, np.ones(3), np.full(3, np.inf), 1, 0.0, 10.0)
    assert (found.objective, found.bound, found.proven) == (1.0, 1.0, True)
    # with 200 such triples far apart and a site for each
    many = np.kron(np.eye(40), cost) + np.kron(1 - np.eye(40), np.full((3, 3), 50.0))
    found = p_median(many, np.ones(120), np.full(120, np.inf), 40, 0.0, 30.0)
    assert (found.objective, found.bound, found.proven) == (40.0, 40.0, True)


def test_very_many_places_share_estimates_and_the_answer_is_the_same():
    rng = np.random.default_rng(5)
    spots, sites = rng.random((1500, 2)), rng.random((12, 2))
    cost = np.hypot(*(spots[:, None] - sites).transpose(2, 0, 1))
    weight = rng.integers(1, 9, 1500).astype(float)
    found = p_median(cost, weight, np.full(1500, np.inf), 3, 0.0, 30.0)
    least = min(float(weight @ cost[:, list(choice)].min(axis=1)) for choice in combinations(range(12), 3))
    assert found.objective == pytest.approx(least)
    assert found.proven


def test_existing_facilities_stay_and_count():
    answer, book = locate(SIX, SIX, at(8), number=1)
    # with 8 there: 0 1 2 8 9 15 cost 8 7 6 0 1 7; opening 1 leaves 1 0 1 0 1 7
    assert decided(answer, "kept") == ["0"]
    assert decided(answer) == ["1"]
    assert answer.solution["objective"][0] == 10
    assert answer.sites["kind"].tolist() == ["existing"] + ["candidate"] * 6
    assert book.notes["figures"]["minutes_before"] == pytest.approx(29 / 6)
    assert answer.places["minutes_before"].tolist() == [8, 7, 6, 0, 1, 7]


def test_room_is_kept_and_places_may_be_split():
    homes = at(0, 10, people=[6, 6])
    answer, _ = locate(homes, at(0, 10, room=[8, 8]), number=2, people="people", capacity="room")
    assert answer.sites["people"].tolist() == [6, 6]
    # one site with room for all at 10 would cost 60; two of five each cannot take twelve
    far, _ = locate(homes, at(0, 10, room=[5, 20]), number=1, people="people", capacity="room")
    assert decided(far) == ["1"]
    assert far.solution["objective"][0] == 60
    split, _ = locate(homes, at(0, 10, room=[5, 7]), number=2, people="people", capacity="room")
    assert split.assignment.to_numpy().tolist() == [["0", "0", 5, 0], ["0", "1", 1, 10], ["1", "1", 6, 0]]
    assert split.solution["objective"][0] == 10
    assert split.sites["load_share"].tolist() == [1, 1]
    with pytest.raises(Unsolvable, match="no 1 sites have room"):
        locate(homes, at(0, 10, room=[5, 7]), number=1, people="people", capacity="room")


def test_coverage_with_room_and_an_existing_facility_that_is_full():
    homes = at(0, 1, 20, people=[5, 5, 5])
    old = at(0, places=[5])
    answer, _ = locate(
        homes, at(1, 20, room=[4, 9]), old, goal="maximum-coverage", limit=2, number=1, people="people",
        capacity="room", existing_capacity="places",
    )  # fmt: skip
    # the facility at 0 serves 5; at 1 there is room for 4 more, at 20 for the 5 who live there
    assert decided(answer) == ["1"]
    assert answer.solution["objective"][0] == 10
    assert answer.places[["people_served", "reason"]].to_numpy().tolist()[2] == [5, ""]
    assert set(answer.places["reason"]) == {"", "no_room"}
    with pytest.raises(Unsolvable, match="no room for 100"):
        locate(
            homes, at(1, 20, room=[4, 9]), old, goal="set-cover", limit=2, people="people",
            capacity="room", existing_capacity="places",
        )  # fmt: skip
    enough, _ = locate(
        homes, at(1, 20, room=[4, 9]), old, goal="set-cover", limit=2, people="people", target_share=0.9,
        capacity="room", existing_capacity="places",
    )  # fmt: skip
    assert enough.solution[["objective", "people_served"]].to_numpy().tolist() == [[2, 14]]


def test_prices_decide_a_set_cover():
    homes, sites = at(0, 10), at(5, 0, 10, cost=[3, 1, 1])
    one, _ = locate(homes, sites, goal="set-cover", limit=5)
    assert decided(one) == ["0"]
    cheap, _ = locate(homes, sites, goal="set-cover", limit=5, price="cost")
    assert decided(cheap) == ["1", "2"]
    assert cheap.solution["objective"][0] == 2


def test_ways_by_road_one_way_and_what_is_off_the_network():
    # 6 km/h: 100 m a minute
    pace = {"walking": 6.0, "speed": 6.0, "max_snap": 100.0}
    line = [(0, 0), (1000, 0)]
    back = [(1000, 0), (1000, 500), (0, 500), (0, 0)]
    roads = gpd.GeoDataFrame(
        {"way": ["yes", "yes"]},
        geometry=[shapely.LineString([(5e5 + x, 3.2e6 + y) for x, y in shape]) for shape in (line, back)],
        crs="EPSG:4549",
    )
    homes, sites = at(600, (500, 900), people=[3, 4]), at(0, (700, 900), 700)
    to_site, book = locate(homes, sites, None, roads, direction="way", people="people", **pace)
    # from 600 on the one-way street 700 is a minute away, 0 a whole loop
    assert decided(to_site) == ["2"]
    assert decided(to_site, "off-network") == ["1"]
    assert to_site.places[["answer", "reason"]].to_numpy().tolist() == [["present", ""], ["failed", "off_network"]]
    assert to_site.places["minutes"].tolist()[0] == pytest.approx(1.0)
    assert len(book.doubts) == 2
    from_site, _ = locate(homes, sites, None, roads, direction="way", people="people", towards="people", **pace)
    assert decided(from_site) == ["0"]
    assert from_site.places["minutes"].tolist()[0] == pytest.approx(6.0)
    closed = gpd.GeoDataFrame(geometry=[shapely.Point(5e5 + 650, 3.2e6)], crs="EPSG:4549")
    cut, _ = locate(homes, sites, None, roads, closed, people="people", max_snap=600.0, walking=6.0, speed=6.0)
    assert cut.places["answer"].tolist()[0] == "present"


def test_places_beyond_reach_are_told_and_empty_places_ask_nothing():
    homes = at(0, 1000, 3, people=[2, 4, 0])
    answer, book = locate(homes, at(0, 1, 2), goal="set-cover", limit=5, people="people")
    assert answer.solution[["chosen", "people_served", "people"]].to_numpy().tolist() == [[1, 2, 6]]
    assert answer.places["reason"].tolist()[1] == "too_far"
    assert book.notes["figures"]["places_unserved"] == 1
    with pytest.raises(Unsolvable, match="serves every place"):
        locate(at(0, 100), at(0, 100), limit=10, number=1)


def test_the_order_of_places_does_not_matter():
    rng = np.random.default_rng(3)
    spots = [tuple(spot) for spot in rng.random((30, 2)) * 1000]
    demand = at(*spots, people=rng.integers(1, 9, 30))
    sites = at(*spots[:12])
    one, _ = locate(demand, sites, number=4, people="people")
    other, _ = locate(demand.iloc[::-1], sites.iloc[::-1], number=4, people="people")
    assert sorted(decided(one)) == sorted(decided(other))
    assert one.solution["objective"][0] == pytest.approx(other.solution["objective"][0])


def test_a_gap_is_stated_when_time_runs_out():
    rng = np.random.default_rng(8)
    spots = rng.random((300, 2)) * 1000
    cost = np.hypot(*(spots[:, None] - spots).transpose(2, 0, 1))
    found = p_median(cost, np.ones(300), np.full(300, np.inf), 7, 0.0, 0.0)
    assert found.bound < found.objective
    assert found.gap == pytest.approx((found.objective - found.bound) / found.objective)
    assert not found.proven


@pytest.mark.parametrize(
    ("given", "options", "error", "words"),
    [
        ((SIX, SIX), {"number": 7}, BadInput, "7 new sites were asked for of 6"),
        ((SIX, SIX), {"goal": "set-cover"}, BadInput, "set-cover needs the longest time"),
        ((SIX, SIX.iloc[:0]), {}, EmptyLayer, "candidates: the layer has no feature"),
        ((at(0, people=[-1]), SIX), {"people": "people"}, BadInput, "negative or infinite people"),
        ((at(0, people=[0]), SIX), {"people": "people"}, EmptyLayer, "no place has people"),
        ((at(0, p=[1.5]), at(0, c=[3])), {"people": "p", "capacity": "c"}, BadInput, "parts of people"),
        ((at(0), at(0, c=[-3])), {"capacity": "c"}, BadInput, "candidates: 1 values of 'c' are below 0"),
        (
            (SIX, SIX, None, None, None, pd.DataFrame({"place": ["0"], "site": ["9"], "minutes": [1.0]})),
            {},
            UnknownName,
            "there is no site '9'",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(given, options, error, words):
    with pytest.raises(error, match=words):
        locate(*given, **options)
