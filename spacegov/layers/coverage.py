"""Where a layer is authoritative: the difference between "nothing there" and "nobody looked"."""

from __future__ import annotations

import os
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from spacegov.text import Text

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray


class Answer(StrEnum):
    """The four answers to a question asked of a place."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_COVERED = "not_covered"
    FAILED = "failed"


ANSWER_TITLES: dict[Answer, Text] = {
    Answer.PRESENT: {"en": "Present", "zh": "涉及", "ru": "Есть"},
    Answer.ABSENT: {"en": "Absent", "zh": "不涉及", "ru": "Нет"},
    Answer.NOT_COVERED: {"en": "Not covered", "zh": "未覆盖", "ru": "Нет данных"},
    Answer.FAILED: {"en": "Failed", "zh": "查询失败", "ru": "Ошибка"},
}


def read_coverage(source: str, crs: str) -> gpd.GeoDataFrame:
    """Read where a layer is authoritative; read once while the file does not change, so the frame is shared.

    Parameters
    ----------
    source : str
        A file of polygons, `:sublayer` after it where it holds several.
    crs : str
        CRS to bring it to.
    """
    return _coverage(source, crs, *_identity(source))


def hash_coverage(source: str) -> str:
    """Give the sha256 of the file that says where a layer is authoritative."""
    return _hash(source, *_identity(source))


def _identity(source: str) -> tuple[int, int]:
    """Tell a file from what it was before."""
    try:
        stat = os.stat(source)  # noqa: PTH116  a path of text, which is looked at for every layer of a registry
    except OSError:
        from spacegov.layers.files import split_source

        try:
            stat = split_source(source)[0].stat()
        except OSError:
            # whoever reads it says that it is not there
            return 0, 0
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4096)
def _coverage(source: str, crs: str, changed: int, size: int) -> gpd.GeoDataFrame:  # noqa: ARG001  the stat is the key
    from spacegov.layers.files import read_vector

    return read_vector(source, crs=crs)


@lru_cache(maxsize=4096)
def _hash(source: str, changed: int, size: int) -> str:  # noqa: ARG001  the stat is the key
    from spacegov.layers.files import file_hash, split_source

    return file_hash(split_source(source)[0])


def covered_share(places: gpd.GeoDataFrame, coverage: gpd.GeoDataFrame | None) -> NDArray[np.float64]:
    """Give the share of each place that lies where a layer is authoritative.

    Parameters
    ----------
    places : GeoDataFrame
        Points, lines or polygons; points and lines count by touch and by length.
    coverage : GeoDataFrame or None
        Polygons, in the same CRS; None covers everything.

    Returns
    -------
    array of float, one for each place, 0 to 1

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> places = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10), shapely.Point(2, 2)], crs="EPSG:4549")
    >>> covered_share(places, gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 5, 10)], crs="EPSG:4549")).tolist()
    [0.5, 1.0]
    """
    import numpy as np
    import shapely

    if coverage is None:
        return np.ones(len(places))
    where = coverage.geometry.union_all()
    shapes = places.geometry.values._data
    shapely.prepare(where)
    inside = shapely.contains_properly(where, shapes).astype(np.float64)
    near = (inside == 0) & shapely.intersects(where, shapes)
    if not near.any():
        return np.asarray(inside)
    parts = shapely.intersection(shapes[near], where)
    dimension = shapely.get_dimensions(shapes[near])
    whole = np.where(dimension == 2, shapely.area(shapes[near]), shapely.length(shapes[near]))
    kept = np.where(dimension == 2, shapely.area(parts), shapely.length(parts))
    inside[near] = np.where(dimension == 0, 1.0, np.divide(kept, whole, out=np.ones_like(kept), where=whole > 0))
    return np.asarray(np.clip(inside, 0.0, 1.0), dtype=np.float64)


def not_covered(territory: gpd.GeoDataFrame, coverage: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Cut out of a territory what a layer does not cover.

    Returns
    -------
    GeoDataFrame
        One row of ground nobody looked at, or none; `area_m2` is its plane area.
    """
    import geopandas as gpd

    if coverage is None or not len(territory):
        return gpd.GeoDataFrame({"area_m2": []}, geometry=[], crs=territory.crs)
    rest = territory.geometry.union_all().difference(coverage.to_crs(territory.crs).geometry.union_all())
    # Borders of two surveys rarely agree to the millimetre; a rest thinner than 1 m is no gap in coverage.
    rest = rest.buffer(-0.5, join_style="mitre").buffer(0.5, join_style="mitre")
    if rest.is_empty:
        return gpd.GeoDataFrame({"area_m2": []}, geometry=[], crs=territory.crs)
    return gpd.GeoDataFrame({"area_m2": [rest.area]}, geometry=[rest], crs=territory.crs)
