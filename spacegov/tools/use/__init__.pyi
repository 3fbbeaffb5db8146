from .idle_land import find_idle_land
from .intensity import DevelopmentIntensity, check_development_intensity
from .service import ServiceCoverage, measure_service_coverage

__all__ = [
    "DevelopmentIntensity",
    "ServiceCoverage",
    "check_development_intensity",
    "find_idle_land",
    "measure_service_coverage",
]
