"""One layer as a workspace knows it: card, binding, data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, UnknownName, UnreadableFile
from spacegov.layers.card import Binding, LayerCard
from spacegov.soundness import mark_sound
from spacegov.text import Language, say

if TYPE_CHECKING:
    import geopandas as gpd

    from spacegov.layers.batches import VectorSource
    from spacegov.raster import Raster
    from spacegov.workspace import Workspace


class Layer:
    """A layer of a workspace.

    Made by `ws.layers[id]`.
    """

    def __init__(self, workspace: Workspace, card: LayerCard, binding: Binding | None) -> None:
        self.workspace = workspace
        self.card = card
        self.binding = binding
        self._hashed: tuple[Any, str, str] = (None, "", "")

    @property
    def id(self) -> str:
        """Layer id, such as `planned.forest-plan`."""
        return self.card.id

    @property
    def bound(self) -> bool:
        """Whether the workspace has data for it; a layer without answers `not_covered`."""
        return self.binding is not None

    @property
    def part(self) -> str:
        """What part of the layer is read, in words of the record; empty for the whole."""
        return ""

    def title(self, language: Language | None = None) -> str:
        """Give its title."""
        return say(self.card.title, language or self.workspace.settings.language)

    def codes(self, field: str) -> list[str] | None:
        """List the codes a field may hold, from its card or its scheme; None where it is free."""
        spec = self.card.fields[field]
        if spec.codes is not None:
            return list(spec.codes)
        return None if spec.scheme is None else list(self.workspace.layers.schemes[spec.scheme].codes)

    @property
    def version(self) -> str | None:
        """The current version: the store's, or the day the file changed."""
        if self.binding is None:
            return None
        if self.binding.source == "store":
            return self.workspace.store.current(self.id)
        from datetime import UTC, datetime

        try:
            changed = self.source_path().stat().st_mtime
        except OSError:
            return None
        return datetime.fromtimestamp(changed, UTC).date().isoformat()

    @property
    def source(self) -> str:
        """The file it is read from, with its sublayer."""
        if self.binding is None:
            raise UnreadableFile(
                f"{self.id}: this workspace has no data for the layer, so every place is not covered; bind it in "
                f"layers/bindings/{self.id}.yaml"
            )
        if self.binding.source == "store":
            return str(self.workspace.store.path(self.id))
        from spacegov.layers.remote import is_remote

        if is_remote(self.binding.source):
            return self.binding.source
        return str(self.workspace.inside(self.binding.source))

    def source_path(self) -> Path:
        """Give the file it is read from."""
        from spacegov.layers.files import split_source

        return split_source(self.source)[0]

    @property
    def coverage(self) -> gpd.GeoDataFrame | None:
        """Where the layer is authoritative, in the analysis CRS; None for everywhere."""
        if self.binding is None or self.binding.coverage == "whole":
            return None
        from spacegov.layers.coverage import read_coverage

        return read_coverage(self._coverage_path, self.workspace.crs)

    @property
    def coverage_hash(self) -> str | None:
        """The sha256 of the file that says where the layer is authoritative; None for everywhere."""
        if self.binding is None or self.binding.coverage == "whole":
            return None
        from spacegov.layers.coverage import hash_coverage

        return hash_coverage(self._coverage_path)

    @cached_property
    def _coverage_path(self) -> str:
        return "" if self.binding is None else str(self.workspace.inside(self.binding.coverage))

    def read(
        self,
        bbox: tuple[float, float, float, float] | None = None,
        *,
        where: Any = None,
        columns: list[str] | None = None,
        version: str | None = None,
        valid_on: date | None = None,
        cell_size: float | None = None,
    ) -> Any:
        """Read the layer in the workspace's analysis CRS.

        Parameters
        ----------
        bbox : tuple of float, optional
            West, south, east, north in the analysis CRS; features that meet it, or the raster's part.
        where : str, optional
            A CQL2 filter over the layer's fields and `geometry`, in the analysis CRS, such as `grade <= 5`.
        columns : list of str, optional
            Columns to read.
        version : str, optional
            A version of the store; the current one by default.
        valid_on : date, optional
            The version that was in force on a day.
        cell_size : float, optional
            Metres of a raster's cell from which on its overviews will do.

        Returns
        -------
        GeoDataFrame, DataFrame or Raster

        Raises
        ------
        UnreadableFile
            The layer is not bound, or its file cannot be read.
        UnknownName
            There is no such version, column or property, or none was in force on that day.
        BadInput
            The filter is no CQL2.
        """
        chosen = self._version(version, valid_on)
        if self.card.kind == "Raster":
            return self._read_raster(bbox, chosen, cell_size)
        from spacegov.layers.scan import Window, read

        crs = None if self.card.kind == "Table" else self.workspace.crs
        frame = read(self.vector_source(chosen), Window(bbox, where, columns), crs)
        frame.attrs.update(self.attrs(chosen))
        if self._is_stamped(chosen):
            mark_sound(frame)
        return frame

    def scan(
        self,
        bbox: tuple[float, float, float, float] | None = None,
        *,
        where: Any = None,
        columns: list[str] | None = None,
        version: str | None = None,
        valid_on: date | None = None,
        size: int = 50_000,
    ) -> Iterator[Any]:
        """Go through the layer in batches; memory does not grow with its size.

        Parameters
        ----------
        bbox, where, columns, version, valid_on
            As in `read`.
        size : int
            Records of a batch, before filtering.

        Yields
        ------
        GeoDataFrame or DataFrame
            At least one, which may be empty.
        """
        from spacegov.layers.scan import Window, scan

        chosen = self._version(version, valid_on)
        crs = None if self.card.kind == "Table" else self.workspace.crs
        attrs, stamped = self.attrs(chosen), self._is_stamped(chosen)
        for frame in scan(self.vector_source(chosen), Window(bbox, where, columns), crs, size=size):
            frame.attrs.update(attrs)
            if stamped:
                mark_sound(frame)
            yield frame

    def _version(self, version: str | None, valid_on: date | None) -> str | None:
        if valid_on is None:
            return version
        if version is not None:
            raise BadInput(f"{self.id}: a version and a day were given, one is needed; leave one out")
        binding = self.binding
        if binding is not None and binding.source == "store":
            return self.workspace.store.on(self.id, valid_on)
        begins, ends = (None, None) if binding is None else (binding.valid_from, binding.valid_to)
        if (begins is not None and valid_on < begins) or (ends is not None and valid_on > ends):
            raise UnknownName(
                f"{self.id}: it was not in force on {valid_on}; it is from {begins or '…'} to {ends or '…'}"
            )
        return None

    def vector_source(self, version: str | None = None) -> VectorSource:
        """Give the file of vector data, to be read in batches."""
        from spacegov.layers.batches import VectorSource
        from spacegov.layers.files import split_source
        from spacegov.layers.remote import is_remote, remote_source

        if version is not None:
            if self.binding is not None and self.binding.source != "store":
                raise UnknownName(f"{self.id}: it is read in place from {self.binding.source} and has no versions")
            return VectorSource(self.workspace.store.path(self.id, version))
        if self.binding is not None and is_remote(self.binding.source):
            return remote_source(self.binding.source)
        return VectorSource(*split_source(self.source))

    def _read_raster(
        self, bbox: tuple[float, float, float, float] | None, version: str | None, cell_size: float | None
    ) -> Raster:
        from spacegov.layers.raster_window import read_window

        source = self.source if version is None else str(self.workspace.store.path(self.id, version))
        raster = read_window(source, self.workspace.crs, bbox, cell_size, self.card.cells)
        raster.attrs.update(self.attrs(version))
        return raster

    def attrs(self, version: str | None = None) -> dict[str, Any]:
        """Give what a frame of this layer carries."""
        key = next((name for name, field in self.card.fields.items() if field.unique), None)
        return {
            "layer": self.id,
            "key": key,
            "title": dict(self.card.title),
            "steward": self.card.steward,
            "sharing": self.card.sharing.class_,
            "version": version or self.version,
        }

    def _is_stamped(self, version: str | None) -> bool:
        """Tell whether the store proved all shapes of a version sound, in the CRS they are read in."""
        if self.binding is None or self.binding.source != "store" or self.card.kind in {"Raster", "Table"}:
            return False
        from pyproj import CRS

        source = self.vector_source(version)
        if not source.stamp.get("valid") or source.crs is None:
            return False
        return bool(CRS.from_user_input(source.crs) == CRS.from_user_input(self.workspace.settings.crs))

    @property
    def sha256(self) -> str:
        """The fingerprint of its data: of the imported version as it is on record, else of the file."""
        from spacegov.layers.remote import is_remote
        from spacegov.toolbox.hashes import hash_path

        if self.binding is not None and self.binding.source == "store":
            return self._stored_hash()
        if self.binding is not None and is_remote(self.binding.source):
            return "not hashed: another server's"
        return hash_path(self.source_path())

    def _stored_hash(self) -> str:
        """Look it up on record; kept while the version and its file stay, since every question writes it down."""
        from spacegov.toolbox.hashes import hash_path

        store = self.workspace.store
        version = store.current(self.id)
        known, path, found = self._hashed
        if known is None or known[0] != version:
            path = str(store.path(self.id))
        stat = os.stat(path)  # noqa: PTH116  a path of text, which is looked at for every layer of a registry
        key = (version, stat.st_size, stat.st_mtime_ns)
        if known != key:
            facts = store.facts(self.id)
            told = facts.get("sha256") if [stat.st_size, stat.st_mtime_ns] == facts.get("stat") else None
            found = str(told or hash_path(Path(path)))
            self._hashed = (key, path, found)
        return found

    @property
    def quality(self) -> dict[str, Any]:
        """What the last import found: quality tier, `rows`, `problem_records`, `rate` (0 to 1), faults by code."""
        facts = {} if self.binding is None or self.binding.source != "store" else self.workspace.store.facts(self.id)
        rows = facts.get("rows")
        problems = facts.get("problem_records")
        return {
            "tier": self.card.quality.tier,
            "rows": rows,
            "problem_records": problems,
            "rate": problems / rows if rows and problems is not None else None,
            "faults": facts.get("faults", {}),
        }

    def map(self, *, language: Language | None = None) -> Any:
        """Draw the layer as a folium map."""
        from spacegov.maps.answers import layer_map

        return layer_map(self, language or self.workspace.settings.language)

    def __repr__(self) -> str:
        state = f"version {self.version}" if self.bound else "not bound: every place is not covered"
        return f"<Layer {self.id}: {self.title()}, {self.card.kind}, {self.card.steward}, {state}>"
