"""Fingerprints of what a run read, so that an answer can be told from that to other data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from spacegov.layers.files import file_hash

_COMPANIONS = (".dbf", ".shx", ".prj", ".cpg", ".dat", ".map", ".mid")
"""Files beside a .shp, .tab or .mif that hold its attributes or place."""


def hash_path(path: Path) -> str:
    """Give the sha256 of a file, or of all files of a folder or of a format that lies in several."""
    if path.is_dir():
        return _hash_all(file for file in sorted(path.rglob("*")) if file.is_file())
    companions = [path.with_suffix(suffix) for suffix in _COMPANIONS] if path.suffix.lower() in _IN_SEVERAL else []
    there = [file for file in companions if file.is_file()]
    return _hash_all([path, *there]) if there else file_hash(path)


_IN_SEVERAL = frozenset({".shp", ".tab", ".mif"})


def _hash_all(files: Any) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file_hash(file)}\n".encode())
    return digest.hexdigest()


def hash_value(value: Any) -> str:
    """Give the sha256 of a frame, table, raster or DataArray held in memory: values, columns, shapes and cells."""
    import numpy as np
    import pandas as pd

    digest = hashlib.sha256()
    if isinstance(value, pd.DataFrame):
        plain = pd.DataFrame({name: _hashable(value[name]) for name in value.columns}, index=value.index)
        digest.update(repr(list(map(str, value.columns))).encode())
        digest.update(pd.util.hash_pandas_object(plain).to_numpy().tobytes())
    elif hasattr(value, "read") and hasattr(value, "transform"):
        digest.update(repr((value.shape, tuple(value.transform)[:6])).encode())
        digest.update(np.ascontiguousarray(value.read()).tobytes())
    elif hasattr(value, "values") and hasattr(value, "dims"):
        for name in value.coords:
            digest.update(f"{name} {np.asarray(value.coords[name].values).tolist()!r}".encode())
        digest.update(np.ascontiguousarray(value.values).tobytes())
    else:
        return "not hashed"
    return digest.hexdigest()


def _hashable(column: Any) -> Any:
    """Turn shapes and lists into text, which pandas can hash."""
    if hasattr(column, "to_wkb"):
        return column.to_wkb(hex=True)
    return column.map(str) if column.dtype == object else column
