"""Faults of attributes in known places, one record in a thousand: what a check of attributes must find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spacegov.synthetic.base import Draws

# layer, key, field, what is wrong, value put in (None: missing; "=": the key of the record before)
PLANTED: tuple[tuple[str, str, str, str, Any], ...] = (
    ("artificial.buildings", "building_id", "year", "out of range", 2205),
    ("artificial.buildings", "building_id", "height_m", "out of range", -3.0),
    ("artificial.parcels", "parcel_id", "class", "not in the scheme", "0799"),
    ("artificial.parcels", "parcel_id", "granted", "missing", None),
    ("artificial.addresses", "address_id", "address_id", "not unique", "="),
    ("artificial.addresses", "address_id", "address", "missing", None),
    ("artificial.farm-parcels", "parcel_id", "KCMJ", "out of range", -1.0),
    ("artificial.roads", "road_id", "speed_kmh", "out of range", 500),
    ("natural.forest", "stand_id", "canopy_share", "out of range", 1.7),
    ("planned.village-plan", "plan_id", "kind", "not in the list", "unknown"),
)


def plant_faults(layers: dict[str, Any], draws: Draws) -> dict[str, Any]:
    """Put faults into about one record in a thousand of ten fields.

    Parameters
    ----------
    layers
        Layers by id; some of their frames are changed.
    draws
        Sources of randomness.

    Returns
    -------
    dict
        Truth: layer, record, field and what is wrong.
    """
    truth = []
    used: dict[str, set[int]] = {}
    for layer, key, name, what, value in PLANTED:
        frame = layers[layer]
        count = max(len(frame) // 2_000, 1)
        free = np.setdiff1d(np.arange(2, len(frame)), sorted(used.get(layer, set())))
        rows = np.sort(draws(f"fault {layer} {name}").choice(free, count, replace=False))
        used.setdefault(layer, set()).update(int(r) + d for r in rows for d in (-1, 0, 1))
        column = frame.columns.get_loc(name)
        for row in rows.tolist():
            record = str(frame.iloc[row][key])
            put = str(frame.iloc[row - 1][key]) if value == "=" else value
            if put is None and pd.api.types.is_datetime64_any_dtype(frame[name]):
                put = pd.NaT
            frame.iloc[row, column] = put
            truth.append({"layer": layer, "record": record if value != "=" else put, "field": name, "fault": what})
    return {
        "about": "one record in a thousand or so; every other record keeps its card",
        "count": len(truth),
        "records": truth,
    }
