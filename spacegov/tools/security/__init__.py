"""Tools of space security: what threatens, who is exposed."""

from spacegov.tools.security.exposure import Exposure, assess_exposure
from spacegov.tools.security.flood import Flood, map_flood
from spacegov.tools.security.watersheds import Watersheds, delineate_watersheds

__all__ = ["Exposure", "Flood", "Watersheds", "assess_exposure", "delineate_watersheds", "map_flood"]
