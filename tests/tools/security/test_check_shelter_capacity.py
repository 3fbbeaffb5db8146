"""check_shelter_capacity and its transport program: counted rooms, and every allocation tried."""

import itertools

import numpy as np
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadInput, UnknownName
from spacegov.toolbox.policy import read_policy
from spacegov.tools.allocation import allocate
from spacegov.tools.security import check_shelter_capacity

AREAS = read_policy("shelter-area-2015")


def at(*eastings, **columns):
    shapes = [shapely.Point(500_000 + x, 3_260_000) for x in eastings]
    return GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")


def towns(*bounds):
    shapes = [shapely.box(500_000 + a, 3_250_000, 500_000 + b, 3_270_000) for a, b in bounds]
    return GeoDataFrame({"name": [f"T{n}" for n in range(len(bounds))]}, geometry=shapes, crs="EPSG:4549")


def capacity(shelters, homes, units, **options):
    with ledger.collect() as book:
        answer = check_shelter_capacity(
            shelters, homes, units, people="residents", area_per_person=AREAS, **{"term": "short", **options}
        )
    return answer, book


def test_rooms_are_shared_across_borders_and_shortfalls_have_reasons():
    shelters = at(0, 3000, usable_m2=[101.0, 20.0])
    homes = at(200, 900, 3100, 9000, residents=[40, 30, 5, 7])
    answer, book = capacity(shelters, homes, towns((-500, 500), (500, 5000), (5000, 10_000)))
    # 101 m² at 2 m² hold 50; both homes want the first shelter, the nearer one has it wholly
    table = answer.units.set_index("unit")
    assert table["placed"].to_dict() == {"T0": 40, "T1": 15, "T2": 0}
    assert table["no_room"].to_dict() == {"T0": 0, "T1": 20, "T2": 0}
    assert table["no_shelter_near"].to_dict() == {"T0": 0, "T1": 0, "T2": 7}
    assert table["shortfall_m2"].to_dict() == {"T0": 0, "T1": 40, "T2": 14}
    assert table["capacity"].to_dict() == {"T0": 50, "T1": 10, "T2": 0}
    assert answer.shelters["free"].tolist() == [0, 5]
    assert answer.buildings["reason"].tolist() == ["", "no_room", "", "no_shelter_near"]
    figures = book.notes["figures"]
    assert (figures["people"], figures["shortfall"], figures["units_short"]) == (82, 27, 2)


def test_people_give_way_where_that_places_more_of_them():
    # the middle home could use either shelter, the left one only the left: nearest first would strand people
    shelters = at(0, 1200, usable_m2=[20.0, 20.0])
    homes = at(-900, 400, residents=[10, 10])
    answer, _ = capacity(shelters, homes, towns((-1000, 2000)))
    assert answer.units["shortfall"].tolist() == [0]


def every_allocation(people, room, cost):
    """Try all ways to send each origin's people to places or to stay."""
    splits = [[s for s in itertools.product(range(n + 1), repeat=len(room)) if sum(s) <= n] for n in people]
    best = None
    for choice in itertools.product(*splits):
        moved = np.array(choice)
        if (moved.sum(axis=0) > room).any() or (moved[~np.isfinite(cost.T)] > 0).any():
            continue
        price = float(np.where(moved > 0, moved * np.where(np.isfinite(cost.T), cost.T, 0), 0).sum())
        key = (-moved.sum(), price)
        best = key if best is None or key < best else best
    return -best[0], best[1]


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.lists(st.integers(0, 4), min_size=1, max_size=2),
    st.lists(st.sampled_from([1.0, 2.0, 5.0, 9.0, np.inf]), min_size=6, max_size=6),
)
def test_the_program_finds_the_best_of_all_allocations(people, room, costs):
    cost = np.array(costs)[: len(room) * len(people)].reshape(len(room), len(people))
    found = allocate(np.array(people), np.array(room), cost)
    placed, price = every_allocation(people, np.array(room), cost)
    assert found.people.sum() == placed
    assert found.total == pytest.approx(price)
    assert found.bound == pytest.approx(price, abs=1e-6)
    assert (np.bincount(found.place, found.people, len(room)) <= room).all()


def test_starting_with_a_few_places_does_not_change_the_answer():
    random = np.random.default_rng(4)
    people, room = random.integers(1, 9, 60), random.integers(5, 20, 30)
    cost = random.uniform(1, 100, (30, 60))
    found = allocate(people, room, cost)
    from scipy.optimize import linprog

    a_eq = np.kron(np.eye(60), np.ones((1, 30)))
    a_ub = np.kron(np.ones((1, 60)), np.eye(30))
    stay = np.vstack([np.eye(60)])
    whole = linprog(
        np.concatenate([cost.T.ravel(), np.full(60, 1e5)]),
        A_eq=np.hstack([a_eq, stay]),
        b_eq=people,
        A_ub=np.hstack([a_ub, np.zeros((30, 60))]),
        b_ub=room,
    )
    assert found.total + 1e5 * found.unplaced.sum() == pytest.approx(whole.fun)


def test_empty_layers_and_bad_input():
    homes = at(0, residents=[5])
    answer, _ = capacity(at(usable_m2=[]), homes, towns((-10, 10)))
    assert answer.units["no_shelter_near"].tolist() == [5]
    with pytest.raises(UnknownName, match="no term 'shrt'"):
        capacity(at(0, usable_m2=[5.0]), homes, towns((-10, 10)), term="shrt")
    with pytest.raises(BadInput, match="negative or infinite people"):
        capacity(at(0, usable_m2=[5.0]), at(0, residents=[-5]), towns((-10, 10)))
    with pytest.raises(BadInput, match="negative or infinite usable area"):
        capacity(at(0, usable_m2=[-5.0]), homes, towns((-10, 10)))
