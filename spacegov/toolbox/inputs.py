"""From what a user names (layer ids, files, frames) to what a tool function takes, with a record of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.crs import crs_name
from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.kinds import LayerKind
from spacegov.layers import files
from spacegov.layers.folder import folder_sources
from spacegov.layers.layer import Layer
from spacegov.layers.remote import is_remote
from spacegov.layers.scan import LayerStream
from spacegov.signature import Input
from spacegov.toolbox.answers import LayerPart, is_answer, read_answer
from spacegov.toolbox.hashes import hash_path, hash_value
from spacegov.toolbox.layer_set import DocumentReader, FileReader, RecordedSet
from spacegov.toolbox.mending import mend
from spacegov.toolbox.provenance import IN_MEMORY, InputRecord

if TYPE_CHECKING:
    from spacegov.toolbox.tool import Tool
    from spacegov.workspace import Workspace


@dataclass
class Resolved:
    """The inputs of one run.

    Attributes
    ----------
    values : dict
        What the function receives, coverage included.
    records : list of InputRecord
        What the provenance says of them.
    gaps : dict
        Coverage polygons of inputs that do not cover everything, by layer id.
    layers : list of Layer
        Layers of the workspace that were read.
    at_home : bool
        Whether any input is the workspace's own, so that its settings are the defaults.
    """

    values: dict[str, Any] = field(default_factory=dict)
    records: list[InputRecord] = field(default_factory=list)
    gaps: dict[str, Any] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    at_home: bool = False


def resolve(
    workspace: Workspace, tool: Tool, given: Mapping[str, Any], *, crs: Any = None, repair: bool = False
) -> Resolved:
    """Read the inputs of a run.

    Roles that are not given take the card's default layers, unless a file or frame is given for another role: data of
    one territory are never mixed with the sample county's in silence.

    Parameters
    ----------
    workspace : Workspace
        Where layer ids are looked up.
    tool : Tool
        Whose inputs they are.
    given : mapping
        By input name: layer id, file, several of them (a list, or text with commas), a frame or a raster.
    crs : anything pyproj understands, optional
        CRS to bring every input to; reprojected, never relabelled.
    repair : bool
        Whether broken polygons are mended, with the change in area reported.

    Raises
    ------
    BadInput
        One of its kinds.
    """
    signature = tool.signature
    wanted = {role: _items(spec, given[role]) for role, spec in signature.inputs.items() if given.get(role) is not None}
    named = [item for items in wanted.values() for item in items]
    foreign = any(_is_foreign(item) for item in named)
    if not foreign:
        for role, spec in signature.inputs.items():
            if role not in wanted and role in tool.card.layers and role not in given:
                wanted[role] = _items(spec, tool.card.layers[role])
    whole_registry = any(spec.kind.form == "layers" and not wanted.get(role) for role, spec in signature.inputs.items())
    at_home = whole_registry or any(not _is_foreign(item) for items in wanted.values() for item in items)
    target = crs if crs is not None else (workspace.crs if at_home else None)
    resolved = Resolved(at_home=at_home)
    for role, spec in signature.inputs.items():
        if spec.kind.form == "layers":
            resolved.values[role] = _layer_set(workspace, role, wanted.get(role), target, resolved)
            continue
        if role in wanted and not wanted[role]:
            raise BadInput(f"{tool.id}: {role} names no layer; write {role}=LAYER or {role}=FILE")
        if role not in wanted:
            if spec.optional:
                resolved.values[role] = None
                continue
            why = " since another input is a file" if foreign and role in tool.card.layers else ""
            raise BadInput(
                f"{tool.id}: the input {role} ({spec.kind.name}) is needed{why}; write {role}=LAYER or {role}=FILE"
            )
        if not spec.many and len(wanted[role]) > 1:
            raise BadInput(f"{tool.id}: {role} takes one layer, {len(wanted[role])} were given; name one")
        values = [_read(workspace, role, spec.kind, item, target, repair, resolved) for item in wanted[role]]
        resolved.values[role] = values if spec.many else values[0]
    for name, owner in signature.coverages.items():
        own = {layer.id for layer in resolved.layers if layer.id in resolved.gaps and _plays(resolved, layer.id, owner)}
        resolved.values[name] = {layer: resolved.gaps[layer] for layer in sorted(own)} or None
    return resolved


def _plays(resolved: Resolved, layer: str, role: str) -> bool:
    return any(record.layer == layer and record.role == role for record in resolved.records)


def _items(spec: Input, value: Any) -> list[Any]:
    """Take apart what was given for a role."""
    if isinstance(value, str):
        parts = [value] if files.exists(value) else [part.strip() for part in value.split(",")]
        return [part for part in parts if part]
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in (_items(spec, part) if isinstance(part, str) else [part])]
    if spec.kind.form == "layers" and isinstance(value, Mapping):
        return [value]
    return [value]


def _is_foreign(item: Any) -> bool:
    if is_answer(item):
        return False
    if isinstance(item, (Layer, LayerPart)) or (isinstance(item, Mapping) and not hasattr(item, "columns")):
        return False
    return not isinstance(item, str) or files.looks_like_file(item)


def _layer_set(workspace: Workspace, role: str, items: list[Any] | None, crs: Any, resolved: Resolved) -> RecordedSet:
    places: dict[str, int] = {}

    def record(reader: Any, value: Any) -> None:
        known_layer = reader if isinstance(reader, Layer) else getattr(reader, "layer", None)
        if isinstance(known_layer, Layer):
            entry = _layer_record(role, value, known_layer)
        elif isinstance(reader, FileReader):
            entry = _record(role, value, files.split_source(reader.source)[0])
        else:
            entry = _take(role, value, None, None)[1]
        position = places.setdefault(entry.layer, len(resolved.records))
        if position == len(resolved.records):
            resolved.records.append(entry)
        else:
            known = resolved.records[position]
            resolved.records[position] = known.model_copy(update={"rows": known.rows + entry.rows})

    if not items:
        return RecordedSet(workspace.restriction_index.readers(), record)
    if len(items) == 1 and isinstance(items[0], Mapping) and not hasattr(items[0], "columns"):
        return RecordedSet(items[0], record)
    readers = [reader for item in items for reader in _readers(workspace, item, crs)]
    return RecordedSet({reader.id: reader for reader in readers}, record)


def _readers(workspace: Workspace, item: Any, crs: Any) -> list[Any]:
    """Give the readers of a layer, a file, or everything in a folder."""
    if not _is_foreign(item):
        return [_layer(workspace, item) if isinstance(item, str) else item]
    folder = Path(str(item))
    if not folder.is_dir() or folder.suffix.lower() == ".gdb":
        return [FileReader(item, crs)]
    layers, documents = folder_sources(folder)
    return [*(FileReader(source, crs) for source in layers), *(DocumentReader(source) for source in documents)]


def _layer(workspace: Workspace, name: str) -> Layer:
    if name not in workspace.layers:
        raise UnknownName(f"there is no layer and no file {name!r}; {suggest(name, workspace.layers)}")
    return workspace.layers[name]


def _read(
    workspace: Workspace, role: str, kind: LayerKind, item: Any, crs: Any, repair: bool, resolved: Resolved
) -> Any:
    if isinstance(item, str) and not is_answer(item) and not files.looks_like_file(item):
        item = _layer(workspace, item)
    if is_answer(item):
        value, record = read_answer(workspace, role, item)
    elif isinstance(item, (Layer, LayerPart)):
        layer = item if isinstance(item, Layer) else item.layer
        read = _read_layer(role, kind, item, crs) if isinstance(item, Layer) else _read_part(role, kind, item, crs)
        value, record = read
        resolved.layers.append(layer)
        coverage = layer.coverage
        if coverage is not None:
            resolved.gaps[layer.id] = coverage if crs is None else files.to_crs(coverage, crs)
    elif isinstance(item, (str, Path)):
        value, record = _read_file(role, kind, str(item), crs)
    else:
        value, record = _take(role, item, kind, crs)
    if kind.form == "frame" and kind.metric:
        value = mend(role, value, all_faults=repair)
    if kind.form == "stream" and hasattr(value, "iloc"):
        value = _Batches(value)
    resolved.records.append(record)
    return value


def _read_layer(role: str, kind: LayerKind, layer: Layer, crs: Any) -> tuple[Any, InputRecord]:
    _fits(role, kind, layer.card.kind, layer.id)
    if kind.name == "AnyLayer" and not layer.part and not _is_far(layer):
        value = files.read_vector(layer.source)
        value.attrs.update(layer.attrs())
    elif kind.form == "stream" and not layer.part and (crs is None or crs == layer.workspace.crs):
        value = LayerStream(layer)
    else:
        value = layer.read()
        value = _bring(value, crs, layer.card.cells)
    return value, _layer_record(role, value, layer)


def _read_part(role: str, kind: LayerKind, part: LayerPart, crs: Any) -> tuple[Any, InputRecord]:
    _fits(role, kind, part.layer.card.kind, part.layer.id)
    value = _bring(part.read(role), crs)
    record = _layer_record(role, value, part.layer)
    changed = {"source": f"{record.source}{part.change}", "sha256": part.fingerprint()}
    return value, record.model_copy(update=changed)


def _is_far(layer: Layer) -> bool:
    """Tell a layer of another server from one in a file."""
    return layer.binding is not None and is_remote(layer.binding.source)


def _layer_record(role: str, value: Any, layer: Layer) -> InputRecord:
    """Record what was read of a layer; `value` is None where an index knew that nothing of it is there."""
    binding = layer.binding
    partial = binding is not None and binding.coverage != "whole"
    return InputRecord(
        role=role,
        layer=layer.id,
        title=dict(layer.card.title),
        steward=layer.card.steward,
        source=f"{binding.source if binding else ''}{layer.part}",
        version=layer.version,
        sha256=layer.sha256,
        crs=_name_of(layer.workspace.crs) if value is None else _crs_name(value),
        rows=0 if value is None else _rows(value),
        coverage="partial" if partial else "whole",
        coverage_sha256=layer.coverage_hash,
        warped=None if value is None else value.attrs.get("warped"),
        licence=binding.licence if binding else None,
        status=binding.status if binding else None,
    )


def _fits(role: str, kind: LayerKind, given: str, name: str) -> None:
    """Refuse a raster where features are needed, and the other way round, before anything is read."""
    form = {"Raster": "raster", "Table": "table"}.get(given, "frame")
    needed = {"stream": "frame", "layers": "frame"}.get(kind.form, kind.form)
    if form != needed and not (needed == "table" and form == "frame"):
        raise BadInput(f"{role}: {name} is a layer of {given}, {kind.name} is needed; name another layer")


def _read_file(role: str, kind: LayerKind, source: str, crs: Any) -> tuple[Any, InputRecord]:
    path, _ = files.split_source(source)
    value: Any
    if kind.form == "raster":
        value = files.open_raster(source, crs=crs, cells=kind.cells)
    else:
        if files.is_raster(source):
            raise BadInput(f"{role}: {source} is a raster, {kind.name} is needed; name a vector layer")
        value = files.read_vector(source, crs=None if kind.name == "AnyLayer" else crs)
        if kind.form in {"frame", "stream"} and not hasattr(value, "geometry"):
            raise BadInput(
                f"{role}: {source} is a table without geometry, {kind.name} is needed; name a layer with geometry"
            )
    return value, _record(role, value, path).model_copy(update={"source": source})


def _bring(value: Any, crs: Any, cells: files.Cells = "either") -> Any:
    """Bring a frame or raster to a CRS; what has no place stays as it is, for the tool to refuse."""
    if crs is None:
        return value
    if hasattr(value, "rio") or type(value).__name__ == "DataArray":
        from spacegov.raster import Raster

        value = Raster.from_xarray(value)
    if hasattr(value, "transform") and hasattr(value, "cell_size"):
        return files.warp(value, crs, cells)
    return files.to_crs(value, crs)


def _take(role: str, value: Any, kind: LayerKind | None, crs: Any) -> tuple[Any, InputRecord]:
    """Take a frame, raster or table that the user holds."""
    attrs = getattr(value, "attrs", {}) or {}
    fingerprint = hash_value(value)
    if kind is not None and kind.metric and kind.form in {"frame", "stream", "raster"}:
        value = _bring(value, crs, kind.cells)
    record = InputRecord(
        role=role,
        layer=str(attrs.get("layer") or role),
        title=attrs.get("title"),
        steward=attrs.get("steward"),
        source=IN_MEMORY,
        version=attrs.get("version"),
        sha256=fingerprint,
        crs=_crs_name(value),
        rows=_rows(value),
        coverage="not stated",
    )
    return value, record


def _record(role: str, value: Any, path: Path, fingerprint: str | None = None) -> InputRecord:
    return InputRecord(
        role=role,
        layer=str(value.attrs.get("layer") or path.stem),
        source=str(path),
        sha256=fingerprint or hash_path(path),
        crs=_crs_name(value),
        rows=_rows(value),
        coverage="not stated",
        warped=value.attrs.get("warped"),
    )


def _rows(value: Any) -> int:
    if hasattr(value, "shape") and hasattr(value, "transform") and not hasattr(value, "columns"):
        return int(value.shape[0]) * int(value.shape[1])
    return len(value) if hasattr(value, "__len__") else 0


def _crs_name(value: Any) -> str | None:
    crs = getattr(value, "crs", None)
    return None if crs is None else crs_name(crs)


@lru_cache(maxsize=64)
def _name_of(crs: str) -> str:
    from pyproj import CRS

    return crs_name(CRS.from_user_input(crs))


class _Batches:
    """A frame in parts; they can be gone through again, as a sensitivity run does."""

    def __init__(self, frame: Any, size: int = 50_000) -> None:
        self.frame = frame
        self.size = size

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, max(len(self.frame), 1), self.size):
            yield self.frame.iloc[start : start + self.size]
