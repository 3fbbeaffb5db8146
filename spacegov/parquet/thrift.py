"""The compact protocol of Thrift, in which a Parquet file writes what it holds; only what its footer needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
Fields = dict[int, tuple[int, Any]]
"""A structure: type and value by number of the field."""


@dataclass(frozen=True)
class Items:
    """A list.

    Attributes
    ----------
    kind : int
        Type of its members.
    values : list
        Its members.
    """

    kind: int
    values: list[Any]


class Reader:
    """Reads structures from bytes.

    Parameters
    ----------
    data : bytes
        They start at `at`.
    at : int
        Position of the next byte.

    Examples
    --------
    >>> said = write({1: (I32, -7), 4: (BINARY, b"name"), 5: (LIST, Items(I64, [1, 300]))})
    >>> Reader(said).structure() == {1: (I32, -7), 4: (BINARY, b"name"), 5: (LIST, Items(I64, [1, 300]))}
    True
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def structure(self) -> Fields:
        """Read a structure."""
        found: Fields = {}
        number = 0
        data = self.data
        while True:
            head = data[self.at]
            self.at += 1
            if head == 0:
                return found
            kind, step = head & 15, head >> 4
            number = number + step if step else self.whole()
            found[number] = (kind, self.value(kind))

    def value(self, kind: int) -> Any:
        """Read a value of a type."""
        if kind in {I16, I32, I64}:
            return self.whole()
        if kind == BINARY:
            size = self.count()
            self.at += size
            return self.data[self.at - size : self.at]
        if kind in {TRUE, FALSE}:
            return kind == TRUE
        if kind == STRUCT:
            return self.structure()
        if kind in {LIST, SET}:
            return self.items()
        if kind in {BYTE, DOUBLE}:
            size = 1 if kind == BYTE else 8
            self.at += size
            return self.data[self.at - size : self.at]
        raise ValueError(f"a value of type {kind} is not known")

    def items(self) -> Items:
        """Read a list."""
        head = self.data[self.at]
        self.at += 1
        kind, size = head & 15, head >> 4
        size = self.count() if size == 15 else size
        if kind in {TRUE, FALSE}:
            self.at += size
            return Items(kind, [byte == TRUE for byte in self.data[self.at - size : self.at]])
        return Items(kind, [self.value(kind) for _ in range(size)])

    def count(self) -> int:
        """Read a number that is not negative."""
        found = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def whole(self) -> int:
        """Read a number of either sign."""
        found = self.count()
        return (found >> 1) ^ -(found & 1)


def write(fields: Fields) -> bytes:
    """Write a structure."""
    out = bytearray()
    _structure(out, fields)
    return bytes(out)


def _structure(out: bytearray, fields: Fields) -> None:
    before = 0
    for number in sorted(fields):
        kind, value = fields[number]
        if kind in {TRUE, FALSE}:
            kind = TRUE if value else FALSE
        step = number - before
        if 0 < step < 16:
            out.append(step << 4 | kind)
        else:
            out.append(kind)
            _whole(out, number)
        before = number
        if kind not in {TRUE, FALSE}:
            _value(out, kind, value)
    out.append(0)


def _value(out: bytearray, kind: int, value: Any) -> None:
    if kind in {I16, I32, I64}:
        _whole(out, value)
    elif kind == BINARY:
        _count(out, len(value))
        out += value
    elif kind == STRUCT:
        _structure(out, value)
    elif kind in {LIST, SET}:
        size = len(value.values)
        out.append(min(size, 15) << 4 | value.kind)
        if size >= 15:
            _count(out, size)
        for each in value.values:
            if value.kind in {TRUE, FALSE}:
                out.append(TRUE if each else FALSE)
            else:
                _value(out, value.kind, each)
    else:
        out += value


def _count(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _whole(out: bytearray, value: int) -> None:
    _count(out, value << 1 if value >= 0 else (-value << 1) - 1)
