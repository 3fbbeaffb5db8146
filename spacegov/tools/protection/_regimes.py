"""Rules that hold for a time: which row of a table is in force on a day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov.errors import BadPolicy
from spacegov.tools.values import dates_of, text_of

Days = npt.NDArray[np.datetime64]


def days_in_force(table: pd.DataFrame, role: str) -> tuple[Days, Days]:
    """Read the first and last day of each row of a rule table; an open end never ends.

    Parameters
    ----------
    table : DataFrame
        Rules with valid_from and valid_to.
    role : str
        What messages call the table where it has no name.

    Returns
    -------
    first, last : datetime64[s] (n,)
        NaT where a side is open.

    Raises
    ------
    BadPolicy
        A day cannot be read, or the last lies before the first.
    """
    name = table.attrs.get("policy", role)
    ends = []
    for column in ("valid_from", "valid_to"):
        days, texts = dates_of(table[column])
        for number in np.flatnonzero(np.isnat(days)):
            if texts[number] is not None:
                raise BadPolicy(
                    f"{name}, row {number + 1}: {column} {texts[number]!r} is no date; write it as 2024-06-30"
                )
        ends.append(days)
    wrong = np.flatnonzero(ends[0] > ends[1])
    if len(wrong):
        raise BadPolicy(f"{name}, row {wrong[0] + 1}: valid_to lies before valid_from; mend the days")
    return ends[0], ends[1]


def holds(first: Days, last: Days, day: np.datetime64) -> npt.NDArray[np.bool_]:
    """Tell which rows hold on a day.

    Examples
    --------
    >>> first = np.array(["2020-01-01", "NaT"], dtype="datetime64[s]")
    >>> holds(first, np.array(["NaT", "2019-12-31"], dtype="datetime64[s]"), np.datetime64("2020-06-30"))
    array([ True, False])
    """
    return (np.isnat(first) | (first <= day)) & (np.isnat(last) | (day <= last))


class DatedRules:
    """What a table says of a key, such as a land class, on a day.

    Parameters
    ----------
    table : DataFrame
        Rules with `key`, verdict, article, valid_from, valid_to.
    key : str
        Column of the key.
    verdicts : tuple of str
        The verdicts a rule may give.
    role : str
        What messages call the table where it has no name.

    Raises
    ------
    BadPolicy
        A verdict that is not known, a missing key, or two rules for one key and day.
    """

    def __init__(self, table: pd.DataFrame, *, key: str, verdicts: tuple[str, ...], role: str) -> None:
        self.name = str(table.attrs.get("policy", role))
        self.key, self.table = key, table
        self.first, self.last = days_in_force(table, role)
        for number, row in enumerate(table.to_dict("records"), start=1):
            if text_of(row["verdict"]) not in verdicts or text_of(row[key]) is None:
                raise BadPolicy(
                    f"{self.name}, row {number}: {key} {row[key]!r} with the verdict {row['verdict']!r} was given, a "
                    f"{key} and one of {', '.join(verdicts)} are needed; mend the table"
                )

    def judge(self, keys: npt.NDArray[Any], days: Days) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Give verdict and article for each key on its day.

        Returns
        -------
        verdict : object (n,)
            `unknown` where no rule holds, or where key or day are missing.
        article : object (n,)
        """
        verdict = np.full(len(keys), "unknown", dtype=object)
        article = np.full(len(keys), None, dtype=object)
        for day in np.unique(days[~np.isnat(days)]):
            known = self._on(day)
            for position in np.flatnonzero(days == day):
                verdict[position], article[position] = known.get(keys[position], ("unknown", None))
        return verdict, article

    def _on(self, day: np.datetime64) -> dict[str, tuple[str, str | None]]:
        known: dict[str, tuple[str, str | None]] = {}
        for row in self.table[holds(self.first, self.last, day)].to_dict("records"):
            key = str(text_of(row[self.key]))
            if key in known:
                raise BadPolicy(
                    f"{self.name}: {key} has two rules on {np.datetime_as_string(day, unit='D')}; "
                    "end one before the other begins"
                )
            known[key] = (str(row["verdict"]), text_of(row["article"]))
        return known
