"""Layers that the tests of the family share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

METRIC = "EPSG:4549"
EAST, NORTH = 510_000.0, 3_260_000.0


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("SPACEGOV_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SPACEGOV_REAL_DATA names no folder with real layers")
    return Path(folder)


@pytest.fixture
def layer() -> Callable[..., gpd.GeoDataFrame]:
    """Make a layer from shapes and columns, placed where EPSG:4549 is true to area."""

    def make(shapes: list[Any], crs: Any = METRIC, name: str | None = None, **columns: Any) -> gpd.GeoDataFrame:
        moved = gpd.GeoSeries(shapes, crs=crs)
        if crs == METRIC:
            moved = moved.translate(EAST, NORTH)
        frame = gpd.GeoDataFrame(columns, geometry=moved, crs=crs)
        if name:
            frame.attrs["layer"] = name
        return frame

    return make
