"""Raster deliveries: window by window through checks into a cloud-optimized GeoTIFF in their own CRS."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.errors import BadInput, BadRaster, UnreadableFile
from spacegov.layers.faults import FaultLog, count_codes
from spacegov.layers.files import Reading
from spacegov.layers.intake import RasterSource
from spacegov.layers.placing import Place, check_zone, source_crs
from spacegov.layers.store import writing
from spacegov.layers.vector_import import Taken, field_codes

if TYPE_CHECKING:
    from spacegov.layers.ingest import Order
    from spacegov.layers.layer import Layer

_BLOCK = 1024
_LISTED = 100_000
"""Cells at fault that are listed one by one; a raster whose values are all wrong has one fault, not a million."""


def take_raster(layer: Layer, sources: Sequence[Any], order: Order, scratch: Path) -> Taken:
    """Read a delivery of one raster.

    Parameters
    ----------
    layer : Layer
        The layer it is for; its field `value` says which values are allowed.
    sources : sequence of RasterSource
        One of them.
    order : Order
        How it is to be taken in. `repair` makes cells at fault cells without data.
    scratch : Path
        A folder for temporary files.

    Raises
    ------
    BadRaster, UnsuitableCrs, UnreadableFile
        It has no data, no CRS, several bands, or is cut off.
    """
    import rasterio

    if len(sources) != 1:
        names = ", ".join(source.path.name for source in sources[:8])
        raise BadInput(f"{layer.id}: {len(sources)} rasters came ({names}), one is needed; name it, or merge its tiles")
    source = sources[0]
    with Reading(source.path), rasterio.open(source.path) as file:
        band = _band(source, file)
        crs = source_crs(file.crs.to_wkt() if file.crs else None, order.source_crs, source.name)
        if file.transform.b or file.transform.d or file.transform.a <= 0 or file.transform.e >= 0:
            raise BadRaster(
                f"{source.name}: the raster is rotated or not north up, which is needed; warp it with gdalwarp"
            )
        log = FaultLog()
        check_zone(crs, tuple(file.bounds), source.name, log)
        _check_place(layer, file, crs, source.name, log)
        plain = scratch / "plain.tif"
        with writing(scratch.parent):
            seen = _copy(layer, file, band, crs, order, plain, log, source.name)
    data = scratch / "data.tif"
    faults = log.frame(crs)
    errors = faults["severity"] == "error"
    word = {"reject": "refused", "repair": "repaired", "accept": "marked"}[order.policy]
    faults.loc[errors, "action"] = word
    faults.loc[errors & (faults["row"] < 0) & (order.policy == "repair"), "action"] = "refused"
    faults.loc[~errors, "action"] = "noted"
    refused = bool((faults["action"] == "refused").any())
    if not refused:
        with writing(scratch.parent):
            _optimize(plain, data, seen["dtype"])
            _compare(plain, data)
    facts = {
        "rows": seen["cells"],
        "problem_records": seen["bad"],
        "repaired": seen["bad"] if order.policy == "repair" else 0,
        "faults": count_codes(faults) | ({"cells": seen["bad"]} if seen["bad"] > _LISTED else {}),
        "valid": True,
        "crs": _name(crs),
        "source_crs": [_name(crs)],
        "bounds": seen["bounds"],
        "sum": seen["sum"],
        "without_data": seen["empty"],
    }
    return Taken(data, seen["cells"], seen["bad"], faults, facts, refused)


def _band(source: RasterSource, file: Any) -> int:
    if source.band is None and file.count > 1:
        raise BadInput(f"{source.name}: it has {file.count} bands; name one as {source.path.name}:1")
    if source.band is not None and not 1 <= source.band <= file.count:
        raise BadInput(f"{source.name}: there is no band {source.band}; it has {file.count}")
    return source.band or 1


def _name(crs: Any) -> str:
    from spacegov.crs import crs_name

    return crs_name(crs)


def _check_place(layer: Layer, file: Any, crs: Any, name: str, log: FaultLog) -> None:
    import geopandas as gpd
    import shapely

    place = Place(layer.workspace.territory)
    box = gpd.GeoDataFrame(geometry=[shapely.box(*file.bounds)], crs=crs)
    if place.territory is None:
        return
    home = box.to_crs(place.territory.crs)
    if len(place.outside(np.asarray(home.geometry.array, dtype=object))):
        reason = (
            f"{name} lies at {', '.join(f'{side:g}' for side in file.bounds)} in {_name(crs)}, outside the territory"
        )
        log.layer_wide("elsewhere", "error", reason, "check its CRS and origin")


def _windows(file: Any) -> Iterator[Any]:
    from rasterio.windows import Window

    for top in range(0, file.height, _BLOCK):
        for left in range(0, file.width, _BLOCK):
            yield Window(left, top, min(_BLOCK, file.width - left), min(_BLOCK, file.height - top))


def _copy(
    layer: Layer, file: Any, band: int, crs: Any, order: Order, target: Path, log: FaultLog, name: str
) -> dict[str, Any]:
    """Copy the band, checking values; gives counts and the sum of values."""
    import rasterio

    dtype = np.dtype(file.dtypes[band - 1])
    nodata = _nodata(file, band, dtype, repair=order.policy == "repair")
    profile = {
        "driver": "GTiff", "height": file.height, "width": file.width, "count": 1, "dtype": dtype, "tiled": True,
        "crs": crs.to_wkt(), "transform": file.transform, "nodata": nodata, "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    seen: dict[str, Any] = {"cells": 0, "bad": 0, "empty": 0, "sum": 0.0, "dtype": dtype, "bounds": list(file.bounds)}
    check = _ValueCheck(layer, log)
    with rasterio.open(target, "w", **profile) as out:
        for window in _windows(file):
            values = file.read(band, window=window)
            there = file.read_masks(band, window=window) != 0
            if dtype.kind == "f":
                there &= np.isfinite(values)
            bad = check(values, there, window, file.transform)
            seen["cells"] += values.size
            seen["bad"] += int(bad.sum())
            seen["empty"] += int((~there).sum())
            seen["sum"] += float(values[there].sum(dtype=np.float64))
            if nodata is not None:
                gone = ~there | bad if order.policy == "repair" else ~there
                values = np.where(gone, np.asarray(nodata, dtype), values)
            out.write(values, 1, window=window)
        if file.units[band - 1]:
            out.units = (file.units[band - 1],)
    if seen["empty"] == seen["cells"]:
        raise BadRaster(f"{name}: every cell is nodata, values are needed; check the file and its nodata value")
    return seen


def _nodata(file: Any, band: int, dtype: Any, *, repair: bool) -> Any:
    """Keep the file's own value for no data; a mask or a repair needs one where there is none."""
    own = file.nodatavals[band - 1]
    if own is not None:
        return own
    from rasterio.enums import MaskFlags

    masked = MaskFlags.all_valid not in file.mask_flag_enums[band - 1]
    if dtype.kind == "f":
        return math.nan
    if not masked and not repair:
        return None
    info = np.iinfo(dtype)
    return info.min if info.min < 0 else info.max


class _ValueCheck:
    """Holds cells to the field `value` of the card."""

    def __init__(self, layer: Layer, log: FaultLog) -> None:
        self.field = layer.card.fields.get("value")
        self.log = log
        self.listed = 0
        self.codes: Any = None
        if self.field is not None and self.field.type == "code":
            codes = field_codes(layer)["value"]
            self.codes = np.array([float(code) for code in codes if str(code).lstrip("-").isdigit()])

    def __call__(self, values: Any, there: Any, window: Any, transform: Any) -> Any:
        """Give the cells at fault."""
        bad = np.zeros(values.shape, bool)
        if self.field is None:
            return bad
        if self.field.range is not None:
            low, high = (float(bound) for bound in self.field.range)  # type: ignore[arg-type]
            bad = there & ((values < low) | (values > high))
            self._tell(bad, values, window, transform, "out-of-range", f"{low:g} to {high:g} is needed")
        if self.codes is not None:
            unknown = there & ~np.isin(values, self.codes)
            self._tell(unknown & ~bad, values, window, transform, "unknown-code", "a code of the list is needed")
            bad |= unknown
        return bad

    def _tell(self, bad: Any, values: Any, window: Any, transform: Any, code: str, reason: str) -> None:
        import shapely

        rows, columns = np.nonzero(bad)
        rows, columns = rows[: _LISTED - self.listed], columns[: _LISTED - self.listed]
        if not len(rows):
            return
        self.listed += len(rows)
        x = transform.c + (columns + window.col_off + 0.5) * transform.a
        y = transform.f + (rows + window.row_off + 0.5) * transform.e
        names = [f"{row + window.row_off},{column + window.col_off}" for row, column in zip(rows, columns, strict=True)]
        cells = np.arange(self.listed - len(rows), self.listed)
        self.log.add(
            cells, code, "error", features=np.array(names, dtype=object), column="value",
            values=[repr(value.item()) for value in values[rows, columns]], reason=reason,
            mend="correct the cell, or the range on the card", places=shapely.points(x, y),
        )  # fmt: skip


def _optimize(plain: Path, target: Path, dtype: Any) -> None:
    import rasterio
    from rasterio.shutil import copy

    try:
        copy(
            plain, target, driver="COG", compress="DEFLATE", predictor="YES",
            overview_resampling="AVERAGE" if dtype.kind == "f" else "NEAREST", bigtiff="IF_SAFER",
        )  # fmt: skip
    except rasterio.errors.RasterioError as error:
        raise OSError(" ".join(str(error).split())) from None


def _equal(first: Any, second: Any) -> bool:
    return bool(np.array_equal(first, second, equal_nan=first.dtype.kind == "f"))


def _compare(plain: Path, target: Path) -> None:
    """Read back what was written: GDAL may report a full disk only when a file is closed, or not at all."""
    import rasterio

    try:
        with rasterio.open(plain) as first, rasterio.open(target) as second:
            same = first.shape == second.shape and all(
                _equal(first.read(1, window=window), second.read(1, window=window)) for window in _windows(first)
            )
    except rasterio.errors.RasterioError as error:
        raise OSError(" ".join(str(error).split())) from None
    if not same:
        raise UnreadableFile(
            f"{target.parent.parent}: the raster could not be written whole and nothing was changed; free space, then "
            "run the same command again"
        )
