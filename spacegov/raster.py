"""A raster: one band of values with its place on the ground, read by window.

Tools receive a `Raster` and answer with one. It holds either an array or the path of a file that GDAL reads; nothing
is read before `read` is called, so that a raster larger than memory can be worked through window by window.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spacegov.errors import BadInput, BadRaster, UnreadableFile

if TYPE_CHECKING:
    from affine import Affine
    from pyproj import CRS


@dataclass(frozen=True)
class Window:
    """Rows and columns of a raster, with the part of them that is not halo.

    `rows` and `columns` include the halo; `inner` gives the slices, within the window's own array, without it.
    """

    rows: slice
    columns: slice
    inner: tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Raster:
    """One band of values, north up, on square or rectangular cells.

    Make one with `Raster.open` or `Raster.from_array`.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    transform : affine.Affine
        From column and row to coordinates.
    crs : pyproj.CRS or None
        Coordinate reference system.
    nodata : float or None
        The value that stands for no data in the file.
    attrs : dict
        `layer`, `title`, `steward`, `version`, `unit` where known.
    """

    shape: tuple[int, int]
    transform: Affine
    crs: CRS | None
    nodata: float | None
    dtype: np.dtype[Any]
    attrs: dict[str, Any] = field(default_factory=dict)
    _array: NDArray[Any] | None = field(default=None, repr=False)
    _path: str | None = field(default=None, repr=False)
    _band: int = field(default=1, repr=False)

    @classmethod
    def open(cls, path: str | Path, band: int = 1, **attrs: Any) -> Raster:
        """Open a band of a file that GDAL reads, without reading its values.

        Parameters
        ----------
        path : path
            The file.
        band : int
            Band number from 1.
        **attrs
            Layer, title, steward and so on.

        Raises
        ------
        UnreadableFile
            The file is absent or no raster.
        BadRaster
            It has no such band, no place on the ground, or is rotated.
        """
        import rasterio
        from pyproj import CRS

        try:
            with rasterio.open(path) as source:
                if not 1 <= band <= source.count:
                    raise BadRaster(f"{path}: band {band} was asked for, the file has {source.count}; name one of them")
                crs = CRS.from_user_input(source.crs.to_wkt()) if source.crs else None
                raster = cls(
                    shape=(source.height, source.width),
                    transform=source.transform,
                    crs=crs,
                    nodata=None if source.nodata is None else float(source.nodata),
                    dtype=np.dtype(source.dtypes[band - 1]),
                    attrs={"layer": Path(path).stem, "unit": source.units[band - 1] or None, **attrs},
                    _path=str(path),
                    _band=band,
                )
        except rasterio.errors.RasterioIOError as error:
            reason = str(error).splitlines()[0]
            raise UnreadableFile(f"{path}: the file cannot be read as a raster ({reason}); check the file") from None
        raster._check_place(str(path))
        return raster

    @classmethod
    def from_array(
        cls, values: ArrayLike, transform: Affine, crs: Any, nodata: float | None = None, **attrs: Any
    ) -> Raster:
        """Make a raster from an array.

        Parameters
        ----------
        values : array, shape (rows, columns)
            The values; NaN is no data in a float array.
        transform : affine.Affine
            From column and row to coordinates.
        crs : anything pyproj understands, or None
            Coordinate reference system.
        nodata : float, optional
            A value that stands for no data.
        **attrs
            Layer, title, steward and so on.

        Examples
        --------
        >>> from affine import Affine
        >>> r = Raster.from_array([[1.0, 2.0], [-9.0, 4.0]], Affine(10, 0, 0, 0, -10, 20), "EPSG:4549", nodata=-9)
        >>> r.cell_area_m2, float(np.nansum(r.read()))
        (100.0, 7.0)
        """
        from pyproj import CRS

        array = np.asarray(values)
        if array.ndim != 2:
            raise BadRaster(f"an array of {array.ndim} dimensions was given, rows × columns are needed; give one band")
        raster = cls(
            shape=(int(array.shape[0]), int(array.shape[1])),
            transform=transform,
            crs=None if crs is None else CRS.from_user_input(crs),
            nodata=None if nodata is None else float(nodata),
            dtype=array.dtype,
            attrs=dict(attrs),
            _array=array,
        )
        raster._check_place(str(attrs.get("layer", "raster")))
        return raster

    @classmethod
    def from_xarray(cls, data: Any, **attrs: Any) -> Raster:
        """Make a raster from a two-dimensional `xarray.DataArray` with rioxarray's CRS and transform."""
        import rioxarray  # noqa: F401  registers the accessor

        array = data.squeeze(drop=True)
        if array.ndim != 2:
            raise BadRaster(f"a DataArray of shape {tuple(data.shape)} was given, one band is needed; select one")
        nodata = array.rio.encoded_nodata if array.rio.encoded_nodata is not None else array.rio.nodata
        nodata = None if nodata is None or not np.isfinite(nodata) else float(nodata)
        return cls.from_array(array.values, array.rio.transform(), array.rio.crs, nodata, **{**array.attrs, **attrs})

    def to_xarray(self) -> Any:
        """Give a `xarray.DataArray` with CRS, transform and NaN for no data."""
        import rioxarray  # noqa: F401  registers the accessor
        import xarray

        y = self.transform.f + (np.arange(self.shape[0]) + 0.5) * self.transform.e
        x = self.transform.c + (np.arange(self.shape[1]) + 0.5) * self.transform.a
        array = xarray.DataArray(self.read(), {"y": y, "x": x}, ("y", "x"), attrs=self.attrs)
        array = array.rio.write_transform(self.transform)
        return array if self.crs is None else array.rio.write_crs(self.crs.to_wkt())

    def _check_place(self, name: str) -> None:
        t = self.transform
        if t.b or t.d or t.a <= 0 or t.e >= 0:
            raise BadRaster(f"{name}: the raster is rotated or not north up, which is needed; warp it with gdalwarp")

    @property
    def cell_size(self) -> tuple[float, float]:
        """Width and height of a cell in units of the CRS."""
        return float(self.transform.a), float(-self.transform.e)

    @property
    def cell_area_m2(self) -> float:
        """Plane area of a cell, in square units of the CRS (m² in a metric CRS)."""
        return self.cell_size[0] * self.cell_size[1]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        t = self.transform
        return t.c, t.f + self.shape[0] * t.e, t.c + self.shape[1] * t.a, t.f

    def read(self, window: Window | None = None) -> NDArray[np.float64]:
        """Read values as float64, NaN where there is no data.

        Parameters
        ----------
        window : Window, optional
            Part to read; everything without it.

        Returns
        -------
        array of float64, shape (rows, columns)
        """
        raw, valid = self._raw(window)
        values = raw.astype(np.float64)
        values[~valid] = np.nan
        return values

    def read_codes(self, window: Window | None = None) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read a categorical raster.

        Returns
        -------
        codes : array of int64
            Codes; 0 where there is no data.
        valid : array of bool
            Where there is data.

        Raises
        ------
        BadRaster
            When a value is not a whole number.
        """
        raw, valid = self._raw(window)
        if raw.dtype.kind == "f":
            whole = np.where(valid, raw, 0)
            if not np.array_equal(whole, np.rint(whole)):
                raise BadRaster(
                    f"{self.name}: values with fractions were given where codes are needed; reclassify the raster first"
                )
        return np.where(valid, raw, 0).astype(np.int64), valid

    def values(self) -> NDArray[np.float64]:
        """Read everything, refusing a raster that has no data at all.

        Raises
        ------
        BadRaster
            Every cell is nodata.
        """
        values = self.read()
        if np.isnan(values).all():
            raise BadRaster(
                f"{self.name}: every cell is nodata, values are needed; check the file and its nodata value"
            )
        return values

    def _raw(self, window: Window | None) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        rows, columns = (
            (slice(0, self.shape[0]), slice(0, self.shape[1]))
            if window is None
            else (
                window.rows,
                window.columns,
            )
        )
        if self._array is not None:
            raw = self._array[rows, columns]
            valid = np.ones(raw.shape, dtype=bool)
        else:
            import rasterio
            import rasterio.windows

            part = rasterio.windows.Window.from_slices(rows, columns, height=self.shape[0], width=self.shape[1])
            try:
                with rasterio.open(self._path) as source:
                    raw = source.read(self._band, window=part)
                    valid = source.read_masks(self._band, window=part) != 0
            except rasterio.errors.RasterioIOError as error:
                reason = str(error).splitlines()[0]
                raise UnreadableFile(
                    f"{self._path}: the raster's values cannot be read ({reason}); the file may be cut off"
                ) from None
        if raw.dtype.kind == "f":
            valid &= ~np.isnan(raw)
        if self.nodata is not None and not math.isnan(self.nodata):
            valid &= raw != self.nodata
        return raw, valid

    @property
    def name(self) -> str:
        """Layer name for messages."""
        return str(self.attrs.get("layer", "raster"))

    def windows(self, size: int = 1024, halo: int = 0) -> Iterator[Window]:
        """Go through the raster in square windows, row by row.

        Parameters
        ----------
        size : int
            Cells on a side, without halo.
        halo : int
            Cells added on every side where the raster has them.
        """
        height, width = self.shape
        for top in range(0, height, size):
            for left in range(0, width, size):
                bottom, right = min(top + size, height), min(left + size, width)
                row, column = max(top - halo, 0), max(left - halo, 0)
                yield Window(
                    slice(row, min(bottom + halo, height)),
                    slice(column, min(right + halo, width)),
                    (slice(top - row, bottom - row), slice(left - column, right - column)),
                )

    def clip(self, bounds: tuple[float, float, float, float]) -> Raster:
        """Give the part that meets a box (west, south, east, north), on the same cells, read into memory."""
        from affine import Affine

        width, height = self.cell_size
        west, south, east, north = bounds
        left = max(math.floor((west - self.transform.c) / width), 0)
        right = min(math.ceil((east - self.transform.c) / width), self.shape[1])
        top = max(math.floor((self.transform.f - north) / height), 0)
        bottom = min(math.ceil((self.transform.f - south) / height), self.shape[0])
        if right <= left or bottom <= top:
            raise BadRaster(
                f"{self.name}: the box {bounds} lies outside the raster {self.bounds}; give a box within it"
            )
        window = Window(slice(top, bottom), slice(left, right), (slice(None), slice(None)))
        raw, valid = self._raw(window)
        if raw.dtype.kind == "f":
            raw = np.where(valid, raw, np.nan)
        t = self.transform
        transform = Affine(t.a, t.b, t.c + left * t.a, t.d, t.e, t.f + top * t.e)
        return Raster.from_array(raw, transform, self.crs, self.nodata, **self.attrs)

    def same_grid(self, other: Raster, tolerance: float = 1e-6) -> bool:
        """Tell whether another raster has the same cells in the same CRS."""
        ours, theirs = self.transform, other.transform
        near = all(abs(a - b) <= tolerance * self.cell_size[0] for a, b in zip(ours[:6], theirs[:6], strict=True))
        return self.shape == other.shape and near and self.crs == other.crs

    def like(self, values: ArrayLike, nodata: float | None = None, **attrs: Any) -> Raster:
        """Make a raster of other values on the same cells."""
        array = np.asarray(values)
        if array.shape != self.shape:
            raise BadRaster(f"values of shape {array.shape} were given for a raster of {self.shape}; give one per cell")
        return Raster.from_array(array, self.transform, self.crs, nodata, **attrs)

    def write(self, path: str | Path) -> None:
        """Write a cloud-optimized GeoTIFF; the file appears only when it is complete."""
        import rasterio

        raw, valid = self._raw(None)
        nodata = self.nodata
        if raw.dtype.kind == "f":
            raw = np.where(valid, raw, np.nan).astype(raw.dtype)
            nodata = math.nan
        elif nodata is None and not valid.all():
            raise BadInput(f"{self.name}: cells without data have no nodata value; give one")
        if raw.dtype.kind == "b":
            raw = raw.astype(np.uint8)
        temporary = f"{path}.part.tif"
        profile = {
            "driver": "COG",
            "height": self.shape[0],
            "width": self.shape[1],
            "count": 1,
            "dtype": raw.dtype,
            "transform": self.transform,
            "crs": None if self.crs is None else self.crs.to_wkt(),
            "nodata": nodata,
            "compress": "deflate",
            "predictor": "yes",
        }
        try:
            with rasterio.open(temporary, "w", **profile) as target:
                target.write(raw, 1)
                if self.attrs.get("unit"):
                    target.units = (str(self.attrs["unit"]),)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)


def require_same_grid(first: Raster, *others: Raster) -> None:
    """Refuse rasters whose cells do not lie on each other.

    Raises
    ------
    BadRaster
        Naming both rasters and what differs.
    """
    for other in others:
        if first.same_grid(other):
            continue
        what = "CRS" if first.crs != other.crs else "size" if first.shape != other.shape else "origin or cell size"
        raise BadRaster(
            f"{first.name} and {other.name} lie on different cells ({what} differs: {first.shape} at {first.bounds} "
            f"and {other.shape} at {other.bounds}), one grid is needed; warp one onto the other with gdalwarp -te -tr"
        )
