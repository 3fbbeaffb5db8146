"""Writing frames in the formats other programs read; a file appears only when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spacegov.errors import BadInput, SpacegovError, UnreadableFile
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
    if path.suffix.lower() == ".geojson" and frame.crs is None:
        raise BadInput(f"{path}: the answer has no CRS, GeoJSON is in degrees; use .gpkg or .parquet")
    with writing(path):
        if path.suffix.lower() == ".shp":
            _write_shapefile(frame, path)
            return path
        temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
        try:
            _write(frame, temporary, path.stem)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def _write(frame: Any, path: Path, name: str) -> None:
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".tif"}:
        write_frame(frame, path)
    elif suffix == ".csv":
        spatial = getattr(frame, "_geometry_column_name", None) in frame.columns
        table = frame.to_wkt() if spatial else frame
        table.to_csv(path, index=False)
    elif suffix == ".geojson":
        # Nine decimals are a tenth of a millimetre; the seven that GDAL writes else move borders by a centimetre.
        options = {"RFC7946": "YES", "COORDINATE_PRECISION": "9"}
        plain_columns(frame).to_crs(4326).to_file(path, driver="GeoJSON", layer=name, layer_options=options)
    else:
        plain_columns(frame).to_file(path, layer=name)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what libraries raise about a file that cannot be written into one sentence.

    Raises
    ------
    UnreadableFile
        The folder may not be written to, the disk is full, or the format cannot hold the answer.
    """
    try:
        yield
    except SpacegovError:
        raise
    except Exception as error:
        library = type(error).__module__.partition(".")[0]
        if not isinstance(error, OSError) and library not in {"pyogrio", "pyarrow", "rasterio", "xlsxwriter"}:
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UnreadableFile(f"{path}: it cannot be written ({reason}); check rights, space and format") from None


def require_folder(path: Path) -> None:
    """Refuse a file name in a folder that is not there."""
    if not path.parent.is_dir():
        raise BadInput(f"{path}: the folder {path.parent} does not exist; make it first")


def plain_columns(frame: Any) -> Any:
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
    try:
        plain_columns(frame).to_file(path.with_name(f"{stem}.shp"), encoding="UTF-8")
        parts = sorted(path.parent.glob(f"{stem}.*"), key=lambda part: part.suffix == ".shp")
        for part in parts:
            part.replace(path.with_suffix(part.suffix))
    finally:
        for part in path.parent.glob(f"{stem}.*"):
            part.unlink()
