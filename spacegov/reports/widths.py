"""How wide the columns of a table stand on paper: numbers as wide as they are, texts share the rest by length."""

from __future__ import annotations

from dataclasses import dataclass

from spacegov.reports.model import Cell, Table

PAGE_MM = 169.0
LETTER_MM = 1.58
"""Mean width of a letter in the type of tables."""
PAD_MM = 2.6
MOST_LETTERS = 46.0
MOST_WORD = 24.0
_HEAD_LINES = 3
_FRAMED = ("law", "standard", "literature", "default", "prohibited", "conditional")


@dataclass(frozen=True)
class Width:
    """Width of a column: in millimetres, or a part of what the others leave."""

    mm: float = 0.0
    part: float = 0.0


def letters(text: str) -> float:
    """Give the length of a text in Latin letters; a Chinese one is nearly two wide.

    Examples
    --------
    >>> letters("area"), letters("面积")
    (4.0, 3.9)
    """
    return sum(1.95 if ord(mark) > 0x2E00 else 1.0 for mark in text)


def longest_word(text: str) -> float:
    """Give the length of the longest part that is not parted between lines; Chinese breaks anywhere."""
    words = text.replace("-", "- ").replace("/", "/ ").split(" ")
    return max(
        (min(letters(word), 4.0) if word and ord(word[0]) > 0x2E00 else letters(word) for word in words), default=0
    )


def widths(table: Table, room_mm: float = PAGE_MM) -> list[Width]:
    """Share out the width of a table.

    Parameters
    ----------
    table : Table
    room_mm : float
        What it may take.

    Returns
    -------
    list of Width
        Columns of numbers, pictures and short marks in millimetres, columns of text as parts of the rest; where
        numbers alone would fill the table, everything is a part.
    """
    if table.look == "matrix":
        # The columns of a matrix are compared with each other, so they are alike.
        return [Width(part=1.7), *(Width(part=1.0) for _ in table.columns[1:])]
    sizes = [_wanted(table, position) for position in range(len(table.columns))]
    fixed = [not _is_text(table, position) for position in range(len(table.columns))]
    least = sum(size[0] for size in sizes)
    rest = room_mm - least
    if rest < 0 or all(fixed):
        return [Width(part=most) for _, most in sizes]
    # Every column gets what its longest word needs; what is left goes to texts by how much more they would take.
    longing = sum(most - size for (size, most), is_fixed in zip(sizes, fixed, strict=True) if not is_fixed) or 1.0
    return [
        Width(mm=size) if is_fixed else Width(part=size + rest * (most - size + 0.01) / longing)
        for (size, most), is_fixed in zip(sizes, fixed, strict=True)
    ]


def _is_text(table: Table, position: int) -> bool:
    column = table.columns[position]
    if column.number or column.centred or column.width == 0:
        return False
    return bool(column.title) or any(row[position].text for row in table.rows)


def _wanted(table: Table, position: int) -> tuple[float, float]:
    """Give the least and the best width of a column in millimetres."""
    column = table.columns[position]
    cells = [row[position] for row in table.rows] + ([table.total[position]] if table.total else [])
    # A short head stays on its line, a longer one takes two or three.
    title = letters(column.title)
    head = max(longest_word(column.title), title if title <= 10 else max(10.0, title / _HEAD_LINES)) * 1.06
    if _is_text(table, position):
        words = max((longest_word(part) for cell in cells for part in (cell.text, cell.note)), default=0.0)
        long = max((_cell(cell) for cell in cells), default=0.0)
        least = max(head, min(words, MOST_WORD))
        best = max(least, min(long, MOST_LETTERS) if long <= 14 else min(0.7 * long + 4, MOST_LETTERS))
        return least * LETTER_MM + PAD_MM, best * LETTER_MM + PAD_MM
    inside = max((max(_cell(cell) * LETTER_MM, _picture(cell)) for cell in cells), default=0.0)
    width = max(head * LETTER_MM, inside) + PAD_MM
    return width, width


def _cell(cell: Cell) -> float:
    if cell.tone == "line":
        return 12.0
    wide = 1.15 if cell.tone in ("code", "strong") else 1.0
    frame = 2.2 if cell.text and cell.tone in _FRAMED else 0.0
    return max(letters(cell.text) * wide + frame, 0.9 * letters(cell.note))


def _picture(cell: Cell) -> float:
    if cell.picture is None:
        return 0.0
    return cell.picture.width + (letters(cell.text) * LETTER_MM + 1.6 if cell.text else 0.0)
