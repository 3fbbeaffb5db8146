"""The restriction index of a workspace."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spacegov.catalogue import state_folder
from spacegov.errors import BadInput, UnreadableFile
from spacegov.layers.index.layer_file import BLOCK, Boxes, LayerFile, build
from spacegov.layers.index.readers import Readers
from spacegov.layers.index.touched import Touched
from spacegov.layers.store import take_lock, write_text, writing

if TYPE_CHECKING:
    from spacegov.layers.layer import Layer
    from spacegov.workspace import Workspace

_FORMAT = 1
_AT_ONCE = 64
"""Layers that are built before the common table, which is written whole, says so."""
_New: TypeAlias = tuple[dict[str, Any], Boxes]
"""What the common table says of a layer, and the boxes of its blocks."""


class RestrictionIndex:
    """Which units of which polygon layers touch a geometry.

    Made by the workspace as `ws.restriction_index`. It lies in the workspace's folder `index`, a few files for each
    layer, and is rebuilt by layer when a layer is imported; a layer whose data changed in another way is rebuilt when
    the index is next opened.

    Parameters
    ----------
    workspace : Workspace
        Whose bound layers of polygons it holds.

    Notes
    -----
    Two tables are kept: boxes of blocks of 64 pieces for all layers together, in memory; pieces by layer, mapped from
    disk. A question is a pass over the blocks' boxes, then over the boxes in the blocks that meet it, then an exact
    test of the pieces that remain. Units of more than 512 vertices are cut into pieces when the index is built.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._stat: tuple[int, int] | None = None
        self._entries: dict[str, dict[str, Any]] = {}
        self._names: list[str] = []
        self._boxes: Boxes = np.empty((0, 4), np.float32)
        self._layer: NDArray[np.int32] = np.empty(0, np.int32)
        self._block: NDArray[np.int64] = np.empty(0, np.int64)
        self._files: dict[str, LayerFile] = {}
        self._refreshed = False

    @cached_property
    def folder(self) -> Path:
        """Where it lies: in the workspace, or in the user's own folder where that may not be written to."""
        directory = self.workspace.directory
        if self.workspace.runs.is_relative_to(directory):
            return directory / "index"
        name = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
        return state_folder() / f"{directory.name}-{name}" / "index"

    @cached_property
    def _crs(self) -> Any:
        from pyproj import CRS

        return CRS.from_user_input(self.workspace.crs)

    def touching(
        self, geometry: Any, *, layers: Sequence[str] | None = None, most_blocks: int | None = None
    ) -> Touched:
        """Find the units that a geometry touches.

        Parameters
        ----------
        geometry : shapely geometry
            A point, line or polygon in the analysis CRS.
        layers : sequence of str, optional
            Layers to ask; all of the index without it.
        most_blocks : int, optional
            Leave out layers of which more blocks of 64 pieces meet the box of the geometry; they are named in
            `left_out`.

        Returns
        -------
        Touched
            Units that share at least a point with the geometry, in the order of layers and units.

        Raises
        ------
        BadInput
            The geometry is empty.
        """
        import shapely

        if geometry is None or shapely.is_empty(geometry) or not np.isfinite(shapely.bounds(geometry)).all():
            raise BadInput("the geometry asked about is empty; draw a point, a line or an area")
        self._open()
        west, south, east, north = shapely.bounds(geometry)
        box = np.array([west, south, east, north])
        boxes = self._boxes
        meet = (boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0]) & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1])
        hits = np.flatnonzero(meet)
        owner: list[NDArray[np.int64]] = []
        units: list[NDArray[np.int64]] = []
        raw: list[bytes] = []
        wanted = None if layers is None else set(layers)
        whole = set()
        edges = [*np.flatnonzero(np.diff(self._layer[hits], prepend=-1)).tolist(), len(hits)]
        for start, end in pairwise(edges):
            number = int(self._layer[hits[start]])
            name = self._names[number]
            if wanted is not None and name not in wanted:
                continue
            if most_blocks is not None and end - start > most_blocks:
                whole.add(name)
                continue
            found, shapes = self._file(name).candidates(self._block[hits[start:end]], box)
            units += found
            owner.append(np.full(len(shapes), number, np.int64))
            raw += shapes
        pieces = np.asarray(shapely.from_wkb(np.array(raw, dtype=object)), dtype=object) if raw else np.empty(0, object)
        shapely.prepare(geometry)
        exact = np.asarray(shapely.intersects(geometry, pieces), bool)
        layer = np.concatenate(owner)[exact] if owner else np.empty(0, np.int64)
        unit = np.concatenate(units)[exact] if units else np.empty(0, np.int64)
        order = np.lexsort((unit, layer))
        return Touched(
            self._names,
            layer[order],
            unit[order],
            pieces[exact][order],
            self._crs,
            self._attributes,
            frozenset(whole),
        )

    def readers(self) -> Mapping[str, Any]:
        """Give every layer of the registry as a member of a `LayerSet`.

        Layers of polygons that the index holds are read from it: units that touch a box, those of many vertices with
        the part near the box alone, and `unit_area_m2`. All others are read as the registry reads them.
        """
        self._open()
        return Readers(self, self.workspace.layers, frozenset(self._entries))

    def __contains__(self, name: object) -> bool:
        self._open()
        return name in self._entries

    def __len__(self) -> int:
        """Number of layers."""
        self._open()
        return len(self._entries)

    @property
    def units(self) -> int:
        """Units of all layers."""
        self._open()
        return sum(int(entry["units"]) for entry in self._entries.values())

    def update(self, layer: str) -> bool:
        """Build the index of a layer anew where its data are not those that are indexed.

        Returns
        -------
        bool
            Whether it was built.
        """
        known = self.workspace.layers[layer]
        wanted = _fingerprint(known)
        with self._lock():
            self._load()
            if wanted is None:
                if layer in self._entries:
                    self._write({layer: None})
                return False
            if not self._is_stale(known):
                return False
            self._write({layer: self._build(known, wanted)})
        return True

    def refresh(self, progress: Callable[[float, str], None] | None = None) -> list[str]:
        """Build whatever is out of date; gives the layers that were built."""
        registry = self.workspace.layers
        self._load()
        bound = [name for name in registry if registry.kind(name) == "Polygons" and registry.binding(name) is not None]
        built: list[str] = []
        stale = [name for name in bound if self._is_stale(registry[name])]
        for start in range(0, len(stale), _AT_ONCE):
            some = stale[start : start + _AT_ONCE]
            built += self._build_all([registry[name] for name in some])
            if progress is not None:
                progress((start + len(some)) / len(stale), some[-1])
        for name in set(self._entries) - set(bound):
            self._drop(name)
        self._refreshed = True
        return built

    def _build_all(self, layers: Sequence[Layer]) -> list[str]:
        """Build some layers side by side; what other processes wait for is short, and what is done is kept."""
        with self._lock(), ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
            self._load()
            stale = [layer for layer in layers if self._is_stale(layer)]
            done = dict(zip([layer.id for layer in stale], pool.map(self._try, stale), strict=True))
            if done:
                self._write(done)
        return [name for name, each in done.items() if each is not None]

    def _try(self, layer: Layer) -> _New | None:
        """Build a layer; one that cannot be read has no answer, and whoever asks for it by name is told why."""
        data = _fingerprint(layer)
        try:
            return None if data is None else self._build(layer, data)
        except BadInput:
            return None

    def missing(self) -> list[str]:
        """Name the bound layers of polygons that the index does not hold, since they could not be read."""
        self._open()
        registry = self.workspace.layers
        return [
            name
            for name in registry
            if registry.kind(name) == "Polygons" and registry.binding(name) is not None and name not in self._entries
        ]

    def _is_stale(self, layer: Layer) -> bool:
        entry = self._entries.get(layer.id)
        return entry is None or entry["data"] != _fingerprint(layer)

    def _open(self) -> None:
        if not self._refreshed:
            self.refresh()
        self._load()

    def _load(self) -> None:
        path = self.folder / "blocks.npz"
        try:
            stat = path.stat()
        except FileNotFoundError:
            self._take({}, np.empty((0, 4), np.float32))
            self._stat = None
            return
        if self._stat == (stat.st_mtime_ns, stat.st_ino):
            return
        with np.load(path) as file:
            told = json.loads(bytes(file["entries"]).decode())
            boxes = file["boxes"]
        self._take(told["layers"] if told["format"] == _FORMAT else {}, boxes)
        self._stat = (stat.st_mtime_ns, stat.st_ino)

    def _take(self, entries: dict[str, dict[str, Any]], boxes: Boxes) -> None:
        changed = {name for name in self._files if self._entries.get(name) != entries.get(name)}
        for name in changed:
            del self._files[name]
        self._entries = entries
        self._names = list(entries)
        counts = [int(entry["blocks"]) for entry in entries.values()]
        self._boxes = boxes[: sum(counts)]
        self._layer = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        self._block = np.concatenate([np.arange(count) for count in counts]) if counts else np.empty(0, np.int64)

    def _build(self, layer: Layer, data: str) -> _New:
        """Write the files of a layer."""
        folder = self.folder
        stem = f"{layer.id}.{data[:16]}"
        pieces, units = folder / f"{stem}.pieces", folder / f"{stem}.units"
        with writing(folder):
            built = build(layer.scan(), pieces.with_suffix(".part"), units.with_suffix(".units-part"))
            if built.units:
                pieces.with_suffix(".part").replace(pieces)
                units.with_suffix(".units-part").replace(units)
        blocks = built.blocks if built.units else np.empty((0, 4), np.float32)
        return {"data": data, "stem": stem, "units": built.units, "blocks": len(blocks)}, blocks

    def _write(self, new: Mapping[str, _New | None]) -> None:
        """Replace the common table by one with another state of some layers, None for those that are gone."""
        entries: dict[str, dict[str, Any]] = {}
        parts: list[Boxes] = []
        start = 0
        for name, known in self._entries.items():
            end = start + int(known["blocks"])
            if name not in new:
                entries[name] = known
                parts.append(self._boxes[start:end])
            start = end
        for name, each in new.items():
            if each is not None:
                entries[name] = each[0]
                parts.append(each[1])
        boxes = np.concatenate(parts) if parts else np.empty((0, 4), np.float32)
        told = json.dumps({"format": _FORMAT, "block": BLOCK, "layers": entries}).encode()
        path = self.folder / "blocks.npz"
        temporary = path.with_name(f"blocks.{os.getpid()}.part.npz")
        kept = {entry["stem"] for entry in entries.values()}
        left = [self._entries[name]["stem"] for name in new if name in self._entries]
        with writing(self.folder):
            np.savez(temporary, entries=np.frombuffer(told, np.uint8), boxes=boxes)
            temporary.replace(path)
            for stem in left:
                # A process that has the old files open keeps them.
                for suffix in ("pieces", "units") if stem not in kept else ():
                    (self.folder / f"{stem}.{suffix}").unlink(missing_ok=True)
        self._load()

    def _drop(self, layer: str) -> None:
        with self._lock():
            self._load()
            if layer in self._entries:
                self._write({layer: None})

    def _file(self, name: str) -> LayerFile:
        if name not in self._files:
            stem = self._entries[name]["stem"]
            try:
                self._files[name] = LayerFile(self.folder / f"{stem}.pieces", self.folder / f"{stem}.units")
            except OSError as error:
                raise UnreadableFile(
                    f"{self.folder}: the index of {name} cannot be read ({error.strerror or error}); remove the "
                    "folder, it is built anew"
                ) from None
        return self._files[name]

    def _attributes(self, name: str, units: NDArray[np.int64]) -> Any:
        return self._file(name).attributes(units)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        folder = self.folder
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "README").exists():
                write_text(folder / "README", _README)
            handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            take_lock(handle, "the restriction index", 600.0)
            yield
        finally:
            os.close(handle)


_README = "Made by spacegov from the layers of this workspace; it may be removed at any time and is then built anew.\n"


def _fingerprint(layer: Layer) -> str | None:
    """Tell the data of a layer from other data; None where there are none."""
    try:
        path = layer.source_path()
        stat = path.stat()
    except (BadInput, OSError):
        return None
    words = f"{_FORMAT} {layer.source} {stat.st_size} {stat.st_mtime_ns} {layer.workspace.settings.crs}"
    return hashlib.sha256(words.encode()).hexdigest()
