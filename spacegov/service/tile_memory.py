"""The tiles that were asked for last: many look at the same place."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KEPT_BYTES = 64 << 20


@dataclass(frozen=True)
class Tile:
    """A tile.

    Attributes
    ----------
    content : bytes
        Empty where nothing lies there.
    dropped : int
        Features left out for its size.
    packed : bool
        Whether the content is compressed with gzip.
    """

    content: bytes
    dropped: int = 0
    packed: bool = False


class TileMemory:
    """Tiles up to so many bytes; those not asked for the longest go first.

    Examples
    --------
    >>> memory = TileMemory(1000)
    >>> memory.kept("a", lambda: Tile(b"made")).content, memory.kept("a", lambda: Tile(b"again")).content
    (b'made', b'made')
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._tiles: OrderedDict[Any, Tile] = OrderedDict()
        self._bytes = 0

    def kept(self, key: Any, make: Callable[[], Tile]) -> Tile:
        """Give the tile of a key, which names the version of all it shows; it is made where it is not at hand."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
                return self._tiles[key]
        tile = make()
        with self._lock:
            if key not in self._tiles:
                self._tiles[key] = tile
                self._bytes += len(tile.content) + 200
            while self._bytes > self._most:
                _, old = self._tiles.popitem(last=False)
                self._bytes -= len(old.content) + 200
        return tile


_memory = TileMemory(KEPT_BYTES)
kept = _memory.kept
