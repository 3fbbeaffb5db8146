from ._site_frames import SiteAnswer
from .as_built import AsBuilt, check_as_built
from .carrying_capacity import estimate_carrying_capacity
from .construction_suitability import evaluate_construction_suitability
from .expiry import watch_expiry
from .idle_land import find_idle_land
from .indicators import TerritoryIndicators, compute_indicators
from .intensity import DevelopmentIntensity, check_development_intensity
from .land_supply import LandSupply, trace_land_supply
from .location import FacilityLocation, locate_facilities
from .renewal import RenewalRanking, rank_renewal_units
from .service import ServiceCoverage, measure_service_coverage
from .site_selection import select_sites
from .underused import UnderusedLand, find_underused_land

__all__ = [
    "AsBuilt",
    "DevelopmentIntensity",
    "FacilityLocation",
    "LandSupply",
    "RenewalRanking",
    "ServiceCoverage",
    "SiteAnswer",
    "TerritoryIndicators",
    "UnderusedLand",
    "check_as_built",
    "check_development_intensity",
    "compute_indicators",
    "estimate_carrying_capacity",
    "evaluate_construction_suitability",
    "find_idle_land",
    "find_underused_land",
    "locate_facilities",
    "measure_service_coverage",
    "rank_renewal_units",
    "select_sites",
    "trace_land_supply",
    "watch_expiry",
]
