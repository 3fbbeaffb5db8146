from .attributes import check_attributes
from .crosswalk import crosswalk_classes
from .delivery import check_delivery
from .edges import match_edges
from .extent import check_extent
from .geometry import check_geometry
from .land_use_change import measure_land_use_change
from .layer_coverage import assess_coverage
from .masking import mask_coordinates
from .partition import check_partition
from .registered_area import reconcile_area
from .slivers import dissolve_slivers
from .terrain import derive_terrain
from .versions import compare_versions
from .zones import summarize_by_zone

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
