"""Repair of geometry."""

from __future__ import annotations

import numpy as np
import shapely

from spacegov.tools.foundation._shapes import LINE, POLYGON, Shapes, parts_of_dimension


def mend_shapes(shapes: Shapes, *, allow_z: bool = False, tolerance: float = 0.0) -> Shapes:
    """Repair geometries: valid by structure, of one dimension, without repeated vertices and, by default, heights.

    Parameters
    ----------
    shapes : array of shapely geometries
        May be missing, empty or invalid.
    allow_z : bool
        Keep heights.
    tolerance : float
        Distance at which vertices count as repeated.

    Returns
    -------
    array of shapely geometries
        None or empty where nothing could be kept. Lines that almost closed are left to a person.

    Examples
    --------
    >>> mend_shapes(np.array([shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])], dtype=object))[0].area
    2.0
    """
    mended = np.array(shapes, dtype=object) if allow_z else np.asarray(shapely.force_2d(shapes), dtype=object)
    finite = np.isfinite(shapely.bounds(mended)).all(axis=1)
    mended[~finite & ~shapely.is_missing(mended)] = None
    dimension = shapely.get_dimensions(mended)
    bad = finite & ~shapely.is_valid(mended)
    mended[bad] = _made_valid(mended[bad])
    for family in (LINE, POLYGON):
        of = finite & (dimension == family) & (shapely.get_type_id(mended) < shapely.GeometryType.GEOMETRYCOLLECTION)
        tidy = shapely.remove_repeated_points(mended[of], tolerance)
        # Taking vertices out may close a narrow neck; the shape is then kept as it was.
        kept = shapely.is_valid(tidy) & ~shapely.is_empty(tidy)
        mended[np.flatnonzero(of)[kept]] = tidy[kept]
    for family in (LINE, POLYGON):
        of = bad & (dimension == family)
        mended[of] = parts_of_dimension(mended[of], family)
    return mended


def _made_valid(shapes: Shapes) -> Shapes:
    """Make shapes valid; a crossing rounded to doubles may cross again, so what stays broken is tried once more."""
    mended = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    for _ in range(3):
        again = ~shapely.is_valid(mended)
        if not again.any():
            break
        mended[again] = shapely.make_valid(mended[again], method="linework")
    again = ~shapely.is_valid(mended)
    mended[again] = shapely.buffer(mended[again], 0)
    return np.asarray(mended, dtype=object)
