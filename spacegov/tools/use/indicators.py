"""Indicators of a territory and its units, by formulas of a policy table over the registry."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import EmptyLayer, SpacegovError, UnknownName, suggest
from spacegov.kinds import AreaBasis, ColumnOf, LayerSet, Metres, PolicyKind, Polygons
from spacegov.ledger import doubt, figure, progress
from spacegov.tools.indicators import DEFINITION_COLUMNS, Definition, Indicators, read_definitions
from spacegov.tools.overlay import shapes_of, union_of
from spacegov.tools.reach import Speed
from spacegov.tools.use._indicator_layers import AskedLayers

Floats = NDArray[np.float64]
WHOLE = ""
# borders of a layer's coverage and of units differ a little
_WHOLLY = 1 - 1e-6
_VALUES = {
    "indicator": "str",
    "year": "Int64",
    "unit": "str",
    "value": "float64",
    "measure": "str",
    "direction": "str",
    "answer": "str",
    "reason": "str",
    "covered_share": "float64",
}
_INDICATORS = {
    "indicator": "str",
    "dimension": "str",
    "year": "Int64",
    "value": "float64",
    "measure": "str",
    "direction": "str",
    "answer": "str",
    "reason": "str",
    "lowest_unit": "str",
    "lowest": "float64",
    "highest_unit": "str",
    "highest": "float64",
    "layers": "str",
    "formula": "str",
    "source": "str",
}
_UNITS = {
    "unit": "str",
    "indicator": "str",
    "value": "float64",
    "measure": "str",
    "answer": "str",
    "computed": "int64",
    "not_computed": "int64",
}


class TerritoryIndicators(NamedTuple):
    """Answer of `compute_indicators`."""

    indicators: pd.DataFrame
    values: pd.DataFrame
    units: gpd.GeoDataFrame


@checked(partition=None)
def compute_indicators(
    units: Polygons,
    layers: LayerSet,
    *,
    definitions: Annotated[pd.DataFrame, PolicyKind(DEFINITION_COLUMNS)],
    unit: Annotated[str, ColumnOf("units")] = "name",
    only: list[str] | None = None,
    years: list[int] | None = None,
    shown: str | None = None,
    max_snap: Metres = 200.0,
    walking: Speed = 4.8,
    area_basis: AreaBasis = "plane",
) -> TerritoryIndicators:
    """Compute the indicators of a territory and of each of its units, and say which cannot be computed, and why.

    Parameters
    ----------
    units
        Units; together they are the territory.
    layers
        The registry; a layer is read when a formula first asks for it.
    definitions
        Indicators: indicator, unit, direction (more, less, none), formula, source, and optionally dimension. Formulas
        call a layer by the last part of its id, with _ for -.
    unit
        Column that names the units.
    only
        Indicators to compute; all without.
    years
        Years to compute for, each from the versions of the layers valid on its last day; the current versions without.
    shown
        Indicator to show on the map of the units; the first that has a value without.
    max_snap
        Distance from a road beyond which nothing is reached by it.
    walking
        Speed between a road and a door.
    area_basis
        How areas are measured.

    Returns
    -------
    indicators : DataFrame
        A row for every indicator and year, in the order of the table: indicator, dimension, year, value (of the whole
        territory), measure (its unit), direction, answer (`present`; `absent`: a divisor is 0; `not_covered`: a layer
        is not there, or not known in all of the territory; `failed`), reason (the layer or column that is missing),
        lowest_unit, lowest, highest_unit, highest (among units), layers, formula, source
    values : DataFrame
        A row for every indicator, year and unit, the whole territory (unit "") first: indicator, year, unit, value,
        measure, direction, answer, reason, covered_share (of the unit, by the least known of the layers asked)
    units : GeoDataFrame
        A row for every unit, in their order: unit, indicator (the one shown), value, measure, answer, computed and
        not_computed (number of indicators), geometry

    Raises
    ------
    BadPolicy
        A formula is not of the language, a direction is not known, an indicator stands twice.
    UnknownName
        `only` or `shown` names no indicator of the table.
    EmptyLayer
        There are no units.

    Notes
    -----
    Formulas are a language of their own (`spacegov.tools.formulas`), checked before anything is read and never run as
    code. Areas and lengths are cut at the borders of units; what is counted belongs to the unit that holds its
    representative point; the whole territory is computed from the united units, so a ratio is no mean of ratios. An
    indicator that lacks a layer or column has no value and says which; one layer that cannot be read fails only the
    indicators that ask it. Values missing in a column that is summed count as nothing, and are told. Not split, since
    the whole territory is one unit.

    References
    ----------
    TD/T 1063-2021, Code of practice for urban examination and assessment of territorial spatial planning: names of the
    indicators; their formulas over layers are a professional default.

    Examples
    --------
    >>> from shapely import box
    >>> class Reader:
    ...     id, card, bound, coverage, version = "natural.forest", None, True, None, "2025"
    ...     def read(self, bbox=None):
    ...         return gpd.GeoDataFrame(geometry=[box(5e5, 3e6, 5e5 + 150, 3e6 + 100)], crs=4549)
    >>> towns = gpd.GeoDataFrame({"name": ["A", "B"]}, crs=4549, geometry=[
    ...     box(5e5, 3e6, 5e5 + 100, 3e6 + 100), box(5e5 + 100, 3e6, 5e5 + 200, 3e6 + 100)])
    >>> table = pd.DataFrame(
    ...     [["forest-share", "%", "more", "100 * ground(forest) / unit_area()", "default"],
    ...      ["lake-share", "%", "more", "100 * ground(lakes) / unit_area()", "default"]],
    ...     columns=["indicator", "unit", "direction", "formula", "source"])
    >>> answer = compute_indicators(towns, {"natural.forest": Reader()}, definitions=table)
    >>> answer.values[["indicator", "unit", "value", "answer"]].iloc[[0, 2, 3]].to_numpy().tolist()
    [['forest-share', '', 75.0, 'present'], ['forest-share', 'B', 50.0, 'present'],
     ['lake-share', '', nan, 'not_covered']]
    >>> answer.indicators["reason"].tolist()
    ['', 'there is no layer lakes']
    """
    if not len(units):
        raise EmptyLayer("units: the layer has no unit, at least one is needed; check the layer or its filter")
    wanted = _wanted(definitions, only)
    dimensions = dict(zip(definitions["indicator"].astype(str), _dimensions(definitions), strict=True))
    if shown is not None and shown not in [definition.indicator for definition in wanted]:
        raise UnknownName(f"shown: there is no indicator {shown!r}; {suggest(shown, list(dimensions))}")
    names = [str(name) for name in units[unit]]
    shapes = shapes_of(units)
    ground = np.empty(1, dtype=object)
    ground[0] = union_of(shapes)
    places = gpd.GeoDataFrame(geometry=np.concatenate([ground, shapes]), crs=units.crs)
    rows: list[dict[str, Any]] = []
    asked = list(years) if years else [None]
    for turn, year in enumerate(asked):
        source = AskedLayers(layers, places, year, area_basis)
        parts = (places.iloc[:1], places.iloc[1:])
        engines = [
            Indicators(source.frames, units=part, area_basis=area_basis, max_snap=max_snap, walking=walking)
            for part in parts
        ]
        for number, definition in enumerate(wanted):
            rows += _rows(definition, year, [WHOLE, *names], source, engines)
            progress((turn + (number + 1) / len(wanted)) / len(asked), definition.indicator)
        for text in engines[0].doubts.values():
            doubt(text)
    place = {definition.indicator: number for number, definition in enumerate(wanted)}
    rows.sort(key=lambda row: place[row["indicator"]])
    values = pd.DataFrame(rows, columns=list(_VALUES)).astype(_VALUES)
    table = _summary(values, wanted, dimensions)
    frame = _map(values, units, names, wanted, shown)
    _report(table)
    return TerritoryIndicators(table, values, frame)


def _wanted(definitions: pd.DataFrame, only: list[str] | None) -> list[Definition]:
    known = {definition.indicator: definition for definition in read_definitions(definitions)}
    for name in only or []:
        if name not in known:
            raise UnknownName(f"only: there is no indicator {name!r}; {suggest(name, list(known))}")
    return [definition for name, definition in known.items() if not only or name in only]


def _dimensions(definitions: pd.DataFrame) -> list[str]:
    if "dimension" not in definitions.columns:
        return [""] * len(definitions)
    return [str(value) for value in definitions["dimension"].fillna("")]


def _rows(
    definition: Definition, year: int | None, names: list[str], source: AskedLayers, engines: list[Indicators]
) -> list[dict[str, Any]]:
    covered = np.ones(len(names))
    verdict, reason = "present", ""
    for word in definition.formula.layers:
        answer, why, there = source.ask(word)
        covered = np.minimum(covered, there)
        if answer != "present" and verdict != "failed":
            verdict, reason = answer, why if not reason else f"{reason}; {why}"
    numbers = np.full(len(names), np.nan)
    if verdict == "present":
        try:
            found = [engine.value(definition) for engine in engines]
            numbers = np.concatenate([value.numbers for value in found])
            reason = found[0].missing or found[1].missing or ""
            verdict = "not_covered" if reason else "present"
        except SpacegovError as error:
            verdict, reason = "failed", str(error)
    rows = []
    for name, number, share in zip(names, numbers.tolist(), covered.tolist(), strict=True):
        answer, why, amount = verdict, reason, float(number)
        if verdict == "present" and share < _WHOLLY:
            answer, why, amount = "not_covered", f"known in {share:.1%} of it only", float("nan")
        elif verdict == "present" and np.isnan(number):
            answer, why = "absent", "a divisor is 0"
        rows.append(
            {
                "indicator": definition.indicator,
                "year": year,
                "unit": name,
                "value": amount,
                "measure": definition.unit,
                "direction": definition.direction,
                "answer": answer,
                "reason": why,
                "covered_share": share,
            }
        )
    return rows


def _summary(values: pd.DataFrame, wanted: list[Definition], dimensions: dict[str, str]) -> pd.DataFrame:
    known = {definition.indicator: definition for definition in wanted}
    rows = []
    for (indicator, _), group in values.groupby(["indicator", "year"], sort=False, dropna=False):
        definition = known[str(indicator)]
        whole, parts = group.iloc[0], group.iloc[1:].dropna(subset="value")
        low, high = (parts["value"].argmin(), parts["value"].argmax()) if len(parts) else (-1, -1)
        rows.append(
            {
                **{name: whole[name] for name in _VALUES if name in _INDICATORS},
                "dimension": dimensions[str(indicator)],
                "lowest_unit": parts["unit"].iloc[low] if len(parts) else "",
                "lowest": parts["value"].iloc[low] if len(parts) else np.nan,
                "highest_unit": parts["unit"].iloc[high] if len(parts) else "",
                "highest": parts["value"].iloc[high] if len(parts) else np.nan,
                "layers": ", ".join(definition.formula.layers),
                "formula": definition.formula.text,
                "source": definition.source or "",
            }
        )
    return pd.DataFrame(rows, columns=list(_INDICATORS)).astype(_INDICATORS)


def _map(
    values: pd.DataFrame, units: gpd.GeoDataFrame, names: list[str], wanted: list[Definition], shown: str | None
) -> gpd.GeoDataFrame:
    last = values[values["year"].isna() | (values["year"] == values["year"].max())]
    parts = last[last["unit"] != WHOLE]
    if shown is None:
        there = parts.loc[parts["value"].notna(), "indicator"]
        shown = str(there.iloc[0]) if len(there) else wanted[0].indicator
    # rows of one indicator stand in the order of the units
    own = parts[parts["indicator"] == shown]
    has = parts["value"].notna().to_numpy().reshape(len(wanted), len(names))
    table = pd.DataFrame(
        {
            "unit": names,
            "indicator": shown,
            "value": own["value"].to_numpy(),
            "measure": own["measure"].to_numpy(),
            "answer": own["answer"].to_numpy(),
            "computed": has.sum(axis=0),
            "not_computed": (~has).sum(axis=0),
        }
    )
    return gpd.GeoDataFrame(table.astype(_UNITS), geometry=shapes_of(units), crs=units.crs)


def _report(table: pd.DataFrame) -> None:
    figure("indicators", len(table))
    figure("computed", int((table["answer"] == "present").sum()))
    figure("not_computable", int((table["answer"] != "present").sum()))
    lacking = table[table["answer"].isin(["not_covered", "failed"])]
    figure("failed", int((table["answer"] == "failed").sum()))
    for reason, group in lacking.groupby("reason", sort=True):
        doubt(f"not computable: {', '.join(group['indicator'].unique())}", str(reason))
