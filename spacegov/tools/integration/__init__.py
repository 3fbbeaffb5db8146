"""Many plans, one map: the tools of multi-plan integration."""

from spacegov.tools.integration.alternatives import Comparison, compare_scenarios
from spacegov.tools.integration.base_map import BaseMap, compose_base_map
from spacegov.tools.integration.conflict import PlanConflicts, detect_plan_conflict
from spacegov.tools.integration.layout import LayoutReview, review_layout
from spacegov.tools.integration.map_table import check_map_table
from spacegov.tools.integration.project import ProjectReview, review_project
from spacegov.tools.integration.quotas import QuotaReview, review_quotas
from spacegov.tools.integration.reconcile import Proposals, reconcile_plans
from spacegov.tools.integration.restrictions import Restrictions, extract_restrictions
from spacegov.tools.integration.three_lines import LineOverlaps, check_three_lines
from spacegov.tools.integration.transmission import Transmission, check_transmission

__all__ = [
    "BaseMap",
    "Comparison",
    "LayoutReview",
    "LineOverlaps",
    "PlanConflicts",
    "ProjectReview",
    "Proposals",
    "QuotaReview",
    "Restrictions",
    "Transmission",
    "check_map_table",
    "check_three_lines",
    "check_transmission",
    "compare_scenarios",
    "compose_base_map",
    "detect_plan_conflict",
    "extract_restrictions",
    "reconcile_plans",
    "review_layout",
    "review_project",
    "review_quotas",
]
