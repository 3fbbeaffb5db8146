"""Foundation: can the layers be trusted, and what lies where."""

from __future__ import annotations

from spacegov.tools.foundation.geometry import check_geometry

__all__ = ["check_geometry"]
