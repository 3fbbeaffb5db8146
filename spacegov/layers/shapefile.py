"""Shapefiles tell their own length; one that was cut off is refused, where GDAL reads what is left in silence."""

from __future__ import annotations

from pathlib import Path

from spacegov.errors import UnreadableFile


def refuse_cut_off(path: Path) -> None:
    """Refuse a shapefile shorter than its header says, or beside a shorter table of attributes.

    Parameters
    ----------
    path : Path
        The `.shp`; other files are left alone.

    Raises
    ------
    UnreadableFile
        Naming the file that was cut off, and by how much.
    """
    if path.suffix.lower() != ".shp" or not path.is_file():
        return
    _compare(path, _length_of_shapes(path))
    for suffix in (".shx", ".SHX"):
        if path.with_suffix(suffix).is_file():
            _compare(path.with_suffix(suffix), _length_of_shapes(path.with_suffix(suffix)))
    for suffix in (".dbf", ".DBF"):
        if path.with_suffix(suffix).is_file():
            _compare(path.with_suffix(suffix), _length_of_table(path.with_suffix(suffix)))


def _length_of_shapes(path: Path) -> int:
    """Read the length from the header, where it stands in words of two bytes."""
    with path.open("rb") as stream:
        head = stream.read(100)
    return int.from_bytes(head[24:28], "big") * 2 if int.from_bytes(head[:4], "big") == 9994 else 0


def _length_of_table(path: Path) -> int:
    """Compute the length from the number of records, the length of one and of the header."""
    with path.open("rb") as stream:
        head = stream.read(32)
    records, header, record = (int.from_bytes(head[start:end], "little") for start, end in ((4, 8), (8, 10), (10, 12)))
    return header + records * record


def _compare(path: Path, announced: int) -> None:
    size = path.stat().st_size
    if size < announced:
        raise UnreadableFile(
            f"{path}: it cannot be read, its header announces {announced} bytes and only {size} are there; "
            "it is cut off, copy it again"
        )


def deleted_records(path: Path) -> int:
    """Count the records of a shapefile that are marked as deleted, which its announced number includes.

    Parameters
    ----------
    path : Path
        The `.shp`; other files have none.
    """
    table = next((path.with_suffix(suffix) for suffix in (".dbf", ".DBF") if path.with_suffix(suffix).is_file()), None)
    if path.suffix.lower() != ".shp" or table is None:
        return 0
    with table.open("rb") as stream:
        head = stream.read(32)
        records, header, width = (
            int.from_bytes(head[start:end], "little") for start, end in ((4, 8), (8, 10), (10, 12))
        )
        deleted = 0
        for number in range(records):
            stream.seek(header + number * width)
            deleted += stream.read(1) == b"*"
    return deleted
