"""A folder of files as it was delivered: every layer in it, and every other file."""

from __future__ import annotations

from pathlib import Path

from spacegov.errors import EmptyLayer, UnreadableFile
from spacegov.layers import files

VECTOR_SUFFIXES = frozenset(
    {".gpkg", ".shp", ".geojson", ".json", ".parquet", ".geoparquet", ".fgb", ".gml", ".kml", ".csv", ".xlsx", ".dbf"}
)
# Parts of a shapefile, which are read with it.
_BESIDE_SHAPEFILE = frozenset({".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".qix", ".xml"})


def folder_sources(folder: Path) -> tuple[list[str], list[str]]:
    """List what a folder holds.

    Parameters
    ----------
    folder : path
        The folder; those inside it are looked through too.

    Returns
    -------
    layers : list of str
        Sources of layers, tables and rasters, `file.gpkg:layer` where a file holds several.
    documents : list of str
        Every other file.

    Raises
    ------
    EmptyLayer
        The folder holds no file.
    """
    layers: list[str] = []
    documents: list[str] = []
    for path in sorted(folder.rglob("*")):
        inside_gdb = any(parent.suffix.lower() == ".gdb" for parent in path.parents)
        if inside_gdb or (path.is_dir() and path.suffix.lower() != ".gdb") or path.name.startswith("."):
            continue
        if path.suffix.lower() in _BESIDE_SHAPEFILE and any(path.parent.glob(f"{path.stem}.[sS][hH][pP]")):
            continue
        if path.suffix.lower() in files.RASTER_SUFFIXES:
            layers.append(str(path))
        elif path.suffix.lower() in VECTOR_SUFFIXES or path.suffix.lower() == ".gdb":
            layers += _sublayers(path)
        else:
            documents.append(str(path))
    if not layers and not documents:
        raise EmptyLayer(f"{folder}: the folder holds no file, at least one is needed; check the path")
    return layers, documents


def _sublayers(path: Path) -> list[str]:
    """Name the layers of a file; one that cannot be opened is listed whole, to be told when it is read."""
    if path.suffix.lower() in {".parquet", ".geoparquet"}:
        return [str(path)]
    try:
        names = files.sublayers(path)
    except UnreadableFile:
        return [str(path)]
    return [f"{path}:{name}" for name in names] if len(names) > 1 else [str(path)]
