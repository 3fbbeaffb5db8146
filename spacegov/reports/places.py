"""The units of a territory as a report needs them: names by language, boundaries, which unit a place lies in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spacegov.maps.answers import GROUND_STRENGTH, ground_layers, ground_style
from spacegov.maps.picture import PictureLayer
from spacegov.text import Language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spacegov.workspace import Workspace

MOST_UNITS = 40
"""A report names the units of the finest level that still fits a page."""


@dataclass(frozen=True)
class Unit:
    """One unit: its code, its name in the report's language, its ground, and what its layer calls it."""

    code: str
    name: str
    shape: Any
    called: str = ""


class Places:
    """The units of a workspace, by level.

    Parameters
    ----------
    workspace : Workspace
        Its settings name a layer of units for each level.
    language : {"en", "zh", "ru"}
        Of names: the column `name_zh` or `name_ru` where a layer has it, else `name`.
    """

    def __init__(self, workspace: Workspace, language: Language) -> None:
        self.workspace = workspace
        self.language = language
        self._grounds: dict[str, list[tuple[str, str, PictureLayer]]] = {}

    @cached_property
    def levels(self) -> dict[str, list[Unit]]:
        """Units by level, the territory first."""
        found = {}
        for level, name in self.workspace.settings.units.items():
            layers = self.workspace.layers
            if name in layers and layers[name].bound:
                found[level] = self._units(name)
        return found

    def _units(self, name: str) -> list[Unit]:
        layer = self.workspace.layers[name]
        frame = layer.read()
        code = next((field for field, spec in layer.card.fields.items() if spec.unique), None)
        titles = [column for column in (f"name_{self.language}", "name") if column in frame.columns]
        return [
            Unit(
                str(row[code]) if code in frame.columns else str(position),
                next((str(row[column]) for column in titles if row[column]), ""),
                shape,
                str(row.get("name") or ""),
            )
            for position, (row, shape) in enumerate(zip(frame.to_dict("records"), frame.geometry, strict=True))
        ]

    @cached_property
    def names(self) -> dict[str, str]:
        """Names by code and by what the layers call the units, of all levels; a name of several units stays."""
        units = [unit for units in self.levels.values() for unit in units if unit.name]
        called: dict[str, set[str]] = {}
        for unit in units:
            called.setdefault(unit.called, set()).add(unit.name)
        alone = {name: titles.pop() for name, titles in called.items() if name and len(titles) == 1}
        return alone | {unit.code: unit.name for unit in units}

    @cached_property
    def units(self) -> list[Unit]:
        """The units a report breaks its findings down by; empty where the territory has none."""
        fitting = [units for units in list(self.levels.values())[1:] if 1 < len(units) <= MOST_UNITS]
        return fitting[-1] if fitting else []

    @property
    def territory(self) -> Any:
        """The ground of the territory as one shape, None where no units are named."""
        frame = self.workspace.territory
        return None if frame is None else frame.geometry.union_all()

    def background(self, crs: Any) -> list[tuple[str, str, PictureLayer]]:
        """Give what lies below every map, read once for all of them: role, title, layer; empty in another CRS."""
        key = str(crs)
        if key not in self._grounds:
            self._grounds[key] = [
                (
                    role,
                    layer.title(self.language),
                    PictureLayer(data, ground_style(role, layer, data), GROUND_STRENGTH[role]),
                )
                for role, layer, data in ground_layers(self.workspace, crs)
            ]
        return self._grounds[key]

    def ground(self, crs: Any) -> list[PictureLayer]:
        """Give the layers below every map."""
        return [layer for _, _, layer in self.background(crs)]

    def home(self, shapes: Any) -> NDArray[np.int64]:
        """Give the position of the unit in which the middle of each shape lies, -1 for none."""
        import numpy as np
        import shapely

        middles = shapely.point_on_surface(np.asarray(shapes))
        tree = shapely.STRtree([unit.shape for unit in self.units])
        found = np.full(len(middles), -1, dtype=np.int64)
        points, units = tree.query(middles, predicate="intersects")
        # On a border the first unit takes the place, so that it counts once.
        found[points[::-1]] = units[::-1]
        return found
