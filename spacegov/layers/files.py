"""Reading and writing files of the field's formats: the edge where paths become frames and rasters.

Anything GDAL reads is read in place. A fault of the file (absent, cut off, not what its name says, curves) ends here,
in one sentence.
"""

from __future__ import annotations

import difflib
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spacegov.errors import BadInput, UnknownName, UnreadableFile, UnsuitableCrs, suggest
from spacegov.layers.arcs import refuse_arcs
from spacegov.layers.shapefile import refuse_cut_off

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from spacegov.raster import Raster

    Bounds = tuple[float, float, float, float]

Cells = Literal["either", "values", "edged", "counts", "codes"]
RASTER_SUFFIXES = frozenset(
    {".tif", ".tiff", ".vrt", ".asc", ".img", ".jp2", ".nc", ".grd", ".bil", ".flt", ".hgt", ".dem"}
)


def exists(source: str | Path) -> bool:
    """Tell whether a file is there; text that cannot be a path names none."""
    try:
        return Path(source).exists()
    except OSError:
        return False


def split_source(source: str) -> tuple[Path, str | None]:
    """Split `file.gpkg:layer` into file and sublayer.

    Examples
    --------
    >>> split_source("plans.gpkg:zoning")
    (PosixPath('plans.gpkg'), 'zoning')
    >>> split_source("plans.gpkg")
    (PosixPath('plans.gpkg'), None)
    """
    whole = Path(source)
    if exists(whole) or ":" not in source:
        return whole, None
    file, _, sublayer = source.rpartition(":")
    return Path(file), sublayer


def looks_like_file(source: str) -> bool:
    """Tell a path from a catalogue id: it exists, or it has a folder or a suffix that is no id's.

    Examples
    --------
    >>> looks_like_file("planned.forest-plan"), looks_like_file("plans/zoning.gpkg"), looks_like_file("a.geojson")
    (False, True, True)
    """
    path, _ = split_source(source)
    if exists(path) or "/" in source or "\\" in source:
        return True
    first, _, rest = source.partition(".")
    return bool(rest) and first not in {"natural", "artificial", "planned"}


def is_raster(source: str) -> bool:
    """Tell by its suffix whether a file is read as a raster."""
    return split_source(source)[0].suffix.lower() in RASTER_SUFFIXES


def sublayers(path: Path) -> list[str]:
    """Name the layers inside a file, spatial ones first."""
    import pyogrio

    with Reading(path):
        listed = pyogrio.list_layers(path)
    return [str(name) for name, kind in listed if kind is not None] + [
        str(name) for name, kind in listed if kind is None
    ]


class Reading:
    """Turns whatever GDAL and Arrow raise about a file into `UnreadableFile`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        if not exists(self.path):
            beside = [file.name for file in self.path.parent.glob("*")] if self.path.parent.is_dir() else []
            near = difflib.get_close_matches(self.path.name, beside, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else "check the path"
            raise UnreadableFile(f"{self.path}: there is no such file; {hint}")

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, BadInput) or not isinstance(error, Exception):
            return
        module = type(error).__module__.partition(".")[0]
        if module in {"pyogrio", "pyarrow", "rasterio", "fiona"} or isinstance(
            error, (OSError, ValueError, UnicodeError, RuntimeError)
        ):
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            size = self.path.stat().st_size if self.path.is_file() else None
            hint = "the file is empty" if size == 0 else "it may be cut off or not what its name says"
            raise UnreadableFile(f"{self.path}: it cannot be read ({reason}); {hint}, check the file") from None


def read_vector(
    source: str | Path,
    *,
    crs: Any = None,
    bbox: Bounds | None = None,
    columns: list[str] | None = None,
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read a vector layer or table.

    Parameters
    ----------
    source : str or path
        A file that GDAL reads, or GeoParquet; `file.gpkg:layer` names a sublayer.
    crs : anything pyproj understands, optional
        CRS to bring it to. A layer is reprojected, never relabelled.
    bbox : tuple of float, optional
        West, south, east, north in the layer's own CRS; features that meet it are read.
    columns : list of str, optional
        Columns to read; all without it.

    Returns
    -------
    GeoDataFrame, or DataFrame where there is no geometry
        `attrs["layer"]` is the sublayer's or file's name.

    Raises
    ------
    UnreadableFile, UnknownName, WrongGeometry, UnsuitableCrs
    """
    path, sublayer = split_source(str(source))
    frame = (
        _read_parquet(path, bbox, columns)
        if path.suffix.lower() in {".parquet", ".geoparquet"}
        else _read_gdal(path, sublayer, bbox, columns)
    )
    frame.attrs["layer"] = sublayer or path.stem
    return to_crs(frame, crs) if crs is not None else frame


def to_crs(frame: Any, crs: Any) -> Any:
    """Reproject a frame, keeping its attrs; refuse one without CRS and coordinates that come out infinite."""
    import geopandas as gpd
    import numpy as np

    if not isinstance(frame, gpd.GeoDataFrame):
        return frame
    if frame.crs is None:
        raise UnsuitableCrs(
            f"{frame.attrs.get('layer', 'layer')}: it has no CRS and cannot be brought to another; state its own with "
            "ogr2ogr -a_srs or frame.set_crs()"
        )
    if frame.crs == crs:
        return frame
    moved = frame.to_crs(crs)
    moved.attrs = dict(frame.attrs)
    if len(moved) and not np.isfinite(moved.total_bounds).all() and np.isfinite(frame.total_bounds).all():
        raise UnsuitableCrs(
            f"{frame.attrs.get('layer', 'layer')}: its coordinates cannot be brought to {crs}, they lie outside its "
            "domain (another CRS than stated, or axes swapped?); run check-extent"
        )
    return moved


def _read_parquet(path: Path, bbox: Bounds | None, columns: list[str] | None) -> Any:
    import geopandas as gpd
    import pandas as pd
    import pyarrow.parquet as pq

    with Reading(path):
        schema = pq.read_schema(path)
        for column in columns or []:
            if column not in schema.names:
                raise UnknownName(f"{path}: there is no column {column!r}; {suggest(column, schema.names)}")
        if b"geo" not in (schema.metadata or {}):
            return pd.read_parquet(path, columns=columns)
        wanted = None if columns is None else [*columns, "geometry"]
        frame = gpd.read_parquet(path, columns=wanted, bbox=bbox)
        return frame.drop(columns=["bbox"], errors="ignore").reset_index(drop=True)


def _read_gdal(path: Path, sublayer: str | None, bbox: Bounds | None, columns: list[str] | None) -> Any:
    import geopandas as gpd
    import pyogrio

    refuse_cut_off(path)
    names = sublayers(path)
    if sublayer is not None and sublayer not in names:
        raise UnknownName(f"{path}: there is no layer {sublayer!r}; {suggest(sublayer, names)}")
    if sublayer is None and len(names) > 1:
        shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
        raise UnknownName(f"{path}: it holds {len(names)} layers ({shown}); name one as {path.name}:{names[0]}")
    with Reading(path):
        info = pyogrio.read_info(path, layer=sublayer, force_feature_count=bbox is None)
        if info.get("geometry_type") is not None:
            refuse_arcs(path, sublayer, bbox)
        if columns is not None:
            fields = [str(name) for name in info["fields"]]
            for column in columns:
                if column not in fields:
                    raise UnknownName(f"{path}: there is no column {column!r}; {suggest(column, fields)}")
        frame = pyogrio.read_dataframe(path, layer=sublayer, bbox=bbox, columns=columns)
        expected = int(info.get("features", -1))
        if bbox is None and expected >= 0 and len(frame) != expected:
            raise UnreadableFile(
                f"{path}: it announces {expected} records and only {len(frame)} could be read; it is cut off or broken"
            )
    if isinstance(frame, gpd.GeoDataFrame) and frame.crs is None and is_geojson_like(path):
        frame = frame.set_crs(4326)
    return frame


def is_geojson_like(path: Path) -> bool:
    """Tell a format whose standard fixes the CRS to degrees."""
    return path.suffix.lower() in {".geojson", ".json", ".kml"}


def open_raster(source: str | Path, *, crs: Any = None, cells: Cells = "either") -> Raster:
    """Open a raster, warped to a CRS where it has another.

    Measured values are interpolated (bilinear), codes and values with an edge taken from the nearest cell, counts
    shared out by area; `attrs["warped"]` then says from which CRS and how.

    Parameters
    ----------
    source : str or path
        A file that GDAL reads; `file.tif:2` names a band.
    crs : anything pyproj understands, optional
        CRS to bring it to.
    cells : {"either", "values", "edged", "counts", "codes"}
        What the cells hold; `either` takes whole numbers for codes.
    """
    from spacegov.raster import Raster

    path, band = split_source(str(source))
    with Reading(path):
        if band is not None and not band.isdigit():
            raise UnknownName(f"{path}: there is no band {band!r}; name it by its number, as {path.name}:1")
        raster = Raster.open(path, int(band or 1))
    return raster if crs is None else warp(raster, crs, cells)


def warp(raster: Raster, crs: Any, cells: Cells = "either") -> Raster:
    """Bring a raster to another CRS on square cells of about its own size.

    Heights in whole metres are values: by their nearest cells they would make steps that are not in the ground.
    """
    import numpy as np
    from pyproj import CRS
    from rasterio.warp import Resampling, calculate_default_transform, reproject

    from spacegov.raster import Raster

    target = CRS.from_user_input(crs)
    if raster.crs is None:
        raise UnsuitableCrs(
            f"{raster.name}: it has no CRS and cannot be brought to another; state its own with gdal_edit -a_srs"
        )
    if raster.crs == target:
        return raster
    height, width = raster.shape
    transform, columns, rows = calculate_default_transform(
        raster.crs.to_wkt(), target.to_wkt(), width, height, *raster.bounds
    )
    if cells == "either":
        cells = "values" if raster.dtype.kind == "f" else "codes"
    how, method = {
        "values": ("bilinear", Resampling.bilinear),
        "counts": ("sum kept", Resampling.sum),
        "edged": ("nearest cell", Resampling.nearest),
        "codes": ("nearest cell", Resampling.nearest),
    }[cells]
    measured = cells != "codes"
    if measured:
        values, nodata = raster.read(), np.nan
    else:
        codes, valid = raster.read_codes()
        nodata = float(codes[valid].min() - 1) if valid.any() else -1.0
        values = np.where(valid, codes, nodata)
    moved = np.full((rows, columns), nodata)
    reproject(
        values, moved, src_transform=raster.transform, src_crs=raster.crs.to_wkt(), src_nodata=nodata,
        dst_transform=transform, dst_crs=target.to_wkt(), dst_nodata=nodata,
        resampling=method,
    )  # fmt: skip
    name = ":".join(raster.crs.to_authority() or (raster.crs.name,))
    warped = f"{name}, {how}"
    fractions = raster.dtype if raster.dtype.kind == "f" else np.float64
    array = moved.astype(fractions) if measured else moved.astype(np.int64)
    attrs = {**raster.attrs, "warped": warped}
    return Raster.from_array(array, transform, target, None if measured else nodata, **attrs)


def file_hash(path: Path) -> str:
    """Give the sha256 of a file, remembered while the file does not change."""
    stat = path.stat()
    return _hash(str(path), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def _hash(path: str, changed: int, size: int) -> str:  # noqa: ARG001  the stat is the key
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
