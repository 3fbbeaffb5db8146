from .basic_farmland import FarmlandAudit, audit_basic_farmland
from .corridors import Corridors, trace_ecological_corridors
from .encroachment import Encroachments, monitor_encroachment
from .landscape import LandscapeMetrics, measure_landscape
from .landscape_pattern import LandscapePattern, classify_landscape_pattern
from .prioritization import ProtectionPriorities, prioritize_protection

__all__ = [
    "Corridors",
    "Encroachments",
    "FarmlandAudit",
    "LandscapeMetrics",
    "LandscapePattern",
    "ProtectionPriorities",
    "audit_basic_farmland",
    "classify_landscape_pattern",
    "measure_landscape",
    "monitor_encroachment",
    "prioritize_protection",
    "trace_ecological_corridors",
]
