from .agricultural_suitability import evaluate_agricultural_suitability
from .basic_farmland import FarmlandAudit, audit_basic_farmland
from .corridors import Corridors, trace_ecological_corridors
from .ecological_importance import evaluate_ecological_importance
from .encroachment import Encroachments, monitor_encroachment
from .farmland_balance import FarmlandBalance, balance_farmland
from .farmland_replacement import FarmlandReplacement, select_farmland_replacement
from .landscape import LandscapeMetrics, measure_landscape
from .landscape_pattern import LandscapePattern, classify_landscape_pattern
from .prioritization import ProtectionPriorities, prioritize_protection
from .shoreline import ShorelineIntrusions, check_shoreline_buffer

__all__ = [
    "Corridors",
    "Encroachments",
    "FarmlandAudit",
    "FarmlandBalance",
    "FarmlandReplacement",
    "LandscapeMetrics",
    "LandscapePattern",
    "ProtectionPriorities",
    "ShorelineIntrusions",
    "audit_basic_farmland",
    "balance_farmland",
    "check_shoreline_buffer",
    "classify_landscape_pattern",
    "evaluate_agricultural_suitability",
    "evaluate_ecological_importance",
    "measure_landscape",
    "monitor_encroachment",
    "prioritize_protection",
    "select_farmland_replacement",
    "trace_ecological_corridors",
]
