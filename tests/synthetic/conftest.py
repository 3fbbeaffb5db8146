"""The committed sample county, read once for all tests of this folder."""

from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import yaml

SAMPLE = Path(__file__).parents[2] / "sample_data"
VERSION = "2025-12-31"


@cache
def _read(name):
    path = SAMPLE / "data" / name / f"{VERSION}.parquet"
    try:
        return gpd.read_parquet(path)
    except ValueError:
        return pd.read_parquet(path)


@pytest.fixture(scope="session")
def layer():
    return _read


@pytest.fixture(scope="session")
def truth():
    return yaml.safe_load((SAMPLE / "truth.yaml").read_text(encoding="utf-8"))
