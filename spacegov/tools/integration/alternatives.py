"""Alternatives of a plan held against each other."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, Features, PolicyKind, Polygons, SquareMetres, name_of
from spacegov.tools.formulas import layer_word
from spacegov.tools.indicators import DEFINITION_COLUMNS, Definition, Indicators, Value, read_definitions
from spacegov.tools.overlay import areas_of, intersections, shapes_of, union_of
from spacegov.tools.values import texts_of

PLAN = "plan"
INDICATOR_COLUMNS = {
    "indicator": "str",
    "unit": "str",
    "direction": "str",
    "alternative": "str",
    "value": "float64",
    "difference": "float64",
    "change": "float64",
    "judgement": "str",
    "score": "float64",
    "missing": "str",
    "formula": "str",
    "source": "str",
}
CHANGE_COLUMNS = {"alternative": "str", "use_base": "str", "use": "str", "area_m2": "float64"}
TOTAL_COLUMNS = {
    "alternative": "str",
    "better": "int64",
    "worse": "int64",
    "equal": "int64",
    "neutral": "int64",
    "not_computable": "int64",
    "changed_m2": "float64",
}


class Comparison(NamedTuple):
    """The answer of `compare_scenarios`."""

    indicators: pd.DataFrame
    changes: gpd.GeoDataFrame
    totals: pd.DataFrame


@checked(partition=None)
def compare_scenarios(
    alternatives: list[Polygons],
    context: list[Features] | None = None,
    *,
    definitions: Annotated[pd.DataFrame, PolicyKind(DEFINITION_COLUMNS)],
    use: Annotated[str, ColumnOf("alternatives")] = "use",
    min_area: SquareMetres = 1.0,
    area_basis: AreaBasis = "plane",
) -> Comparison:
    """Compare alternatives of a plan by indicators, and show where they differ.

    Parameters
    ----------
    alternatives : list of GeoDataFrame
        The alternatives; the first is what the others are compared with.
    context : list of GeoDataFrame, optional
        Other layers that formulas ask, the same for every alternative.
    definitions : DataFrame
        Indicators: indicator, unit, direction (more, less, none: which is better), formula, source. Formulas call the
        alternative `plan` and other layers by the last part of their id, with _ for -.
    use : str
        Column of the alternatives with the planned use.
    min_area : float
        Smallest ground of another use that counts as a change.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.

    Returns
    -------
    indicators : DataFrame
        A row for every indicator and alternative, in their order: indicator, unit, direction, alternative, value,
        difference (from the first alternative, in the unit), change (relative to it), judgement (base, better, worse,
        equal, neutral, not_computable), score (0 for the worst of the alternatives, 1 for the best; missing where
        direction is none), missing (the layer or column that lacks), formula, source.
    changes : GeoDataFrame
        A row for every alternative and pair of uses that differ: alternative, use_base, use (missing: not planned),
        area_m2 (m²), geometry; by alternative and uses.
    totals : DataFrame
        A row for every other alternative: better, worse, equal, neutral, not_computable (indicators), changed_m2 (m²).

    Raises
    ------
    BadInput
        Fewer than two alternatives.
    BadPolicy
        A formula is not of the language, a direction is not known.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Formulas are checked and computed by `spacegov.tools.formulas` and never run as Python. An indicator whose layer or
    column is missing is named as not computable, never left out. Two values are equal when they differ by less than
    1e-9 of their size. A run is not split, since sums are over the whole plan.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> def plan(name, middle):
    ...     shapes = [box(5e5, 3e6, 5e5 + middle, 3e6 + 100), box(5e5 + middle, 3e6, 5e5 + 1000, 3e6 + 100)]
    ...     frame = gpd.GeoDataFrame({"use": ["urban", "farmland"]}, geometry=shapes, crs=4549)
    ...     frame.attrs["layer"] = name
    ...     return frame
    >>> wanted = pd.DataFrame(
    ...     [["farmland", "ha", "more", 'area(plan, use == "farmland") / 10000', "default"]],
    ...     columns=["indicator", "unit", "direction", "formula", "source"])
    >>> answer = compare_scenarios([plan("A", 300), plan("B", 400)], definitions=wanted)
    >>> answer.indicators[["alternative", "value", "difference", "judgement"]]
      alternative  value  difference judgement
    0           A    7.0         0.0      base
    1           B    6.0        -1.0     worse
    >>> answer.changes[["alternative", "use_base", "use", "area_m2"]]
      alternative  use_base    use  area_m2
    0           B  farmland  urban  10000.0
    """
    if len(alternatives) < 2:
        raise BadInput("alternatives: one was given, two are needed to compare; name another")
    wanted = read_definitions(definitions)
    names = _names(alternatives)
    around: dict[str, Any] = {}
    for position, frame in enumerate(context or [], start=1):
        around[layer_word(name_of(frame, f"context {position}"), around)] = frame
    computed = []
    for position, plan in enumerate(alternatives):
        ledger.progress(0.7 * position / len(alternatives), names[position])
        engine = Indicators({**around, PLAN: plan}, area_basis=area_basis)
        computed.append([engine.value(definition) for definition in wanted])
    indicators = _indicators(wanted, names, computed)
    changes = _changes(alternatives, names, use, min_area, area_basis)
    lacking = sorted({str(reason) for reason in indicators["missing"].dropna()})
    if lacking:
        ledger.doubt("some indicators are not computable, the first lacks: " + lacking[0], "; ".join(lacking))
    totals = _totals(indicators, changes, names[1:])
    ledger.figure("alternatives", len(alternatives))
    ledger.figure("indicators", len(wanted))
    ledger.figure("not_computable", int(indicators.loc[indicators["missing"].notna(), "indicator"].nunique()))
    ledger.figure("changed_m2", float(totals["changed_m2"].sum()))
    for judgement in ("better", "worse"):
        ledger.figure(judgement, int(totals[judgement].sum()))
    return Comparison(indicators, changes, totals)


def _names(alternatives: list[gpd.GeoDataFrame]) -> list[str]:
    names: list[str] = []
    for position, frame in enumerate(alternatives, start=1):
        name = name_of(frame, f"alternative {position}")
        names.append(f"{name} ({position})" if name in names else name)
    return names


def _indicators(wanted: list[Definition], names: list[str], computed: list[list[Value]]) -> pd.DataFrame:
    rows = []
    for number, definition in enumerate(wanted):
        values = [float(found[number].numbers[0]) for found in computed]
        scores = _scores(values, definition.direction)
        for position, name in enumerate(names):
            value, base = values[position], values[0]
            rows.append(
                (
                    definition.indicator, definition.unit, definition.direction, name, value, value - base,
                    (value - base) / abs(base) if base else np.nan,
                    "base" if position == 0 and np.isfinite(value) else _judge(value, base, definition.direction),
                    scores[position], _missing(computed[position][number]),
                    definition.formula.text, definition.source,
                )
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS)).astype(INDICATOR_COLUMNS)


def _missing(value: Value) -> str | None:
    if value.missing is not None:
        return value.missing
    return "a divisor is 0" if np.isnan(value.numbers[0]) else None


def _judge(value: float, base: float, direction: str) -> str:
    if not (np.isfinite(value) and np.isfinite(base)):
        return "not_computable"
    if abs(value - base) <= 1e-9 * max(abs(value), abs(base)):
        return "equal"
    if direction == "none":
        return "neutral"
    return "better" if (value > base) == (direction == "more") else "worse"


def _scores(values: list[float], direction: str) -> list[float]:
    """Place the alternatives between the worst and the best."""
    known = [value for value in values if np.isfinite(value)]
    if direction == "none" or not known:
        return [float("nan")] * len(values)
    low, high = min(known), max(known)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return [1.0 if np.isfinite(value) else float("nan") for value in values]
    return [(value - low if direction == "more" else high - value) / (high - low) for value in values]


def _changes(
    alternatives: list[gpd.GeoDataFrame], names: list[str], use: str, min_area: float, area_basis: AreaBasis
) -> gpd.GeoDataFrame:
    """Find the ground that each alternative gives another use than the first."""
    base, crs = alternatives[0], alternatives[0].crs
    base_uses, base_shapes = texts_of(base[use]), shapes_of(base)
    rows, shapes = [], []
    small = 0.0
    for name, plan in zip(names[1:], alternatives[1:], strict=True):
        uses, own = texts_of(plan[use]), shapes_of(plan)
        pairs = pair_areas(base.geometry, plan.geometry, area_basis=area_basis, trusted=True)
        pairs["before"], pairs["after"] = base_uses[pairs["left_index"]], uses[pairs["right_index"]]
        differ = pairs["before"].fillna("") != pairs["after"].fillna("")
        small += float(pairs.loc[differ & (pairs["area_m2"] < min_area), "area_m2"].sum())
        pairs = pairs[differ & (pairs["area_m2"] >= min_area)]
        for (before, after), group in pairs.groupby(["before", "after"], dropna=False, sort=True):
            pieces = intersections(base_shapes[group["left_index"]], own[group["right_index"]])
            shapes.append(union_of(pieces))
            rows.append((name, before, after))
    ground = np.empty(len(shapes), dtype=object)
    ground[:] = shapes
    if small:
        ledger.dropped(1, "ground of another use in pieces below min_area", area_m2=small)
    table = pd.DataFrame(rows, columns=["alternative", "use_base", "use"])
    table["area_m2"] = areas_of(ground, crs, area_basis)
    shown = shapely.area(ground) > 0
    table = table[shown].reset_index(drop=True)
    return gpd.GeoDataFrame(table.astype(CHANGE_COLUMNS), geometry=ground[shown], crs=crs)


def _totals(indicators: pd.DataFrame, changes: gpd.GeoDataFrame, names: list[str]) -> pd.DataFrame:
    rows = []
    for name in names:
        judged = indicators.loc[indicators["alternative"] == name, "judgement"].value_counts()
        changed = float(changes.loc[changes["alternative"] == name, "area_m2"].sum())
        kinds = ("better", "worse", "equal", "neutral", "not_computable")
        rows.append((name, *(int(judged.get(kind, 0)) for kind in kinds), changed))
    return pd.DataFrame(rows, columns=list(TOTAL_COLUMNS)).astype(TOTAL_COLUMNS)
