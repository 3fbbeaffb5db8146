"""What is shown adds up: one column, shares, and matrices in both directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spacegov import numbers
from spacegov.reports import amounts

SIZES = st.floats(0, 1e9, allow_nan=False)
MATRICES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.one_of(st.just(0.0), st.floats(0, 1e5), st.integers(0, 50).map(float)),
)


def shown(text: str) -> float:
    """Read a number as a reader does; less than the smallest shown adds nothing."""
    if text.startswith("<"):
        return 0.0
    return float(text.replace(numbers.NARROW_SPACE, "").replace(",", "."))


@example([0.75, 0.625], "en")
@given(st.lists(SIZES, min_size=1, max_size=20), st.sampled_from(["en", "zh", "ru"]))
def test_cells_of_a_column_add_up_to_its_total(values, language) -> None:
    for column in (
        amounts.areas(values, language),
        amounts.lengths(values, language),
        amounts.counts([round(v) for v in values], language),
    ):
        assert sum(map(shown, column.cells)) == pytest.approx(shown(column.total), abs=1e-6)


@given(st.lists(SIZES, min_size=1, max_size=20).filter(lambda values: sum(values) > 1e-6))
def test_shares_add_up_to_the_whole(values) -> None:
    assert sum(map(shown, amounts.shares(values, "en").cells)) == pytest.approx(100.0, abs=1e-6)


def test_a_true_amount_never_reads_as_nothing() -> None:
    assert amounts.areas([5_000_000.0, 12.0, 0.0], "en").cells == ("500.0", "<\u202f0.1", "0")


@settings(deadline=None, max_examples=60)
@given(MATRICES, st.integers(0, 2))
def test_a_matrix_adds_up_in_both_directions(values, decimals) -> None:
    grid = amounts.rounded_grid(values, decimals)
    step = 10.0**-decimals
    np.testing.assert_allclose(grid.cells.sum(axis=1), grid.rows, atol=step * 1e-6)
    np.testing.assert_allclose(grid.cells.sum(axis=0), grid.columns, atol=step * 1e-6)
    assert grid.rows.sum() == pytest.approx(grid.whole, abs=step * 1e-6)
    assert np.abs(grid.cells - values).max() < step * (1 + 1e-3)
    assert np.abs(grid.rows - values.sum(axis=1)).max() < step * (1 + 1e-3)


@settings(deadline=None, max_examples=60)
@given(MATRICES)
def test_totals_told_elsewhere_stand_where_the_cells_allow_it(values) -> None:
    columns = numbers.rounded(values.sum(axis=0).tolist(), 1)
    rows = numbers.rounded(values.sum(axis=1).tolist(), 1)
    grid = amounts.rounded_grid(values, 1, rows=rows, columns=columns)
    np.testing.assert_allclose(grid.cells.sum(axis=0), grid.columns, atol=1e-6)
    np.testing.assert_allclose(grid.cells.sum(axis=1), grid.rows, atol=1e-6)
    free = amounts.rounded_grid(values, 1)
    assert grid.whole == pytest.approx(free.whole)


def test_totals_of_another_table_are_kept() -> None:
    # Each column by itself would go down to 2.5 and 2.5; the other table says 2.6 and 2.4.
    values = np.array([[1.26, 1.24], [1.29, 1.21]])
    grid = amounts.rounded_grid(values, 1, columns=[2.6, 2.4])
    assert grid.columns.tolist() == [2.6, 2.4]
    assert grid.cells.sum(axis=0).round(1).tolist() == [2.6, 2.4]
