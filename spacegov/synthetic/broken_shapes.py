"""A delivery of records in which every fault of geometry occurs once."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.base import Base
from spacegov.synthetic.frame import CRS
from spacegov.synthetic.planted import Truth


def broken_shapes(base: Base) -> tuple[Any, Truth]:
    """A delivery that nobody has checked: one record with each fault, and sound ones between."""
    seat = np.round(base.places[0].centre)
    at = np.array([seat[0] - 2_000, seat[1] + 4_000])

    def ring(points: list[tuple[float, float]], shift: int) -> list[tuple[float, float]]:
        return [(float(at[0] + 120 * shift + x), float(at[1] + y)) for x, y in points]

    square = [(0.0, 0.0), (60.0, 0.0), (60.0, 40.0), (0.0, 40.0), (0.0, 0.0)]
    circle = [(30 + 25 * np.cos(a), 20 + 18 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 12_001)[:-1]]
    shapes: list[tuple[str, Any]] = [
        ("self-intersection", shapely.Polygon(ring([(0, 0), (60, 40), (60, 0), (0, 40), (0, 0)], 0))),
        ("duplicate-points", shapely.Polygon(ring([(0, 0), (60, 0), (60, 0), (60, 40), (0, 40), (0, 0)], 1))),
        ("spike", shapely.Polygon(ring([(0, 0), (60, 0), (60, 40), (30, 40), (30, 95), (30, 40), (0, 40), (0, 0)], 2))),
        ("zero-area", shapely.Polygon(ring([(0, 0), (30, 0), (60, 0), (30, 0), (0, 0)], 3))),
        ("empty", shapely.Polygon()),
        ("missing", None),
        ("mixed-type", shapely.LineString(ring(square[:4], 6))),
        ("z-coordinate", shapely.Polygon([(*p, 35.0) for p in ring(square, 7)])),
        (
            "hole-outside",
            shapely.Polygon(ring(square, 8), [ring([(70, 10), (80, 10), (80, 20), (70, 20), (70, 10)], 8)]),
        ),
        (
            "nested-holes",
            shapely.Polygon(
                ring(square, 9),
                [
                    ring([(5, 5), (5, 35), (55, 35), (55, 5), (5, 5)], 9),
                    ring([(20, 15), (20, 25), (40, 25), (40, 15), (20, 15)], 9),
                ],
            ),
        ),
        (
            "overlapping-parts",
            shapely.MultiPolygon(
                [shapely.Polygon(ring(square, 10)), shapely.Polygon(ring([(30, 20), (90, 20), (90, 60), (30, 60)], 10))]
            ),
        ),
        ("too-many-vertices", shapely.Polygon(ring([(float(x), float(y)) for x, y in circle], 11))),
    ]
    rows, truth = [], []
    for number, (fault, shape) in enumerate(shapes):
        identity = f"SUB{2 * number + 1:03d}"
        rows.append({"record_id": identity, "class": "0101", "geometry": shape})
        truth.append({"record": identity, "fault": fault})
        rows.append(
            {
                "record_id": f"SUB{2 * number + 2:03d}",
                "class": "0103",
                "geometry": shapely.Polygon([(x, y - 200.0) for x, y in ring(square, number)]),
            }
        )
    import geopandas as gpd

    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS), {
        "layer": "artificial.survey-submission",
        "sound": len(shapes),
        "broken": len(shapes),
        "faults": truth,
    }
