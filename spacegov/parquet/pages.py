"""Some records of a Parquet file by their pages: what is not asked for is neither read nor unpacked.

Arrow unpacks a column of a row group whole. A file that is written with a page index says where each page lies and
which records it holds; the pages that are wanted are put together to a small Parquet file in memory, which Arrow reads.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacegov.parquet.thrift import BINARY, I32, I64, LIST, STRUCT, Fields, Items, Reader, write

if TYPE_CHECKING:
    import pyarrow as pa

    Bounds = tuple[float, float, float, float]
    Rows = NDArray[np.int64]
    Chosen = Sequence[tuple[int, Rows]]

_MAGIC = b"PAR1"
_DOUBLE, _BYTES = 5, 6
_MANY = 50_000
"""Records from which on columns are unpacked side by side."""
_WORTH = 0.6
"""Share of a row group's records in the pages that are wanted, from which on the whole group is read."""


@dataclass
class Chunk:
    """One leaf column of one row group.

    Attributes
    ----------
    described : dict
        Its metadata as they stand in the footer.
    offsets, sizes, firsts : arrays of int
        Place, bytes and first record of each page.
    boundaries : tuple of int, optional
        Place and bytes of the column index, which holds the least and the greatest value of each page.
    """

    described: Fields
    offsets: Rows
    sizes: Rows
    firsts: Rows
    boundaries: tuple[int, int] | None


@dataclass
class PagedFile:
    """A Parquet file that says where its pages lie.

    Attributes
    ----------
    path : Path
        The file.
    columns : dict
        For each column, its elements of the schema and the numbers of its leaves.
    rows : list of int
        Records of each row group.
    chunks : list of list of Chunk
        For each row group its leaves.
    """

    path: Path
    columns: dict[str, tuple[list[Fields], list[int]]]
    rows: list[int]
    chunks: list[list[Chunk]]
    _least: dict[tuple[int, int], Any] = field(default_factory=dict)

    def read(self, chosen: Chosen, names: Sequence[str], schema: pa.Schema) -> pa.Table:
        """Read some records.

        Parameters
        ----------
        chosen : list of (int, array of int)
            Row groups, each with its records, ascending, from 0 in the group.
        names : sequence of str
            Columns.
        schema : pyarrow.Schema
            Of the file.
        """
        import pyarrow as pa

        found: dict[str, Any] = {}
        with self.path.open("rb") as file:
            for alike in self._alike([group for group, _ in chosen], names):
                leaf = self.columns[alike[0]][1][0]
                wanted, at, begin = [], [], 0
                for group, rows in chosen:
                    pages, places, held = _pages_of(self.chunks[group][leaf].firsts, self.rows[group], rows)
                    wanted.append((group, pages, held))
                    at.append(places + begin)
                    begin += held
                table = self._unpack(file.fileno(), wanted, alike).take(pa.array(np.concatenate(at)))
                for name in alike:
                    column = table.column(name)
                    kind = schema.field(name).type
                    found[name] = column if column.type == kind else column.cast(kind)
        return pa.table([found[name] for name in names], names=list(names))

    def worth(self, chosen: Chosen, names: Sequence[str]) -> list[str]:
        """Name the columns of which the pages of some records are so few that the rest is worth leaving out."""
        total = sum(self.rows[group] for group, _ in chosen)
        worth = []
        for alike in self._alike([group for group, _ in chosen], [name for name in names if name in self.columns]):
            leaf = self.columns[alike[0]][1][0]
            held = sum(_pages_of(self.chunks[group][leaf].firsts, self.rows[group], rows)[2] for group, rows in chosen)
            worth += alike if held <= _WORTH * total else []
        return worth

    def boxes(self, group: int, column: str, box: Bounds, sides: Sequence[str]) -> Rows | None:
        """Give the records of a row group in pages whose boxes meet a box; None where the file does not say so."""
        if column not in self.columns:
            return None
        elements, leaves = self.columns[column]
        numbers = {element[4][1].decode(): leaf for element, leaf in zip(elements[1:], leaves, strict=True)}
        leaf_of = [numbers[side] for side in sides]
        firsts = self.chunks[group][leaf_of[0]].firsts
        meet = np.ones(len(firsts), bool)
        for position, leaf in enumerate(leaf_of):
            least = self._extremes(group, leaf)
            if least is None or len(least[0]) != len(firsts):
                return None
            low, high = least
            meet &= low <= box[position + 2] if position < 2 else high >= box[position - 2]
        counts = _counts(firsts, self.rows[group])
        return np.flatnonzero(np.repeat(meet, counts))

    def _alike(self, groups: Sequence[int], names: Sequence[str]) -> list[list[str]]:
        """Put columns together whose pages hold the same records."""
        found: dict[bytes, list[str]] = {}
        for name in names:
            leaves = [
                b"".join(self.chunks[group][leaf].firsts.tobytes() for group in groups)
                for leaf in self.columns[name][1]
            ]
            found.setdefault(leaves[0] if len(set(leaves)) == 1 else b"".join(leaves), []).append(name)
        return list(found.values())

    def _unpack(self, handle: int, wanted: Sequence[tuple[int, Rows, int]], names: Sequence[str]) -> pa.Table:
        """Put pages together to a file in memory and read it.

        Parameters
        ----------
        handle : int
            The open file.
        wanted : sequence of (int, array of int, int)
            Row group, its pages, and how many records they hold.
        names : sequence of str
            Columns with the same pages.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts: list[bytes] = [_MAGIC]
        at = len(_MAGIC)
        schema: list[Fields] = [{4: (BINARY, b"schema"), 5: (I32, len(names))}]
        for name in names:
            schema += self.columns[name][0]
        groups: list[Fields] = []
        coded = set()
        for group, pages, rows in wanted:
            columns: list[Fields] = []
            for name in names:
                for leaf in self.columns[name][1]:
                    chunk = self.chunks[group][leaf]
                    start = at
                    described = {number: chunk.described[number] for number in (1, 2, 3, 4, 6)}
                    stretches = _stretches(chunk.offsets[pages], chunk.sizes[pages])
                    if 11 in chunk.described:
                        place = chunk.described[11][1]
                        size = int(chunk.offsets[0]) - place
                        described[11] = (I64, at)
                        described[9] = (I64, at + size)
                        stretches.insert(0, (place, size))
                        coded.add(name)
                    else:
                        described[9] = (I64, at)
                    for begin, size in stretches:
                        parts.append(os.pread(handle, size, begin))
                        at += size
                    described |= {5: (I64, rows), 7: (I64, at - start)}
                    columns.append({2: (I64, start), 3: (STRUCT, described)})
            groups.append({1: (LIST, Items(STRUCT, columns)), 2: (I64, at), 3: (I64, rows)})
        total = sum(rows for *_, rows in wanted)
        footer = write(
            {
                1: (I32, 2),
                2: (LIST, Items(STRUCT, schema)),
                3: (I64, total),
                4: (LIST, Items(STRUCT, groups)),
            }
        )
        parts += [footer, len(footer).to_bytes(4, "little"), _MAGIC]
        # Words that stand for themselves once are not spelled out for every record.
        texts = [name for name in coded if self.columns[name][0][0].get(1) == (I32, _BYTES)]
        with pq.ParquetFile(pa.BufferReader(b"".join(parts)), read_dictionary=texts) as small:
            return small.read(use_threads=total > _MANY)

    def _extremes(self, group: int, leaf: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Give the least and the greatest number of each page of a leaf."""
        key = (group, leaf)
        if key not in self._least:
            chunk = self.chunks[group][leaf]
            self._least[key] = None
            if chunk.boundaries is not None and chunk.described[1][1] == _DOUBLE:
                with self.path.open("rb") as file:
                    index = Reader(os.pread(file.fileno(), chunk.boundaries[1], chunk.boundaries[0])).structure()
                low, high = (b"".join(index[number][1].values) for number in (2, 3))
                if len(low) == len(high) == 8 * len(chunk.firsts):
                    self._least[key] = (np.frombuffer(low, "<f8"), np.frombuffer(high, "<f8"))
        found: tuple[NDArray[np.float64], NDArray[np.float64]] | None = self._least[key]
        return found


def paged_file(path: Path) -> PagedFile | None:
    """Give the pages of a Parquet file, read once while it does not change; None where it does not tell them."""
    stat = path.stat()
    return _paged(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _paged(path: Path, changed: int, size: int) -> PagedFile | None:  # noqa: ARG001  the stat is the key
    with path.open("rb") as file:
        handle = file.fileno()
        tail = os.pread(handle, 8, size - 8)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != _MAGIC or length > size - 12:
            return None
        footer = Reader(os.pread(handle, length, size - 8 - length)).structure()
        groups = footer[4][1].values
        known = [chunk for group in groups for chunk in group[1][1].values]
        if not known or any(4 not in chunk or 1 in chunk for chunk in known):
            return None
        begin = min(chunk[4][1] for chunk in known)
        index = os.pread(handle, max(chunk[4][1] + chunk[5][1] for chunk in known) - begin, begin)
    chunks = []
    for group in groups:
        leaves = []
        for chunk in group[1][1].values:
            start = chunk[4][1] - begin
            located = _locations(index[start : start + chunk[5][1]])
            if located is None:
                return None
            bounds = (chunk[6][1], chunk[7][1]) if 6 in chunk and 7 in chunk else None
            leaves.append(Chunk(chunk[3][1], *located, bounds))
        chunks.append(leaves)
    return PagedFile(path, _columns(footer[2][1].values), [group[3][1] for group in groups], chunks)


def _columns(elements: list[Fields]) -> dict[str, tuple[list[Fields], list[int]]]:
    """Give the columns of plain values, and of structures of them, with the numbers of their leaves."""
    found: dict[str, tuple[list[Fields], list[int]]] = {}
    at, leaf = 1, 0
    while at < len(elements):
        end, leaves, flat = at + 1, 0, True
        waiting = int(elements[at].get(5, (I32, 0))[1])
        leaves = 0 if waiting else 1
        depth_one = waiting
        while waiting:
            inner = int(elements[end].get(5, (I32, 0))[1])
            flat &= inner == 0
            leaves += inner == 0
            waiting += inner - 1
            end += 1
        part = elements[at:end]
        # Records of lists have as many values as they like, so that pages do not tell them.
        flat &= all(element.get(3, (I32, 0))[1] != 2 for element in part) and depth_one == len(part) - 1
        if flat:
            found[part[0][4][1].decode()] = (part, list(range(leaf, leaf + leaves)))
        leaf += leaves
        at = end
    return found


def _locations(data: bytes) -> tuple[Rows, Rows, Rows] | None:
    """Read the places of pages all at once: each is a structure of three numbers, so that its bytes form a pattern."""
    reader = Reader(data)
    if not data or data[0] != (1 << 4 | LIST):
        return None
    reader.at = 1
    head = data[1]
    reader.at = 2
    size = reader.count() if head >> 4 == 15 else head >> 4
    raw = np.frombuffer(data, np.uint8)[reader.at :].astype(np.int64)
    ends = np.flatnonzero(raw < 128)[: 7 * size]
    if head & 15 != STRUCT or len(ends) < 7 * size or not size:
        return None
    starts = np.concatenate([[0], ends[:-1] + 1])
    number = np.arange(ends[-1] + 1) - np.repeat(starts, ends - starts + 1)
    values = np.add.reduceat((raw[: ends[-1] + 1] & 127) << (7 * number), starts).reshape(size, 7)
    heads = values[:, [0, 2, 4, 6]]
    if (heads != [1 << 4 | I64, 1 << 4 | I32, 1 << 4 | I64, 0]).any():
        return None
    plain = (values[:, [1, 3, 5]] >> 1) ^ -(values[:, [1, 3, 5]] & 1)
    return plain[:, 0].copy(), plain[:, 1].copy(), plain[:, 2].copy()


def _counts(firsts: Rows, total: int) -> Rows:
    return np.diff(firsts, append=total)


def _pages_of(firsts: Rows, total: int, rows: Rows) -> tuple[Rows, Rows, int]:
    """Give the pages that hold records, where those stand in the pages put together, and how many stand there."""
    page = np.searchsorted(firsts, rows, side="right") - 1
    pages, number = np.unique(page, return_inverse=True)
    counts = _counts(firsts, total)[pages]
    begins = np.cumsum(counts) - counts
    return pages, begins[number] + rows - firsts[page], int(counts.sum())


def _stretches(offsets: Rows, sizes: Rows) -> list[tuple[int, int]]:
    """Put pages that follow each other together."""
    breaks = np.flatnonzero(offsets[1:] != offsets[:-1] + sizes[:-1]) + 1
    starts = np.concatenate([[0], breaks])
    ends = np.concatenate([breaks, [len(offsets)]]) - 1
    begin = offsets[starts]
    return list(zip(begin.tolist(), (offsets[ends] + sizes[ends] - begin).tolist(), strict=True))
