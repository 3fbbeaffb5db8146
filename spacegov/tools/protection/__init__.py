"""What must be kept: the tools of space protection."""

from spacegov.tools.protection.corridors import Corridors, trace_ecological_corridors
from spacegov.tools.protection.encroachment import Encroachments, monitor_encroachment
from spacegov.tools.protection.landscape import LandscapeMetrics, measure_landscape
from spacegov.tools.protection.landscape_pattern import LandscapePattern, classify_landscape_pattern
from spacegov.tools.protection.prioritization import ProtectionPriorities, prioritize_protection

__all__ = [
    "Corridors",
    "Encroachments",
    "LandscapeMetrics",
    "LandscapePattern",
    "ProtectionPriorities",
    "classify_landscape_pattern",
    "measure_landscape",
    "monitor_encroachment",
    "prioritize_protection",
    "trace_ecological_corridors",
]
