"""What a report says, in one language, before it is laid out.

A report is a cover and sections; a section is a heading and blocks. Every number is already written with its unit and
rounded so that what is shown adds up, every code is a word: the page, the PDF and the workbook only lay out. All texts
are plain: whoever lays them out escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from spacegov.text import Language

Tone: TypeAlias = Literal[
    "plain",
    "strong",
    "muted",
    "code",
    "law",
    "standard",
    "literature",
    "default",
    "prohibited",
    "conditional",
    "good",
    "line",
]
"""How a cell looks: text, a tag of a standing or a severity, or a line to sign on."""


@dataclass(frozen=True)
class Run:
    """A piece of a sentence; figures stand out."""

    text: str
    strong: bool = False


Sentence: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG, with its size on paper in millimetres and words for readers who do not see it."""

    svg: str
    width: float
    height: float
    words: str = ""


@dataclass(frozen=True)
class Figure:
    """A key figure: what it is, the number, its unit, a second line."""

    title: str
    value: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One part of a whole: words, the amount as written, its size for drawing, its colour."""

    title: str
    value: str
    size: float
    colour: str


@dataclass(frozen=True)
class Split:
    """A whole cut into parts, drawn as one bar."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table; widths are relative, 0 takes what the text needs."""

    title: str
    number: bool = False
    width: float = 0.0
    centred: bool = False
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell: text, a quieter line below, a tone, a small drawing before or instead of the text."""

    text: str = ""
    note: str = ""
    tone: Tone = "plain"
    picture: Picture | None = None
    ground: str = ""


Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table. `total` is its last row, set apart; the rows shown add up to it.

    `fixed` sets rows of one height to sign on; `matrix` puts lines between columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    title_note: str = ""
    total: Row = ()
    note: str = ""
    look: Literal["plain", "matrix", "tight", "signatures"] = "plain"
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Paragraph:
    """Running text: a lede below a heading, plain text, or a note in small type."""

    text: str
    look: Literal["lede", "plain", "note", "heading"] = "plain"
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Steps:
    """Numbered sentences."""

    items: tuple[str, ...]
    kind: ClassVar[str] = "steps"


@dataclass(frozen=True)
class LegendLine:
    """A line of a map's legend: symbol, words, amounts."""

    symbol: Picture
    title: str
    amounts: str = ""


@dataclass(frozen=True)
class LegendGroup:
    """A headed group of legend lines."""

    title: str
    lines: tuple[LegendLine, ...]


@dataclass(frozen=True)
class Map:
    """A map with its legend, below or beside it, and the line that names sources, dates and grid."""

    picture: Picture
    legend: tuple[LegendGroup, ...]
    caption: str
    title: str = ""
    beside: bool = False
    kind: ClassVar[str] = "map"


@dataclass(frozen=True)
class Chart:
    """A chart with its heading, unit and note."""

    picture: Picture
    title: str
    title_note: str = ""
    note: str = ""
    kind: ClassVar[str] = "chart"


@dataclass(frozen=True)
class Balance:
    """Whether pieces add up to what went in."""

    title: str
    equation: Sentence
    verdict: str
    closes: bool
    kind: ClassVar[str] = "balance"


@dataclass(frozen=True)
class Side:
    """Two or more blocks beside each other."""

    blocks: tuple[Table | Paragraph | Chart, ...]
    kind: ClassVar[str] = "side"


Block: TypeAlias = Table | Paragraph | Steps | Map | Chart | Balance | Side


@dataclass(frozen=True)
class Section:
    """A numbered section; `key` is what it is about, whatever the language."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    lede: str = ""
    new_page: bool = False


@dataclass(frozen=True)
class Report:
    """One report in one language.

    Attributes
    ----------
    language : {"en", "zh", "ru"}
    territory : str
        Whose ground it is about.
    subject : str
        Title of tool or scenario.
    kicker : str
        The application.
    question : str
        The title of the report.
    answer : tuple of Sentence
        The answer, first of all.
    caveat : tuple of str
        What was not answered, and what the answer leans on.
    gaps : bool
        Whether the caveat tells of ground or questions without an answer.
    figures : tuple of Figure
        At most four.
    splits : tuple of Split
    asks : tuple of Table
        What each department is asked to do.
    colophon : tuple of (str, str)
        What computed it, with which rules.
    sections : tuple of Section
    state : str
        Whether it binds: a proposal until it is signed.
    run : str
        Run the answer comes from, by the first digits of its key.
    made : datetime
        When the answer was computed.
    date : str
        The same as words.
    words : dict
        The few words the layout itself needs: `page`, `of`, `not_answered`.
    """

    language: Language
    territory: str
    subject: str
    kicker: str
    question: str
    answer: tuple[Sentence, ...]
    made: datetime
    date: str
    state: str
    run: str
    caveat: tuple[str, ...] = ()
    gaps: bool = False
    figures: tuple[Figure, ...] = ()
    splits: tuple[Split, ...] = ()
    asks: tuple[Table, ...] = ()
    colophon: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    words: dict[str, str] = field(default_factory=dict)

    def section(self, key: str) -> Section | None:
        """Give the section about something, None where the report has none."""
        return next((section for section in self.sections if section.key == key), None)
