"""Which shapes are known to be valid: the store proves them at import, so that they need not be tested at each call.

The knowledge belongs to the very shapes, not to the frame that holds them: a frame's `attrs` follow it through every
edit, and would vouch for shapes that nobody looked at.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd

_proved: dict[int, tuple[weakref.ref[Any], Any]] = {}
"""By the identity of an array of shapes: the array, while it lives, and which shapes it held."""


def mark_sound(frame: gpd.GeoDataFrame) -> None:
    """Put on record that all shapes of a frame were proved valid.

    Parameters
    ----------
    frame : GeoDataFrame
        As it was read; a copy, a selection or a change of it is not vouched for.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)])
    >>> mark_sound(frame)
    >>> is_sound(frame), is_sound(frame.set_geometry(frame.buffer(1)))
    (True, False)
    """
    shapes = frame.geometry.values._data
    key = id(shapes)
    # The copy keeps the shapes themselves alive, so that no other one can take the place of theirs in memory.
    _proved[key] = (weakref.ref(shapes, lambda _: _proved.pop(key, None)), shapes.copy())


def is_sound(frame: gpd.GeoDataFrame) -> bool:
    """Tell whether a frame holds the very shapes that were proved valid."""
    shapes = frame.geometry.values._data
    if id(shapes) not in _proved:
        return False
    array, held = _proved[id(shapes)]
    same_array: bool = array() is shapes
    return same_array and bool(held.tobytes() == shapes.tobytes())
