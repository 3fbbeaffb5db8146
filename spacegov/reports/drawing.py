"""Maps of a report: the answer on the workspace's ground, with boundaries, names, numbers, scale and north."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spacegov.maps.picture import PictureLayer, View, clipped, path_data, picture
from spacegov.reports.charts import FAMILY, plain
from spacegov.reports.model import Picture

if TYPE_CHECKING:
    from spacegov.maps.picture import Bounds
    from spacegov.reports.places import Places
    from spacegov.text import Language

PIXEL_MM = 0.2646
HALO, LABEL, EDGE, UNIT_EDGE = "#fbfaf7", "#43474d", "#43474d", "#8d897d"


def draw_map(
    layers: Sequence[PictureLayer],
    bounds: Bounds,
    places: Places,
    *,
    language: Language,
    words: str,
    name: str,
    width_mm: float = 169,
    height_mm: float = 112,
    numbered: Sequence[Any] = (),
    north: str = "",
    names: bool = True,
    small: bool = False,
) -> Picture:
    """Draw a map.

    Parameters
    ----------
    layers : sequence of PictureLayer
        From the ground up.
    bounds : tuple of float
        What must be seen.
    places : Places
        Boundaries and names.
    language : {"en", "zh", "ru"}
    words : str
        For readers who do not see it.
    name : str
        Unique within the report; names the patterns.
    width_mm, height_mm : float
        Size on paper.
    numbered : sequence of geometry
        Findings that get the numbers 1, 2, 3 …
    north : str
        The letter at the north arrow; empty for none.
    names : bool
        Whether units are named.
    small : bool
        Whether it is a small picture of one place, drawn at twice the scale so that its scale bar fits.
    """
    pixel = PIXEL_MM / 1.7 if small else PIXEL_MM
    width, height = round(width_mm / pixel), round(height_mm / pixel)

    def over(view: View) -> str:
        taken = _Taken(width, height)
        pins = _pins(numbered, view, taken)
        titles = _names(places, view, taken) if names else ""
        frame = (
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" fill="none" stroke="#c9cac3" '
            'stroke-width="1"/>'
        )
        arrow = _north(north) if north else ""
        return _veil(places, view) + _borders(places, view) + titles + pins + arrow + frame

    svg = picture(layers, bounds, width, height, title=words, theme="light", language=language, name=name, over=over)
    return Picture(svg, width_mm, height_mm, words)


def _veil(places: Places, view: View) -> str:
    """Leave the ground outside the territory white."""
    territory = places.territory
    if territory is None:
        return ""
    outside = shapely.difference(shapely.box(*view.bounds).buffer(20 / view.scale), territory)
    path = path_data([outside], view)
    return f'<path d="{path}" fill="#ffffff" fill-rule="evenodd"/>' if path else ""


def _borders(places: Places, view: View) -> str:
    drawn = []
    if places.units:
        lines = clipped(shapely.boundary([unit.shape for unit in places.units]), view)
        drawn.append(
            f'<path d="{path_data(lines, view)}" fill="none" stroke="{UNIT_EDGE}" stroke-width="0.8" '
            'stroke-dasharray="4 2.5" stroke-linejoin="round"/>'
        )
    if places.territory is not None:
        lines = clipped([shapely.boundary(places.territory)], view)
        drawn.append(
            f'<path d="{path_data(lines, view)}" fill="none" stroke="{EDGE}" stroke-width="1.5" '
            'stroke-linejoin="round"/>'
        )
    return "".join(drawn)


class _Taken:
    """Which parts of a map already hold a name or a number."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        # North arrow and scale bar keep their corners.
        self.boxes = [(0.0, 0.0, 46.0, 60.0), (width * 0.74, height - 40.0, float(width), float(height))]

    def place(self, box: tuple[float, float, float, float]) -> bool:
        """Take a box if it is free and inside."""
        left, top, right, bottom = box
        if left < 2 or top < 2 or right > self.width - 2 or bottom > self.height - 2:
            return False
        if any(left < r and right > x and top < b and bottom > y for x, y, r, b in self.boxes):
            return False
        self.boxes.append(box)
        return True


def _pins(shapes: Sequence[Any], view: View, taken: _Taken) -> str:
    """Number findings: a circle beside each, tied to it by a line."""
    if not len(shapes):
        return ""
    points = view.pixels(shapely.get_coordinates(shapely.point_on_surface(np.asarray(shapes))))
    for x, y in points:
        taken.boxes.append((x - 3, y - 3, x + 3, y + 3))
    drawn = []
    for number, (x, y) in enumerate(points, start=1):
        if not (0 <= x <= view.width and 0 <= y <= view.height):
            continue
        for reach, turn in ((reach, turn) for reach in (20, 30, 44, 60) for turn in range(12)):
            angle = np.pi * (turn / 6 - 0.25)
            cx, cy = x + reach * np.cos(angle), y + reach * np.sin(angle)
            if taken.place((cx - 10, cy - 10, cx + 10, cy + 10)):
                drawn.append(
                    f'<path d="M{x:.1f} {y:.1f}L{cx:.1f} {cy:.1f}" stroke="#1b1e22" stroke-width="1"/>'
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.6" fill="#1b1e22"/>'
                    f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="8.6" fill="#ffffff" stroke="#1b1e22" stroke-width="1"/>'
                    f'<text x="{cx:.1f}" y="{cy + 3.7:.1f}" text-anchor="middle" font-family="{FAMILY}" '
                    f'font-size="10.5" font-weight="700" fill="#1b1e22">{number}</text>'
                )
                break
    return "".join(drawn)


def _names(places: Places, view: View, taken: _Taken) -> str:
    drawn = []
    for unit in places.units:
        seen = shapely.clip_by_rect(unit.shape, *view.bounds)
        if seen.is_empty or not unit.name or seen.area < 0.15 * unit.shape.area:
            continue
        x, y = view.pixels(np.array([shapely.get_coordinates(shapely.point_on_surface(seen))[0]]))[0]
        half = 3.2 * sum(1.9 if ord(mark) > 0x2E00 else 1.0 for mark in unit.name)
        for up in (0, -14, 14, -28, 28, -42, 42):
            if taken.place((x - half, y + up - 10, x + half, y + up + 4)):
                drawn.append(_text(x, y + up, unit.name))
                break
    return "".join(drawn)


def _text(x: float, y: float, text: str) -> str:
    """Write a name with a halo; the halo is a text of its own, since not every program knows `paint-order`."""
    common = f'x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-family="{FAMILY}" font-size="11.5"'
    shown = plain(text)
    return (
        f'<text {common} fill="{HALO}" stroke="{HALO}" stroke-width="3" stroke-linejoin="round">{shown}</text>'
        f'<text {common} fill="{LABEL}">{shown}</text>'
    )


def _north(letter: str) -> str:
    return (
        '<path d="M24 9L30.5 35L24 30.5L17.5 35Z" fill="#1b1e22" stroke="#ffffff" stroke-width="0.8"/>'
        f'<text x="24" y="48" text-anchor="middle" font-family="{FAMILY}" font-size="12" font-weight="700" '
        f'fill="#1b1e22">{plain(letter)}</text>'
    )
