"""Criteria of parcels and units: formulas over layers, measured for each of them; what is missing stays missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov import ledger
from spacegov.errors import BadPolicy
from spacegov.kinds import AreaBasis, name_of
from spacegov.tools.formulas import layer_word
from spacegov.tools.indicators import Definition, Indicators, read_definitions

CRITERION_COLUMNS = ("criterion", "better", "unit", "formula", "source")
Floats = NDArray[np.float64]


class Measured(NamedTuple):
    """Values of all units by criterion, NaN where not known, and why whole criteria lack."""

    values: Floats
    lacking: dict[str, str]


def read_criteria(table: pd.DataFrame) -> list[Definition]:
    """Read a table of criteria; `better` tells whether more or less is better.

    Raises
    ------
    BadPolicy
        A formula is not of the language, `better` is neither more nor less, a criterion stands twice or none at all.
    """
    name = table.attrs.get("policy", "criteria")
    named = table.rename(columns={"criterion": "indicator", "better": "direction"})
    named.attrs = dict(table.attrs)
    found = read_definitions(named)
    if not found:
        raise BadPolicy(f"{name}: the table has no criterion, one is needed; add a row")
    for definition in found:
        if definition.direction == "none":
            raise BadPolicy(
                f"{name}: {definition.indicator!r} is better neither with more nor with less; say more or less"
            )
    return found


def frames_by_word(themes: list[Any] | None, own: Mapping[str, Any]) -> dict[str, Any]:
    """Give layers by the words that formulas use: the fixed ones, then themes by the last part of their id."""
    frames = dict(own)
    for position, frame in enumerate(themes or [], start=1):
        frames[layer_word(name_of(frame, f"themes {position}"), frames)] = frame
    return frames


def measure(
    criteria: list[Definition], units: gpd.GeoDataFrame, frames: Mapping[str, Any], area_basis: AreaBasis
) -> Measured:
    """Measure every unit by every criterion.

    Parameters
    ----------
    criteria : list of Definition
    units : GeoDataFrame
        With a RangeIndex.
    frames : mapping of str to frame
        Layers by the words of the formulas.
    area_basis : {"plane", "ellipsoid"}

    Returns
    -------
    Measured
        values : float64 (units, criteria)
    """
    engine = Indicators(frames, units=units, area_basis=area_basis)
    values = np.full((len(units), len(criteria)), np.nan)
    lacking: dict[str, str] = {}
    for number, criterion in enumerate(criteria):
        found = engine.value(criterion)
        values[:, number] = found.numbers
        if found.missing is not None:
            lacking[criterion.indicator] = found.missing
        ledger.progress((number + 1) / len(criteria), criterion.indicator)
    for text in engine.doubts.values():
        ledger.doubt(text)
    for name, reason in lacking.items():
        ledger.doubt(f"the criterion {name} cannot be measured: {reason}")
    return Measured(values, lacking)
