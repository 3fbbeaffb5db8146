"""prioritize_protection: by hand, against trying every choice, locks, boundary, budget, targets out of reach."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from spacegov import ledger
from spacegov.errors import BadInput, MissingColumn, Unsolvable
from spacegov.tools.protection import prioritize_protection
from spacegov.tools.protection._selection import Problem, solve


def squares(costs, locks=None, columns=3):
    shapes = [
        shapely.box(x, y, x + 100, y + 100)
        for x, y in ((500_000 + 100 * (i % columns), 3_300_000 + 100 * (i // columns)) for i in range(len(costs)))
    ]
    frame = gpd.GeoDataFrame(
        {"id": [f"u{i}" for i in range(len(costs))], "price": np.asarray(costs, float)}, geometry=shapes, crs=4549
    )
    frame["lock"] = locks or [None] * len(costs)
    return frame


def table(matrix):
    matrix = np.asarray(matrix, float)
    unit, feature = np.nonzero(matrix)
    return pd.DataFrame(
        {"unit": [f"u{i}" for i in unit], "feature": [f"f{k}" for k in feature], "amount": matrix[unit, feature]}
    )


def wanted(values):
    return pd.DataFrame({"feature": [f"f{k}" for k in range(len(values))], "target": np.asarray(values, float)})


def choose(costs, matrix, targets, locks=None, columns=3, **options):
    given_options = {"unit": "id", "cost": "price", "lock": "lock", "gap": 0.0, **options}
    with ledger.collect() as book:
        answer = prioritize_protection(
            squares(costs, locks, columns), None, table(matrix), wanted(targets), **given_options
        )
    return answer, book


def picked(answer):
    return [i for i, decision in enumerate(answer.units["decision"]) if decision in ("selected", "locked-in")]


COSTS, HELD = [3, 2, 2, 9], [[1, 1], [1, 0], [0, 1], [5, 5]]


def test_the_cheapest_set_by_hand():
    # both features once: the first unit alone costs 3, the two others together 4, the last 9
    answer, book = choose(COSTS, HELD, [1, 1])
    assert picked(answer) == [0]
    row = answer.solution.iloc[0]
    assert (row["objective"], row["cost"], row["gap"], row["units"], row["status"]) == (3, 3, 0, 1, "optimal")
    assert answer.targets["held"].tolist() == [1, 1]
    assert answer.targets["met"].all()
    assert book.notes["figures"]["selected_area_m2"] == pytest.approx(10_000)


def test_locks_are_kept():
    assert picked(choose(COSTS, HELD, [1, 1], ["out", None, None, None])[0]) == [1, 2]
    answer, _ = choose(COSTS, HELD, [1, 1], ["out", None, None, "in"])
    assert answer.units["decision"].tolist() == ["locked-out", "not-selected", "not-selected", "locked-in"]


def test_irreplaceability_by_hand():
    # feature 0: 7 in all; target 2.5 leaves room for 4.5, less than the 5 of the last unit; 1 / 4.5 for the others
    answer, _ = choose(COSTS, HELD, [2.5, 0])
    assert answer.units["irreplaceability"].tolist() == pytest.approx([1 / 4.5, 1 / 4.5, 0, 1])


def test_a_budget_buys_the_most_of_the_targets():
    # with 4: units 1 and 2 bring one whole target each, as does unit 0 alone for 3
    answer, _ = choose([3, 2, 2, 9], [[0.5, 0.9], [1, 0], [0, 1], [5, 5]], [1, 1], goal="maximum-coverage", budget=4)
    assert picked(answer) == [1, 2]
    assert answer.solution["objective"][0] == pytest.approx(2)
    assert picked(choose(COSTS, HELD, [1, 1], goal="maximum-coverage", budget=0)[0]) == []


def test_a_boundary_penalty_brings_units_together():
    # a row of five; the ends are cheapest, but two neighbours share their boundary
    costs, held = [1.0, 1.2, 1.2, 1.2, 1.0], [[1]] * 5
    loose, _ = choose(costs, held, [2], columns=5)
    assert picked(loose) == [0, 4]
    # parting costs 1 for each 100 m: 0 and 1 part once, the ends twice
    tight, _ = choose(costs, held, [2], columns=5, boundary_penalty=0.01)
    assert picked(tight) in ([0, 1], [3, 4])
    assert tight.solution["boundary_m"][0] == pytest.approx(100)
    assert tight.solution["objective"][0] == pytest.approx(2.2 + 1)


@settings(max_examples=15, deadline=None)
@given(
    costs=st.lists(st.integers(1, 9), min_size=6, max_size=6),
    amounts=st.lists(st.integers(0, 3), min_size=12, max_size=12),
    share=st.sampled_from([0.2, 0.5, 0.9]),
    penalty=st.sampled_from([0.0, 0.01]),
)
def test_the_answer_equals_trying_every_choice(costs, amounts, share, penalty):
    held = np.asarray(amounts, float).reshape(6, 2)
    held[0] += 1
    targets = share * held.sum(axis=0)
    answer, _ = choose(costs, held, targets, boundary_penalty=penalty)
    pairs = [(i, j) for i, j in itertools.combinations(range(6), 2) if abs(i % 3 - j % 3) + abs(i // 3 - j // 3) == 1]
    best = np.inf
    for choice in itertools.product([0, 1], repeat=6):
        x = np.asarray(choice)
        if (held.T @ x >= targets - 1e-9).all():
            best = min(best, float(x @ costs) + penalty * 100 * sum(x[i] != x[j] for i, j in pairs))
    assert answer.solution["objective"][0] == pytest.approx(best)
    assert answer.targets["met"].all()


def test_a_share_of_what_there_is_stands_in_for_targets():
    with ledger.collect():
        answer = prioritize_protection(squares(COSTS), None, table(HELD), unit="id", target_share=0.5, gap=0.0)
    assert answer.targets["target"].tolist() == [3.5, 3.5]
    assert answer.units["cost"].tolist() == pytest.approx([1, 1, 1, 1])


def test_layers_are_features_by_their_ground_in_each_unit():
    wood = gpd.GeoDataFrame(geometry=[shapely.box(500_050, 3_300_000, 500_150, 3_300_050)], crs=4549)
    wood.attrs["layer"] = "natural.forest"
    with ledger.collect():
        answer = prioritize_protection(squares(COSTS), [wood], unit="id", cost="price", target_share=0.5, gap=0.0)
    # half of the wood lies in each of the first two units, the second is cheaper
    assert answer.targets[["available", "target", "held"]].iloc[0].tolist() == pytest.approx([5000, 2500, 2500])
    assert picked(answer) == [1]


def test_many_units_are_solved_within_the_gap():
    generator = np.random.default_rng(5)
    costs = generator.uniform(1, 10, 3200).round(3)
    held = np.where(generator.random((3200, 5)) < 0.1, generator.integers(1, 9, (3200, 5)), 0)
    held[:, 0] += 1
    answer, _ = choose(costs, held, 0.3 * held.sum(axis=0), columns=60, gap=0.01)
    row = answer.solution.iloc[0]
    assert answer.targets["met"].all()
    assert row["bound"] <= row["objective"] <= row["bound"] / 0.99
    assert row["cost"] == pytest.approx(row["objective"])


def test_targets_out_of_reach_are_named_by_feature():
    with pytest.raises(Unsolvable, match=r"f1 \(target 3, within reach 2\)"):
        choose(COSTS, HELD, [1, 3], [None, None, None, "out"])
    with pytest.raises(Unsolvable, match="no unit holds f2"):
        choose(COSTS, HELD, [1, 1, 1])
    with pytest.raises(Unsolvable, match="locked in cost 9"):
        choose(COSTS, HELD, [1, 1], [None, None, None, "in"], goal="maximum-coverage", budget=5)


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="needs one"):
        choose(COSTS, HELD, [1, 1], goal="maximum-coverage")
    with pytest.raises(BadInput, match="costs"):
        choose([1, -1], [[1], [1]], [1])
    with pytest.raises(BadInput, match="'u4' of 'unit' is no unit"):
        choose(COSTS, [*HELD, [1, 1]], [1, 1])
    with pytest.raises(BadInput, match="no unit holds any"):
        choose(COSTS, np.zeros((4, 2)), [])
    with pytest.raises(BadInput, match="names a unit twice"):
        choose(COSTS, HELD, [1, 1], unit="lock")
    with pytest.raises(MissingColumn):
        choose(COSTS, HELD, [1, 1], cost="value")


def many(units, features, seed):
    generator = np.random.default_rng(seed)
    costs = generator.uniform(1, 10, units).round(3)
    held = np.where(generator.random((units, features)) < 0.2, generator.integers(1, 9, (units, features)), 0)
    held[:, 0] += 1
    return costs, held


def program(costs, held, share, locked=None):
    held = csr_array(np.asarray(held, float))
    targets = share * np.asarray(held.sum(axis=0)).ravel()
    locks = np.zeros(len(costs), np.int64) if locked is None else np.asarray(locked)
    return Problem(held, targets, np.asarray(costs, float), locks, np.zeros((0, 2), np.int64), np.zeros(0))


def test_a_search_among_many_stays_within_bound_and_locks():
    costs, held = many(3500, 12, 3)
    locked = np.zeros(3500, np.int64)
    locked[:40], locked[40:400] = 1, -1
    problem = program(costs, held, 0.3, locked)
    found = solve(problem, None, 0.01, 30.0)
    assert found.chosen[:40].all()
    assert not found.chosen[40:400].any()
    assert (problem.held.T @ found.chosen.astype(float) >= problem.targets * (1 - 1e-7)).all()
    assert found.objective == pytest.approx(costs[found.chosen].sum())
    assert found.bound <= found.objective
    assert found.gap <= 0.01
    # the same again, whatever the threads did
    assert (solve(problem, None, 0.01, 30.0).chosen == found.chosen).all()


def test_what_the_search_cannot_prove_the_program_does():
    # one feature, a unit of amount 1 for each: the cheapest are the answer, and a gap of nothing is asked
    costs = np.random.default_rng(8).permutation(np.arange(1.0, 3201.0))
    found = solve(program(costs, np.ones((3200, 1)), 0.25), None, 0.0, 30.0)
    assert found.objective == pytest.approx(sum(range(1, 801)))
    assert found.gap <= 1e-6
    assert found.finished
