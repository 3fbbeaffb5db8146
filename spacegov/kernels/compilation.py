"""The first use of a kernel compiles it; that takes seconds, so it is announced.

Compiled code is kept on disk beside the package, or in the user's cache folder. A mark beside it says which sources,
compiler and processor it was made for, so that the announcement is made only when compiling is really ahead.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.kernels.parallel import thread_count

if TYPE_CHECKING:
    from spacegov.kernels.ragged import Ragged

logger = logging.getLogger(__name__)

_ready: set[str] = set()
# a kernel's exercise may need another family
_lock = threading.RLock()


def warm_up(*families: str) -> float:
    """Compile the kernels ahead of their first use, or load them when they are compiled already.

    Parameters
    ----------
    *families : {'area', 'large', 'zones', 'places', 'network'}
        Which kernels: areas, areas of polygons of many vertices, zones of buildings, places of positions, ways by
        road; all by default.

    Returns
    -------
    float
        Seconds it took.

    Notes
    -----
    Run it at installation or when a service starts; a function that needs a kernel does the same by itself.

    Examples
    --------
    >>> warm_up("area") >= 0.0
    True
    """
    start = time.perf_counter()
    for family in families or tuple(_EXERCISES):
        ensure_compiled(family)
        _EXERCISES[family]()
    return time.perf_counter() - start


def ensure_compiled(family: str) -> None:
    """Before a kernel's first use in this process: compile it with a word to the user, unless it is on disk."""
    if family in _ready:
        return
    with _lock:
        if family in _ready:
            return
        if family != _FIRST:
            ensure_compiled(_FIRST)
        _ready.add(family)
        mark = _mark(family)
        if not mark.exists():
            _announce(f"compiling the {family} kernels, once on this machine, a few seconds …")
            start = time.perf_counter()
            _forget(family, mark.parent)
            _compile(family)
            logger.info("compiled the %s kernels in %.1f s", family, time.perf_counter() - start)
            try:
                mark.parent.mkdir(parents=True, exist_ok=True)
                mark.touch()
            except OSError:
                logger.info("the folder %s cannot be written; the kernels are compiled again next time", mark.parent)


def is_compiled(family: str) -> bool:
    """Whether a family is loaded in this process, or ensured to be."""
    return family in _ready


def _announce(text: str) -> None:
    """Tell the log; where no log is kept, say it on standard error."""
    logger.info(text)
    if not (logger.hasHandlers() and logger.isEnabledFor(logging.INFO)):
        sys.stderr.write(f"spacegov: {text}\n")
        sys.stderr.flush()


def _forget(family: str, folder: Path) -> None:
    """Remove what was compiled from other sources.

    Numba compares the source of a kernel itself, not of the kernels it calls: one that has not changed would go on
    calling an old version of one that has.
    """
    for name in _SOURCES[family]:
        for index in folder.glob(f"{name}.*.nbi"):
            try:
                index.unlink(missing_ok=True)
            except OSError:
                logger.info("the compiled code %s cannot be removed", index)


def _mark(family: str) -> Path:
    """The mark of a family compiled from these very sources, by this compiler, for this processor."""
    import llvmlite.binding

    from spacegov.kernels import rings

    compiled: Any = rings.ring_area

    fingerprint = hashlib.sha256()
    for name in dict.fromkeys((*_SOURCES[_FIRST], *_SOURCES[family])):
        source = Path(__file__).parent / f"{name}.py"
        # numba recompiles when time or size of a source changes, so the mark must follow the same rule
        state = source.stat()
        fingerprint.update(f"{source.name} {state.st_mtime} {state.st_size};".encode())
    fingerprint.update(f"{version('numba')} {sys.version} {llvmlite.binding.get_host_cpu_name()}".encode())
    folder = Path(compiled.stats.cache_path)
    return folder / f"{family}-{fingerprint.hexdigest()[:20]}.compiled"


def _compile(family: str) -> None:
    """Compile a family; where there is a core for it, another process compiles a part of it meanwhile."""
    if family in _SECOND_PARTS and thread_count(None) > 1 and sys.executable:
        code = f"from spacegov.kernels import compilation; compilation._SECOND_PARTS[{family!r}]()"
        quiet: Any = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        with subprocess.Popen([sys.executable, "-c", code], **quiet) as other:  # noqa: S603  our own words
            try:
                _FIRST_PARTS[family]()
                other.wait()
            finally:
                other.kill()
    # loads what is there now; what the other process could not do is compiled here
    _EXERCISES[family]()


def _square_layer() -> Ragged:
    """Two squares laid out by hand: parsing them is for the other part to compile."""
    import numpy as np

    from spacegov.kernels.ragged import Ragged

    corners = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]])
    numbers = np.arange(3, dtype=np.int64)
    boxes = np.array([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0]])
    return Ragged(np.concatenate([corners, corners + 1.0]), 5 * numbers, numbers, boxes)


def _round_layer() -> Ragged:
    import numpy as np
    import shapely

    from spacegov.kernels.ragged import from_shapely

    return from_shapely(np.array([shapely.Point(0, 0).buffer(1, quad_segs=64)], dtype=object))


def _exercise_join() -> None:
    """Run the join of ordinary polygons, the longest to compile, once with the types it will meet."""
    from spacegov.kernels.matching import match, match_self

    layer = _square_layer()
    match(layer, layer, threads=1)
    match_self(layer, threads=1)


def _exercise_passes() -> None:
    """Run the other kernels of ordinary polygons once."""
    import numpy as np
    import shapely

    from spacegov.kernels.ragged import from_shapely
    from spacegov.kernels.rings import extent, fill_boxes, geometry_areas, reverse_all
    from spacegov.kernels.totals import ExactTotals
    from spacegov.kernels.validity import find_invalid

    layer = from_shapely(np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)], dtype=object))
    one = np.zeros(1, np.int64)
    ExactTotals(1.0).add(one, one, np.zeros(1), one, one)
    geometry_areas(layer.coordinates, layer.ring_offsets, layer.geometry_offsets, np.zeros(2))
    extent(layer.boxes)
    fill_boxes(layer.coordinates, layer.ring_offsets, layer.geometry_offsets, np.zeros((2, 4)))
    reverse_all(layer.coordinates.copy(), layer.ring_offsets)
    find_invalid(layer, lambda rows: np.empty(len(rows), dtype=object))


def _exercise_area() -> None:
    """Run the kernels of ordinary polygons once with the types they will meet."""
    _exercise_join()
    _exercise_passes()


def _exercise_cutting() -> None:
    """Cut one polygon of many vertices."""
    from spacegov.kernels.pieces import cut_pieces

    cut_pieces(_round_layer())


def _exercise_screening() -> None:
    """Test one polygon of many vertices for validity."""
    import numpy as np

    from spacegov.kernels.screening_large import screen_large

    layer = _round_layer()
    sure = np.zeros(1, np.bool_)
    screen_large(layer.coordinates, layer.ring_offsets, layer.geometry_offsets, np.zeros(1, np.int64), sure)


def _exercise_large() -> None:
    """Run the kernels of large polygons once."""
    _exercise_cutting()
    _exercise_screening()


def _exercise_zones() -> None:
    """Run every zone kernel once with the types it will meet."""
    import geopandas
    import shapely

    from spacegov.kernels.strictest import strictest_zone

    buildings = [shapely.box(x, 0, x + 1, 1) for x in range(4)]
    zones = geopandas.GeoDataFrame({"level": [1]}, geometry=[shapely.box(0, 0, 1.5, 1)])
    strictest_zone(buildings, zones, level_column="level").add_zone(shapely.box(2.5, 0, 9, 9), 1)


def _exercise_places() -> None:
    """Look for one point in one place."""
    import numpy as np
    import shapely

    from spacegov.kernels.places import DistinctPairs, Places

    found = Places(np.array([shapely.box(0, 0, 1, 1)], dtype=object)).first(np.array([[0.5, 0.5]]))
    DistinctPairs().add(found, found)


def _exercise_network() -> None:
    """Search a street of one edge."""
    import geopandas
    import shapely

    from spacegov.kernels.network_lines import build_network

    street = build_network(geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (9, 0)])]))
    list(street.reached(street.snap(shapely.points([[3.0, 0.0]])), 5.0, threads=1))


_EXERCISES: dict[str, Callable[[], None]] = {
    "area": _exercise_area,
    "large": _exercise_large,
    "zones": _exercise_zones,
    "places": _exercise_places,
    "network": _exercise_network,
}
# a family that takes long is compiled in two parts side by side
_FIRST_PARTS: dict[str, Callable[[], None]] = {"area": _exercise_join, "large": _exercise_cutting}
_SECOND_PARTS: dict[str, Callable[[], None]] = {"area": _exercise_passes, "large": _exercise_screening}
# the modules that hold the kernels of a family
_SOURCES = {
    "area": ("edges", "jit", "join", "memory", "rings", "screening", "totals", "tree", "wkb_passes"),
    "large": ("cutting", "reduction", "screening_large"),
    "zones": ("zone_boxes", "zone_cells"),
    "places": ("place_search", "zone_cells"),
    "network": ("network_search",),
}
# the others call kernels of this family
_FIRST = "area"
