"""Layers cut to a zone: what a tool reads when it is asked of one part of a batch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spacegov.batch.zones import ZoneSet
from spacegov.errors import BadRaster

if TYPE_CHECKING:
    from spacegov.layers.layer import Layer
    from spacegov.toolbox.clip import Bounds

_SOME = 64
_MARGIN = 1.0
"""Metres around records within which what touches them is found, whatever the rounding of its box."""


@dataclass(frozen=True, eq=False)
class Own:
    """The records that lie in a zone, uncut, each in one zone alone.

    Attributes
    ----------
    zones : ZoneSet
    position : int
        Of the zone among them; -1 for what lies in none.
    as_it_is : bool
        Whether the layer is read in its own CRS, for tools that look for faults.
    """

    zones: ZoneSet
    position: int
    as_it_is: bool = False

    @property
    def words(self) -> str:
        """What was done to the layer."""
        if self.position < 0:
            return ", records in no zone"
        return f", records in {self.zones.frame['zone'].iloc[self.position]}"

    @property
    def key(self) -> str:
        """All zones, since a border between them decides."""
        digest = hashlib.sha256()
        for shape in self.zones.frame.geometry:
            digest.update(shape.wkb)
        return f"own {self.position} {digest.hexdigest()}"

    def read(self, layer: Layer, **wanted: Any) -> Any:
        """Read the zone's records."""
        if self.as_it_is or self.position < 0:
            return self.of_frame(_as_it_is(layer) if self.as_it_is else layer.read(**wanted))
        bounds: Bounds = tuple(map(float, self.zones.frame.geometry.iloc[self.position].bounds))  # type: ignore[assignment]
        return self.of_frame(layer.read(bounds, **wanted))

    def of_frame(self, frame: Any) -> Any:
        """Take a frame's records that lie in the zone; they keep their numbers."""
        return _rows(frame, self.zones.owners(frame) == self.position)


@dataclass(frozen=True, eq=False)
class Slice:
    """So many records from one on, in the order of the file."""

    start: int
    stop: int
    as_it_is: bool = False

    @property
    def words(self) -> str:
        """What was done to the layer."""
        return f", records {self.start + 1} to {self.stop}"

    @property
    def key(self) -> str:
        """First and last record."""
        return f"rows {self.start} {self.stop}"

    def read(self, layer: Layer, **wanted: Any) -> Any:
        """Read the records."""
        return self.of_frame(_as_it_is(layer) if self.as_it_is else layer.read(**wanted))

    def of_frame(self, frame: Any) -> Any:
        """Take a frame's records; they keep their numbers."""
        return _rows(frame, slice(self.start, self.stop))


def _as_it_is(layer: Layer) -> Any:
    from spacegov.layers.files import read_vector

    frame = read_vector(layer.source)
    frame.attrs.update(layer.attrs())
    return frame


def _rows(frame: Any, wanted: Any) -> Any:
    from spacegov.soundness import is_sound, mark_sound

    spatial = getattr(frame, "_geometry_column_name", None) in frame.columns
    sound = spatial and is_sound(frame)
    part = frame.iloc[wanted] if isinstance(wanted, slice) else frame[wanted]
    part.attrs = dict(frame.attrs)
    if sound:
        mark_sound(part)
    return part


@dataclass(frozen=True)
class Near:
    """What lies within a box, uncut; rasters and tables are taken whole.

    Where nothing of a layer lies within the box, one record from elsewhere stands for it: it meets none of the records
    asked about, and tells of what kind the layer's shapes and columns are.
    """

    bounds: Bounds

    @classmethod
    def of(cls, frame: Any, halo: float) -> Near:
        """Give the surroundings of records: their box and the metres around it that the question needs."""
        west, south, east, north = map(float, frame.total_bounds)
        margin = halo + _MARGIN
        return cls((west - margin, south - margin, east + margin, north + margin))

    @property
    def words(self) -> str:
        """What was done to the layer."""
        return " near them"

    @property
    def key(self) -> str:
        """The box."""
        return repr(self.bounds)

    def read(self, layer: Layer, **wanted: Any) -> Any:
        """Read what lies within the box."""
        if layer.card.kind in {"Table", "Raster"}:
            return layer.read(**wanted)
        frame = layer.read(self.bounds, **wanted)
        if len(frame):
            return frame
        some = next(layer.scan(size=_SOME, **wanted))
        return some.head(1) if len(some) else frame


def outside_raster(error: BaseException) -> bool:
    """Tell a raster that does not reach the zone from other faults of rasters."""
    return isinstance(error, BadRaster) and "outside the raster" in str(error)
