"""A layer made fit for the public: where its features are, and what they say, no longer gives anyone away."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, EmptyLayer
from spacegov.kinds import ColumnOf, Count, Features, Metres, PolicyKind, Polygons
from spacegov.ledger import doubt, dropped, figure
from spacegov.tools.foundation._geomasks import anchors, cells_of, crowd, generalised, shifted
from spacegov.tools.foundation._records import answer_table
from spacegov.tools.foundation._shapes import Floats, Integers, Shapes
from spacegov.tools.overlay import shapes_of
from spacegov.tools.values import texts_of

Sharing: TypeAlias = Literal["open", "conditional", "restricted"]
Method: TypeAlias = Literal["generalise", "shift", "aggregate"]
MASKING_COLUMNS = ("sharing", "method", "cell_m", "shift_min_m", "shift_max_m", "min_count")


class MaskedLayer(NamedTuple):
    """The layer for the public, how far it was moved, and what could still be linked."""

    masked: gpd.GeoDataFrame
    displacement: pd.DataFrame
    links: pd.DataFrame


class _Rule(NamedTuple):
    method: str
    cell: float
    least: float
    most: float
    fewest: int


@checked(partition=None)
def mask_coordinates(
    layer: Features,
    units: Polygons | None = None,
    *,
    sharing: Sharing | None = None,
    masking: Annotated[pd.DataFrame, PolicyKind(MASKING_COLUMNS)],
    method: Method | None = None,
    keep: Annotated[list[str] | None, ColumnOf("layer")] = None,
    cell: Metres | None = None,
    shift_min: Metres | None = None,
    shift_max: Metres | None = None,
    min_count: Count | None = None,
    seed: int = 0,
) -> MaskedLayer:
    """Mask a layer that is to be made public, by its sharing class.

    Parameters
    ----------
    layer : GeoDataFrame
        What is to be published.
    units : GeoDataFrame, optional
        Polygons to count features in, instead of square cells.
    sharing : {"open", "conditional", "restricted"}, optional
        The sharing class; that of the layer's card without it.
    masking : DataFrame
        Method and distances by sharing class.
    method : {"generalise", "shift", "aggregate"}, optional
        Another method than the table's.
    keep : list of str, optional
        Columns that are published; every other column is dropped.
    cell, shift_min, shift_max, min_count : optional
        Other numbers than the table's: cell of the grid, ring of the shift, fewest features that may be told apart.
    seed : int
        Key of the shift: who knows it can take the shift back, so it must be kept secret.

    Returns
    -------
    masked : GeoDataFrame
        generalise, shift: the kept columns and the masked geometry, ordered by place, so that the order of records
        gives nothing away. aggregate: a row for each cell or unit with features: the kept columns told apart, `count`
        (missing where withheld), `withheld`, `geometry`.
    displacement : DataFrame
        One row: `method`, `features`, `mean_m`, `median_m`, `p95_m`, `max_m` (m, how far features were moved),
        `vanished` (features smaller than the grid).
    links : DataFrame
        What could still be linked, a row for each means: `means` (`place`: features that hide among fewer than
        min_count others; a kept column; `all kept columns` together), `values` (distinct), `features` at risk (with
        fewer than min_count of the same value, or in the same crowd), `share` (0–1). Counts are linked by place only,
        and only where one alone is withheld.

    Raises
    ------
    EmptyLayer
        The layer has no feature.
    BadPolicy
        The table has no row for the sharing class, or an unknown method.
    BadInput
        The sharing class is not known; there is no cell; the inner radius of the ring is above the outer.
    MissingColumn
        A kept column is not there.

    Notes
    -----
    Grids start at the origin of the CRS and not at the data. A shifted feature hides among those that lie as near to
    its new place as it does itself; a generalised one among those in its cell. A feature is counted once, at a point on
    it. Withheld counts can be found by subtraction where one alone is withheld and the total is known; a doubt says so.
    Masking here serves personal and business secrecy; it is not the processing that national rules prescribe for
    published maps. Not split: crowds and counts need the whole layer.

    References
    ----------
    .. [1] Hampton, K. H. et al. (2010), Mapping health data: improved privacy protection with donut method geomasking,
       American Journal of Epidemiology 172(9), 1062–1069.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> rules = pd.DataFrame([["restricted", "aggregate", 1000.0, 0.0, 0.0, 2]], columns=list(MASKING_COLUMNS))
    >>> homes = gpd.GeoDataFrame({"owner": ["Li", "Wu", "He"]}, crs="EPSG:4549",
    ...                          geometry=gpd.points_from_xy([500_100, 500_200, 505_500], [3e6 + 50] * 3))
    >>> answer = mask_coordinates(homes, sharing="restricted", masking=rules)
    >>> answer.masked[["count", "withheld"]].fillna(0).values.tolist()
    [[2, False], [0, True]]
    """
    if not len(layer):
        raise EmptyLayer("layer: it has no feature, at least one is needed; check the layer or its filter")
    known = sharing or layer.attrs.get("sharing")
    if known is None:
        raise BadInput("layer: its sharing class is not known, one is needed; name it with sharing=…")
    rule = _rule(masking, str(known), method, cell, shift_min, shift_max, min_count)
    shapes, kept = shapes_of(layer), list(dict.fromkeys(keep or []))
    here = anchors(shapes)
    values = pd.DataFrame({column: layer[column].to_numpy() for column in kept}, index=range(len(layer)))
    if rule.method == "aggregate":
        masked, there, group = _aggregated(layer, here, values, units, rule)
        size = np.bincount(group)[group]
        # A withheld count gives nobody away, unless it is the only one and the total is known.
        alone = int(masked["withheld"].sum()) == 1
        hidden: Integers = (size if alone else np.maximum(size, rule.fewest)).astype(np.int64)
        vanished = np.zeros(len(layer), bool)
    else:
        moved = generalised(shapes, rule.cell) if rule.method == "generalise" else _moved(shapes, rule, seed)
        vanished = shapely.is_empty(moved)
        dropped(int(vanished.sum()), f"smaller than the grid of {rule.cell:g} m")
        there = np.where(vanished[:, None], here, anchors(np.where(vanished, shapes, moved)))
        hidden = _hidden(here, there, rule)
        masked = _ordered(values[~vanished], moved[~vanished], layer.crs)
    distance = _distances(shapes, here, there, moved if rule.method == "generalise" else None)
    displacement = _displacement(rule, distance[~vanished], int(vanished.sum()), len(layer))
    # Counts are told apart by the kept columns, and small ones are withheld: the columns give nothing more away.
    links = _links(values if rule.method != "aggregate" else values[[]], hidden, rule.fewest)
    figure("features", len(layer))
    figure("dropped_columns", len(layer.columns) - 1 - len(kept))
    figure("at_risk", int(links["features"].max()))
    return MaskedLayer(masked, displacement, links)


def _rule(
    table: pd.DataFrame,
    sharing: str,
    method: str | None,
    cell: float | None,
    least: float | None,
    most: float | None,
    count: int | None,
) -> _Rule:
    rows = table[table["sharing"] == sharing]
    if len(rows) != 1:
        raise BadPolicy(f"masking: it has {len(rows)} rows for the sharing class {sharing!r}, one is needed; mend it")
    row = rows.iloc[0]
    chosen = method or str(row["method"])
    if chosen not in ("generalise", "shift", "aggregate"):
        raise BadPolicy(f"masking: the method {chosen!r} is not known; it is generalise, shift or aggregate")
    numbers = [float(row[name]) if given is None else float(given)
               for name, given in (("cell_m", cell), ("shift_min_m", least), ("shift_max_m", most))]  # fmt: skip
    if chosen != "shift" and not numbers[0] > 0:
        raise BadInput(f"cell: {numbers[0]:g} m was given, more than 0 is needed to {chosen}; widen it")
    if chosen == "shift" and not 0 < numbers[2] >= numbers[1]:
        raise BadInput(
            f"shift_min, shift_max: {numbers[1]:g} and {numbers[2]:g} m were given, the second must be the larger; "
            "mend them"
        )
    return _Rule(chosen, numbers[0], numbers[1], numbers[2], int(row["min_count"]) if count is None else count)


def _moved(shapes: Shapes, rule: _Rule, seed: int) -> Shapes:
    if shapely.get_dimensions(shapes).max() > 0:
        doubt("every feature is moved for itself, so that borders and nodes no longer meet", "layer")
    return shifted(shapes, rule.least, rule.most, seed)


def _hidden(here: Floats, there: Floats, rule: _Rule) -> Integers:
    """Count the features that each one can be confused with, itself included."""
    if rule.method == "shift":
        return crowd(here, there)
    number, _ = cells_of(here, rule.cell)
    return np.bincount(number)[number].astype(np.int64)


def _ordered(values: pd.DataFrame, shapes: Shapes, crs: Any) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(values.reset_index(drop=True), geometry=gpd.GeoSeries(list(shapes), crs=crs), crs=crs)
    bounds = shapely.bounds(shapes)
    words = [texts_of(frame[column]) for column in values.columns]
    order = np.lexsort([*(np.array([w or "" for w in word]) for word in words[::-1]), bounds[:, 1], bounds[:, 0]])
    return frame.iloc[order].reset_index(drop=True)


def _aggregated(
    layer: gpd.GeoDataFrame, here: Floats, values: pd.DataFrame, units: gpd.GeoDataFrame | None, rule: _Rule
) -> tuple[gpd.GeoDataFrame, Floats, Integers]:
    """Count features by cell or unit, and by the kept columns."""
    if units is None or not len(units):
        place, cells = cells_of(here, rule.cell)
    else:
        cells = shapes_of(units)
        place = np.full(len(here), -1, dtype=np.int64)
        point, unit = shapely.STRtree(cells).query(shapely.points(here), predicate="intersects")
        # A point on the border of two units counts in the first of them.
        place[point[::-1]] = unit[::-1]
        dropped(int((place < 0).sum()), "in no unit")
    inside = place >= 0
    keys = pd.DataFrame({"place_": place, **{column: texts_of(values[column]) for column in values.columns}})
    group = keys.groupby(list(keys.columns), sort=True, dropna=False).ngroup().to_numpy(np.int64)
    first = np.unique(group[inside], return_index=True)[1]
    rows = np.flatnonzero(inside)[first]
    count = np.bincount(group)[group[rows]]
    withheld = count < rule.fewest
    shown = pd.Series(count, dtype="Int64").mask(withheld)
    masked = gpd.GeoDataFrame(
        {
            **{column: values[column].to_numpy()[rows] for column in values.columns},
            "count": shown,
            "withheld": withheld,
        },
        geometry=gpd.GeoSeries(cells[place[rows]], crs=layer.crs),
        crs=layer.crs,
    )
    if int(withheld.sum()) == 1:
        doubt("one count alone is withheld, and the total less the others gives it away; widen the cells", "masked")
    figure("withheld", int(withheld.sum()))
    centre = shapely.get_coordinates(shapely.centroid(cells))
    there: Floats = np.where(inside[:, None], centre[np.maximum(place, 0)], here)
    return masked, there, np.asarray(group, dtype=np.int64)


def _distances(shapes: Shapes, here: Floats, there: Floats, moved: Shapes | None) -> Floats:
    """Measure how far features were moved: by their anchor, and generalised shapes by their farthest part."""
    if moved is None or shapely.get_dimensions(shapes).max() == 0:
        return np.asarray(np.hypot(*(there - here).T), dtype=np.float64)
    return np.asarray(np.nan_to_num(shapely.hausdorff_distance(shapes, moved)), dtype=np.float64)


def _displacement(rule: _Rule, distance: Floats, vanished: int, features: int) -> pd.DataFrame:
    some = distance if len(distance) else np.zeros(1)
    figures = {
        "mean_m": float(some.mean()),
        "median_m": float(np.median(some)),
        "p95_m": float(np.percentile(some, 95)),
        "max_m": float(some.max()),
    }
    figure("mean_displacement_m", figures["mean_m"])
    return answer_table(
        {
            "method": ([rule.method], "str"),
            "features": ([features], "int64"),
            **{name: ([value], "float64") for name, value in figures.items()},
            "vanished": ([vanished], "int64"),
        }
    )


def _links(values: pd.DataFrame, hidden: Integers, least: int) -> pd.DataFrame:
    """List by which means fewer than the least number of features can be told apart."""
    total = len(hidden)
    rows = [("place", int(np.unique(hidden).size), int((hidden < least).sum()))]
    texts = pd.DataFrame({column: texts_of(values[column]) for column in values.columns})
    for column in texts.columns:
        size = texts.groupby(column, dropna=False)[column].transform("size").to_numpy()
        rows.append((str(column), int(texts[column].nunique(dropna=False)), int((size < least).sum())))
    if len(texts.columns) > 1:
        number = texts.groupby(list(texts.columns), dropna=False).ngroup().to_numpy()
        size = np.bincount(number)[number]
        rows.append(("all kept columns", int(number.max()) + 1, int((size < least).sum())))
    for means, _, risk in rows[1:]:
        if risk:
            doubt(f"{risk} features can be told apart by {means}: fewer than {least} share the value", "links")
    return answer_table(
        {
            "means": ([row[0] for row in rows], "str"),
            "values": ([row[1] for row in rows], "int64"),
            "features": ([row[2] for row in rows], "int64"),
            "share": ([row[2] / total for row in rows], "float64"),
        }
    )
