"""A question asked of a part of the territory: the workspace's layers are cut to an area before a tool sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, EmptyLayer, InvalidGeometry, WrongGeometry

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

NAME = "the area"


def cut_to(workspace: Workspace, area: Any) -> Workspace:
    """Give a workspace whose layers are cut to an area.

    Parameters
    ----------
    workspace : Workspace
    area : path, mapping, frame, or shape
        A file that GDAL reads (`file.gpkg:layer`), GeoJSON in degrees, a frame in any CRS, or a shapely polygon in the
        workspace's CRS. Several polygons are one area.

    Returns
    -------
    Workspace
        Records across the border are cut there; what is not covered is told of the area alone.

    Raises
    ------
    BadInput
        It is no area that can be cut to.
    """
    import geopandas as gpd

    from spacegov.toolbox.clip import Clip
    from spacegov.toolbox.view import ZoneWorkspace

    shape = _shape(workspace, area)
    territory = gpd.GeoDataFrame({"name": [NAME]}, geometry=[shape], crs=workspace.crs)
    return ZoneWorkspace(workspace, Clip(NAME, shape), territory)


def _shape(workspace: Workspace, area: Any) -> Any:
    """Bring an area to one shape in the workspace's CRS."""
    import geopandas as gpd
    import shapely

    from spacegov.layers.files import read_vector

    if isinstance(area, (str, Path)):
        frame = read_vector(str(area))
        if frame.crs is None:
            raise BadInput(f"within: {area} names no CRS; set it in the file, or give a file that has one")
        shapes = frame.geometry.to_crs(workspace.crs)
    elif isinstance(area, Mapping):
        shapes = gpd.GeoDataFrame.from_features(_features(area), crs="OGC:CRS84").geometry.to_crs(workspace.crs)
    elif hasattr(area, "to_crs"):
        shapes = area.geometry.to_crs(workspace.crs)
    else:
        shapes = gpd.GeoSeries([area], crs=workspace.crs)
    found = shapes.to_numpy()
    found = found[~(shapely.is_missing(found) | shapely.is_empty(found))]
    if not len(found):
        raise EmptyLayer("within: the area is empty; give a polygon")
    if not (shapely.get_dimensions(found) == 2).all():
        kind = found[shapely.get_dimensions(found) != 2][0].geom_type
        raise WrongGeometry(f"within: a {kind} was given, an area is needed; give a polygon")
    if not shapely.is_valid(found).all():
        raise InvalidGeometry("within: the area crosses itself; mend it, or draw it again")
    return shapely.union_all(found)


def _features(given: Mapping[str, Any]) -> list[Any]:
    """Take GeoJSON apart."""
    kind = given.get("type")
    if kind == "FeatureCollection":
        return list(given["features"])
    if kind == "Feature":
        return [given]
    return [{"type": "Feature", "properties": {}, "geometry": given}]
