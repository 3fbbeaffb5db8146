"""The layers of a registry that formulas ask, read when one first asks for them."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.crs import check_scale
from spacegov.errors import BadInput, SpacegovError, UnknownName, WrongGeometry
from spacegov.kinds import AreaBasis, LayerKind
from spacegov.layer_checks import check_frame
from spacegov.layers.coverage import covered_share
from spacegov.layers.files import to_crs
from spacegov.tools.formulas import layer_word

Floats = NDArray[np.float64]
_ANY = LayerKind(
    "Features",
    ("Point", "MultiPoint", "LineString", "MultiLineString", "LinearRing", "Polygon", "MultiPolygon"),
)


class AskedLayers:
    """The layers that formulas ask, each read once."""

    def __init__(self, layers: Any, places: gpd.GeoDataFrame, year: int | None, area_basis: AreaBasis) -> None:
        self.places, self.year, self.area_basis = places, year, area_basis
        self.frames: dict[str, pd.DataFrame] = {}
        self.readers: dict[str, Any] = {}
        self._known: dict[str, tuple[str, str, Floats]] = {}
        ids: dict[str, list[str]] = {}
        for name in layers:
            ids.setdefault(layer_word(name), []).append(name)
        self._ids, self._layers = ids, layers

    def ask(self, word: str) -> tuple[str, str, Floats]:
        """Read a layer; give the answer, the reason where there is none, and the share of each place it covers."""
        if word not in self._known:
            try:
                self._known[word] = self._read(word)
            except SpacegovError as error:
                self._known[word] = ("failed", f"{word}: {error}", np.ones(len(self.places)))
        return self._known[word]

    def _read(self, word: str) -> tuple[str, str, Floats]:
        nothing = np.zeros(len(self.places))
        ids = self._ids.get(word, [])
        if not ids:
            return "not_covered", f"there is no layer {word}", nothing
        if len(ids) > 1:
            raise BadInput(f"several layers are called so ({', '.join(ids)}); name the layers to ask")
        reader = self._layers[ids[0]]
        if not reader.bound:
            return "not_covered", f"the workspace has no data of {ids[0]}", nothing
        if self.year is None:
            data = reader.read()
        elif getattr(reader, "version", None) is None:
            return "not_covered", f"{ids[0]} is not kept by year", nothing
        else:
            try:
                data = reader.read(valid_on=date(self.year, 12, 31))
            except UnknownName as error:
                return "not_covered", str(error), nothing
        if isinstance(data, gpd.GeoDataFrame):
            data = check_frame(word, to_crs(data, self.places.crs), _ANY, [])
            check_scale(word, data, exempt=self.area_basis == "ellipsoid")
        elif not isinstance(data, pd.DataFrame):
            raise WrongGeometry("formulas ask features and tables, a raster was given; name another layer")
        self.frames[word] = data
        cover = reader.coverage
        return "present", "", covered_share(self.places, None if cover is None else to_crs(cover, self.places.crs))
