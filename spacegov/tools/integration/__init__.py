"""Many plans, one map: the tools of multi-plan integration."""

from spacegov.tools.integration.base_map import BaseMap, compose_base_map
from spacegov.tools.integration.conflict import PlanConflicts, detect_plan_conflict
from spacegov.tools.integration.reconcile import Proposals, reconcile_plans
from spacegov.tools.integration.three_lines import LineOverlaps, check_three_lines

__all__ = [
    "BaseMap",
    "LineOverlaps",
    "PlanConflicts",
    "Proposals",
    "check_three_lines",
    "compose_base_map",
    "detect_plan_conflict",
    "reconcile_plans",
]
