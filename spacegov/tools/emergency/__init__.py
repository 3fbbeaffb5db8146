"""Tools of the emergency map: zones of an outbreak, building by building."""

from spacegov.tools.emergency.addresses import MatchedAddresses, match_addresses
from spacegov.tools.emergency.comparison import NoticeComparison, compare_notices
from spacegov.tools.emergency.contacts import TracedContacts, trace_contacts
from spacegov.tools.emergency.notice import describe_zone
from spacegov.tools.emergency.overlap import ResolvedZones, resolve_zone_overlap
from spacegov.tools.emergency.presence import Presence, count_presence
from spacegov.tools.emergency.release import ZoneRelease, check_zone_release
from spacegov.tools.emergency.summary import ZoneSummary, summarize_zones
from spacegov.tools.emergency.supply import SupplyAccess, check_supply_access
from spacegov.tools.emergency.zones import ThreeZones, delineate_three_zones

__all__ = [
    "MatchedAddresses",
    "NoticeComparison",
    "Presence",
    "ResolvedZones",
    "SupplyAccess",
    "ThreeZones",
    "TracedContacts",
    "ZoneRelease",
    "ZoneSummary",
    "check_supply_access",
    "check_zone_release",
    "compare_notices",
    "count_presence",
    "delineate_three_zones",
    "describe_zone",
    "match_addresses",
    "resolve_zone_overlap",
    "summarize_zones",
    "trace_contacts",
]
