"""The layers of a registry as readers that answer from the restriction index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacegov.layers.index.index import RestrictionIndex
    from spacegov.layers.index.touched import Touched
    from spacegov.layers.layer import Layer
    from spacegov.layers.registry import Registry

    Bounds = tuple[float, float, float, float]

_MOST_BLOCKS = 32
"""Blocks of 64 pieces in a box from which on a layer is read from its own file."""


class Readers(Mapping[str, Any]):
    """The registry, with the layers of the index read from it.

    Parameters
    ----------
    index : RestrictionIndex
        The index.
    registry : Registry
        All layers.
    held : frozenset of str
        Those that the index holds.
    """

    def __init__(self, index: RestrictionIndex, registry: Registry, held: frozenset[str]) -> None:
        self.index = index
        self.registry = registry
        self.held = held
        self._last: tuple[Bounds, Touched] | None = None

    def touching(self, bbox: Bounds) -> Touched:
        """Find the units that touch a box; the last answer is kept, since every layer is asked about the same box."""
        import shapely

        if self._last is None or self._last[0] != bbox:
            self._last = (bbox, self.index.touching(shapely.box(*bbox), most_blocks=_MOST_BLOCKS))
        return self._last[1]

    def __getitem__(self, name: str) -> Any:
        layer = self.registry[name]
        return IndexReader(self, layer) if name in self.held else layer

    def __iter__(self) -> Iterator[str]:
        return iter(self.registry)

    def __len__(self) -> int:
        return len(self.registry)

    def __contains__(self, name: object) -> bool:
        return name in self.registry


class IndexReader:
    """A layer that is read from the index.

    Parameters
    ----------
    readers : Readers
        All of them, which share what is found in a box.
    layer : Layer
        The layer.
    """

    def __init__(self, readers: Readers, layer: Layer) -> None:
        self._readers = readers
        self.layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)

    def meets(self, bbox: Bounds) -> bool:
        """Tell whether any unit may touch a box, without reading the layer."""
        # a layer that is withheld refuses here, as it does when it is read
        _ = self.layer.read
        touched = self._readers.touching(bbox)
        return self.layer.id in touched.met or self.layer.id in touched.left_out

    def read(self, bbox: Bounds | None = None, **choice: Any) -> Any:
        """Read the layer, or the units that touch a box; other choices (`valid_on`) are read from the layer."""
        if bbox is None or choice:
            return self.layer.read(bbox, **choice)
        touched = self._readers.touching(bbox)
        if self.layer.id in touched.left_out:
            # Much of the layer is asked for, which its file gives faster than many pieces.
            return self.layer.read(bbox)
        frame = touched.frame(self.layer.id)
        frame.attrs.update(self.layer.attrs())
        return frame
