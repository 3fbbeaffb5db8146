"""The restriction index: which units of which polygon layers touch a geometry, answered from disk in milliseconds."""

from __future__ import annotations

from spacegov.layers.index.index import RestrictionIndex
from spacegov.layers.index.touched import Touched

__all__ = ["RestrictionIndex", "Touched"]
