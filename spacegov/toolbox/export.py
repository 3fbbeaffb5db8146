"""Writing frames in the formats other programs read; a file appears only when it is complete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from spacegov.errors import BadInput, UnreadableFile
from spacegov.toolbox.result import require_suffix
from spacegov.toolbox.runs import write_frame

VECTOR_SUFFIXES = (".parquet", ".gpkg", ".geojson", ".shp", ".fgb", ".csv")
TABLE_SUFFIXES = (".parquet", ".csv")
RASTER_SUFFIXES = (".tif",)


def write_any(frame: Any, path: Path) -> Path:
    """Write a frame, table or raster in the format its file name says.

    Raises
    ------
    BadInput
        The suffix names no format for this kind of answer.
    UnreadableFile
        The folder is missing or may not be written to.
    """
    spatial = hasattr(frame, "columns") and getattr(frame, "_geometry_column_name", None) in frame.columns
    raster = not hasattr(frame, "columns")
    require_suffix(path, RASTER_SUFFIXES if raster else VECTOR_SUFFIXES if spatial else TABLE_SUFFIXES)
    require_folder(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        if raster or path.suffix.lower() == ".parquet":
            write_frame(frame, temporary)
        elif path.suffix.lower() == ".csv":
            table = frame.assign(geometry=frame.geometry.to_wkt()) if spatial else frame
            table.to_csv(temporary, index=False)
        elif path.suffix.lower() == ".geojson":
            _plain(frame).to_crs(4326).to_file(temporary, driver="GeoJSON", layer_options={"RFC7946": "YES"})
        elif path.suffix.lower() == ".shp":
            _write_shapefile(frame, path)
            return path
        else:
            _plain(frame).to_file(temporary)
        temporary.replace(path)
    except OSError as error:
        raise UnreadableFile(f"{path}: it cannot be written ({error}); check rights and space") from None
    finally:
        temporary.unlink(missing_ok=True)
    return path


def require_folder(path: Path) -> None:
    """Refuse a file name in a folder that is not there."""
    if not path.parent.is_dir():
        raise BadInput(f"{path}: the folder {path.parent} does not exist; make it first")


def _plain(frame: Any) -> Any:
    """Give a frame whose columns every format can hold: lists and objects become text."""
    plain = frame.copy(deep=False)
    plain.attrs = {}
    for column in plain.columns:
        if column != plain.geometry.name and plain[column].dtype == object:
            plain[column] = plain[column].map(
                lambda value: value if value is None or isinstance(value, str) else str(value)
            )
    return plain


def _write_shapefile(frame: Any, path: Path) -> None:
    """Write a shapefile's several files beside each other, the .shp last."""
    stem = f".{path.stem}.{os.getpid()}.part"
    _plain(frame).to_file(path.with_name(f"{stem}.shp"), encoding="UTF-8")
    parts = sorted(path.parent.glob(f"{stem}.*"), key=lambda part: part.suffix == ".shp")
    for part in parts:
        part.replace(path.with_suffix(part.suffix))
