"""Compiled reduction of rings to a tile: what changes nothing inside the tile is left out, no vertex is new."""

from __future__ import annotations

from spacegov.kernels.jit import inner_kernel
from spacegov.kernels.ragged import FloatArray, IntArray


@inner_kernel
def _outer_sides(x: float, y: float, xmin: float, ymin: float, xmax: float, ymax: float) -> int:
    """On which outer sides of a tile a point lies: 1 left, 2 right, 4 below, 8 above."""
    sides = 0
    if x <= xmin:
        sides = 1
    elif x >= xmax:
        sides = 2
    if y <= ymin:
        sides |= 4
    elif y >= ymax:
        sides |= 8
    return sides


@inner_kernel
def _reduce_ring(
    arena: FloatArray, start: int, stop: int, top: int, xmin: float, ymin: float, xmax: float, ymax: float
) -> tuple[int, bool]:
    """Copy a ring to the top of the arena, of each run wholly on one outer side only its first and last vertex.

    Returns
    -------
    top, crosses : int, bool
        The new top, and whether an edge may cross the tile. A ring reduced to a line is not kept.
    """
    bottom = top
    arena[top, 0] = arena[start, 0]
    arena[top, 1] = arena[start, 1]
    top += 1
    before = _outer_sides(arena[start, 0], arena[start, 1], xmin, ymin, xmax, ymax)
    run = before
    waiting = False
    crosses = False
    for i in range(start + 1, stop):
        here = _outer_sides(arena[i, 0], arena[i, 1], xmin, ymin, xmax, ymax)
        if run & here:
            run &= here
            waiting = True
            before = here
            continue
        if waiting:
            arena[top, 0] = arena[i - 1, 0]
            arena[top, 1] = arena[i - 1, 1]
            top += 1
            waiting = False
            if before & here:
                run = before & here
                waiting = True
                before = here
                continue
        arena[top, 0] = arena[i, 0]
        arena[top, 1] = arena[i, 1]
        top += 1
        run = here
        before = here
        crosses = True
    if waiting:
        arena[top, 0] = arena[stop - 1, 0]
        arena[top, 1] = arena[stop - 1, 1]
        top += 1
    if top - bottom <= 3:
        return bottom, False
    return top, crosses


@inner_kernel
def _winding(arena: FloatArray, start: int, stop: int, x: float, ymax: float) -> int:
    """How often a ring that crosses no edge of the tile runs round it: its edges above the middle, by direction."""
    turns = 0
    for i in range(start, stop - 1):
        if arena[i, 1] >= ymax and arena[i + 1, 1] >= ymax:
            if arena[i, 0] <= x < arena[i + 1, 0]:
                turns -= 1
            elif arena[i + 1, 0] <= x < arena[i, 0]:
                turns += 1
    return turns


@inner_kernel
def reduce_rings(
    arena: FloatArray,
    rings: IntArray,
    first: int,
    last: int,
    target: int,
    xmin: float,
    ymin: float,
    xmax: float,
    ymax: float,
) -> tuple[int, bool, int]:
    """Reduce rings first … last to a tile, as rings numbered from `target`; rings that leave no trace are dropped.

    Returns
    -------
    end, crosses, winding : int, bool, int
        One past the last new ring; whether any edge crosses the tile; the winding of the rings that do not.
    """
    top = rings[target]
    end = target
    crosses = False
    winding = 0
    for r in range(first, last):
        new_top, ring_crosses = _reduce_ring(arena, rings[r], rings[r + 1], top, xmin, ymin, xmax, ymax)
        if new_top == top:
            continue
        if ring_crosses:
            crosses = True
        else:
            turns = _winding(arena, top, new_top, 0.5 * (xmin + xmax), ymax)
            if turns == 0:
                continue
            winding += turns
        top = new_top
        end += 1
        rings[end] = top
    return end, crosses, winding
