"""Arcs in files: told before GDAL turns them into many short straight lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import WrongGeometry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Type codes of ISO well-known binary that have no straight edges, or no flat polygons.
_NAMES = {
    8: "CircularString",
    9: "CompoundCurve",
    10: "CurvePolygon",
    11: "MultiCurve",
    12: "MultiSurface",
    15: "PolyhedralSurface",
    16: "TIN",
    17: "Triangle",
}
_STRAIGHT_FORMATS = frozenset({".shp", ".geojson", ".json", ".geojsonl", ".kml", ".parquet", ".geoparquet"})


def refuse_arcs(path: Path, sublayer: str | None, bbox: tuple[float, float, float, float] | None) -> None:
    """Refuse a file whose features are curves.

    pyogrio hands over curves as polygons of many vertices without a word; their areas are then not those of the file.

    Parameters
    ----------
    path : path
        A file that GDAL reads.
    sublayer : str, optional
        The layer in it.
    bbox : tuple of float, optional
        The part that is read.

    Raises
    ------
    WrongGeometry
        Naming the type, how many features have it, and the first.
    """
    import numpy as np
    from pyogrio.raw import open_arrow

    if path.suffix.lower() in _STRAIGHT_FORMATS:
        return
    counts: dict[int, int] = {}
    first, rows = -1, 0
    with open_arrow(path, layer=sublayer, bbox=bbox, columns=[], use_pyarrow=True) as (meta, reader):
        name = meta["geometry_name"] or "wkb_geometry"
        if name not in reader.schema.names:
            return
        for batch in reader:
            codes = type_codes(batch.column(batch.schema.get_field_index(name)))
            curved = np.flatnonzero(np.isin(codes, list(_NAMES)))
            if len(curved) and first < 0:
                first = rows + int(curved[0])
            for code, count in zip(*np.unique(codes[curved], return_counts=True), strict=True):
                counts[int(code)] = counts.get(int(code), 0) + int(count)
            rows += len(codes)
    if counts:
        kinds = " and ".join(f"{count} {_NAMES[code]}" for code, count in sorted(counts.items()))
        raise WrongGeometry(
            f"{path}: it holds {kinds}, the first is record {first}; arcs have no exact area here, convert them with "
            "ogr2ogr -nlt CONVERT_TO_LINEAR"
        )


def curve_names() -> dict[int, str]:
    """Give the names of geometry that is no point, straight line or flat polygon, by its type code."""
    return dict(_NAMES)


def type_codes(column: Any) -> NDArray[np.int64]:
    """Read the type code of every geometry from bytes 1 to 4 of its well-known binary; 0 where there is none."""
    import numpy as np

    codes = np.zeros(len(column), np.int64)
    there = np.flatnonzero(~np.asarray(column.is_null()))
    buffers = column.buffers()
    width = np.int64 if "large" in str(column.type) else np.int32
    starts = np.frombuffer(buffers[1], width)[column.offset : column.offset + len(column)][there].astype(np.int64)
    data = np.frombuffer(buffers[2], np.uint8) if buffers[2] is not None else np.zeros(0, np.uint8)
    raw = data[starts[:, None] + np.arange(5)] if len(there) else np.zeros((0, 5), np.uint8)
    little = raw[:, 1:].astype(np.int64) @ (256 ** np.arange(4))
    big = raw[:, 1:].astype(np.int64) @ (256 ** np.arange(4)[::-1])
    # Z and M are flags in the highest bits, or thousands.
    codes[there] = (np.where(raw[:, 0] == 1, little, big) & 0x0FFFFFFF) % 1000
    return codes
