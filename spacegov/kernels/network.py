"""Networks of lines: where they join, what lies how far, and which way leads there.

Lines join where they share a vertex; lines that merely cross, such as a bridge over a road, do not. Points are snapped
to the nearest open edge and enter it where they stand, never at its end; the snapping distance is always given.

Examples
--------
>>> import geopandas as gpd, shapely
>>> lines = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 100 50)"]))
>>> network = build_network(lines)
>>> homes = network.snap(shapely.points([[20, 5], [100, 40]]))
>>> shop = network.snap(shapely.points([[60, 0]]))
>>> homes.distance_m.tolist(), network.costs(shop, homes).tolist()
([5.0, 0.0], [[40.0, 80.0]])
"""

from spacegov.kernels.network_graph import Network, Snapped
from spacegov.kernels.network_lines import build_network
from spacegov.kernels.network_routes import routes

__all__ = ["Network", "Snapped", "build_network", "routes"]
