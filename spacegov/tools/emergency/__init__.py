"""Tools of the emergency map: zones of an outbreak, building by building."""

from spacegov.tools.emergency.zones import ThreeZones, delineate_three_zones

__all__ = ["ThreeZones", "delineate_three_zones"]
