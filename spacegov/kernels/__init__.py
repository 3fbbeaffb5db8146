"""Numbers in, numbers out: exact areas and zones at the speed of the machine.

The functions are loaded on first use, so that importing this package costs nothing; numba is imported when a kernel
runs for the first time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacegov.kernels.compilation import warm_up as warm_up
    from spacegov.kernels.pairs import pair_areas as pair_areas
    from spacegov.kernels.pairs import polygon_areas as polygon_areas
    from spacegov.kernels.pairs import self_pair_areas as self_pair_areas
    from spacegov.kernels.projection import equal_area as equal_area
    from spacegov.kernels.strictest import strictest_zone as strictest_zone
    from spacegov.kernels.tabulate import tabulate_areas as tabulate_areas
    from spacegov.kernels.zone_assignment import ZoneAssignment as ZoneAssignment

_HOMES = {
    "ZoneAssignment": "zone_assignment",
    "equal_area": "projection",
    "pair_areas": "pairs",
    "polygon_areas": "pairs",
    "self_pair_areas": "pairs",
    "strictest_zone": "strictest",
    "tabulate_areas": "tabulate",
    "warm_up": "compilation",
}

__all__ = [
    "ZoneAssignment",
    "equal_area",
    "pair_areas",
    "polygon_areas",
    "self_pair_areas",
    "strictest_zone",
    "tabulate_areas",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function = getattr(import_module(f"{__name__}.{home}"), name)
    # the next use finds the function at once
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return sorted(__all__)
