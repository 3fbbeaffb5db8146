from .change_patch import PatchVerification, verify_change_patch
from .erosion import SoilErosion, map_soil_erosion
from .evacuation import Evacuation, route_evacuation
from .exposure import Exposure, assess_exposure
from .flood import Flood, map_flood
from .landslide import Susceptibility, map_landslide_susceptibility
from .planned_land import PlannedLand, screen_planned_land
from .setback import Setbacks, check_hazard_setback
from .shelters import ShelterCapacity, check_shelter_capacity
from .thresholds import warn_thresholds
from .unpermitted import detect_unpermitted_building
from .watersheds import Watersheds, delineate_watersheds

__all__ = [
    "Evacuation",
    "Exposure",
    "Flood",
    "PatchVerification",
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
    "verify_change_patch",
    "warn_thresholds",
]
