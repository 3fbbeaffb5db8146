"""The zones a batch is split by, and which of them a record belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, EmptyLayer, MissingColumn, suggest
from spacegov.soundness import is_sound

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from spacegov.batch.plan import Zones as ZoneCard
    from spacegov.workspace import Workspace

OUTSIDE = "outside"
"""Key of the part that holds records which lie in no zone."""


@dataclass(frozen=True, eq=False)
class ZoneSet:
    """All zones of a batch, in the workspace's CRS.

    Attributes
    ----------
    frame : GeoDataFrame
        Columns `zone` (key), `zone_name`, `geometry`; ordered by key.
    """

    frame: gpd.GeoDataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def _tree(self) -> Any:
        import shapely

        shapes = self.frame.geometry.values._data
        shapely.prepare(shapes)
        return shapely.STRtree(shapes)

    def owners(self, frame: gpd.GeoDataFrame) -> NDArray[np.int64]:
        """Tell in which zone each record lies; -1 for none.

        A record lies where a point of it lies: of a sound shape a point inside it, of a broken one its first vertex. On
        a border between zones the first of them has it, so that every record belongs to one part.

        Parameters
        ----------
        frame : GeoDataFrame
            Any geometry, in any CRS; the zones' own where it states none.
        """
        import geopandas as gpd
        import numpy as np
        import shapely

        shapes = frame.geometry.values._data
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        sound = there.copy()
        if not is_sound(frame):
            sound[there] = shapely.is_valid(shapes[there])
        points = np.full(len(shapes), None, dtype=object)
        points[sound] = shapely.point_on_surface(shapes[sound])
        broken = there & ~sound
        if broken.any():
            coordinates, owner = shapely.get_coordinates(shapes[broken], return_index=True)
            points[broken] = shapely.points(coordinates[np.unique(owner, return_index=True)[1]])
        if frame.crs is not None and frame.crs != self.frame.crs:
            points = gpd.GeoSeries(points, crs=frame.crs).to_crs(self.frame.crs).to_numpy()
        first = np.full(len(shapes), len(self), dtype=np.int64)
        record, zone = self._tree.query(points, predicate="intersects")
        np.minimum.at(first, record, zone)
        return np.where(first == len(self), -1, first)


def read_zones(workspace: Workspace, card: ZoneCard) -> ZoneSet:
    """Read the zones.

    Raises
    ------
    EmptyLayer
        No record passes the filter.
    MissingColumn
        The layer has no column that names its zones.
    BadInput
        Two zones have the same key, or a zone is broken.
    """
    import geopandas as gpd
    import shapely

    layer = workspace.layers[str(card.layer)]
    found = layer.read(where=card.where)
    if not len(found):
        raise EmptyLayer(f"zones: no record of {layer.id} has {card.where}; change the filter")
    key = card.key or found.attrs.get("key")
    if key is None:
        raise MissingColumn(f"zones: the card of {layer.id} names no unique field; name the column with key: COLUMN")
    name = card.name or ("name" if "name" in found.columns else key)
    for column in (key, name):
        if column not in found.columns:
            raise MissingColumn(
                f"zones: {layer.id} has no column {column!r}; {suggest(column, map(str, found.columns))}"
            )
    keys = found[key].astype(str)
    if keys.duplicated().any():
        twice = keys[keys.duplicated()].iloc[0]
        raise BadInput(f"zones: {twice!r} stands twice in {key} of {layer.id}; name a column that is unique with key:")
    shapes = found.geometry.values._data
    if not (shapely.is_valid(shapes) & ~shapely.is_missing(shapes)).all():
        raise BadInput(f"zones: {layer.id} has broken polygons; run check-geometry and mend them first")
    frame = gpd.GeoDataFrame(
        {"zone": keys.to_numpy(), "zone_name": found[name].astype(str).to_numpy()}, geometry=shapes, crs=found.crs
    )
    return ZoneSet(frame.sort_values("zone", kind="stable", ignore_index=True))


def folder_name(key: str) -> str:
    """Turn a key into a name that every file system takes.

    Examples
    --------
    >>> folder_name("LH03"), folder_name("兰河镇"), folder_name("a/b c")
    ('LH03', '兰河镇', 'a-b-c')
    """
    return re.sub(r"[^\w.-]+", "-", key).strip(".-")[:80] or "zone"
