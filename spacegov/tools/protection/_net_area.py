"""Farmland net of its ridges."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from spacegov import ledger
from spacegov.errors import BadInput


def net_shares(frame: gpd.GeoDataFrame, ridge_share: str | None, role: str) -> npt.NDArray[np.float64]:
    """Give for each record the share of its ground that is field and not ridge.

    Parameters
    ----------
    frame : GeoDataFrame
    ridge_share : str or None
        Column of the share of ridges; None where no ridges are taken off.
    role : str
        What messages call the layer.

    Raises
    ------
    BadInput
        A share is not from 0 to below 1.

    Notes
    -----
    The share is that of the survey (KCMJ / TBMJ), so that a part of a patch is net by the same share as the whole. A
    record without one counts without ridges, and the ledger says how many do.
    """
    if ridge_share is None:
        return np.ones(len(frame))
    shares = frame[ridge_share].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero((shares < 0) | (shares >= 1))
    if len(wrong):
        raise BadInput(
            f"{role}: record {frame.index[wrong[0]]} has {shares[wrong[0]]:g} in {ridge_share!r}, a share of ridges "
            "from 0 to below 1 is needed; divide per cent by 100"
        )
    missing = int(np.isnan(shares).sum())
    if missing:
        ledger.doubt(f"{missing} records have no share of ridges and count without ridges", role)
    return np.asarray(1 - np.nan_to_num(shares), dtype=np.float64)
