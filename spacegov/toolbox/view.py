"""A workspace seen through a cut: a tool or a scenario runs on a zone as it runs on the whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spacegov.layers.layer import Layer
from spacegov.layers.registry import Registry
from spacegov.toolbox.clip import Cut
from spacegov.workspace import Workspace

if TYPE_CHECKING:
    from spacegov.layers.index import RestrictionIndex
    from spacegov.toolbox.clip import Bounds
    from spacegov.toolbox.toolbox import Toolbox


class PartLayer(Layer):
    """A layer of which a cut is read, wherever it is read."""

    def __init__(self, workspace: Workspace, whole: Layer, cut: Cut) -> None:
        super().__init__(workspace, whole.card, whole.binding)
        self.whole = whole
        self.cut = cut

    @property
    def part(self) -> str:
        """What part it is."""
        return self.cut.words

    @property
    def sha256(self) -> str:
        """The fingerprint of the layer's data and of the cut."""
        return hashlib.sha256(f"{self.whole.sha256}{self.cut.key}".encode()).hexdigest()

    def read(self, bbox: Bounds | None = None, **wanted: Any) -> Any:
        """Read the part, or what of it meets a box."""
        given = {name: value for name, value in wanted.items() if value is not None}
        value = self.cut.read(self.whole, **given)
        if bbox is None or self.card.kind == "Table":
            return value
        if self.card.kind == "Raster":
            return value.clip(bbox)
        attrs, value = dict(value.attrs), value.cx[bbox[0] : bbox[2], bbox[1] : bbox[3]]
        value.attrs = attrs
        return value

    def scan(self, bbox: Bounds | None = None, *, size: int = 50_000, **wanted: Any) -> Iterator[Any]:  # noqa: ARG002
        """Go through the part: one batch, which is as large as the part."""
        yield self.read(bbox, **wanted)


class PartRegistry(Registry):
    """The layers of a workspace, each cut when it is read."""

    def __init__(self, workspace: ZoneWorkspace) -> None:
        self.__dict__.update(workspace.whole.layers.__dict__)
        self.__dict__["_layers"] = {}
        self.workspace = workspace
        self._whole = workspace.whole.layers
        self._cut = workspace.cut

    def __getitem__(self, name: str) -> Layer:
        if name not in self._layers:
            whole = self._whole[name]
            self._layers[name] = PartLayer(self.workspace, whole, self._cut) if whole.bound else whole
        return self._layers[name]


class ZoneWorkspace(Workspace):
    """A workspace seen through a cut.

    Parameters
    ----------
    whole : Workspace
    cut : Cut
        What is taken of every layer.
    territory : GeoDataFrame
        The zone; ground outside it is not asked about.
    """

    def __init__(self, whole: Workspace, cut: Cut, territory: Any) -> None:
        super().__init__(whole.directory, whole.settings, whole.kept)
        self.whole = whole
        self.cut = cut
        self.__dict__["territory"] = territory

    @cached_property
    def layers(self) -> PartRegistry:
        """The registry, whose layers are cut."""
        return PartRegistry(self)

    @property
    def tools(self) -> Toolbox:
        """Every tool."""
        return self.whole.tools

    @property
    def restriction_index(self) -> RestrictionIndex:
        """That of the whole; it is asked about places, and these are cut."""
        return self.whole.restriction_index
