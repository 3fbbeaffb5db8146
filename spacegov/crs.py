"""Coordinate reference systems that can carry a measure: projected, in metres, true to area."""

from __future__ import annotations

import functools
from typing import Any

from spacegov.errors import UnsuitableCrs
from spacegov.kinds import AREAL_SCALE_TOLERANCE
from spacegov.ledger import note_range

Bounds = tuple[float, float, float, float]


def crs_name(crs: Any) -> str:
    """Give the short name of a CRS, its authority code where it has one."""
    if crs is None:
        return "no CRS"
    text = getattr(crs, "srs", None)
    if text is None or text not in _names:
        authority = crs.to_authority()
        name = ":".join(authority) if authority else str(crs.name)
        if text is None:
            return name
        _names[text] = name
    return _names[text]


_names: dict[str, str] = {}
"""Names by how a CRS was written: looking one up in the register takes a millisecond."""


def same_crs(first: Any, second: Any) -> bool:
    """Tell whether two CRS give the same coordinates, however they are written down.

    Examples
    --------
    >>> from pyproj import CRS
    >>> same_crs(CRS(4549), CRS(CRS(4549).to_wkt("WKT1_ESRI"))), same_crs(CRS(4549), CRS(4548))
    (True, False)
    """
    if first is None or second is None:
        return first is second
    if first == second or first.equals(second, ignore_axis_order=True):
        return True
    authority = first.to_authority()
    return authority is not None and authority == second.to_authority()


def check_crs(label: str, crs: Any, bounds: Bounds | None = None) -> None:
    """Refuse a CRS that is missing, geographic or not in metres; `bounds` lets the message name one that fits."""
    if crs is None:
        raise UnsuitableCrs(
            f"{label}: it has no CRS, a projected one in metres is needed; state it with frame.set_crs(), "
            "or with ogr2ogr -a_srs"
        )
    if not crs.is_projected:
        raise UnsuitableCrs(
            f"{label}: it is in {crs_name(crs)}, in degrees; a projected CRS in metres is needed; "
            f"use --crs {fitting(crs, bounds)} or frame.to_crs()"
        )
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if units - {"metre", "meter"}:
        raise UnsuitableCrs(
            f"{label}: it is in {crs_name(crs)}, in {', '.join(sorted(units))}; metres are needed; "
            f"use --crs {fitting(crs, bounds)} or frame.to_crs()"
        )


def check_scale(label: str, layer: Any, *, exempt: bool) -> None:
    """Refuse a CRS that is not true to area over the layer's extent, and note the range for the provenance."""
    west, south, east, north = (
        float(value) for value in (layer.total_bounds if hasattr(layer, "total_bounds") else layer.bounds)
    )
    bounds = (west, south, east, north)
    if not all(abs(value) < 1e15 for value in bounds):
        if hasattr(layer, "total_bounds") and not len(layer):
            return
        raise UnsuitableCrs(f"{label}: its coordinates are not finite; run check-geometry")
    low, high = areal_scale(layer.crs.to_wkt(), bounds)
    note_range("areal_scale", label, low, high)
    if low >= 1 - AREAL_SCALE_TOLERANCE and high <= 1 + AREAL_SCALE_TOLERANCE:
        return
    name = crs_name(layer.crs)
    if not high < 1e6:
        raise UnsuitableCrs(
            f"{label}: its coordinates {bounds} lie where {name} is not defined (axes swapped, or another "
            "CRS than stated?); run check-extent, or state the true CRS"
        )
    if exempt:
        return
    swapped = areal_scale(layer.crs.to_wkt(), (south, west, north, east))
    if abs(swapped[0] - 1) <= AREAL_SCALE_TOLERANCE and abs(swapped[1] - 1) <= AREAL_SCALE_TOLERANCE:
        raise UnsuitableCrs(
            f"{label}: its coordinates {bounds} look like {name} with the axes swapped; swap x and y first"
        )
    raise UnsuitableCrs(
        f"{label}: {name} is the wrong CRS for its place, areas there are {low:.4f} to {high:.4f} times the true ones "
        f"where 1 ± {AREAL_SCALE_TOLERANCE} is needed; use --crs {fitting(layer.crs, bounds)} or to_crs()"
    )


@functools.lru_cache(maxsize=512)
def areal_scale(wkt: str, bounds: tuple[float, float, float, float]) -> tuple[float, float]:
    """Give the least and largest areal scale of a projected CRS over a box.

    Parameters
    ----------
    wkt : str
        The CRS.
    bounds : tuple of float
        West, south, east, north, in its units.

    Returns
    -------
    tuple of float
        Plane area over true area, at the worst places; infinite where the CRS is not defined.

    Examples
    --------
    >>> from pyproj import CRS
    >>> low, high = areal_scale(CRS("EPSG:3857").to_wkt(), (13_000_000, 3_500_000, 13_010_000, 3_510_000))
    >>> round(low, 2)
    1.33
    """
    import numpy as np
    from pyproj import CRS, Proj

    west, south, east, north = bounds
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(west, east, 7), np.linspace(south, north, 7)))
    projection = Proj(CRS.from_wkt(wkt))
    try:
        longitude, latitude = projection(x, y, inverse=True)
        if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
            return (np.inf, np.inf)
        scale = np.asarray(projection.get_factors(longitude, latitude).areal_scale)
    except Exception as error:
        if "pyproj" not in type(error).__module__:
            raise
        return (np.inf, np.inf)
    return (float(scale.min()), float(scale.max())) if np.isfinite(scale).all() else (np.inf, np.inf)


def fitting(crs: Any, bounds: Bounds | None) -> str:
    """Name a UTM zone that contains a layer, for the end of a refusal.

    Examples
    --------
    >>> from pyproj import CRS
    >>> fitting(CRS("EPSG:4326"), (20.3, -34.1, 20.5, -34.0))
    'EPSG:32734'
    """
    from pyproj import Transformer

    if crs is None or bounds is None:
        return "EPSG:…"
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    longitude, latitude = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    if not (abs(longitude) <= 180 and abs(latitude) <= 84):
        return "EPSG:…"
    zone = min(int((longitude + 180) // 6) + 1, 60)
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"
