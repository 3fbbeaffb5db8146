from .addresses import MatchedAddresses, match_addresses
from .comparison import NoticeComparison, compare_notices
from .contacts import TracedContacts, trace_contacts
from .notice import describe_zone
from .overlap import ResolvedZones, resolve_zone_overlap
from .presence import Presence, count_presence
from .release import ZoneRelease, check_zone_release
from .summary import ZoneSummary, summarize_zones
from .supply import SupplyAccess, check_supply_access
from .zones import ThreeZones, delineate_three_zones

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
