"""Foundation: can the layers be trusted, and what lies where."""

from __future__ import annotations

from spacegov.tools.foundation.geometry import check_geometry
from spacegov.tools.foundation.terrain import derive_terrain
from spacegov.tools.foundation.zones import summarize_by_zone

__all__ = ["check_geometry", "derive_terrain", "summarize_by_zone"]
