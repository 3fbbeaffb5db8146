"""Foundation: can the layers be trusted, and what lies where."""

from __future__ import annotations

from spacegov.tools.foundation.attributes import check_attributes
from spacegov.tools.foundation.crosswalk import crosswalk_classes
from spacegov.tools.foundation.delivery import check_delivery
from spacegov.tools.foundation.edges import match_edges
from spacegov.tools.foundation.extent import check_extent
from spacegov.tools.foundation.geometry import check_geometry
from spacegov.tools.foundation.land_use_change import measure_land_use_change
from spacegov.tools.foundation.layer_coverage import assess_coverage
from spacegov.tools.foundation.masking import mask_coordinates
from spacegov.tools.foundation.partition import check_partition
from spacegov.tools.foundation.registered_area import reconcile_area
from spacegov.tools.foundation.slivers import dissolve_slivers
from spacegov.tools.foundation.terrain import derive_terrain
from spacegov.tools.foundation.versions import compare_versions
from spacegov.tools.foundation.zones import summarize_by_zone

__all__ = [
    "assess_coverage",
    "check_attributes",
    "check_delivery",
    "check_extent",
    "check_geometry",
    "check_partition",
    "compare_versions",
    "crosswalk_classes",
    "derive_terrain",
    "dissolve_slivers",
    "mask_coordinates",
    "match_edges",
    "measure_land_use_change",
    "reconcile_area",
    "summarize_by_zone",
]
