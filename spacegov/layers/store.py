"""The workspace's own data: a folder for each layer, a file for each version, and the name of the current one.

`data/<layer-id>/<version>.parquet` is GeoParquet (or Parquet for tables), `.tif` a cloud-optimized GeoTIFF; both open
in QGIS, GDAL and DuckDB as they are. `current` holds the version's name and is replaced atomically.
"""

from __future__ import annotations

from pathlib import Path

from spacegov.errors import UnknownName, UnreadableFile, suggest

SUFFIXES = (".parquet", ".tif")


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
        return sorted({file.stem for file in folder.iterdir() if file.suffix in SUFFIXES and file.stem != "coverage"})

    def current(self, layer: str) -> str | None:
        """Name the current version, None where the store has no data of the layer."""
        marker = self.folder(layer) / "current"
        try:
            return marker.read_text(encoding="utf-8").strip() or None
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
        known = self.versions(layer)
        if wanted not in known:
            if version is not None:
                raise UnknownName(f"{layer}: there is no version {version!r}; {suggest(version, known)}")
            raise UnreadableFile(
                f"{layer}: its current version {wanted!r} is missing from {self.folder(layer)}; import it again"
            )
        for suffix in SUFFIXES:
            file = self.folder(layer) / f"{wanted}{suffix}"
            if file.exists():
                return file
        raise UnreadableFile(f"{layer}: the file of version {wanted!r} is missing from {self.folder(layer)}")
