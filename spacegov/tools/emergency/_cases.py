"""Cases of an outbreak: where, since when, and in what kind of place."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.errors import BadInput, EmptyLayer, UnknownName, suggest
from spacegov.ledger import dropped
from spacegov.tools.emergency._protocol import Protocol, Rule


def unique_ids(layer: pd.DataFrame, column: str, name: str) -> list[str]:
    """Give the ids of a layer, refusing ids that are empty or name two features."""
    names = [str(value) for value in layer[column]]
    repeated = layer[column][layer[column].duplicated()]
    if len(repeated) or layer[column].isna().any():
        first = repeated.iloc[0] if len(repeated) else "an empty one"
        raise BadInput(
            f"{name}: ids in {column!r} must name one feature each, {first!r} does not; run check-attributes first"
        )
    return names


def read_cases(
    cases: pd.DataFrame,
    names: list[str],
    rules: Protocol,
    case_building: str,
    case_date: str,
    onset: str | None,
    place: str | None,
    visited: str | None,
    until: date | None,
) -> pd.DataFrame:
    """Give position, day, onset, place and visited of the cases that count."""
    if not len(cases):
        raise EmptyLayer("cases: the table has no case, at least one is needed; without cases there are no zones")
    index = {name: position for position, name in enumerate(names)}
    given = [str(value) for value in cases[case_building]]
    strange = [name for name in given if name not in index]
    if strange:
        raise UnknownName(
            f"cases: {len(strange)} cases are in buildings that the layer does not have, the first is {strange[0]!r}; "
            f"{suggest(strange[0], names)} (match-addresses finds buildings for addresses)"
        )
    table = pd.DataFrame({"position": [index[name] for name in given], "day": days_of(cases, case_date)})
    if table["day"].isna().any():
        raise BadInput(f"cases: {int(table['day'].isna().sum())} cases have no day in {case_date!r}; fill it")
    table["onset"] = days_of(cases, onset).fillna(table["day"]) if onset else table["day"]
    table["visited"] = days_of(cases, visited) if visited else pd.NaT
    table["place"] = [str(value) for value in cases[place]] if place else "residence"
    kinds = {"residence"} | {rule.place for rule in rules.rules}
    for kind in table["place"].unique():
        if kind not in kinds:
            raise UnknownName(f"cases: the protocol knows no kind of place {kind!r}; {suggest(kind, kinds)}")
    if until is not None:
        later = table["day"] > pd.Timestamp(until)
        dropped(int(later.sum()), f"cases after {until}")
        table = table[~later]
        if not len(table):
            raise EmptyLayer(f"cases: none is known up to {until}; give a later day")
    return table.reset_index(drop=True)


def days_of(cases: pd.DataFrame, column: str, name: str = "cases") -> pd.Series[Any]:
    """Give a column of dates as days; empty stays empty."""
    try:
        days = pd.to_datetime(cases[column], format="ISO8601").dt.normalize()
    except (ValueError, TypeError) as error:
        raise BadInput(f"{name}: the column {column!r} holds no dates ({error}); write them as 2022-05-01") from None
    return pd.Series(days.to_numpy())


def places_of(known: pd.DataFrame, rule: Rule) -> NDArray[np.int64]:
    """Buildings of a rule's kind of place, visited ones within its window."""
    there = known[known["place"] == rule.place]
    begins = there["onset"] - pd.Timedelta(days=rule.before_days)
    early = there["visited"].notna() & (there["visited"] < begins)
    dropped(int(early.sum()), f"places visited more than {rule.before_days} days before onset")
    return np.unique(there.loc[~early, "position"].to_numpy(dtype=np.int64))
