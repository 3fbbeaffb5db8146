"""The workspace's own data: a folder for each layer, a file for each version, and the name of the current one.

`data/<layer-id>/<version>.parquet` is GeoParquet (or Parquet for tables), `.tif` a cloud-optimized GeoTIFF; both open
in QGIS, GDAL and DuckDB as they are. `<version>.json` beside it says where it came from and what was found in it,
`faults/<version>.parquet` lists every fault. `current` holds the version's name and is replaced atomically; a version's
file is never changed or removed, so whoever reads one keeps it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from spacegov.errors import BadInput, UnknownName, UnreadableFile, suggest

SUFFIXES = (".parquet", ".tif")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]*(\.[0-9]+)?")
_PART = ".part"


class Store:
    """The data folder of a workspace.

    Parameters
    ----------
    root : Path
        Its `data` folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, layer: str) -> Path:
        """Give a layer's folder, whether it exists or not."""
        return self.root / layer

    def versions(self, layer: str) -> list[str]:
        """Name a layer's versions, oldest first."""
        folder = self.folder(layer)
        if not folder.is_dir():
            return []
        return sorted({file.stem for file in folder.iterdir() if _is_version(file)}, key=_order)

    def current(self, layer: str) -> str | None:
        """Name the current version, None where the store has no data of the layer."""
        marker = f"{self.root}/{layer}/current"
        try:
            return _text(marker, *_identity(marker)).strip() or None
        except OSError:
            return None

    def path(self, layer: str, version: str | None = None) -> Path:
        """Give the file of a version.

        Raises
        ------
        UnreadableFile
            The store has no data of the layer, or the version's file is gone.
        UnknownName
            There is no such version.
        """
        wanted = version or self.current(layer)
        if wanted is None:
            raise UnreadableFile(f"{layer}: the store has no data of this layer; import it first")
        for suffix in SUFFIXES:
            file = self.folder(layer) / f"{wanted}{suffix}"
            if _is_version(Path(file.name)) and file.exists():
                return file
        if version is not None:
            raise UnknownName(f"{layer}: there is no version {version!r}; {suggest(version, self.versions(layer))}")
        raise UnreadableFile(
            f"{layer}: its current version {wanted!r} is missing from {self.folder(layer)}; import it again"
        )

    def facts(self, layer: str, version: str | None = None) -> dict[str, Any]:
        """Give what is on record of a version: source, faults, counts, validity; empty for a file put there by hand."""
        record = f"{self.root}/{layer}/{version or self.current(layer)}.json"
        try:
            found = json.loads(_text(record, *_identity(record)))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def faults_path(self, layer: str, version: str | None = None) -> Path:
        """Give the table of faults of a version, whether it has one or not."""
        return self.folder(layer) / "faults" / f"{version or self.current(layer)}.parquet"

    def on(self, layer: str, day: date) -> str:
        """Name the version that was in force on a day.

        A version is in force from its `valid_from`, else from the day its name states, until its `valid_to` or until
        the next one begins. Versions after the current one, which a person has set back, do not count.

        Raises
        ------
        UnknownName
            None was in force on that day.
        """
        known = self.versions(layer)
        current = self.current(layer)
        if current is not None:
            known = [version for version in known if _order(version) <= _order(current)]
        begins = [(self._begins(layer, version), version) for version in known]
        begun = [(start, _order(version), version) for start, version in begins if start is not None and start <= day]
        if not begun:
            dated = sorted(start for start, _ in begins if start is not None)
            hint = f"the first is of {dated[0]}" if dated else "its versions carry no date"
            raise UnknownName(f"{layer}: no version was in force on {day}; {hint}")
        chosen = max(begun)[2]
        end = _day(self.facts(layer, chosen).get("valid_to"))
        if end is not None and end < day:
            raise UnknownName(f"{layer}: no version was in force on {day}; {chosen!r} ended on {end}")
        return chosen

    def _begins(self, layer: str, version: str) -> date | None:
        return _day(self.facts(layer, version).get("valid_from")) or _day(version.partition(".")[0])

    def name_for(self, layer: str, wanted: str) -> str:
        """Give a version name that is free: the wanted one, else with a number after it.

        Raises
        ------
        BadInput
            The name would not sort or not be a file name.
        """
        if not VERSION.fullmatch(wanted) or wanted in {"coverage", "current"}:
            raise BadInput(
                f"{layer}: {wanted!r} cannot name a version, a date such as 2025-12-31, or letters, digits, - and _ "
                "are needed"
            )
        known = set(self.versions(layer))
        if wanted not in known:
            return wanted
        stem = wanted.partition(".")[0]
        number = 2
        while f"{stem}.{number}" in known:
            number += 1
        return f"{stem}.{number}"

    @contextmanager
    def lock(self, layer: str, *, wait: float = 60.0) -> Iterator[Path]:
        """Hold a layer for writing; the system lets go of it when the process ends, however it ends.

        What an import that was killed left behind is removed.

        Yields
        ------
        Path
            The layer's folder.

        Raises
        ------
        UnreadableFile
            The folder cannot be written to, or another import holds it longer than `wait` seconds.
        """
        folder = self.folder(layer)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            take_lock(handle, folder.name, wait)
            with writing(folder):
                for left in [*folder.glob(f"*{_PART}*"), *folder.glob(f"faults/*{_PART}*")]:
                    remove(left)
            yield folder
        finally:
            os.close(handle)

    def commit(self, layer: str, version: str, parts: dict[str, Path], facts: dict[str, Any]) -> None:
        """Make a version current: its table of faults, its record, its data, then the word of it.

        Each step replaces one file atomically. Killed between two of them, the layer still has its earlier version, and
        the same import finishes what was begun.

        Parameters
        ----------
        layer : str
            Held by `lock`.
        version : str
            Its name.
        parts : dict
            Complete files in the layer's folder: `data`, and `faults` where there are any.
        facts : dict
            What is put on record.
        """
        folder = self.folder(layer)
        with writing(folder):
            if "faults" in parts:
                (folder / "faults").mkdir(exist_ok=True)
                _sync(parts["faults"])
                parts["faults"].replace(self.faults_path(layer, version))
            write_text(folder / f"{version}.json", json.dumps(facts, ensure_ascii=False, indent=1, default=str) + "\n")
            _sync(parts["data"])
            parts["data"].replace(folder / f"{version}{parts['data'].suffix}")
            self.make_current(layer, version)

    def make_current(self, layer: str, version: str) -> None:
        """Switch to a version."""
        folder = self.folder(layer)
        with writing(folder):
            write_text(folder / "current", f"{version}\n")
            _sync(folder)


def _identity(path: str) -> tuple[int, int, int]:
    """Tell a small file from the one that takes its place: each is written anew and renamed."""
    stat = os.stat(path)  # noqa: PTH116  a path of text, which is looked at a thousand times for one question
    return stat.st_mtime_ns, stat.st_ino, stat.st_size


@lru_cache(maxsize=8192)
def _text(path: str, changed: int, number: int, size: int) -> str:  # noqa: ARG001  they tell the file from another
    return Path(path).read_text(encoding="utf-8")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the system says of a folder that cannot be written to into one sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise UnreadableFile(
            f"{folder}: nothing can be written there ({reason}) and nothing was changed; free space or rights, then "
            "run the same command again"
        ) from None


def write_text(path: Path, text: str) -> None:
    """Replace a small file atomically."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{_PART}")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def take_lock(handle: int, name: str, wait: float) -> None:
    """Lock an open file, waiting for whoever holds it; the system lets go of it when the process ends."""
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise UnreadableFile(
                    f"{name}: another import of it is running; run the command again when it has ended"
                ) from None
            time.sleep(0.05)
        else:
            return


def remove(left: Path) -> None:
    """Remove a file or folder that is no longer wanted; one that is gone already is no fault."""
    if left.is_dir():
        for inner in left.iterdir():
            remove(inner)
        left.rmdir()
    else:
        left.unlink(missing_ok=True)


def _is_version(file: Path) -> bool:
    return file.suffix in SUFFIXES and file.stem != "coverage" and VERSION.fullmatch(file.stem) is not None


def _order(version: str) -> tuple[str, int]:
    stem, _, number = version.partition(".")
    return stem, int(number) if number.isdigit() else 1


def _day(value: Any) -> date | None:
    """Read a day, a month or a year; the last two mean their first day."""
    if isinstance(value, date):
        return value
    parts = str(value or "").split("-")
    if not 1 <= len(parts) <= 3 or len(parts[0]) != 4 or not all(part.isdigit() for part in parts):
        return None
    try:
        return date(*(int(part) for part in [*parts, "1", "1"][:3]))
    except ValueError:
        return None
