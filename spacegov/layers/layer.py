"""One layer as a workspace knows it: card, binding, data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import UnreadableFile
from spacegov.layers.card import Binding, LayerCard
from spacegov.text import Language, say

if TYPE_CHECKING:
    import geopandas as gpd

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

    @property
    def id(self) -> str:
        """Layer id, such as `planned.forest-plan`."""
        return self.card.id

    @property
    def bound(self) -> bool:
        """Whether the workspace has data for it; a layer without answers `not_covered`."""
        return self.binding is not None

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
        from spacegov.layers.files import read_vector

        return read_vector(self.workspace.inside(self.binding.coverage), crs=self.workspace.crs)

    @property
    def coverage_hash(self) -> str | None:
        """The sha256 of the file that says where the layer is authoritative; None for everywhere."""
        if self.binding is None or self.binding.coverage == "whole":
            return None
        from spacegov.layers.files import file_hash, split_source

        return file_hash(split_source(str(self.workspace.inside(self.binding.coverage)))[0])

    def read(
        self,
        bbox: tuple[float, float, float, float] | None = None,
        *,
        columns: list[str] | None = None,
        version: str | None = None,
    ) -> Any:
        """Read the layer in the workspace's analysis CRS.

        Parameters
        ----------
        bbox : tuple of float, optional
            West, south, east, north in the analysis CRS; features that meet it, or the raster's part.
        columns : list of str, optional
            Columns to read.
        version : str, optional
            A version of the store; the current one by default.

        Returns
        -------
        GeoDataFrame, DataFrame or Raster

        Raises
        ------
        UnreadableFile
            The layer is not bound, or its file cannot be read.
        """
        from spacegov.layers.files import open_raster, read_vector

        source = self.source if version is None else str(self.workspace.store.path(self.id, version))
        crs: str | None = self.workspace.crs
        if self.card.kind == "Raster":
            raster: Raster = open_raster(source, crs=crs)
            raster.attrs.update(self.attrs(version))
            return raster if bbox is None else raster.clip(bbox)
        if self.card.kind == "Table":
            crs = None
        frame = read_vector(source, crs=crs, bbox=self._native_box(source, bbox), columns=columns)
        frame.attrs.update(self.attrs(version))
        return frame

    def _native_box(self, source: str, bbox: tuple[float, float, float, float] | None) -> Any:
        """Bring a box to the CRS of the file; the store's files are in the analysis CRS already."""
        if bbox is None or self.binding is None or self.binding.source == "store":
            return bbox
        import pyogrio
        from pyproj import Transformer

        from spacegov.layers.files import split_source

        path, sublayer = split_source(source)
        native = pyogrio.read_info(path, layer=sublayer)["crs"]
        if native is None:
            return bbox
        return Transformer.from_crs(self.workspace.settings.crs, native, always_xy=True).transform_bounds(*bbox)

    def attrs(self, version: str | None = None) -> dict[str, Any]:
        """Give what a frame of this layer carries."""
        key = next((name for name, field in self.card.fields.items() if field.unique), None)
        return {
            "layer": self.id,
            "key": key,
            "title": dict(self.card.title),
            "steward": self.card.steward,
            "version": version or self.version,
        }

    def map(self, *, language: Language | None = None) -> Any:
        """Draw the layer as a folium map."""
        from spacegov.maps.answers import layer_map

        return layer_map(self, language or self.workspace.settings.language)

    def __repr__(self) -> str:
        state = f"version {self.version}" if self.bound else "not bound: every place is not covered"
        return f"<Layer {self.id}: {self.title()}, {self.card.kind}, {self.card.steward}, {state}>"
