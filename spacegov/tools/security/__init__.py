"""Tools of space security: what threatens, who is exposed."""

from spacegov.tools.security.erosion import SoilErosion, map_soil_erosion
from spacegov.tools.security.evacuation import Evacuation, route_evacuation
from spacegov.tools.security.exposure import Exposure, assess_exposure
from spacegov.tools.security.flood import Flood, map_flood
from spacegov.tools.security.landslide import Susceptibility, map_landslide_susceptibility
from spacegov.tools.security.planned_land import PlannedLand, screen_planned_land
from spacegov.tools.security.setback import Setbacks, check_hazard_setback
from spacegov.tools.security.shelters import ShelterCapacity, check_shelter_capacity
from spacegov.tools.security.thresholds import warn_thresholds
from spacegov.tools.security.unpermitted import detect_unpermitted_building
from spacegov.tools.security.watersheds import Watersheds, delineate_watersheds

__all__ = [
    "Evacuation",
    "Exposure",
    "Flood",
    "PlannedLand",
    "Setbacks",
    "ShelterCapacity",
    "SoilErosion",
    "Susceptibility",
    "Watersheds",
    "assess_exposure",
    "check_hazard_setback",
    "check_shelter_capacity",
    "delineate_watersheds",
    "detect_unpermitted_building",
    "map_flood",
    "map_landslide_susceptibility",
    "map_soil_erosion",
    "route_evacuation",
    "screen_planned_land",
    "warn_thresholds",
]
