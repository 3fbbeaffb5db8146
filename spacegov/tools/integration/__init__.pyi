from .alternatives import Comparison, compare_scenarios
from .base_map import BaseMap, compose_base_map
from .conflict import PlanConflicts, detect_plan_conflict
from .layout import LayoutReview, review_layout
from .map_table import check_map_table
from .project import ProjectReview, review_project
from .quotas import QuotaReview, review_quotas
from .reconcile import Proposals, reconcile_plans
from .restrictions import Restrictions, extract_restrictions
from .three_lines import LineOverlaps, check_three_lines
from .transmission import Transmission, check_transmission

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
