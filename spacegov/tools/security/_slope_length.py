"""The slope-length factor of soil erosion, after Desmet and Govers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_UNIT_PLOT = 22.13
_STEEP = 0.09


def slope_length_factor(upslope: ArrayLike, cell: float, gradient: ArrayLike, aspect: ArrayLike) -> Floats:
    """LS of cells.

    Parameters
    ----------
    upslope : array
        Area that drains into the cell, without the cell, m².
    cell : float
        Side of a cell, m.
    gradient : array
        Rise over run.
    aspect : array
        Direction of the slope, radians.

    Notes
    -----
    L = [(A+D²)^(m+1) − A^(m+1)] / (D^(m+2) · x^m · 22.13^m) with x = |sin α| + |cos α|, m = β/(1+β),
    β = (sin θ / 0.0896) / (3 sin^0.8 θ + 0.56); S = 10.8 sin θ + 0.03 below 9 %, else 16.8 sin θ − 0.5.

    References
    ----------
    Desmet and Govers 1996, Journal of Soil and Water Conservation 51; McCool et al. 1987.

    Examples
    --------
    >>> slope_length_factor([0.0, 900.0, 900.0], 30.0, 0.1, np.radians([0, 0, 45])).round(4)
    array([1.3717, 2.5565, 2.1364])
    """
    area = np.asarray(upslope, dtype=np.float64)
    slope = np.asarray(gradient, dtype=np.float64)
    alpha = np.asarray(aspect, dtype=np.float64)
    sine = slope / np.hypot(1.0, slope)
    beta = (sine / 0.0896) / (3 * sine**0.8 + 0.56)
    m = beta / (1 + beta)
    x = np.abs(np.sin(alpha)) + np.abs(np.cos(alpha))
    length = ((area + cell**2) ** (m + 1) - area ** (m + 1)) / (cell ** (m + 2) * x**m * _UNIT_PLOT**m)
    steepness = np.where(slope < _STEEP, 10.8 * sine + 0.03, 16.8 * sine - 0.5)
    return np.asarray(length * steepness, dtype=np.float64)
