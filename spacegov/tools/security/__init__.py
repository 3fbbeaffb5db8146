"""Tools of space security: what threatens, who is exposed."""

from spacegov.tools.security.flood import Flood, map_flood

__all__ = ["Flood", "map_flood"]
