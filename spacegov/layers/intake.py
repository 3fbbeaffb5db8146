"""What a department sends: files, several of them, folders, archives, tables with coordinates."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spacegov.errors import BadInput, UnreadableFile, suggest
from spacegov.layers.archives import unpack
from spacegov.layers.batches import VectorSource
from spacegov.layers.files import RASTER_SUFFIXES, Reading, split_source
from spacegov.layers.giants import LONGEST_RECORD, RecordLengths, refuse_giants

VECTOR_SUFFIXES = frozenset(
    {".shp", ".gpkg", ".geojson", ".geojsonl", ".json", ".fgb", ".parquet", ".geoparquet", ".gml", ".kml", ".kmz",
     ".tab", ".mif", ".csv", ".tsv", ".xlsx", ".ods", ".sqlite", ".dxf"}
)  # fmt: skip
_TABLES = frozenset({".csv", ".tsv"})
_EAST = ("x", "easting", "east", "lon", "lng", "long", "longitude", "经度", "东坐标", "долгота", "восток")
_NORTH = ("y", "northing", "north", "lat", "latitude", "纬度", "北坐标", "широта", "север")
_SHAPE = ("wkt", "geometry", "geom", "the_geom", "shape", "几何")
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True)
class RasterSource:
    """One band of a raster file."""

    path: Path
    band: int | None = None
    title: str = ""

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.title or str(self.path)


Source = VectorSource | RasterSource


def open_delivery(given: Sequence[str], scratch: Path, *, encoding: str | None = None) -> list[Source]:
    """Find the layers in what was sent.

    Parameters
    ----------
    given : sequence of str
        Files, `file:sublayer`, folders and zip archives; together they are one layer.
    scratch : Path
        An existing folder to unpack into.
    encoding : str, optional
        Encoding of text, where the files do not state it.

    Returns
    -------
    list of VectorSource or RasterSource
        All of one of the two.

    Raises
    ------
    UnreadableFile
        A file is absent or an archive is not sound, or nothing in it can be read.
    BadInput
        Rasters and vectors come together.
    """
    found: list[Source] = []
    for number, name in enumerate(given):
        found += _sources(name, scratch / str(number), encoding)
    kinds = {type(source) for source in found}
    if len(kinds) > 1:
        names = ", ".join(sorted(source.path.name for source in found)[:8])
        raise BadInput(f"rasters and vector files came together ({names}) and one layer is one of them; name its files")
    return found


def _sources(given: str, scratch: Path, encoding: str | None) -> list[Source]:
    path, inner = split_source(given)
    with Reading(path):
        folder = path.is_dir() and path.suffix.lower() != ".gdb"
    if path.suffix.lower() == ".zip":
        scratch.mkdir(parents=True)
        unpack(path, scratch)
        return _in_folder(scratch, inner, f"{path.name}/", encoding, given, scratch.with_name(f"{scratch.name}.texts"))
    if folder:
        return _in_folder(path, inner, f"{path.name}/", encoding, given, scratch)
    return [_source(path, inner, "", encoding, scratch)]


def _in_folder(
    folder: Path, inner: str | None, prefix: str, encoding: str | None, given: str, scratch: Path
) -> list[Source]:
    """Take all files of a folder that hold a layer, or the one that is named."""
    databases = sorted(path for path in folder.rglob("*.gdb") if path.is_dir())
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix.lower() in VECTOR_SUFFIXES | RASTER_SUFFIXES
        and not path.name.startswith(".")
        and not any(database in path.parents for database in databases)
    ]
    candidates = [*databases, *files]
    if not candidates:
        raise UnreadableFile(f"{given}: it holds no file of a layer; name a vector or raster file")
    if inner is not None and len(candidates) > 1:
        named = [path for path in candidates if inner in (path.stem, path.name)]
        if not named:
            raise UnreadableFile(f"{given}: {suggest(inner, [path.stem for path in candidates])}")
        candidates, inner = named, None
    return [
        _source(path, inner, f"{prefix}{path.relative_to(folder)}", encoding, scratch / str(number))
        for number, path in enumerate(candidates)
    ]


def _source(path: Path, inner: str | None, title: str, encoding: str | None, scratch: Path) -> Source:
    suffix = path.suffix.lower()
    if suffix in RASTER_SUFFIXES:
        if inner is not None and not inner.isdigit():
            raise UnreadableFile(f"{title or path}: there is no band {inner!r}; name it by its number")
        return RasterSource(path, int(inner) if inner else None, title)
    if suffix in _TABLES:
        return _table(path, title, encoding, scratch)
    refuse_giants(path, inner, title)
    return VectorSource(path, inner, encoding, title=title)


def _table(path: Path, title: str, encoding: str | None, scratch: Path) -> VectorSource:
    """Read a table of text: its encoding is found, and which columns hold a place."""
    head, used = _decoded(path, encoding, title)
    with Reading(path):
        if path.stat().st_size == 0:
            raise UnreadableFile(f"{title or path}: the file is empty; ask for it again")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(head)
    columns = next(csv.reader([head.splitlines()[0]], delimiter=delimiter), [])
    if used not in {"utf-8-sig", "utf-8"}:
        scratch.mkdir(parents=True, exist_ok=True)
        target = scratch / path.name
        with path.open(encoding=used) as source, target.open("w", encoding="utf-8") as sink:
            while block := source.read(1 << 20):
                sink.write(block)
        title, path = title or str(path), target
    options = {
        "AUTODETECT_TYPE": "NO",
        # Longer records would be left out without a word; letters have at most four bytes.
        "MAX_LINE_SIZE": str(5 * LONGEST_RECORD),
        "SEPARATOR": {"\t": "TAB", ";": "SEMICOLON", "|": "PIPE"}.get(delimiter, "COMMA"),
    }
    lower = {column.strip().casefold(): column for column in columns}
    shape = next((lower[name] for name in _SHAPE if name in lower), None)
    east = next((lower[name] for name in _EAST if name in lower), None)
    north = next((lower[name] for name in _NORTH if name in lower), None)
    if shape is not None:
        options |= {"GEOM_POSSIBLE_NAMES": shape, "KEEP_GEOM_COLUMNS": "NO"}
    elif east is not None and north is not None:
        options |= {"X_POSSIBLE_NAMES": east, "Y_POSSIBLE_NAMES": north}
    return VectorSource(path, None, None, options, title)


def _decoded(path: Path, encoding: str | None, title: str) -> tuple[str, str]:
    """Give the first lines of a text and the encoding that reads all of it."""
    reasons = []
    for candidate in (encoding,) if encoding else _ENCODINGS:
        try:
            with path.open(encoding=candidate) as stream:
                lengths = RecordLengths(title or str(path))
                head = block = stream.read(1 << 16)
                while block:
                    lengths.take(block)
                    block = stream.read(1 << 20)
        except UnicodeDecodeError as error:
            reasons.append(str(error))
        except LookupError:
            raise BadInput(f"there is no encoding {candidate!r}; name one such as utf-8, gb18030 or cp1251") from None
        except OSError as error:
            raise UnreadableFile(f"{title or path}: it cannot be read ({error.strerror}); check the file") from None
        else:
            if "\0" in head:
                break
            return head or "\n", str(candidate)
    raise UnreadableFile(
        f"{title or path}: its text is not in {encoding or ' or '.join(_ENCODINGS)}; name its encoding, such as "
        "--encoding cp1251"
    )


def _delimiter(head: str) -> str:
    first = head.splitlines()[0] if head.strip() else ""
    return max(",;\t|", key=first.count)
