"""Layers that a tool asks for one by one, with a record of each that was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spacegov.errors import UnreadableFile
from spacegov.layers import files

Record = Callable[[Any, Any], None]
"""Told the reader and what it read."""


class FileReader:
    """A file as a member of a `LayerSet`."""

    card = None
    coverage = None
    bound = True

    def __init__(self, source: str, crs: Any) -> None:
        self.source = source
        self.crs = crs

    @property
    def id(self) -> str:
        """Name of the sublayer or file."""
        path, sublayer = files.split_source(self.source)
        return sublayer or path.stem

    def read(self, bbox: tuple[float, float, float, float] | None = None) -> Any:
        """Read it, or the features that meet a box."""
        if files.is_raster(self.source):
            raster = files.open_raster(self.source, crs=self.crs)
            return raster if bbox is None else raster.clip(bbox)
        frame = files.read_vector(self.source, crs=self.crs)
        return frame if bbox is None else frame.cx[bbox[0] : bbox[2], bbox[1] : bbox[3]]


class DocumentReader:
    """A file that is no layer, as a member of a `LayerSet`: it is there, and holds nothing to read."""

    card = None
    coverage = None
    bound = True
    document = True

    def __init__(self, source: str) -> None:
        self.source = source

    @property
    def id(self) -> str:
        """Name of the file."""
        return Path(self.source).name

    def read(self, bbox: tuple[float, float, float, float] | None = None) -> Any:  # noqa: ARG002
        """Refuse: there is no layer in it."""
        raise UnreadableFile(f"{self.source}: it is no layer; give a file that GDAL reads")


class RecordedReader:
    """A reader that tells what it read."""

    def __init__(self, reader: Any, record: Record) -> None:
        self._reader = reader
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def read(self, bbox: tuple[float, float, float, float] | None = None, **choice: Any) -> Any:
        """Read it, or the features that meet a box; what else is chosen (`valid_on`) is the reader's to answer."""
        value = self._reader.read(bbox, **choice)
        self._record(self._reader, value)
        return value

    def meets(self, bbox: tuple[float, float, float, float]) -> bool:
        """Tell whether any feature may meet a box; where an index knows of none, that is what was read."""
        meets = getattr(self._reader, "meets", None)
        if meets is None or meets(bbox):
            return True
        self._record(self._reader, None)
        return False


class RecordedSet(Mapping[str, RecordedReader]):
    """A `LayerSet` whose readers tell what they read."""

    def __init__(self, readers: Mapping[str, Any], record: Record) -> None:
        self._readers = readers
        self._record = record

    def __getitem__(self, name: str) -> RecordedReader:
        return RecordedReader(self._readers[name], self._record)

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)

    def __contains__(self, name: object) -> bool:
        return name in self._readers
