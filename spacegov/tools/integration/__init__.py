"""Many plans, one map: the tools of multi-plan integration."""

from spacegov.tools.integration.conflict import PlanConflicts, detect_plan_conflict

__all__ = ["PlanConflicts", "detect_plan_conflict"]
