"""What one layer must be: its geometry, coordinates, columns, cells.

These are the checks that `spacegov.checks` makes of every input; what concerns several inputs together stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spacegov.crs import check_crs, check_scale, crs_name, same_crs
from spacegov.errors import (
    BadInput,
    BadRaster,
    EmptyLayer,
    InvalidGeometry,
    MissingColumn,
    UnsuitableCrs,
    WrongGeometry,
    suggest,
)
from spacegov.kinds import LayerKind
from spacegov.ledger import doubt, dropped
from spacegov.soundness import is_sound

_TYPE_NAMES = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)


def check_layer(label: str, value: Any, kind: LayerKind, columns: list[tuple[str, str, bool]], *, exempt: bool) -> Any:
    """Hold one input to its kind.

    Parameters
    ----------
    label : str
        Its name in messages.
    value : object
        What was given.
    kind : LayerKind
        What is needed.
    columns : list of (str, str, bool)
        Columns that options name: option, column, whether numbers are needed.
    exempt : bool
        Whether areas are measured on the ellipsoid, so that the grid need not be true to area.

    Returns
    -------
    object
        The layer as the function takes it.
    """
    if kind.form == "frame":
        return check_frame(label, value, kind, columns)
    if kind.form == "raster":
        return _check_raster(label, value)
    if kind.form == "table":
        return _check_table(label, value, columns)
    if kind.form == "stream":
        return _check_stream(label, value, kind, columns, exempt=exempt)
    if not hasattr(value, "items"):
        raise BadInput(
            f"{label}: {type(value).__name__} was given, a mapping from layer id to reader is needed; "
            "give ws.layers or a dict"
        )
    return value


def check_frame(label: str, frame: Any, kind: LayerKind, columns: list[tuple[str, str, bool]]) -> Any:
    """Hold a frame to its kind: geometry there, of the right type, valid, in a metric CRS, with the columns named."""
    import geopandas as gpd
    import numpy as np
    import shapely

    if isinstance(frame, gpd.GeoSeries):
        frame = frame.to_frame("geometry")
    if not isinstance(frame, gpd.GeoDataFrame) or frame._geometry_column_name not in frame.columns:
        bare = " without geometry" if hasattr(frame, "columns") else ""
        raise BadInput(
            f"{label}: {type(frame).__name__}{bare} was given, a GeoDataFrame ({kind.name}) is needed; "
            "read it with geopandas"
        )
    frame = _check_columns(label, frame, columns)
    if not kind.metric:
        return frame
    check_crs(label, frame.crs, tuple(frame.total_bounds) if len(frame) else None)
    if not len(frame):
        return frame
    shapes = frame.geometry.values._data
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.any():
        count = int(missing.sum())
        if count == len(frame):
            raise EmptyLayer(f"{label}: none of its {count} features has a geometry; give a layer with geometry")
        dropped(count, f"{label}: no geometry")
        doubt(f"{count} features without geometry were left out", label)
        frame = frame[~missing]
        shapes = frame.geometry.values._data
    types = np.unique(shapely.get_type_id(shapes))
    names = [_TYPE_NAMES[t] if 0 <= t < len(_TYPE_NAMES) else "curve" for t in types]
    wrong = [name for name in names if kind.geometry and name not in kind.geometry]
    if wrong:
        mend = "convert it with ogr2ogr -nlt CONVERT_TO_LINEAR" if "curve" in wrong else "split the layer by type first"
        raise WrongGeometry(
            f"{label}: {', '.join(wrong)} was given, only {', '.join(kind.geometry)} is allowed; {mend}"
        )
    if any("Polygon" in name for name in names) and not is_sound(frame):
        _check_valid(label, frame, shapes)
    if not all("Polygon" in name for name in names):
        _check_finite(label, frame, shapes)
    return frame


def _check_finite(label: str, frame: Any, shapes: Any) -> None:
    """Refuse points and lines with coordinates that are no numbers; broken polygons are told as such."""
    import numpy as np
    import shapely

    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    bad = np.unique(owner[~np.isfinite(coordinates).all(axis=1)])
    if len(bad):
        raise InvalidGeometry(
            f"{label}: {len(bad)} of {len(frame)} features have coordinates that are not numbers, the first is record "
            f"{frame.index[bad[0]]}; run check-geometry, or leave them out"
        )


def _check_valid(label: str, frame: Any, shapes: Any) -> None:
    import numpy as np
    import shapely

    bad = np.flatnonzero(~shapely.is_valid(shapes))
    if len(bad):
        raise InvalidGeometry(
            f"{label}: {len(bad)} of {len(frame)} polygons are broken and have no defined area, the first is record "
            f"{frame.index[bad[0]]} ({shapely.is_valid_reason(shapes[bad[0]])}); mend them with "
            "--repair (repair=True), or see them with check-geometry"
        )


def _check_columns(label: str, frame: Any, columns: list[tuple[str, str, bool]]) -> Any:
    """Hold a table to the columns that options name; numbers that are written as text are read."""
    from pandas.api.types import is_numeric_dtype

    for option, column, numeric in columns:
        if column not in frame.columns:
            there = [str(name) for name in frame.columns if name != getattr(frame, "_geometry_column_name", None)]
            raise MissingColumn(
                f"{label}: the column {column!r} is missing; {suggest(column, there)}; name it with {option}=…"
            )
        if numeric and not is_numeric_dtype(frame[column]):
            frame = frame.assign(**{column: _numbers_in(label, frame[column], column, option)})
    return frame


def _numbers_in(label: str, values: Any, column: str, option: str) -> Any:
    """Read a column of texts that are all numbers, or empty, as many files keep them."""
    import pandas as pd

    texts = values.where(values.notna(), "").astype(str).str.strip()
    numbers = pd.to_numeric(texts.where(texts != ""), errors="coerce")
    wrong = numbers.isna() & (texts != "")
    if wrong.any() or pd.api.types.is_datetime64_any_dtype(values):
        first = texts[wrong].iloc[0] if wrong.any() else texts.iloc[0]
        raise BadInput(
            f"{label}: the column {column!r} holds {int(wrong.sum())} values that are no numbers, such as {first!r}, "
            f"numbers are needed; mend or empty these, or name another column with {option}=…"
        )
    return numbers.astype("float64")


def _check_table(label: str, table: Any, columns: list[tuple[str, str, bool]]) -> Any:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise BadInput(f"{label}: {type(table).__name__} was given, a table (DataFrame) is needed; read it with pandas")
    return _check_columns(label, table, columns)


def _check_stream(
    label: str, value: Any, kind: LayerKind, columns: list[tuple[str, str, bool]], *, exempt: bool
) -> Iterator[Any]:
    import geopandas as gpd

    batches = [value] if isinstance(value, gpd.GeoDataFrame) else value
    if not hasattr(batches, "__iter__") or isinstance(batches, (str, dict)):
        raise BadInput(
            f"{label}: {type(value).__name__} was given, a frame or batches of frames are needed; read it first"
        )
    return _checked_batches(label, batches, kind, columns, exempt=exempt)


def _checked_batches(
    label: str, batches: Any, kind: LayerKind, columns: list[tuple[str, str, bool]], *, exempt: bool
) -> Iterator[Any]:
    first: Any = None
    for number, batch in enumerate(batches):
        frame = check_frame(f"{label}, batch {number + 1}", batch, kind, columns)
        if first is None:
            first = frame.crs
        elif not same_crs(frame.crs, first):
            raise UnsuitableCrs(
                f"{label}: batch {number + 1} has {crs_name(frame.crs)} where the first has {crs_name(first)}; "
                "bring all batches to one CRS"
            )
        check_scale(label, frame, exempt=exempt)
        yield frame


def _check_raster(label: str, value: Any) -> Any:
    from spacegov.raster import Raster

    if not isinstance(value, Raster):
        if not hasattr(value, "rio") and type(value).__name__ != "DataArray":
            raise BadInput(
                f"{label}: {type(value).__name__} was given, a raster is needed; open it with Raster.open(path)"
            )
        if {"x", "y"} - set(map(str, value.dims)):
            raise BadRaster(
                f"{label}: a DataArray of dimensions {', '.join(map(str, value.dims))} was given, y and x are needed; "
                "rename its dimensions"
            )
        value = Raster.from_xarray(value)
    if 0 in value.shape:
        raise BadRaster(f"{label}: the raster has no cells; give one with data")
    check_crs(label, value.crs, value.bounds)
    return value
