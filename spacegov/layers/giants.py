"""Values so large that no layer holds them: found before anything would be read into memory whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from spacegov.errors import UnreadableFile
from spacegov.layers.files import sublayers
from spacegov.layers.filter import quoted

_DATABASES = frozenset({".gpkg", ".sqlite"})
LONGEST_RECORD = 10_000_000
"""Letters of a record of a table; GDAL leaves out longer ones without a word unless it is told of them."""
LARGEST_VALUE = 256 << 20
"""Bytes of a value in a GeoPackage, enough for a polygon of sixteen million vertices."""


class RecordLengths:
    r"""Follows the records of a table of text as it is read, to find one that is too long.

    Parameters
    ----------
    title : str
        The name of the file in messages.
    longest : int
        Letters that are allowed.

    Examples
    --------
    >>> lengths = RecordLengths("a.csv", 20)
    >>> lengths.take('a,b\n1,"two\nlines"\n')
    >>> lengths.take("x" * 15)
    >>> lengths.take("y" * 15)
    Traceback (most recent call last):
        ...
    spacegov.errors.UnreadableFile: a.csv: the record that begins in line 4 has more than 20 letters, which ...
    """

    def __init__(self, title: str, longest: int = LONGEST_RECORD) -> None:
        self.title = title
        self.longest = longest
        self._line = self._begun = 1
        self._length = 0
        self._open = False

    def take(self, text: str) -> None:
        """Go on with the next part of the text.

        Raises
        ------
        UnreadableFile
            The record it is in has become too long.
        """
        if "\n" not in text or self._open:
            self._take_lines(text)
            return
        # whole lines without a quotation mark need not be looked at one by one
        first, _, rest = text.partition("\n")
        middle, _, last = rest.rpartition("\n")
        self._take_lines(f"{first}\n")
        if '"' in middle or self._open or len(middle) > self.longest:
            self._take_lines(f"{middle}\n{last}" if "\n" in rest else rest)
            return
        if "\n" in rest:
            self._line += middle.count("\n") + 1
            self._begun = self._line
        self._take_lines(last if "\n" in rest else rest)

    def _take_lines(self, text: str) -> None:
        lines = text.split("\n")
        for position, line in enumerate(lines):
            if position:
                self._line += 1
                self._length += 1
                if not self._open:
                    self._begun, self._length = self._line, 0
            self._open ^= line.count('"') % 2 == 1
            self._length += len(line)
            if self._length > self.longest:
                raise UnreadableFile(
                    f"{self.title}: the record that begins in line {self._begun} has more than {self.longest} letters, "
                    "which no record of a layer has; look for a quotation mark that is not closed, or leave the "
                    "column out"
                )


def refuse_giants(path: Path, sublayer: str | None, title: str = "") -> None:
    """Refuse a GeoPackage or SQLite file with a value that would not fit into memory; other files pass.

    Parameters
    ----------
    path : Path
        The file.
    sublayer : str, optional
        The table that is to be read; all of them without it.
    title : str
        Its name in messages; the path by default.

    Raises
    ------
    UnreadableFile
        A value is too large.
    """
    if path.suffix.lower() not in _DATABASES or not path.is_file():
        return
    tables = sublayers(path) if sublayer is None else [sublayer]
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            # a larger value is refused before a byte of it is read
            base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
            for table in tables:
                _refuse_in(base, table, title or str(path))
    except sqlite3.Error:
        # What is wrong with the file is said by whoever reads it.
        return


def _refuse_in(base: sqlite3.Connection, table: str, title: str) -> None:
    known = base.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    names = [str(row[1]) for row in known if "INT" not in str(row[2]).upper() and str(row[2]).upper() != "REAL"]
    if names and not _fit(base, table, names):
        large = next((name for name in names if not _fit(base, table, [name])), names[0])
        raise UnreadableFile(
            f"{title}:{table}: a value of the field {large!r} has more than {LARGEST_VALUE >> 20} MiB, which no layer "
            "holds; leave it out of the file"
        )


def _fit(base: sqlite3.Connection, table: str, names: list[str]) -> bool:
    """Tell whether all values of some fields are small enough."""
    sizes = ", ".join(f"max(length({quoted(name)}))" for name in names)
    try:
        largest = base.execute(f"SELECT {sizes} FROM {quoted(table)}").fetchone()  # noqa: S608  quoted names
    except (sqlite3.DataError, sqlite3.OperationalError) as error:
        if "too big" in str(error):
            return False
        raise
    return all(size is None or size <= LARGEST_VALUE for size in largest)
