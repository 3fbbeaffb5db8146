"""The checks that a rule pack for deliveries may name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from spacegov.errors import BadInput, BadPolicy
from spacegov.ledger import collect
from spacegov.raster import Raster
from spacegov.tools.foundation._geometry_faults import ERRORS, find_faults
from spacegov.tools.foundation._mending import mend_shapes
from spacegov.tools.foundation._placing import name_crs
from spacegov.tools.foundation._records import record_names
from spacegov.tools.foundation._schema import find_faults as attribute_faults
from spacegov.tools.foundation._schema import rules_of_table
from spacegov.tools.overlay import polygons_only, shapes_of
from spacegov.tools.values import text_of


class Problem(NamedTuple):
    """One thing that breaks a rule."""

    layer: str
    feature: str
    row: str
    detail: str


class NotChecked(Exception):
    """A rule could not be asked, because something it needs is missing or cannot be read."""


@dataclass
class Delivery:
    """What was delivered, read at most once each."""

    readers: Mapping[str, Any]
    read_before: dict[str, Any] = field(default_factory=dict)

    @property
    def layers(self) -> list[str]:
        """Names of what holds records or cells."""
        return [name for name, reader in self.readers.items() if not getattr(reader, "document", False)]

    def matching(self, pattern: str, *, documents: bool = False) -> list[str]:
        """Give the names that a pattern means, such as `*parcels*`."""
        names = list(self.readers) if documents else self.layers
        return [name for name in names if fnmatch.fnmatchcase(name, pattern)]

    def read(self, name: str) -> Any:
        """Read a layer.

        Raises
        ------
        NotChecked
            It cannot be read.
        """
        if name not in self.read_before:
            try:
                self.read_before[name] = self.readers[name].read()
            except BadInput as error:
                self.read_before[name] = error
        found = self.read_before[name]
        if isinstance(found, BadInput):
            raise NotChecked(str(found))
        return found


class Rule(NamedTuple):
    """One row of a rule pack."""

    code: str
    check: str
    layer: str
    values: Mapping[str, Any]

    def text(self, column: str) -> str:
        """Give a value of the row as text; empty where there is none."""
        return text_of(self.values.get(column)) or ""

    def need(self, column: str) -> str:
        """Give a value the check cannot do without."""
        found = self.text(column)
        if not found:
            raise BadPolicy(
                f"rules: {self.code} ({self.check}) has no {column!r}, which this check needs; mend the row"
            )
        return found


def rules_of(table: pd.DataFrame) -> list[Rule]:
    """Read a rule pack, refusing checks that are not known."""
    rules = []
    for record in table.to_dict("records"):
        row = {str(column): value for column, value in record.items()}
        check = str(row["check"])
        if check not in CHECKS:
            raise BadPolicy(f"rules: {row['code']} names the check {check!r}; known are {', '.join(sorted(CHECKS))}")
        rules.append(Rule(str(row["code"]), check, text_of(row["layer"]) or "*", row))
    return rules


def _present(delivery: Delivery, rule: Rule) -> list[Problem]:
    found = delivery.matching(rule.layer, documents=True)
    return [] if found else [Problem(rule.layer, "", "", "nothing of this name was delivered")]


def _named(delivery: Delivery, rule: Rule) -> list[Problem]:
    pattern = re.compile(rule.need("value"))
    names = delivery.matching(rule.layer, documents=True)
    return [
        Problem(name, "", "", f"its name is not {pattern.pattern}") for name in names if not pattern.fullmatch(name)
    ]


def _readable(delivery: Delivery, rule: Rule) -> list[Problem]:
    problems = []
    for name in delivery.matching(rule.layer):
        try:
            delivery.read(name)
        except NotChecked as error:
            problems.append(Problem(name, "", "", str(error)))
    return problems


def _not_empty(delivery: Delivery, rule: Rule) -> list[Problem]:
    names = delivery.matching(rule.layer)
    return [Problem(name, "", "", "it holds no record") for name in names if not _size(delivery.read(name))]


def _size(data: Any) -> int:
    return data.shape[0] * data.shape[1] if isinstance(data, Raster) else len(data)


def _crs(delivery: Delivery, rule: Rule) -> list[Problem]:
    wanted = CRS.from_user_input(rule.need("value"))
    problems = []
    for name in delivery.matching(rule.layer):
        data = delivery.read(name)
        if not hasattr(data, "crs"):
            continue
        if data.crs is None or CRS(data.crs) != wanted:
            stated = name_crs(None if data.crs is None else CRS(data.crs)) or "no CRS"
            problems.append(Problem(name, "", "", f"it is in {stated}, {name_crs(wanted)} is needed"))
    return problems


def _geometry(delivery: Delivery, rule: Rule) -> list[Problem]:
    """Hold geometry to a type, or to validity when no type is named."""
    wanted: Any = rule.text("value") or "any"
    if wanted not in ("any", "points", "lines", "polygons"):
        raise BadPolicy(f"rules: {rule.code} names the geometry {wanted!r}; it is points, lines, polygons or empty")
    problems = []
    for name, frame in _frames(delivery, rule):
        names = record_names(frame, None)
        found = find_faults(
            shapes_of(frame), geometry=wanted, allow_z=True, point_tolerance=0.0, closing_tolerance=0.0,
            spike_angle=0.0, max_vertices=10**9,
        )  # fmt: skip
        for fault in found:
            if fault.code in ERRORS:
                problems += [
                    Problem(name, str(names[row]), str(frame.index[row]), f"{fault.code}: {note}")
                    for row, note in zip(fault.rows, fault.notes, strict=True)
                ]
    return problems


def _field(delivery: Delivery, rule: Rule) -> list[Problem]:
    rule.need("field"), rule.need("type")
    schema = rules_of_table(pd.DataFrame([dict(rule.values)]))
    problems = []
    for name in delivery.matching(rule.layer):
        frame = delivery.read(name)
        if isinstance(frame, Raster):
            continue
        names = record_names(frame, None)
        for fault in attribute_faults(frame, schema, []):
            if fault.code == "extra-field":
                continue
            words = f"{fault.field}: {fault.code}, needed is {fault.needed}"
            if not len(fault.rows):
                problems.append(Problem(name, "", "", words))
            problems += [
                Problem(name, str(names[row]), str(frame.index[row]), f"{words}, {value!r} was given")
                for row, value in zip(fault.rows, fault.values, strict=True)
            ]
    return problems


def _partition(delivery: Delivery, rule: Rule) -> list[Problem]:
    """Hold polygons to topology: value is any of overlap, gap, outside; other is the layer that is the scope."""
    from spacegov.tools.foundation.partition import check_partition

    kinds = {part.strip() for part in rule.need("value").split(",")}
    if kinds - {"overlap", "gap", "outside"}:
        raise BadPolicy(f"rules: {rule.code} names {sorted(kinds)}; topology is any of overlap, gap, outside")
    scope = _other(delivery, rule, needed="outside" in kinds)
    codes = {"gap", "outside"} & kinds | ({"overlap", "contained", "duplicate"} if "overlap" in kinds else set())
    limit = rule.values.get("limit")
    options: dict[str, Any] = {} if limit is None or pd.isna(limit) else {"tolerance": float(limit)}
    problems = []
    for name, frame in _frames(delivery, rule):
        sound = _sound(frame)
        if not len(sound):
            continue
        with collect():
            # What the other tool tells of itself concerns this layer only, and is put into words below.
            around = None if scope is None else _sound(scope)
            faults = check_partition(sound, around, gaps="gap" in kinds, **options).faults
        for fault in faults[faults["code"].isin(codes)].itertuples(index=False):
            other = f" with {fault.feature_2}" if fault.feature_2 else ""
            problems.append(Problem(name, fault.feature_1, "", f"{fault.code}{other}, {fault.area_m2:.2f} m²"))
    return problems


def _table(delivery: Delivery, rule: Rule) -> list[Problem]:
    """Hold the areas of a map against a table: field and other_field are the keys, value the table's area column."""
    from spacegov.tools.integration.map_table import check_map_table

    table = _other(delivery, rule, needed=True)
    limit = rule.values.get("limit")
    options: dict[str, Any] = {} if limit is None or pd.isna(limit) else {"tolerance": float(limit)}
    if rule.text("unit"):
        options["unit"] = rule.text("unit")
    problems = []
    for name, frame in _frames(delivery, rule):
        with collect():
            compared = check_map_table(
            _sound(frame), table, map_key=rule.need("field"), table_key=rule.need("other_field"),
            value=rule.need("value"), **options,
            )  # fmt: skip
        problems += [
            Problem(name, str(row.key), "", f"{row.verdict}: map {row.map_m2:.2f} m², table {row.table_m2:.2f} m²")
            for row in compared[compared["verdict"] != "agrees"].itertuples(index=False)
        ]
    return problems


def _frames(delivery: Delivery, rule: Rule) -> list[tuple[str, gpd.GeoDataFrame]]:
    """Read the layers with geometry that a rule means."""
    read = [(name, delivery.read(name)) for name in delivery.matching(rule.layer)]
    return [(name, data) for name, data in read if isinstance(data, gpd.GeoDataFrame)]


def _other(delivery: Delivery, rule: Rule, *, needed: bool) -> Any:
    pattern = rule.need("other") if needed else rule.text("other")
    if not pattern:
        return None
    found = delivery.matching(pattern)
    if not found:
        raise NotChecked(f"{pattern}: nothing of this name was delivered")
    return delivery.read(found[0])


def _sound(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give the polygons of a layer, mended: broken ones are another rule's matter."""
    shapes = shapes_of(frame).copy()
    shapes[shapely.is_missing(shapes)] = shapely.Polygon()
    shapes = polygons_only(shapes)
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = polygons_only(mend_shapes(shapes[broken]))
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    sound = frame[there].set_geometry(gpd.GeoSeries(shapes[there], index=frame.index[there], crs=frame.crs))
    sound.attrs = dict(frame.attrs)
    return sound


CHECKS: Mapping[str, Callable[[Delivery, Rule], list[Problem]]] = {
    "present": _present,
    "named": _named,
    "readable": _readable,
    "not-empty": _not_empty,
    "crs": _crs,
    "geometry": _geometry,
    "field": _field,
    "topology": _partition,
    "table-agrees": _table,
}
