"""What a function reports, in a run and outside one."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import AreaBalanceError


def test_drops_of_one_reason_are_summed() -> None:
    with ledger.collect() as book:
        ledger.dropped(pd.DataFrame({"a": [1, 2]}), "too small", area_m2=np.float64(1.5))
        ledger.dropped(np.int64(3), "too small", area_m2=2.0)
        ledger.dropped(1, "no geometry")
        ledger.dropped(0, "never")
        ledger.dropped([], "never")
    assert book.drops == [ledger.Drop(5, "too small", 3.5), ledger.Drop(1, "no geometry", None)]


def test_outside_a_run_doubts_warn_at_the_line_of_the_user() -> None:
    with pytest.warns(ledger.DoubtWarning, match=r"two areas overlap \(plans\)") as caught:
        ledger.doubt("two areas overlap", "plans")
    assert caught[0].filename == __file__


def test_outside_a_run_nothing_else_is_said() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ledger.dropped(3, "too small")
        ledger.balance(1.0, [0.5, 0.5])
        ledger.note("topic", "key", 1)
        ledger.figure("people", 3)
        ledger.progress(0.5, "half")


def test_doubts_are_told_once() -> None:
    with ledger.collect() as book:
        ledger.doubt("a", "b")
        ledger.doubt("a", "b")
        ledger.doubt("a")
    assert book.doubts == [ledger.Doubt("a", "b"), ledger.Doubt("a", None)]


@pytest.mark.parametrize("parts", [[60.0, 39.9], 99.9, np.array([100.1]), np.float32(99.0), math.nan, [math.nan]])
def test_a_broken_balance_is_withheld_in_and_outside_a_run(parts: object) -> None:
    with pytest.raises(AreaBalanceError, match="area of plans: the pieces sum to"):
        ledger.balance(100.0, parts, what="area of plans")
    with ledger.collect() as book, pytest.raises(AreaBalanceError):
        ledger.balance(100.0, parts)
    assert book.balances == []


@given(st.lists(st.floats(min_value=0.01, max_value=1e9), min_size=1, max_size=50), st.randoms())
def test_pieces_balance_in_any_order(parts: list[float], random: object) -> None:
    whole = math.fsum(parts)
    random.shuffle(parts)
    with ledger.collect() as book:
        ledger.balance(whole, parts)
        ledger.balance(np.int64(0), np.int64(0))
    assert book.balances[0].difference == 0


@given(st.floats(min_value=1.0, max_value=1e9), st.floats(min_value=2e-6, max_value=0.5))
def test_a_difference_beyond_a_millionth_never_passes(whole: float, share: float) -> None:
    with pytest.raises(AreaBalanceError):
        ledger.balance(whole, [whole * (1 - share)])


def test_ledgers_nest_without_mixing() -> None:
    with ledger.collect() as outer:
        ledger.doubt("outer")
        with ledger.collect() as inner:
            ledger.doubt("inner")
        ledger.doubt("outer again")
    assert [doubt.text for doubt in outer.doubts] == ["outer", "outer again"]
    assert [doubt.text for doubt in inner.doubts] == ["inner"]


def test_figures_are_plain_numbers() -> None:
    with ledger.collect() as book:
        ledger.figure("people", np.int64(5))
        ledger.figure("area_m2", np.float32(0.5))
    assert book.notes["figures"] == {"people": 5, "area_m2": 0.5}
    assert [type(value) for value in book.notes["figures"].values()] == [int, float]


def test_progress_is_told_within_bounds() -> None:
    told = []
    with ledger.collect() as book:
        book.progress = lambda done, step: told.append((done, step))
        ledger.progress(-1)
        ledger.progress(0.5, "half")
        ledger.progress(7)
    assert told == [(0.0, ""), (0.5, "half"), (1.0, "")]


def report(count: int, low: float, high: float) -> ledger.Ledger:
    with ledger.collect() as book:
        ledger.dropped(count, "too small", area_m2=float(count))
        ledger.balance(10.0, [4.0, 6.0])
        ledger.doubt("the same everywhere")
        ledger.note_range("areal_scale", "plans", low, high)
    return book


def test_partitions_merge() -> None:
    whole = report(2, 0.999, 1.0)
    whole.merge(report(3, 0.998, 1.001))
    assert whole.drops == [ledger.Drop(5, "too small", 5.0)]
    assert len(whole.balances) == 2
    assert whole.doubts == [ledger.Doubt("the same everywhere", None)]
    assert whole.notes["areal_scale"] == {"plans": [0.998, 1.001]}


@given(st.permutations([report(1, 0.999, 1.0), report(2, 0.998, 1.002), report(4, 1.0, 1.001)]))
def test_merging_does_not_depend_on_the_order(parts: list[ledger.Ledger]) -> None:
    whole = ledger.Ledger()
    for part in parts:
        whole.merge(part)
    assert whole.drops == [ledger.Drop(7, "too small", 7.0)]
    assert whole.notes["areal_scale"] == {"plans": [0.998, 1.002]}
