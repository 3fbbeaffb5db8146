"""CQL2 filters: parsed by the cql2 package, compiled to SQL in which every value is a bound parameter.

Only properties of the layer can be named, only operators listed here are known, and no text of a filter ever becomes
part of a statement: names come from the layer, values are bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from spacegov.errors import BadInput, UnknownName, shown, suggest
from spacegov.layers.filter_words import (
    ARITHMETIC,
    COMPARE,
    DEEPEST,
    INTERVAL,
    OPERATORS,
    SPATIAL,
    TEMPORAL,
    comparable,
    parse_cql2,
    read_date,
    read_time,
    read_timestamp,
)  # fmt: skip

GEOMETRY = "geometry"
MOST_LISTED = 10_000


@dataclass(frozen=True)
class Filter:
    """A filter, ready to run.

    Attributes
    ----------
    sql : str
        A condition with `?` for every value.
    values : tuple
        The values, in the order of the question marks.
    columns : frozenset of str
        The properties it reads.
    spatial : bool
        Whether it asks about shapes.
    box : tuple of float, optional
        A box that every record that passes must meet, in the CRS of the stored geometry.
    """

    sql: str
    values: tuple[Any, ...]
    columns: frozenset[str]
    spatial: bool
    box: tuple[float, float, float, float] | None = None


def compile_filter(text: str | Mapping[str, Any], kinds: Mapping[str, str], *, to_native: Any = None) -> Filter:
    r"""Compile a filter.

    Parameters
    ----------
    text : str or mapping
        CQL2 text, or CQL2 JSON.
    kinds : mapping of str to str
        The properties that may be named, with their type: string, integer, number, boolean, date, datetime.
    to_native : callable, optional
        Brings a shapely geometry of the filter to the CRS of the stored geometry.

    Returns
    -------
    Filter

    Raises
    ------
    UnknownName
        It names a property the layer does not have, or an operator that is not known.
    BadInput
        It is no CQL2, or compares what cannot be compared.

    Examples
    --------
    >>> done = compile_filter("grade <= 5 AND name LIKE 'A%'", {"grade": "integer", "name": "string"})
    >>> done.sql
    '(("grade" <= ?) AND ("name" LIKE ? ESCAPE \'\\\'))'
    >>> done.values
    (5, 'A%')
    """
    tree = parse_cql2(text)
    state = _Compiler(kinds, to_native)
    kind, sql = state.term(tree, 0)
    if kind not in {"boolean", "any"}:
        raise BadInput(f"the filter {shown(text)} gives a {kind}, a condition is needed; compare it with a value")
    return Filter(sql, tuple(state.values), frozenset(state.columns), state.spatial, state.box(tree))


@dataclass
class _Compiler:
    kinds: Mapping[str, str]
    to_native: Any
    values: list[Any] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    spatial: bool = False

    def term(self, node: Any, depth: int) -> tuple[str, str]:
        """Give the type and the SQL of a node."""
        if depth > DEEPEST:
            raise BadInput(f"the filter is nested deeper than {DEEPEST} levels; shorten it")
        if isinstance(node, bool):
            return "boolean", self.bind(node)
        if isinstance(node, (int, float)):
            return "number", self.bind(int(node) if float(node).is_integer() and abs(node) < 1 << 53 else float(node))
        if isinstance(node, str):
            return "string", self.bind(node)
        if isinstance(node, dict):
            if "property" in node:
                return self.property(str(node["property"]))
            if "date" in node:
                return "date", self.bind(read_date(str(node["date"])))
            if "timestamp" in node:
                return "datetime", self.bind(read_timestamp(str(node["timestamp"])))
            if "op" in node:
                return self.operation(str(node["op"]), list(node.get("args", [])), depth)
        raise BadInput(f"the filter holds {shown(node)}, which cannot stand there; compare a property with a value")

    def bind(self, value: Any) -> str:
        """Add a value."""
        self.values.append(value)
        return "?"

    def property(self, name: str) -> tuple[str, str]:
        """Name a property of the layer."""
        if name not in self.kinds:
            raise UnknownName(f"the filter names the property {name!r}; {suggest(name, self.kinds)}")
        self.columns.add(name)
        return self.kinds[name], quoted(name)

    def operation(self, op: str, args: list[Any], depth: int) -> tuple[str, str]:
        """Compile an operator."""
        lower = op if op == "isNull" else op.lower()
        if lower in COMPARE:
            return "boolean", self.compare(COMPARE[lower], args, depth)
        if lower in {"and", "or"}:
            parts = [self.condition(arg, depth) for arg in args]
            return "boolean", "(" + f" {lower.upper()} ".join(parts) + ")"
        if lower == "not":
            return "boolean", f"(NOT {self.condition(args[0], depth)})"
        if lower == "isNull":
            return "boolean", f"({self.term(args[0], depth + 1)[1]} IS NULL)"
        if lower in SPATIAL:
            return "boolean", self.spatially(lower, args)
        if lower.startswith("t_") and (lower in TEMPORAL or lower in INTERVAL):
            return "boolean", self.temporally(lower, args, depth)
        known: dict[str, Callable[[list[Any], int], tuple[str, str]]] = {
            "like": self.like, "in": self.within, "between": self.between, "casei": self.casei, "accenti": self.accenti,
        }  # fmt: skip
        if lower in known:
            return known[lower](args, depth)
        if lower in ARITHMETIC and len(args) == 2:
            sides = [self.typed(arg, ("number", "integer"), depth) for arg in args]
            return "number", f"({sides[0]} {ARITHMETIC[lower]} {sides[1]})"
        raise UnknownName(f"the filter uses {op!r}; {suggest(op, OPERATORS)}")

    def condition(self, node: Any, depth: int) -> str:
        """Compile what must be true or false."""
        return self.typed(node, ("boolean",), depth)

    def box(self, node: Any) -> Any:
        """Give the box of a shape that every record must intersect: one joined to the rest by AND."""
        import shapely

        if not isinstance(node, dict) or "op" not in node:
            return None
        args = list(node.get("args", []))
        if node["op"] == "and":
            boxes = [found for found in map(self.box, args) if found is not None]
            if not boxes:
                return None
            sides = np.array(boxes)
            return (*map(float, sides[:, :2].max(axis=0)), *map(float, sides[:, 2:].min(axis=0)))
        if str(node["op"]).lower() not in {"s_intersects", "s_within"} or args[0] != {"property": GEOMETRY}:
            return None
        if isinstance(args[1], dict) and "property" in args[1]:
            return None
        west, south, east, north = shapely.bounds(self.literal(args[1])).tolist()
        return west, south, east, north

    def typed(self, node: Any, wanted: tuple[str, ...], depth: int) -> str:
        """Compile what must have one of some types."""
        kind, sql = self.term(node, depth + 1)
        if kind not in wanted:
            raise BadInput(f"the filter gives {kind} {shown(node)} where {' or '.join(wanted)} is needed; correct it")
        return sql

    def compare(self, operator: str, args: list[Any], depth: int) -> str:
        """Compile a comparison, of one type with the same."""
        start = len(self.values)
        (first, left), (second, right) = (self.term(arg, depth + 1) for arg in args)
        pairs = {first, second}
        if pairs == {"string", "date"} or pairs == {"string", "datetime"}:
            # Dates are often written as plain text; a literal is read, a property of text is not.
            position = 0 if first == "string" else 1
            if not isinstance(args[position], str):
                raise BadInput(f"the filter compares a date with the text {shown(args[position])}; compare with a date")
            self.values[start if position == 0 else -1] = read_date(args[position])
        elif not comparable(first, second):
            raise BadInput(
                f"the filter compares a {first} with a {second} ({shown(args[0])} and {shown(args[1])}); write text in "
                "single quotes and numbers without"
            )
        return f"({left} {operator} {right})"

    def like(self, args: list[Any], depth: int) -> tuple[str, str]:
        """Compile a pattern, in which % and _ stand for letters."""
        left = self.typed(args[0], ("string",), depth)
        right = self.typed(args[1], ("string",), depth)
        return "boolean", f"({left} LIKE {right} ESCAPE '\\')"

    def within(self, args: list[Any], depth: int) -> tuple[str, str]:
        """Compile a list."""
        listed = args[1] if len(args) == 2 and isinstance(args[1], list) else None
        if not listed:
            raise BadInput("the filter's IN needs a list of values, such as use IN ('0101', '0103')")
        if len(listed) > MOST_LISTED:
            raise BadInput(f"the filter lists {len(listed)} values, {MOST_LISTED} are allowed; ask in parts")
        kind, left = self.term(args[0], depth + 1)
        parts = []
        for value in listed:
            other, sql = self.term(value, depth + 1)
            if kind == "date" and other == "string":
                self.values[-1] = read_date(str(value))
            elif not comparable(kind, other):
                raise BadInput(f"the filter compares a {kind} with a {other} ({shown(value)}); write text in quotes")
            parts.append(sql)
        return "boolean", f"({left} IN ({', '.join(parts)}))"

    def between(self, args: list[Any], depth: int) -> tuple[str, str]:
        """Compile a range, with its ends."""
        if len(args) != 3:
            raise BadInput("the filter's BETWEEN needs two values, such as grade BETWEEN 1 AND 5")
        low = self.compare(">=", [args[0], args[1]], depth)
        high = self.compare("<=", [args[0], args[2]], depth)
        return "boolean", f"({low} AND {high})"

    def casei(self, args: list[Any], depth: int) -> tuple[str, str]:
        """Compile text without regard to case."""
        return "string", f"lower({self.typed(args[0], ('string',), depth)})"

    def accenti(self, args: list[Any], depth: int) -> tuple[str, str]:
        """Compile text without regard to accents."""
        return "string", f"strip_accents({self.typed(args[0], ('string',), depth)})"

    def spatially(self, op: str, args: list[Any]) -> str:
        """Compile a question about shapes."""
        if len(args) != 2:
            raise BadInput(f"the filter's {op.upper()} needs two geometries")
        self.spatial = True
        sides = [self.shape(arg) for arg in args]
        return f"{SPATIAL[op]}({sides[0]}, {sides[1]})"

    def shape(self, node: Any) -> str:
        """Compile a geometry: the layer's own, or one of the filter."""
        import shapely

        if isinstance(node, dict) and "property" in node:
            if node["property"] != GEOMETRY:
                name = str(node["property"])
                raise UnknownName(f"the filter asks about the shape {name!r}; the layer's is called {GEOMETRY!r}")
            self.columns.add(GEOMETRY)
            return f"ST_GeomFromWKB({quoted(GEOMETRY)})"
        return f"ST_GeomFromWKB({self.bind(shapely.to_wkb(self.literal(node)))})"

    def literal(self, node: Any) -> Any:
        """Read a geometry of the filter and bring it to the CRS of the stored geometry."""
        import shapely

        try:
            box = node.get("bbox")
            if box is not None:
                shape = shapely.box(*([*box[:2], *box[-2:]]))
            else:
                shape = shapely.geometry.shape(node)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError, shapely.errors.GEOSException):
            raise BadInput(f"the filter holds {shown(node)} where a geometry is needed; write POLYGON((…))") from None
        if shape.is_empty or not np.isfinite(shape.bounds).all():
            raise BadInput(f"the filter holds an empty geometry {shown(node)}; draw a point, a line or an area")
        if self.to_native is not None:
            shape = self.to_native(shape)
        return shape

    def temporally(self, op: str, args: list[Any], depth: int) -> str:
        """Compile a question about time."""
        if len(args) != 2:
            raise BadInput(f"the filter's {op.upper()} needs two times")
        left = self.instant(args[0], depth)
        if isinstance(args[1], dict) and "interval" in args[1]:
            if op not in INTERVAL:
                raise BadInput(
                    f"the filter's {op.upper()} cannot be asked of an interval; use T_DURING or T_INTERSECTS"
                )
            if not (isinstance(args[0], dict) and "property" in args[0]):
                raise BadInput(
                    f"the filter's {op.upper()} compares {shown(args[0])} with an interval; name a property first"
                )
            ends = list(args[1]["interval"])
            low = date(1, 1, 1) if ends[0] in {"..", ""} else read_time(ends[0])
            high = date(9999, 12, 31) if ends[1] in {"..", ""} else read_time(ends[1])
            pattern = INTERVAL[op]
            self.values += [value for mark, value in (("{1}", low), ("{2}", high)) if mark in pattern]
            return f"({pattern.format(left, '?', '?')})"
        if op not in TEMPORAL:
            raise BadInput(f"the filter's {op.upper()} needs an interval, such as INTERVAL('2024-01-01', '2024-12-31')")
        return f"({TEMPORAL[op].format(left, self.instant(args[1], depth))})"

    def instant(self, node: Any, depth: int) -> str:
        """Compile a time: a property of dates, or a date."""
        if isinstance(node, str):
            return self.bind(read_time(node))
        return self.typed(node, ("date", "datetime"), depth)


def quoted(name: str) -> str:
    """Quote a name of a column for SQL."""
    return '"' + name.replace('"', '""') + '"'


def kinds_of(schema: Any) -> dict[str, str]:
    """Give the types of columns as a filter knows them; columns of other types cannot be named."""
    import pyarrow as pa

    found: dict[str, str] = {}
    for each in schema:
        kind = each.type.value_type if pa.types.is_dictionary(each.type) else each.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            found[each.name] = "string"
        elif pa.types.is_integer(kind):
            found[each.name] = "integer"
        elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            found[each.name] = "number"
        elif pa.types.is_boolean(kind):
            found[each.name] = "boolean"
        elif pa.types.is_date(kind):
            found[each.name] = "date"
        elif pa.types.is_timestamp(kind):
            found[each.name] = "datetime"
    return found
