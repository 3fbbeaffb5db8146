"""Charts as small SVG drawings: bars, shares of a whole, lines; every one with its numbers, units and words.

Drawings are measured in points, so that type in them has the size it has on the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from spacegov import numbers
from spacegov.reports.fonts import FAMILIES
from spacegov.reports.model import Part, Picture
from spacegov.text import Language

POINTS_PER_MM = 72 / 25.4
BAR = "#5b7ea8"
TEXT = "#1b1e22"
QUIET = "#4d525a"
LINE = "#c9cac3"
LABEL_SIZE = 7.6
FAMILY = escape(", ".join(FAMILIES["en"]))


def drawing(body: str, width_mm: float, height_mm: float, words: str = "") -> Picture:
    """Close a drawing in points into a picture of a size in millimetres."""
    width, height = width_mm * POINTS_PER_MM, height_mm * POINTS_PER_MM
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.2f} {height:.2f}" role="img" '
        f'aria-label="{plain(words)}">{body}</svg>'
    )
    return Picture(svg, round(width_mm, 2), round(height_mm, 2), words)


def plain(text: str) -> str:
    """Make a text safe inside a drawing: marks escaped, characters that XML forbids left out."""
    kept = (mark for mark in text if mark in "\t\n" or (ord(mark) >= 32 and ord(mark) not in (0xFFFE, 0xFFFF)))
    return escape("".join(mark for mark in kept if not 0xD800 <= ord(mark) <= 0xDFFF))


def label(
    x: float, y: float, text: str, *, size: float = LABEL_SIZE, anchor: str = "start", colour: str = QUIET
) -> str:
    """Write a text in a drawing."""
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" font-family="{FAMILY}" font-size="{size:g}" text-anchor="{anchor}" '
        f'fill="{colour}">{plain(text)}</text>'
    )


def bar(parts: Sequence[tuple[float, str]], largest: float, width_mm: float = 36, height_mm: float = 2.6) -> Picture:
    """Draw the bar of one row: parts with their colours, against the largest sum of any row."""
    width, height = width_mm * POINTS_PER_MM, height_mm * POINTS_PER_MM
    x, drawn = 0.0, []
    for size, colour in parts:
        if size > 0 and largest > 0:
            # What is there is seen, however small beside the largest.
            length = max(size / largest * width, 0.6)
            drawn.append(f'<rect x="{x:.2f}" y="0" width="{length:.2f}" height="{height:.2f}" fill="{colour}"/>')
            x += length
    return drawing("".join(drawn), width_mm, height_mm)


def share_bar(parts: Sequence[Part], width_mm: float, height_mm: float = 4.4) -> Picture:
    """Draw a whole cut into its parts, with a gap between two."""
    gap = 1.2
    shown = [part for part in parts if part.size > 0]
    whole = math.fsum(part.size for part in shown)
    width, height = width_mm * POINTS_PER_MM, height_mm * POINTS_PER_MM
    room = width - gap * max(len(shown) - 1, 0)
    x, drawn = 0.0, []
    for part in shown:
        length = part.size / whole * room
        drawn.append(
            f'<rect x="{x:.2f}" y="0" width="{max(length, 0.5):.2f}" height="{height:.2f}" fill="{part.colour}"/>'
        )
        x += length + gap
    words = ", ".join(f"{part.title} {part.value}" for part in parts)
    return drawing("".join(drawn), width_mm, height_mm, words)


def line_chart(
    points: Sequence[tuple[float, float]],
    *,
    language: Language,
    x_title: str,
    y_title: str,
    chosen: float | None = None,
    width_mm: float = 80,
    height_mm: float = 44,
) -> Picture:
    """Draw how one figure moves with another.

    Parameters
    ----------
    points : sequence of (float, float)
        In the order of x.
    language : {"en", "zh", "ru"}
        Of the numbers.
    x_title, y_title : str
        What stands on the axes, with units.
    chosen : float, optional
        The x that the report rests on; its point is filled.
    width_mm, height_mm : float
        Size on paper.
    """
    width, height = width_mm * POINTS_PER_MM, height_mm * POINTS_PER_MM
    low, high, step = _scale([y for _, y in points])
    ticks = [low + step * i for i in range(round((high - low) / step) + 1)]
    texts = [numbers.number(round(tick, 9), language) for tick in ticks]
    left = 6 + 4.4 * max(len(text) for text in texts)
    top, bottom, right = 15.0, height - 27, width - 8
    span = points[-1][0] - points[0][0]

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - points[0][0]) / span if span else 0.5
        return left + 6 + across * (right - left - 14), bottom - (y - low) / (high - low) * (bottom - top)

    drawn = [label(0, 8, y_title)]
    for tick, text in zip(ticks, texts, strict=True):
        y = place(points[0][0], tick)[1]
        drawn.append(f'<path d="M{left:.2f} {y:.2f}H{right:.2f}" stroke="{LINE}" stroke-width="0.5"/>')
        drawn.append(label(left - 4, y + 2.6, text, size=7, anchor="end"))
    placed = [place(x, y) for x, y in points]
    path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in placed)
    drawn.append(f'<path d="{path}" fill="none" stroke="{BAR}" stroke-width="1.4" stroke-linejoin="round"/>')
    past = -1e9
    for (x, y), (value, _) in zip(placed, points, strict=True):
        solid = chosen is not None and math.isclose(value, chosen)
        fill, radius = (TEXT, 3.0) if solid else ("#ffffff", 2.2)
        drawn.append(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius}" fill="{fill}" stroke="{TEXT if solid else BAR}" '
            'stroke-width="1.1"/>'
        )
        text = numbers.number(value, language)
        # Values that stand too near each other share the room: the chosen one is told before its neighbours.
        room = 2.4 * len(text) + 3
        if x - room > past or solid:
            drawn.append(label(x, bottom + 10, text, size=7, anchor="middle", colour=TEXT if solid else QUIET))
            past = x + room
    drawn.append(label((left + right) / 2, height - 4, x_title, anchor="middle"))
    words = "; ".join(f"{numbers.number(x, language)}: {numbers.number(y, language)}" for x, y in points)
    return drawing("".join(drawn), width_mm, height_mm, words)


def sparkline(values: Sequence[float], width_mm: float = 22, height_mm: float = 4.4) -> Picture:
    """Draw a series as a small line whose last value is marked."""
    known = [value for value in values if math.isfinite(value)]
    if len(known) < 2:
        return drawing("", width_mm, height_mm)
    low, high = min(known), max(known)
    width, height = width_mm * POINTS_PER_MM - 4, height_mm * POINTS_PER_MM - 4
    step = width / (len(values) - 1)
    points = [
        (2 + i * step, 2 + height - ((value - low) / (high - low) if high > low else 0.5) * height)
        for i, value in enumerate(values)
        if math.isfinite(value)
    ]
    path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    x, y = points[-1]
    return drawing(
        f'<path d="{path}" fill="none" stroke="{BAR}" stroke-width="1.1" stroke-linejoin="round"/>'
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="1.7" fill="{TEXT}"/>',
        width_mm,
        height_mm,
    )


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Give an axis of three to six round steps around values; it starts at zero where that costs little room."""
    low, high = min(values), max(values)
    if low > 0 and (high - low) > 0.4 * high:
        low = 0.0
    spread = high - low or abs(high) or 1.0
    rough = spread / 4
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough * 0.999)
    bottom = math.floor(low / step + 1e-9) * step
    top = math.ceil(high / step - 1e-9) * step
    if top <= bottom:
        bottom, top = bottom - step, bottom + step
    return bottom, top, step
