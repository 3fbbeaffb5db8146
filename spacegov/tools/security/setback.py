"""Distances between what is dangerous and what has to be kept away from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadPolicy
from spacegov.kinds import ColumnOf, CoverageOf, Features, PolicyKind, name_of
from spacegov.ledger import doubt, figure
from spacegov.tools.values import labels_of, text_of

ANY = "any"
_BREACH_COLUMNS = {
    "source": "str",
    "source_layer": "str",
    "source_kind": "str",
    "receptor": "str",
    "receptor_layer": "str",
    "receptor_kind": "str",
    "distance_m": "float64",
    "required_m": "float64",
    "missing_m": "float64",
    "basis": "str",
    "article": "str",
}
_RECEPTOR_COLUMNS = {
    "receptor": "str",
    "layer": "str",
    "kind": "str",
    "answer": "str",
    "breaches": "int64",
    "missing_m": "float64",
}


class Setbacks(NamedTuple):
    """Answer of `check_hazard_setback`."""

    breaches: gpd.GeoDataFrame
    receptors: gpd.GeoDataFrame


@checked(partition=None)
def check_hazard_setback(
    sources: list[Features],
    receptors: list[Features],
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(("source", "receptor", "distance_m", "basis", "article"))],
    source_kind: Annotated[str, ColumnOf("sources")] = "kind",
    receptor_kind: Annotated[str, ColumnOf("receptors")] = "use",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("sources")] = None,
) -> Setbacks:
    """Find what stands nearer to a hazardous source than a rule allows.

    Parameters
    ----------
    sources
        Hazardous sources: points, lines or polygons with a kind.
    receptors
        What has to be kept away: buildings, schools, planned homes, with a kind.
    rules
        Kind of source, kind of receptor (`any` for every one), distance, basis (`law` or `default`), article.
    source_kind, receptor_kind
        Columns of the kinds.
    coverage
        Where each layer of sources is authoritative.

    Returns
    -------
    breaches : GeoDataFrame
        source, source_layer, source_kind, receptor, receptor_layer, receptor_kind : what and where
        distance_m : edge to edge, m; required_m : by the rule; missing_m : how much is missing
        basis, article : of the rule
        geometry : the shortest line between both; the largest shortfall first
    receptors : GeoDataFrame
        A row for every receptor: receptor, layer, kind, answer (`present`: too near to something; `not_covered`: no
        breach known, and sources are not surveyed within the largest distance
        of their layer's kinds; `absent`), breaches, missing_m (largest)

    Raises
    ------
    BadPolicy
        A negative distance, two rules for one pair, or no rule for any kind of the sources.

    Notes
    -----
    A rule for a kind of receptor stands before one for `any`. Exactly at the distance is no breach. Kinds of sources
    without any rule are told as a doubt: for them nothing was checked. Not split over machines: kinds without rule are
    told for the whole.

    References
    ----------
    The policy table names the law or standard of each distance.

    Examples
    --------
    >>> at = lambda x, **c: gpd.GeoDataFrame({k: [v] for k, v in c.items()},
    ...                                      geometry=[shapely.Point(500000 + x, 3200000)], crs="EPSG:4549")
    >>> table = pd.DataFrame({"source": ["fuel"], "receptor": ["any"], "distance_m": [50.0], "basis": ["default"],
    ...                       "article": [None]})
    >>> answer = check_hazard_setback([at(0, kind="fuel")], [at(30, use="school")], rules=table)
    >>> answer.breaches[["distance_m", "required_m", "missing_m"]]
       distance_m  required_m  missing_m
    0        30.0        50.0       20.0
    """
    table = _Rules(rules)
    from_ = _Things.of(sources, source_kind, "source")
    to = _Things.of(receptors, receptor_kind, "receptor")
    table.check(from_.kinds)
    pairs = _near(from_, to, table)
    breaches = _breaches(from_, to, pairs, sources[0].crs)
    reach = {name: table.largest(set(from_.kinds[from_.layers == name])) for name in coverage or {}}
    states = _states(to, pairs, coverage or {}, reach, receptors[0].crs)
    _tell(from_, table, breaches, states)
    return Setbacks(breaches, states)


class _Rules:
    """Distances by kind of source and receptor."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.rows: dict[tuple[str, str], tuple[float, str | None, str | None]] = {}
        name = self.name = str(table.attrs.get("policy", "rules"))
        for row in table.to_dict("records"):
            pair = (str(row["source"]), str(row["receptor"]))
            distance = float(row["distance_m"])
            if not distance >= 0:
                raise BadPolicy(f"{name}: the distance {distance} of {' × '.join(pair)} is no distance; mend it")
            if pair in self.rows:
                raise BadPolicy(f"{name}: there are two rules for {' × '.join(pair)}; keep one")
            self.rows[pair] = (distance, text_of(row["basis"]), text_of(row["article"]))

    def check(self, kinds: NDArray[Any]) -> None:
        """Refuse sources of which no kind has a rule: nothing could be too near to them."""
        known = sorted({source for source, _ in self.rows})
        if len(kinds) and not set(kinds) & set(known):
            raise BadPolicy(
                f"{self.name}: no rule is for any of the kinds of sources {', '.join(sorted(set(kinds))[:5])}; add "
                f"rows for them, or name the column of the kinds ({', '.join(known[:5])} …) with source_kind=…"
            )

    def largest(self, kinds: set[str]) -> float:
        """Largest distance from some kinds of sources; from any where none is known."""
        own = [row[0] for (source, _), row in self.rows.items() if source in kinds]
        return max(own or [row[0] for row in self.rows.values()], default=0.0)

    def of(self, source: str, receptor: str) -> tuple[float, str | None, str | None] | None:
        """Rule of a pair of kinds."""
        return self.rows.get((source, receptor)) or self.rows.get((source, ANY))


@dataclass(frozen=True)
class _Things:
    """Features of several layers in one list."""

    shapes: Any
    names: NDArray[Any]
    layers: NDArray[Any]
    kinds: NDArray[Any]

    @classmethod
    def of(cls, layers: list[gpd.GeoDataFrame], column: str, what: str) -> _Things:
        owners = [name_of(layer, f"{what} {number + 1}") for number, layer in enumerate(layers)]
        return cls(
            np.concatenate([layer.geometry.to_numpy() for layer in layers]),
            np.concatenate([labels_of(layer) for layer in layers]),
            np.repeat(np.array(owners, dtype=object), [len(layer) for layer in layers]),
            np.array([text_of(value) or "" for layer in layers for value in layer[column]], dtype=object),
        )


def _near(from_: _Things, to: _Things, rules: _Rules) -> pd.DataFrame:
    """Pairs nearer than their rule allows."""
    found: list[pd.DataFrame] = []
    if len(from_.shapes) and len(to.shapes):
        tree = shapely.STRtree(to.shapes)
        for kind in sorted(set(from_.kinds)):
            of_kind = [rule[0] for (source, _), rule in rules.rows.items() if source == kind]
            own = np.flatnonzero(from_.kinds == kind)
            if not of_kind:
                continue
            source, receptor = tree.query(from_.shapes[own], predicate="dwithin", distance=max(of_kind))
            found.append(pd.DataFrame({"source": own[source], "receptor": receptor}))
    pairs = pd.concat(found, ignore_index=True) if found else pd.DataFrame({"source": [], "receptor": []}, dtype=int)
    source, receptor = pairs["source"].to_numpy(dtype=np.int64), pairs["receptor"].to_numpy(dtype=np.int64)
    said = [rules.of(a, b) for a, b in zip(from_.kinds[source], to.kinds[receptor], strict=True)]
    pairs["distance_m"] = shapely.distance(from_.shapes[source], to.shapes[receptor])
    pairs["required_m"] = [rule[0] if rule else 0.0 for rule in said]
    pairs["basis"] = [rule[1] if rule else None for rule in said]
    pairs["article"] = [rule[2] if rule else None for rule in said]
    pairs["missing_m"] = pairs["required_m"] - pairs["distance_m"]
    # a feature that is source and receptor at once is not too near to itself
    itself = (from_.layers[source] == to.layers[receptor]) & (from_.names[source] == to.names[receptor])
    near: pd.DataFrame = pairs[(pairs["missing_m"] > 0) & ~itself].reset_index(drop=True)
    return near


def _breaches(from_: _Things, to: _Things, pairs: pd.DataFrame, crs: Any) -> gpd.GeoDataFrame:
    source, receptor = pairs["source"].to_numpy(dtype=np.int64), pairs["receptor"].to_numpy(dtype=np.int64)
    table = pairs.assign(
        source=from_.names[source],
        source_layer=from_.layers[source],
        source_kind=from_.kinds[source],
        receptor=to.names[receptor],
        receptor_layer=to.layers[receptor],
        receptor_kind=to.kinds[receptor],
    )
    lines = shapely.shortest_line(from_.shapes[source], to.shapes[receptor])
    order = table.assign(less=-table["missing_m"]).sort_values(
        ["less", "source_layer", "source", "receptor_layer", "receptor"], kind="stable"
    )
    answer = order[list(_BREACH_COLUMNS)].astype(_BREACH_COLUMNS).reset_index(drop=True)
    return gpd.GeoDataFrame(answer, geometry=gpd.GeoSeries(lines[order.index.to_numpy()], crs=crs), crs=crs)


def _states(
    to: _Things, pairs: pd.DataFrame, coverage: Mapping[str, gpd.GeoDataFrame], reach: dict[str, float], crs: Any
) -> gpd.GeoDataFrame:
    receptor = pairs["receptor"].to_numpy(dtype=np.int64)
    count = np.bincount(receptor, minlength=len(to.shapes))
    missing = np.zeros(len(to.shapes))
    np.maximum.at(missing, receptor, pairs["missing_m"].to_numpy())
    unknown = np.zeros(len(to.shapes), dtype=bool)
    for name, area in coverage.items():
        known = shapely.union_all(area.geometry.to_numpy())
        shapely.prepare(known)
        # a source just outside the survey could be too near
        around = shapely.buffer(to.shapes, reach[name], quad_segs=4)
        unknown |= ~shapely.covers(known, around)
    table = pd.DataFrame(
        {
            "receptor": to.names,
            "layer": to.layers,
            "kind": to.kinds,
            "answer": np.select([count > 0, unknown], ["present", "not_covered"], "absent"),
            "breaches": count,
            "missing_m": missing,
        }
    ).astype(_RECEPTOR_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(to.shapes, crs=crs), crs=crs)


def _tell(from_: _Things, rules: _Rules, breaches: gpd.GeoDataFrame, states: gpd.GeoDataFrame) -> None:
    figure("breach_count", len(breaches))
    figure("receptors_too_near", int((states["answer"] == "present").sum()))
    figure("receptors_asked", len(states))
    figure("unanswered", int((states["answer"] == "not_covered").sum()))
    figure("largest_missing_m", float(breaches["missing_m"].max()) if len(breaches) else 0.0)
    without = sorted(set(from_.kinds) - {source for source, _ in rules.rows})
    for kind in without:
        doubt(
            f"the rules know no distance from {kind!r}: {int((from_.kinds == kind).sum())} sources went unchecked", kind
        )
    if (states["answer"] == "not_covered").any():
        doubt(
            f"{int((states['answer'] == 'not_covered').sum())} receptors lie where sources are not surveyed", "sources"
        )
