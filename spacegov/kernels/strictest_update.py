"""One more zone: which buildings it makes stricter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spacegov.kernels.intake import Care, take_column
from spacegov.kernels.ragged import IntArray

if TYPE_CHECKING:
    from spacegov.kernels.zone_assignment import ZoneAssignment


def rows_made_stricter(assignment: ZoneAssignment, zone: Any, code: int) -> IntArray:
    """Rows of the buildings that intersect a zone and have a looser level so far, ascending.

    Blocks of boxes are searched first, then the boxes in them; of the buildings whose box the border crosses the
    shapes are read, row group by row group.
    """
    from spacegov.kernels.zone_assignment import BLOCK
    from spacegov.kernels.zone_boxes import boxes_meeting_zone

    layer = take_column(np.array([zone], dtype=object), "the zone", care=Care(), threads=1)
    xmin, ymin, xmax, ymax = map(float, layer.boxes[0])
    sides = assignment.blocks
    meeting = (sides[0] <= xmax) & (sides[2] >= xmin) & (sides[1] <= ymax) & (sides[3] >= ymin)
    blocks = np.flatnonzero(meeting)
    inside, undecided = np.empty(len(blocks) * BLOCK, np.int64), np.empty(len(blocks) * BLOCK, np.int64)
    surely, perhaps = boxes_meeting_zone(
        assignment._boxes,
        blocks,
        BLOCK,
        assignment.codes,
        code,
        layer.coordinates,
        layer.ring_offsets,
        xmin,
        ymin,
        xmax,
        ymax,
        inside,
        undecided,
    )
    found = [inside[:surely], *_by_shape(assignment, zone, undecided[:perhaps])]
    return np.sort(np.concatenate(found))


def _by_shape(assignment: ZoneAssignment, zone: Any, rows: IntArray) -> list[IntArray]:
    """Of some buildings, those that intersect the zone by their shape."""
    found = []
    parts = assignment._footprints.parts
    part_of = np.searchsorted([start for start, _ in parts], rows, side="right") - 1
    shapely.prepare(zone)
    for part in np.unique(part_of):
        mine = rows[part_of == part]
        shapes = assignment._footprints.shapes(int(part), mine - parts[part][0])
        found.append(mine[shapely.intersects(zone, shapes)])
    return found
