"""The words of a filter: CQL2 read by the cql2 package, its operators in SQL, its dates and times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from spacegov.errors import BadInput, shown

LONGEST = 20_000
DEEPEST = 60
COMPARE = {"=": "=", "<>": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
SPATIAL = {
    "s_intersects": "ST_Intersects",
    "s_disjoint": "ST_Disjoint",
    "s_within": "ST_Within",
    "s_contains": "ST_Contains",
    "s_touches": "ST_Touches",
    "s_crosses": "ST_Crosses",
    "s_overlaps": "ST_Overlaps",
    "s_equals": "ST_Equals",
}
TEMPORAL = {
    "t_after": "{0} > {1}",
    "t_before": "{0} < {1}",
    "t_equals": "{0} = {1}",
    "t_disjoint": "NOT ({0} = {1})",
    "t_intersects": "{0} = {1}",
}
INTERVAL = {
    "t_during": "({0} > {1} AND {0} < {2})",
    "t_intersects": "({0} >= {1} AND {0} <= {2})",
    "t_after": "{0} > {2}",
    "t_before": "{0} < {1}",
    "t_disjoint": "({0} < {1} OR {0} > {2})",
    "t_starts": "{0} = {1}",
    "t_finishes": "{0} = {2}",
}
ARITHMETIC = {"+": "+", "-": "-", "*": "*", "/": "/", "%": "%", "^": "^"}
OPERATORS = tuple(
    sorted({"and", "or", "not", "isNull", "like", "in", "between", "casei", "accenti", *COMPARE, *SPATIAL,
            *TEMPORAL, *INTERVAL, *ARITHMETIC})
)  # fmt: skip


def parse_cql2(text: str | Mapping[str, Any]) -> Any:
    """Parse CQL2 text or JSON into its tree.

    Raises
    ------
    BadInput
        It is no CQL2, or too long or too deep.
    """
    import cql2

    if isinstance(text, str) and len(text) > LONGEST:
        raise BadInput(f"the filter has {len(text)} letters, {LONGEST} are allowed; shorten it")
    if isinstance(text, str) and _depth(text) > DEEPEST:
        raise BadInput(f"the filter is nested deeper than {DEEPEST} levels; shorten it")
    try:
        if isinstance(text, str) and not text.lstrip().startswith("{"):
            return cql2.parse_text(text).to_json()
        return cql2.parse_json(text if isinstance(text, str) else json.dumps(text)).to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError, TypeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        place = lines[0].removeprefix("-->").strip() if lines and "-->" in lines[0] else ""
        hint = f" at line and column {place}" if place else ""
        raise BadInput(
            f"the filter {shown(text)} is no CQL2{hint}; write it as in: grade <= 5 AND use IN ('0101', '0103')"
        ) from None


def _depth(text: str) -> int:
    """Measure nesting before the parser, which recurses, sees the text."""
    deepest = level = 0
    for letter in text:
        level += letter in "([{"
        level -= letter in ")]}"
        deepest = max(deepest, level)
    return max(deepest, text.upper().count("NOT NOT"))


def comparable(first: str, second: str) -> bool:
    """Tell whether values of two types can be compared."""
    numbers = {"number", "integer"}
    times = {"date", "datetime"}
    return first == second or {first, second} <= numbers or {first, second} <= times


def read_date(text: str) -> date:
    """Read a date, or the day of a time."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BadInput(f"the filter's date {text!r} is none; write it as DATE('2025-12-31')") from None


def read_timestamp(text: str) -> datetime:
    """Read a time."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"the filter's time {text!r} is none; write it as TIMESTAMP('2025-12-31T00:00:00Z')") from None


def read_time(value: Any) -> date:
    """Read a date or a time."""
    if isinstance(value, dict):
        value = value.get("date", value.get("timestamp", ""))
    return read_timestamp(str(value)) if "T" in str(value) else read_date(str(value))
