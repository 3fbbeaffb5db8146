"""Tools of space security: what threatens, who is exposed."""

from spacegov.tools.security.exposure import Exposure, assess_exposure
from spacegov.tools.security.flood import Flood, map_flood

__all__ = ["Exposure", "Flood", "assess_exposure", "map_flood"]
