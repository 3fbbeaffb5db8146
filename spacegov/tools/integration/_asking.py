"""Asking one layer what it has on some places; a layer that fails answers so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.errors import BadInput, SpacegovError, suggest
from spacegov.text import say
from spacegov.tools.integration._concern import NOTHING, Concern, Gap, concern_of, uncovered
from spacegov.tools.overlay import Shapes

# of several layers of a theme, the answer that must not be overlooked
ANSWERS = ("present", "failed", "not_covered", "absent")
NO_ANSWER: dict[str, Any] = {
    "below_threshold": False,
    "area_m2": 0.0,
    "length_m": 0.0,
    "objects": 0,
    "share": 0.0,
    "not_covered_m2": 0.0,
    "values": None,
    "records": None,
    "error": None,
    "geometry": None,
}


@dataclass(frozen=True)
class LayerAnswer:
    """What one layer says of all places.

    Attributes
    ----------
    facts : dict
        What the card and the binding say, whatever the data say.
    state : {"not_covered", "failed"} or None
        For a layer that has no answer for any place.
    error : str or None
        Why it failed.
    concerns : list of Concern
        One for each place.
    gap : Gap or None
        Ground it does not answer for.
    min_area_m2, min_share : float
        Below these a place is not concerned.
    """

    facts: dict[str, Any]
    state: str | None = None
    error: str | None = None
    concerns: Sequence[Concern] = ()
    gap: Gap | None = None
    min_area_m2: float = 0.0
    min_share: float = 0.0


def asked(layers: Any, themes: list[str] | None) -> list[tuple[str, Any]]:
    """Choose the layers whose cards name a restriction."""
    found = [
        (str(identity), reader)
        for identity, reader in sorted(layers.items())
        if getattr(reader.card, "restriction", None) is not None
    ]
    if themes is None:
        return found
    known = {reader.card.restriction.theme for _, reader in found}
    for theme in themes:
        if theme not in known:
            raise BadInput(f"themes: no layer restricts for {theme!r}; {suggest(theme, known)}")
    return [(identity, reader) for identity, reader in found if reader.card.restriction.theme in themes]


@dataclass
class Places:
    """The places asked about, and what was found out about ground without an answer.

    Attributes
    ----------
    shapes : array of geometries (n,)
    crs : pyproj.CRS
    """

    shapes: Shapes
    crs: Any
    _gaps: dict[int, tuple[Any, Gap]] = field(default_factory=dict)

    def gap(self, coverage: Any) -> Gap:
        """Find the ground that layers of one coverage do not answer for; many layers share the same."""
        key = id(coverage)
        if key not in self._gaps:
            moved = coverage
            if coverage is not None and coverage.crs != self.crs:
                moved = coverage.to_crs(self.crs)
            self._gaps[key] = (coverage, uncovered(self.shapes, moved))
        return self._gaps[key][1]

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        bounds = shapely.total_bounds(self.shapes) if len(self.shapes) else np.zeros(4)
        return float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3])


def ask(identity: str, reader: Any, places: Places, on: date | None) -> LayerAnswer:
    """Ask one layer about all places."""
    shapes = places.shapes
    facts = _facts(identity, reader, on)
    if not reader.bound:
        return LayerAnswer(facts, "not_covered", gap=Gap(flat(shapes), shapely.get_dimensions(shapes) < 2))
    restriction = reader.card.restriction
    try:
        found, gap = _read(reader, places), places.gap(reader.coverage)
    except (SpacegovError, OSError, ValueError, RuntimeError, KeyError) as error:
        return LayerAnswer(facts, "failed", str(error) or type(error).__name__)
    return LayerAnswer(facts, None, None, found, gap, restriction.min_area_m2, restriction.min_share)


def flat(shapes: Shapes) -> Shapes:
    """Give the polygons among some shapes, empty ones for lines and points."""
    polygons = shapes.copy()
    polygons[shapely.get_dimensions(polygons) < 2] = shapely.Polygon()
    return polygons


def _read(reader: Any, places: Places) -> list[Concern]:
    if reader.card.kind in ("Raster", "Table"):
        raise BadInput(f"{reader.card.id}: a layer of {reader.card.kind} cannot restrict a place, features are needed")
    meets = getattr(reader, "meets", None)
    # a reader that knows from an index that nothing is there need not be read
    if meets is not None and not meets(places.box):
        return [NOTHING] * len(places.shapes)
    frame = reader.read(bbox=places.box)
    if frame.crs != places.crs:
        frame = frame.to_crs(places.crs)
    style = getattr(reader.card, "style", {}) or {}
    return concern_of(places.shapes, frame, classes=style.get("colour_by"))


def _facts(identity: str, reader: Any, on: date | None) -> dict[str, Any]:
    """Give what the card and the binding say, whatever the data say."""
    card, binding = reader.card, getattr(reader, "binding", None)
    first, last = getattr(binding, "valid_from", None), getattr(binding, "valid_to", None)
    status = getattr(binding, "status", None)
    if on is not None and last is not None and last < on:
        status = "expired"
    elif on is not None and first is not None and first > on:
        status = "not-yet-in-force"
    return {
        "theme": card.restriction.theme,
        "layer": identity,
        "title": say(card.title),
        "law_status": status,
        "valid_from": _day(first),
        "valid_to": _day(last),
        "documents": "; ".join(_document(document) for document in card.restriction.documents) or None,
        "department": card.steward,
        "version": getattr(reader, "version", None),
    }


def _day(value: date | None) -> Any:
    return pd.NaT if value is None else datetime(value.year, value.month, value.day)


def _document(document: Any) -> str:
    article = f"Art. {document.article}" if document.article else None
    details = ", ".join(part for part in (document.number, article, document.date.isoformat()) if part)
    return f"{say(document.title)} ({details})"
