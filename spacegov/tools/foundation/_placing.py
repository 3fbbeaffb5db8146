"""Where coordinates lie under a hypothesis about their axes, CRS and unit."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from spacegov.tools.foundation._shapes import Floats

Box = tuple[float, float, float, float]
WGS84 = CRS("EPSG:4326")
_UNITS = {"millimetres": 1e-3, "kilometres": 1e3, "feet": 0.3048}
# A territory's box is widened by this share of its size on every side before a layer is sought in it.
_MARGIN = 0.5
# Most features of a layer must lie there for a hypothesis to hold.
_MOST = 0.9
_WIDEST_ZONE = 12.0


@dataclass(frozen=True)
class Hypothesis:
    """What may be wrong with a layer's coordinates."""

    verdict: str
    crs: Any
    reason: str
    mend: str


def name_crs(crs: Any) -> str:
    """Give the code of a CRS, else its name."""
    if crs is None:
        return ""
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else str(crs.name)


@functools.lru_cache(maxsize=256)
def _to_degrees(wkt: str) -> Transformer:
    return Transformer.from_crs(CRS.from_wkt(wkt), WGS84, always_xy=True)


def degrees_of(boxes: Floats, crs: CRS) -> Floats:
    """Bring boxes (n, 4) to longitude and latitude; infinite where the CRS is not defined."""
    x = boxes[:, [0, 2, 0, 2]].ravel()
    y = boxes[:, [1, 1, 3, 3]].ravel()
    longitude, latitude = _to_degrees(crs.to_wkt()).transform(x, y)
    corners = np.stack([np.asarray(longitude), np.asarray(latitude)], axis=-1).reshape(-1, 4, 2)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def share_within(boxes: Floats, place: Box) -> float:
    """Give the share of boxes that meet a place, both in degrees."""
    finite = np.isfinite(boxes).all(axis=1)
    west, south, east, north = place
    meets = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    return float((finite & meets).mean()) if len(boxes) else 0.0


def widened(box: Box) -> Box:
    """Widen a box by half of its size on every side."""
    west, south, east, north = box
    x, y = (east - west) * _MARGIN, (north - south) * _MARGIN
    return (west - x, south - y, east + x, north + y)


def explain(boxes: Floats, stated: CRS | None, home: CRS, place: Box) -> Hypothesis | None:
    """Find the first hypothesis that puts the layer into its territory.

    Parameters
    ----------
    boxes : array (n, 4)
        Boxes of the features in their own coordinates.
    stated : CRS or None
        What the layer says of itself.
    home : CRS
        The territory's.
    place : tuple of float
        The territory's widened box in degrees.
    """
    for hypothesis, moved, crs in _hypotheses(boxes, stated, home, place):
        if share_within(degrees_of(moved, crs), place) >= _MOST:
            return hypothesis
    return None


def _hypotheses(boxes: Floats, stated: CRS | None, home: CRS, place: Box) -> Iterator[tuple[Hypothesis, Floats, CRS]]:
    swapped = boxes[:, [1, 0, 3, 2]]
    if stated is not None:
        mend = "swap x and y of every vertex before use"
        yield Hypothesis("swapped-axes", stated, "x and y are exchanged", mend), swapped, stated
    for crs in _candidates(stated, home, place, boxes):
        named = f"the coordinates fit {name_crs(crs)} ({crs.name})"
        verdict = "wrong-crs" if stated is not None else "no-crs"
        mend = f"state the CRS it is in: ogr2ogr -a_srs {name_crs(crs)}, or frame.set_crs(allow_override=True)"
        yield Hypothesis(verdict, crs, named, mend), boxes, crs
    for crs in _candidates(stated, home, place, swapped):
        reason = f"x and y are exchanged, and the coordinates fit {name_crs(crs)}"
        verdict = "swapped-axes" if stated is not None else "no-crs"
        yield Hypothesis(verdict, crs, reason, f"swap x and y, and state {name_crs(crs)}"), swapped, crs
    for unit, factor in _UNITS.items():
        for crs in dict.fromkeys(crs for crs in (stated, home) if crs is not None and crs.is_projected):
            reason = f"the coordinates are in {unit} where {name_crs(crs)} counts in metres"
            mend = f"multiply every coordinate by {factor:g}"
            yield Hypothesis("wrong-unit", crs, reason, mend), boxes * factor, crs


def _candidates(stated: CRS | None, home: CRS, place: Box, boxes: Floats) -> list[CRS]:
    """List the CRS that coordinates of this size may be in, the likely first."""
    small = bool(np.nanmax(np.abs(boxes)) <= 360)
    base = home.geodetic_crs
    if small:
        likely = [crs for crs in (base, WGS84) if crs is not None]
    else:
        zones = sorted(_projected_at(place), key=lambda crs: _likely_first(crs, home))
        likely = [home, *zones, CRS("EPSG:3857")]
    return [crs for crs in likely if stated is None or crs != stated]


@functools.lru_cache(maxsize=64)
def _projected_at(place: Box) -> tuple[CRS, ...]:
    """List the projected CRS of the EPSG register that are meant for a place, and the zones beside it."""
    west, south, east, north = place
    # Six degrees to either side reach the neighbouring zones that a layer is wrongly said to be in.
    area = AreaOfInterest(max(west - 6, -180), max(south, -90), min(east + 6, 180), min(north, 90))
    found = query_crs_info(auth_name="EPSG", pj_types=[PJType.PROJECTED_CRS], area_of_interest=area)
    # What spans more than two zones is a continent's CRS, in which no county keeps its layers.
    zones = [info for info in found if info.area_of_use is not None and 0 < _width(info.area_of_use) <= _WIDEST_ZONE]
    return tuple(CRS.from_epsg(int(info.code)) for info in zones)


def _width(area: Any) -> float:
    return float(area.east - area.west)


def _likely_first(crs: CRS, home: CRS) -> tuple[bool, bool, float]:
    """Sort the territory's own datum before WGS 84 before the rest, and narrow zones, as counties use, before wide."""
    base = crs.geodetic_crs
    own = base is not None and home.geodetic_crs is not None and base.datum == home.geodetic_crs.datum
    return (not own, base is None or base.to_epsg() != 4326, round(_width(crs.area_of_use)))
