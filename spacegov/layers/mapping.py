"""From the columns a department delivers to the fields of a layer card, with the type the card gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

    from spacegov.layers.card import LayerField

_SHAPEFILE_NAME = 10
_RESERVED = frozenset({"geometry", "bbox", "fault"})
_TRUE = frozenset({"1", "true", "t", "yes", "y", "是", "да"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "否", "нет"})


def match_fields(fields: Mapping[str, LayerField], columns: Iterable[str], source: str) -> dict[str, str]:
    """Find which column holds which field.

    A column is taken for a field by its name, by one of the other names on the card, by a title, or by the ten letters
    a shapefile leaves of a name, in that order and without regard to case. Columns that belong to no field keep their
    names, since nothing that was delivered is lost.

    Parameters
    ----------
    fields : mapping of str to LayerField
        The card's fields.
    columns : iterable of str
        The columns of the file.
    source : str
        The file, for messages.

    Returns
    -------
    dict
        New name by column.

    Raises
    ------
    BadInput
        Two columns would become one.

    Examples
    --------
    >>> from spacegov.layers.card import LayerField
    >>> use = LayerField(type="string", title={"en": "Use", "zh": "用途"}, names=("DLBM",))
    >>> match_fields({"use": use}, ["dlbm", "note"], "plots.shp")
    {'dlbm': 'use', 'note': 'note'}
    """
    left = list(columns)
    found: dict[str, str] = {}
    for known in (_by_name, _by_other_names, _by_title, _by_cut_name):
        for name, field in fields.items():
            if name in found.values():
                continue
            wanted = known(name, field)
            same = [column for column in left if column.casefold() in wanted]
            exact = [column for column in same if column == name] or same
            if len(exact) > 1:
                raise BadInput(
                    f"{source}: the columns {' and '.join(map(repr, exact))} both look like the field {name!r}; "
                    "rename or remove one"
                )
            if exact:
                found[exact[0]] = name
                left.remove(exact[0])
    for column in left:
        name = column
        while name in found.values() or name in fields or name.casefold() in _RESERVED:
            name = f"{name}_"
        found[column] = name
    order = {name: position for position, name in enumerate(fields)}
    return dict(sorted(found.items(), key=lambda pair: order.get(pair[1], len(order))))


def _by_name(name: str, field: LayerField) -> set[str]:  # noqa: ARG001  one signature for all ways
    return {name.casefold()}


def _by_other_names(name: str, field: LayerField) -> set[str]:  # noqa: ARG001
    return {other.casefold() for other in field.names}


def _by_title(name: str, field: LayerField) -> set[str]:  # noqa: ARG001
    return {str(title).casefold() for title in field.title.values()}


def _by_cut_name(name: str, field: LayerField) -> set[str]:
    return {each[:_SHAPEFILE_NAME].casefold() for each in (name, *field.names) if len(each) > _SHAPEFILE_NAME}


def arrow_type(field: LayerField) -> Any:
    """Give the Arrow type that a field is stored as."""
    import pyarrow as pa

    return {
        "string": pa.string(),
        "code": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }[field.type]


@dataclass(frozen=True)
class Coerced:
    """A column in its field's type, and the rows whose value could not be brought to it."""

    values: pa.Array
    rows: NDArray[np.int64]
    texts: list[str]


def coerce(column: pa.Array, field: LayerField) -> Coerced:
    """Bring a column to the type of its field; values that have no reading in it become empty and are named.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from spacegov.layers.card import LayerField
    >>> done = coerce(pa.array(["12", "twelve", ""]), LayerField(type="integer", title={"en": "Number"}))
    >>> done.values.to_pylist(), done.rows.tolist(), done.texts
    ([12, None, None], [1], ['twelve'])
    """
    import pyarrow as pa

    wanted = arrow_type(field)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type == wanted:
        return _blank_to_null(column) if wanted == pa.string() else _as_is(column)
    if pa.types.is_null(column.type):
        return _as_is(pa.nulls(len(column), wanted))
    if wanted == pa.string():
        return _as_is(_as_text(column))
    if pa.types.is_integer(column.type) and pa.types.is_floating(wanted):
        return _as_is(column.cast(wanted, safe=False))
    if pa.types.is_integer(column.type) and pa.types.is_integer(wanted):
        return _as_is(column.cast(wanted))
    return _value_by_value(column, field.type, wanted)


def _as_is(values: pa.Array) -> Coerced:
    return Coerced(values, np.empty(0, np.int64), [])


def _blank_to_null(column: pa.Array) -> Coerced:
    import pyarrow as pa
    import pyarrow.compute as pc

    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    return _as_is(pc.if_else(blank, pa.scalar(None, pa.string()), column))


def _as_text(column: pa.Array) -> pa.Array:
    """Write values as text; whole numbers that a program made fractions lose their `.0` again."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        texts = [
            None if value is None else str(int(value)) if value == value and value == int(value) else repr(value)
            for value in column.to_pylist()
        ]
        return pa.array(texts, pa.string())
    if pa.types.is_integer(column.type) or pa.types.is_large_string(column.type) or pa.types.is_boolean(column.type):
        return column.cast(pa.string())
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())


def _value_by_value(column: pa.Array, kind: str, wanted: Any) -> Coerced:
    import pyarrow as pa

    read = {"integer": _integer, "number": _number, "boolean": _boolean, "date": _date}[kind]
    values: list[Any] = []
    rows: list[int] = []
    texts: list[str] = []
    for row, value in enumerate(column.to_pylist()):
        if value is None or (isinstance(value, str) and not value.strip()):
            values.append(None)
            continue
        good = read(value)
        values.append(good)
        if good is None:
            rows.append(row)
            texts.append(str(value))
    return Coerced(pa.array(values, wanted), np.array(rows, np.int64), texts)


def _number(value: Any) -> float | None:
    try:
        number = float(str(value).strip().replace(" ", "").replace("\u00a0", ""))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, int):
        return int(value)
    text = str(value).strip()
    if text.lstrip("+-").isdigit():
        return int(text) if abs(int(text)) < 1 << 63 else None
    number = _number(value)
    return int(number) if number is not None and number == int(number) and abs(number) < 1 << 53 else None


def _boolean(value: Any) -> bool | None:
    text = str(int(value) if isinstance(value, float) and value in (0.0, 1.0) else value).strip().casefold()
    return True if text in _TRUE else False if text in _FALSE else None


def _date(value: Any) -> Any:
    from datetime import date, datetime

    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip().partition("T")[0].partition(" ")[0].replace("/", "-").replace(".", "-")
    text = text.replace("年", "-").replace("月", "-").rstrip("日")
    parts = text.split("-") if "-" in text else [text[:4], text[4:6], text[6:]] if len(text) == 8 else []
    if len(parts) != 3 or len(parts[0]) != 4 or not all(part.isdigit() for part in parts):
        return None
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        return None
