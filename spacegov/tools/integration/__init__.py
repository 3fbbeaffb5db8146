"""Many plans, one map: the tools of multi-plan integration."""

from spacegov.tools.integration.conflict import PlanConflicts, detect_plan_conflict
from spacegov.tools.integration.three_lines import LineOverlaps, check_three_lines

__all__ = ["LineOverlaps", "PlanConflicts", "check_three_lines", "detect_plan_conflict"]
