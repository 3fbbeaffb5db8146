"""Days of registers: columns of dates, and terms counted in calendar years."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov.tools.values import readable_dates


def days_of(frame: pd.DataFrame, column: str | None, role: str) -> list[date | None]:
    """Read a column of dates as days; None where a value or the whole column is missing.

    Raises
    ------
    BadInput
        A value is no date.
    """
    if column is None:
        return [None] * len(frame)
    days = readable_dates(frame, column, role)
    return [None if day is None else day for day in days.astype("datetime64[D]").tolist()]


def years_after(day: date, years: int) -> date:
    """Give the same day some years later; of 29 February it is 28 February where the year has no leap day.

    Examples
    --------
    >>> years_after(date(2024, 2, 29), 1), years_after(date(2022, 12, 31), 2)
    (datetime.date(2025, 2, 28), datetime.date(2024, 12, 31))
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def full_years(first: date, last: date) -> int:
    """Count the full years between two days; 0 if the last comes first.

    Examples
    --------
    >>> full_years(date(2023, 6, 1), date(2025, 5, 31)), full_years(date(2023, 6, 1), date(2025, 6, 1))
    (1, 2)
    """
    years = last.year - first.year
    return max(0, years if years_after(first, years) <= last else years - 1) if years > 0 else 0


def as_days(values: list[Any]) -> npt.NDArray[np.datetime64]:
    """Give days as an array, NaT for None."""
    return np.array([np.datetime64("NaT") if value is None else value for value in values], dtype="datetime64[s]")
