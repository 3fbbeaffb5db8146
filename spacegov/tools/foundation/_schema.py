"""What a field may hold, and the records that hold something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.errors import BadPolicy
from spacegov.tools.foundation._shapes import Booleans
from spacegov.tools.values import dates_of, text_of, texts_of

ERRORS = frozenset(
    {"missing-field", "wrong-type", "missing-value", "duplicate", "out-of-range", "unknown-code", "date-order"}
)
TYPES = ("string", "integer", "number", "boolean", "date", "code")


@dataclass(frozen=True)
class FieldRule:
    """What one field must be."""

    name: str
    type: str
    required: bool = False
    unique: bool = False
    low: Any = None
    high: Any = None
    codes: frozenset[str] | None = None


@dataclass(frozen=True)
class Fault:
    """Records of one layer with one kind of fault in one field; no rows when the field itself is at fault."""

    field: str
    code: str
    needed: str
    rows: NDArray[np.int64]
    values: list[str]
    count: int

    @property
    def severity(self) -> str:
        """Whether the records cannot be used as they are, or only should be looked at."""
        return "error" if self.code in ERRORS else "warning"


def rules_of_card(card: Any, codes: Any) -> list[FieldRule]:
    """Read the rules of a layer card.

    Parameters
    ----------
    card : LayerCard
        The card.
    codes : callable
        Field name → the codes it may hold, or None.
    """
    return [
        FieldRule(
            name=name,
            type=field.type,
            required=field.required,
            unique=field.unique,
            low=None if field.range is None else field.range[0],
            high=None if field.range is None else field.range[1],
            codes=_allowed(codes(name)) if field.type == "code" else None,
        )
        for name, field in card.fields.items()
    ]


def _allowed(codes: Any) -> frozenset[str] | None:
    return None if codes is None else frozenset(str(code) for code in codes)


def rules_of_table(table: pd.DataFrame) -> list[FieldRule]:
    """Read rules from a table: `field`, `type`, and where they are there `required`, `unique`, `low`, `high`, `codes`.

    Raises
    ------
    BadPolicy
        A type is not known.
    """
    rules = []
    for row in table.to_dict("records"):
        if row["type"] not in TYPES:
            raise BadPolicy(
                f"the field {row['field']!r} has the type {row['type']!r}, one of {', '.join(TYPES)} is needed; mend it"
            )
        codes = text_of(row.get("codes"))
        rules.append(
            FieldRule(
                name=str(row["field"]),
                type=str(row["type"]),
                required=row.get("required") is True or row.get("required") == np.True_,
                unique=row.get("unique") is True or row.get("unique") == np.True_,
                low=_bound(row.get("low")),
                high=_bound(row.get("high")),
                codes=frozenset(part.strip() for part in codes.split(",")) if codes else None,
            )
        )
    return rules


def _bound(value: Any) -> Any:
    return None if text_of(value) is None else value


def find_faults(frame: pd.DataFrame, rules: Sequence[FieldRule], order: Sequence[tuple[str, str]]) -> Iterator[Fault]:
    """Find the faults of a layer, field by field in the order of the rules.

    Parameters
    ----------
    frame : DataFrame
        The layer; its geometry is not looked at.
    rules : sequence of FieldRule
        What its fields must be.
    order : sequence of (str, str)
        Fields of which the first date may not lie after the second.
    """
    known = {rule.name for rule in rules}
    geometry = getattr(frame, "_geometry_column_name", None)
    for column in frame.columns:
        if column not in known and column != geometry:
            yield _of_field(str(column), "extra-field", "no field of this name", len(frame))
    for rule in rules:
        if rule.name not in frame.columns:
            code = "missing-field" if rule.required else "missing-optional-field"
            yield _of_field(rule.name, code, f"a field of {rule.type}", len(frame))
            continue
        yield from _field_faults(frame[rule.name], rule)
    dates = {rule.name for rule in rules if rule.type == "date"} & set(frame.columns)
    for earlier, later in order:
        if {earlier, later} <= dates:
            yield from _disorder(frame, earlier, later)


def _of_field(name: str, code: str, needed: str, count: int) -> Fault:
    return Fault(name, code, needed, np.empty(0, np.int64), [], count)


def _of_rows(name: str, code: str, needed: str, where: Booleans, values: Any) -> Iterator[Fault]:
    rows = np.flatnonzero(where)
    if len(rows):
        yield Fault(name, code, needed, rows, [text_of(values[row]) or "" for row in rows], len(rows))


def _field_faults(column: pd.Series, rule: FieldRule) -> Iterator[Fault]:
    texts = texts_of(column)
    missing = np.array([text is None or text == "" for text in texts], dtype=bool)
    if rule.required:
        yield from _of_rows(rule.name, "missing-value", "a value", missing, texts)
    if rule.unique:
        twice = pd.Index(texts).duplicated(keep=False)
        yield from _of_rows(rule.name, "duplicate", "a value of its own", twice & ~missing, texts)
    if rule.type == "code" and pd.api.types.is_numeric_dtype(column) and not missing.all():
        yield _of_field(rule.name, "wrong-type", "codes as text, numbers lose leading zeros", len(column))
        return
    numbers, fits = _typed(column, texts, missing, rule.type)
    yield from _of_rows(rule.name, "wrong-type", rule.type, ~fits & ~missing, texts)
    if rule.codes is not None:
        unknown = np.array([text not in rule.codes for text in texts], dtype=bool) & ~missing
        yield from _of_rows(rule.name, "unknown-code", f"one of {_some(rule.codes)}", unknown, texts)
    if rule.low is not None or rule.high is not None:
        low, high = (_comparable(bound, rule.type) for bound in (rule.low, rule.high))
        with np.errstate(invalid="ignore"):
            outside = np.zeros(len(column), bool)
            outside |= numbers < low if low is not None else False
            outside |= numbers > high if high is not None else False
        needed = f"{_shown(rule.low)} to {_shown(rule.high)}"
        yield from _of_rows(rule.name, "out-of-range", needed, outside & fits & ~missing, texts)


def _some(codes: frozenset[str]) -> str:
    shown = sorted(codes)
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")


def _shown(bound: Any) -> str:
    return "…" if bound is None else str(text_of(bound))


def _comparable(bound: Any, kind: str) -> Any:
    if bound is None:
        return None
    return np.datetime64(str(bound), "s") if kind == "date" else float(bound)


def _typed(column: pd.Series, texts: Any, missing: Booleans, kind: str) -> tuple[Any, Booleans]:
    """Give the values as numbers or dates, and which of them have the type."""
    everything = np.ones(len(column), bool)
    if kind == "date":
        dates, _ = dates_of(column)
        whole = pd.api.types.is_datetime64_any_dtype(column)
        looks = np.array(
            [whole or isinstance(value, date) or _is_day(text) for value, text in zip(column, texts, strict=True)]
        )
        return dates, ~np.isnat(dates) & looks.astype(bool)
    if kind in {"integer", "number", "boolean"}:
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
            is_number = np.array([isinstance(value, (int, float, np.number, np.bool_)) for value in column], dtype=bool)
            numbers = np.array([float(v) if ok else np.nan for v, ok in zip(column, is_number, strict=True)])
        else:
            numbers, is_number = column.to_numpy(np.float64, na_value=np.nan), everything
        if kind == "boolean":
            return numbers, is_number & np.isin(numbers, (0.0, 1.0))
        finite = np.isfinite(numbers)
        return numbers, is_number & finite & ((numbers == np.rint(numbers)) if kind == "integer" else everything)
    strings = np.array([isinstance(value, str) for value in column], dtype=bool)
    return texts, strings | missing


def _is_day(text: str | None) -> bool:
    """A date is written with year, month and day; 2024 alone would be read as the first of January."""
    return text is not None and len(text) >= 8


def _disorder(frame: pd.DataFrame, earlier: str, later: str) -> Iterator[Fault]:
    first, words = dates_of(frame[earlier])
    second, others = dates_of(frame[later])
    wrong = ~np.isnat(first) & ~np.isnat(second) & (second < first)
    pairs = [f"{a} > {b}" for a, b in zip(words, others, strict=True)]
    yield from _of_rows(later, "date-order", f"not before {earlier}", wrong, pairs)


def order_of(table: pd.DataFrame | None) -> list[tuple[str, str]]:
    """Read pairs of dates from a policy table."""
    return [] if table is None else [(str(a), str(b)) for a, b in zip(table["earlier"], table["later"], strict=True)]


def fault_rows(faults: Sequence[Fault], names: Any, labels: Sequence[str]) -> list[Mapping[str, Any]]:
    """Spread faults into rows: one for each record, one for a field at fault as a whole."""
    rows: list[Mapping[str, Any]] = []
    for fault in faults:
        common = {"field": fault.field, "code": fault.code, "severity": fault.severity, "needed": fault.needed}
        if not len(fault.rows):
            rows.append({**common, "feature": "", "row": "", "value": "", "count": fault.count})
        for row, value in zip(fault.rows, fault.values, strict=True):
            rows.append({**common, "feature": str(names[row]), "row": labels[row], "value": value, "count": 1})
    return rows
