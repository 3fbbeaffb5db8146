"""The coordinate reference systems that features are given in, by their official addresses and axis orders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from spacegov.errors import BadInput, suggest

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
_URI = re.compile(r"http://www\.opengis\.net/def/crs/(EPSG|OGC)/(0|1\.3)/(\w{1,16})")


@dataclass(frozen=True)
class Reference:
    """A CRS that can be asked for.

    Attributes
    ----------
    uri : str
        Its address.
    name : str
        As pyproj understands it.
    northing_first : bool
        Whether its axes run north before east, as their authority says.
    """

    uri: str
    name: str
    northing_first: bool


@lru_cache(maxsize=64)
def reference(uri: str) -> Reference:
    """Give a CRS by its address."""
    from pyproj import CRS

    found = _URI.fullmatch(uri)
    if found is None:
        raise BadInput(f"{uri!r} is no address of a CRS; write it as {CRS84}")
    name = f"{found[1]}:{found[3]}"
    axes = CRS.from_user_input(name).axis_info
    return Reference(uri, name, bool(axes) and axes[0].direction.lower() == "north")


@lru_cache(maxsize=64)
def uri_of(name: str) -> str | None:
    """Give the address of a CRS that has an authority's number; None for one of its own making."""
    from pyproj import CRS

    authority = CRS.from_user_input(name).to_authority()
    if authority is None:
        return None
    if authority == ("OGC", "CRS84"):
        return CRS84
    return f"http://www.opengis.net/def/crs/{authority[0]}/0/{authority[1]}"


def known(storage: str | None) -> list[str]:
    """List the addresses of the CRS a collection can be given in; the first is the default."""
    own = uri_of(storage) if storage is not None else None
    return list(dict.fromkeys([CRS84, WGS84, *([own] if own else []), MERCATOR]))


def chosen(value: str | None, parameter: str, storage: str | None) -> Reference:
    """Give the CRS that a parameter names.

    Raises
    ------
    BadInput
        The collection is not given in it.
    """
    if value is None:
        return reference(CRS84)
    if value.startswith("[") and value.endswith("]"):  # a safe CURIE, such as [EPSG:4549]
        authority, _, code = value[1:-1].partition(":")
        value = f"http://www.opengis.net/def/crs/{authority}/{'1.3' if authority == 'OGC' else '0'}/{code}"
    if value not in known(storage):
        raise BadInput(f"{parameter}: the collection is not given in {value[:120]!r}; {suggest(value, known(storage))}")
    return reference(value)


def swapped(shapes: Any) -> Any:
    """Exchange the axes of shapes."""
    import shapely

    return shapely.transform(shapes, lambda points: points[:, ::-1])
