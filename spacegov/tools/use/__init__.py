"""Use: where things may go, and how well land is used."""

from spacegov.tools.use.idle_land import find_idle_land
from spacegov.tools.use.intensity import DevelopmentIntensity, check_development_intensity
from spacegov.tools.use.service import ServiceCoverage, measure_service_coverage

__all__ = [
    "DevelopmentIntensity",
    "ServiceCoverage",
    "check_development_intensity",
    "find_idle_land",
    "measure_service_coverage",
]
