"""Area of intersection in exact arithmetic: slow, by another method, for the cases where two programs disagree."""

from __future__ import annotations

import itertools
from fractions import Fraction

import shapely


def _edges(shape):
    """Edges that are not vertical, as (left point, right point, winding), in exact numbers."""
    edges = []
    for part in shapely.get_parts(shape):
        rings = [shapely.geometry.polygon.orient(part).exterior, *shapely.geometry.polygon.orient(part).interiors]
        for ring in rings:
            points = [(Fraction(x), Fraction(y)) for x, y, *_ in ring.coords]
            for p, q in itertools.pairwise(points):
                if p[0] < q[0]:
                    edges.append((p, q, 1))
                elif q[0] < p[0]:
                    edges.append((q, p, -1))
    return edges


def _height(edge, x):
    (ax, ay), (bx, by), _ = edge
    return ay + (by - ay) * (x - ax) / (bx - ax)


def _crossing(first, second):
    """Where two edges cross, None when they do not within their common span."""
    low, high = max(first[0][0], second[0][0]), min(first[1][0], second[1][0])
    if low >= high:
        return None
    before = _height(first, low) - _height(second, low)
    after = _height(first, high) - _height(second, high)
    if before * after >= 0:
        return None
    return low + (high - low) * before / (before - after)


def exact_intersection_area(left, right) -> float:
    """Cut the plane into vertical strips between all vertices and crossings, and add up what both cover."""
    layers = [_edges(left), _edges(right)]
    cuts = {point[0] for edges in layers for edge in edges for point in edge[:2]}
    for a in layers[0]:
        for b in layers[1]:
            x = _crossing(a, b)
            if x is not None:
                cuts.add(x)
    strips = sorted(cuts)
    total = Fraction(0)
    for start, stop in itertools.pairwise(strips):
        middle = (start + stop) / 2
        stack = sorted(
            (_height(edge, middle), k, edge[2])
            for k, edges in enumerate(layers)
            for edge in edges
            if edge[0][0] <= start and edge[1][0] >= stop
        )
        winding = [0, 0]
        for (y, k, turn), following in zip(stack, [*stack[1:], None], strict=True):
            winding[k] += turn
            if following is not None and winding[0] and winding[1]:
                # heights are linear over a strip: the height in its middle is the mean
                total += (following[0] - y) * (stop - start)
    return float(total)
