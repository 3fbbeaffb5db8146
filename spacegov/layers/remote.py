"""Layers that another server offers as OGC API Features; GDAL's driver pages through them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from spacegov.errors import UnreadableFile
from spacegov.layers.batches import VectorSource

_COLLECTION = re.compile(r"(?P<server>https?://[^/\s]+(?:/[^?#\s]*?)?)/collections/(?P<name>[^/?#\s]+)(?:/items)?/?")


def is_remote(source: str) -> bool:
    """Tell an address from a path.

    Examples
    --------
    >>> is_remote("https://data.example.org/ogc/collections/zoning"), is_remote("plans.gpkg:zoning")
    (True, False)
    """
    return source.startswith(("http://", "https://"))


def remote_source(address: str) -> VectorSource:
    """Give the collection at an address as a source.

    Parameters
    ----------
    address : str
        `https://…/collections/NAME`.

    Raises
    ------
    UnreadableFile
        It is no address of a collection.
    """
    match = _COLLECTION.fullmatch(address)
    if match is None:
        raise UnreadableFile(f"{address}: it is no collection of OGC API Features; write https://…/collections/NAME")
    return VectorSource(Path(match["name"]), unquote(match["name"]), title=address, address=f"OAPIF:{match['server']}")
