"""Import: from what a department sends to a version of the store, checked, or not changed at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spacegov.errors import BadInput, suggest
from spacegov.layers.batches import VectorSource
from spacegov.layers.card import OnFault
from spacegov.layers.intake import RasterSource, open_delivery
from spacegov.layers.store import writing

if TYPE_CHECKING:
    import geopandas as gpd

    from spacegov.layers.layer import Layer
    from spacegov.workspace import Workspace

Status = Literal["imported", "unchanged", "rejected"]
Progress = Callable[[float, str], None]
POLICIES: tuple[OnFault, ...] = ("reject", "repair", "accept")


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes
    ----------
    layer : str
        Layer id.
    status : {"imported", "unchanged", "rejected"}
        `unchanged`: what was sent is what the store has; `rejected`: nothing was changed.
    version : str or None
        The version that is current now.
    rows : int
        Records, or cells of a raster.
    problem_records : int
        Records with an error.
    faults : GeoDataFrame
        A row for each fault: `row` (record of the delivery, -1 for the layer as a whole), `feature`, `field`, `code`,
        `severity`, `value` (as delivered), `reason`, `mend`, `action` (`repaired`, `marked`, `refused`, `noted`), and
        the place.
    facts : dict
        What is on record beside the data.
    """

    layer: str
    status: Status
    version: str | None
    rows: int
    problem_records: int
    faults: gpd.GeoDataFrame
    facts: dict[str, Any]

    @property
    def sentence(self) -> str:
        """What was done, in a sentence."""
        noted = int((self.faults["severity"] == "warning").sum())
        found = f"{self.problem_records} of {self.rows} records with errors, {noted} warnings"
        if self.status == "rejected":
            return f"{self.layer}: rejected, nothing was changed; {found}"
        if self.status == "unchanged":
            return f"{self.layer}: unchanged, version {self.version} has the same content"
        return f"{self.layer}: version {self.version} imported; {found}"


@dataclass(frozen=True)
class Order:
    """How a delivery is to be taken in."""

    policy: OnFault
    source_crs: Any
    encoding: str | None
    valid_from: date | None
    valid_to: date | None
    licence: str | None

    def key(self, paths: Sequence[str], card: Any) -> str:
        """Give a fingerprint of the delivery and of all that decides what becomes of it."""
        import hashlib
        import json

        from spacegov.layers.files import split_source
        from spacegov.toolbox.hashes import hash_path

        digest = hashlib.sha256()
        for given in paths:
            path, inner = split_source(given)
            content = hash_path(path) if path.exists() else ""
            digest.update(f"{path.name} {inner} {content}\n".encode())
        words = [self.policy, str(self.source_crs), self.encoding, str(self.valid_from), str(self.valid_to)]
        digest.update(json.dumps([words, card.model_dump(mode="json")], sort_keys=True).encode())
        return digest.hexdigest()


def import_layer(
    workspace: Workspace,
    layer: str,
    files: str | Path | Sequence[str | Path],
    *,
    on_fault: OnFault | None = None,
    version: str | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    licence: str | None = None,
    source_crs: Any = None,
    encoding: str | None = None,
    wait: float = 60.0,
    progress: Progress | None = None,
) -> ImportReport:
    """Take a delivery into the store as a new version of a layer.

    Parameters
    ----------
    workspace : Workspace
        Where the layer's card is known; its analysis CRS is that of the store.
    layer : str
        Layer id.
    files : path or list of paths
        What was sent: any file GDAL reads (`file.gpkg:sublayer`), tables with coordinates, zip archives, folders;
        several are parts of one layer.
    on_fault : {"reject", "repair", "accept"}, optional
        What to do with records at fault; the card's `quality.on_fault` by default.
    version : str, optional
        Its name; by default the day from which it is valid, else today.
    valid_from, valid_to : date, optional
        When it is in force.
    licence : str, optional
        Under which it was given.
    source_crs : anything pyproj understands, optional
        States the CRS of files that state none.
    encoding : str, optional
        Of text in files that do not state it.
    wait : float
        Seconds to wait for another import of the layer.
    progress : callable, optional
        Told the share done and the step.

    Returns
    -------
    ImportReport

    Raises
    ------
    BadInput
        One of its kinds: the delivery cannot be read, or has no place. The store is as it was.

    Notes
    -----
    Vector data are brought to the analysis CRS; rasters keep their own, since warping would change their values.
    Memory stays within some hundred megabytes for files of any size, as long as no single feature is larger. Faults are
    those of check-geometry, check-attributes and check-extent; `repair` mends what has one meaning (broken rings,
    leading zeros lost) and refuses the rest; `accept` keeps everything and names the faults in the column `fault`.
    """
    names = [str(each) for each in ([files] if isinstance(files, (str, Path)) else files)]
    if not names:
        raise BadInput(f"{layer}: no file was given; name what was sent")
    known = workspace.layers[layer]
    policy = on_fault or known.card.quality.on_fault
    if policy not in POLICIES:
        raise BadInput(f"on_fault: there is no policy {policy!r}; {suggest(policy, POLICIES)}")
    if known.binding is not None and known.binding.source != "store":
        raise BadInput(
            f"{layer}: this workspace reads it in place from {known.binding.source}; write source: store in "
            f"layers/bindings/{layer}.yaml to import it"
        )
    order = Order(policy, source_crs, encoding, valid_from, valid_to, licence)
    store = workspace.store
    with store.lock(layer, wait=wait) as folder:
        key = order.key(names, known.card)
        current = store.facts(layer)
        same = current.get("delivery") == key and store.path(layer).exists()
        if same:
            report = _unchanged(known, current)
        else:
            report = _deliver(known, names, order, folder, key, version, encoding, progress)
    if report.status != "rejected":
        # Done anew each time, so that an import that was killed before it is finished by the same command.
        bind(workspace, layer, order)
        if known.card.kind == "Polygons":
            workspace.restriction_index.update(layer)
    return report


def _deliver(
    layer: Layer,
    names: list[str],
    order: Order,
    folder: Path,
    key: str,
    version: str | None,
    encoding: str | None,
    progress: Progress | None,
) -> ImportReport:
    from spacegov.layers.store import remove

    scratch = folder / "delivery.part"
    with writing(folder):
        scratch.mkdir()
    try:
        sources = open_delivery(names, scratch, encoding=encoding)
        return _take_in(layer, sources, names, order, scratch, key, version, progress)
    finally:
        remove(scratch)


def _take_in(
    layer: Layer,
    sources: list[Any],
    names: list[str],
    order: Order,
    scratch: Path,
    key: str,
    version: str | None,
    progress: Progress | None,
) -> ImportReport:
    from spacegov.layers.files import file_hash
    from spacegov.layers.raster_import import take_raster
    from spacegov.layers.vector_import import take_vectors

    raster = isinstance(sources[0], RasterSource)
    if raster != (layer.card.kind == "Raster"):
        given = "a raster" if raster else "vector data or a table"
        raise BadInput(
            f"{layer.id}: the layer is one of {layer.card.kind} and {names[0]} is {given}; name another file"
        )
    if raster:
        taken = take_raster(layer, sources, order, scratch)
    else:
        vectors = [source for source in sources if isinstance(source, VectorSource)]
        taken = take_vectors(layer, vectors, order, scratch, progress)
    store = layer.workspace.store
    report = ImportReport(
        layer.id, "rejected", store.current(layer.id), taken.rows, taken.problems, taken.faults, taken.facts
    )
    if taken.refused:
        return report
    content = file_hash(taken.data)
    for known in reversed(store.versions(layer.id)):
        facts = store.facts(layer.id, known)
        if known == store.current(layer.id) and facts.get("sha256") == content:
            return _unchanged(layer, {**facts, "version": known})
        if facts.get("delivery") == key and facts.get("sha256") == content and _newer(store, layer.id, known):
            # An import that was killed had written everything but the word of it.
            store.make_current(layer.id, known)
            return _replace(report, "imported", known, facts)
    wanted = version or (order.valid_from or datetime.now(UTC).date()).isoformat()
    name = store.name_for(layer.id, wanted)
    facts = {
        "layer": layer.id,
        "version": name,
        "imported": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": [Path(each).name for each in names],
        "delivery": key,
        "sha256": content,
        "stat": [taken.data.stat().st_size, taken.data.stat().st_mtime_ns],
        "on_fault": order.policy,
        "valid_from": order.valid_from,
        "valid_to": order.valid_to,
        "licence": order.licence,
        **taken.facts,
    }
    parts = {"data": taken.data}
    if len(taken.faults):
        parts["faults"] = scratch / "faults.parquet"
        with writing(scratch.parent):
            plain = taken.faults.copy(deep=False)
            plain["geometry"] = plain.geometry
            plain.to_parquet(parts["faults"], compression="zstd", schema_version="1.1.0")
    store.commit(layer.id, name, parts, facts)
    return _replace(report, "imported", name, facts)


def _newer(store: Any, layer: str, version: str) -> bool:
    current = store.current(layer)
    return current is None or store.versions(layer).index(version) > store.versions(layer).index(current)


def _replace(report: ImportReport, status: Status, version: str, facts: dict[str, Any]) -> ImportReport:
    return ImportReport(report.layer, status, version, report.rows, report.problem_records, report.faults, facts)


def _unchanged(layer: Layer, facts: dict[str, Any]) -> ImportReport:
    return ImportReport(
        layer.id,
        "unchanged",
        layer.workspace.store.current(layer.id),
        int(facts.get("rows", 0)),
        int(facts.get("problem_records", 0)),
        read_faults(layer),
        facts,
    )


def read_faults(layer: Layer, version: str | None = None) -> gpd.GeoDataFrame:
    """Give the faults found when a version was imported; none for a file put into the store by hand."""
    import geopandas as gpd

    from spacegov.layers.faults import FaultLog

    path = layer.workspace.store.faults_path(layer.id, version)
    return gpd.read_parquet(path) if path.is_file() else FaultLog().frame(layer.workspace.settings.crs)


def bind(workspace: Workspace, layer: str, order: Order) -> None:
    """Write the binding of a layer that has none; one that is there belongs to the user."""
    from spacegov.layers.store import write_text

    path = workspace.directory / "layers" / "bindings" / f"{layer}.yaml"
    if path.exists():
        return
    lines = ["source: store", "status: in-force"]
    if order.licence:
        import json

        lines.append(f"licence: {json.dumps(order.licence, ensure_ascii=False)}")
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, "\n".join(lines) + "\n")
    workspace.forget()
