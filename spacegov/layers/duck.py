"""DuckDB as it is used here: in memory, without a network, its spatial extension from the installed wheel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from spacegov.errors import Defect

_lock = threading.Lock()
_databases: dict[bool, Any] = {}


def spatial_extension() -> Path:
    """Give the file of the spatial extension.

    Raises
    ------
    Defect
        The installed extension is not the one of the installed DuckDB.
    """
    import duckdb
    import duckdb_extension_spatial

    folder = Path(duckdb_extension_spatial.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    path = folder / "spatial.duckdb_extension"
    if not path.is_file():
        raise Defect(
            f"the spatial extension of DuckDB {duckdb.__version__} is not installed; "
            f"pip install duckdb-extension-spatial=={duckdb.__version__}"
        )
    return path


@contextmanager
def connection(*, spatial: bool = False) -> Iterator[Any]:
    """Give a cursor of a database in memory; loading the extension takes a third of a second, once a process.

    Parameters
    ----------
    spatial : bool
        Whether functions on shapes are needed.
    """
    with _lock:
        if spatial not in _databases:
            _databases[spatial] = _connect(spatial=spatial)
        cursor = _databases[spatial].cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def _connect(*, spatial: bool) -> Any:
    import duckdb

    database = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": "2"}
    )
    if spatial:
        path = str(spatial_extension()).replace("'", "''")
        database.execute(f"LOAD '{path}'")
    database.execute("SET enable_geoparquet_conversion = false")
    # a file of many row groups would else be described anew for every question; DuckDB asks whether it has changed
    database.execute("SET parquet_metadata_cache = true")
    # In a notebook without ipywidgets DuckDB has no bar, and refuses to have it turned off.
    with suppress(duckdb.InvalidInputException):
        database.execute("SET enable_progress_bar = false")
    return database
