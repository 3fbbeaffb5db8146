"""Tools of the emergency map: zones of an outbreak, building by building."""

from spacegov.tools.emergency.comparison import NoticeComparison, compare_notices
from spacegov.tools.emergency.notice import describe_zone
from spacegov.tools.emergency.overlap import ResolvedZones, resolve_zone_overlap
from spacegov.tools.emergency.summary import ZoneSummary, summarize_zones
from spacegov.tools.emergency.zones import ThreeZones, delineate_three_zones

__all__ = [
    "NoticeComparison",
    "ResolvedZones",
    "ThreeZones",
    "ZoneSummary",
    "compare_notices",
    "delineate_three_zones",
    "describe_zone",
    "resolve_zone_overlap",
    "summarize_zones",
]
