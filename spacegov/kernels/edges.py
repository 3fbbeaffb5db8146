"""The area formula: two sets of edges over one box.

An edge that runs left carries the sign +1, one that runs right −1, and its trapezoid reaches down to the bottom of
the box that two pieces share. A piece's indicator is the signed sum of its trapezoids, so the area of an intersection
is the sum, over pairs of edges, of both signs times ∫ min(y₁, y₂) dx over the x both span. Shared borders, touching
points, holes and several parts are no special cases, and no intersection point is ever computed.
"""

from __future__ import annotations

from spacegov.kernels.jit import fast_inner_kernel, inner_kernel
from spacegov.kernels.ragged import FloatArray, IntArray

# rows of the edge arrays
LEFT, RIGHT, HEIGHT, SLOPE, SIGN = 0, 1, 2, 3, 4


@inner_kernel
def _add(edges: FloatArray, n: int, left: float, right: float, height: float, slope: float, sign: float) -> int:
    """Append one edge that spans left < right."""
    if right <= left:
        return n
    edges[0, n] = left
    edges[1, n] = right
    edges[2, n] = height
    edges[3, n] = slope
    edges[4, n] = sign
    return n + 1


@inner_kernel
def _outcode(x: float, y: float, width: float, height: float) -> int:
    """On which outer sides of the box (0, 0, width, height) a point lies: 1 left, 2 right, 4 below, 8 above."""
    return int(x <= 0.0) | int(x >= width) << 1 | int(y <= 0.0) << 2 | int(y >= height) << 3


@inner_kernel
def _add_clipped(
    edges: FloatArray, n: int, xa: float, ya: float, xb: float, yb: float, sign: float, width: float, height: float
) -> int:
    """Append the part of the edge (xa < xb) inside the box; what lies above it becomes a horizontal cap."""
    slope = (yb - ya) / (xb - xa)
    if xa < 0.0:
        ya -= slope * xa
        xa = 0.0
    if xb > width:
        yb -= slope * (xb - width)
        xb = width
    if ya >= height and yb >= height:
        return _add(edges, n, xa, xb, height, 0.0, sign)
    if ya <= 0.0 and yb <= 0.0:
        return n
    if ya < 0.0:
        xa -= ya / slope
        ya = 0.0
    elif ya > height:
        crossing = min(xa + (height - ya) / slope, xb)
        n = _add(edges, n, xa, crossing, height, 0.0, sign)
        xa = crossing
        ya = height
    if yb < 0.0:
        xb -= yb / slope
    elif yb > height:
        crossing = max(xb + (height - yb) / slope, xa)
        n = _add(edges, n, crossing, xb, height, 0.0, sign)
        xb = crossing
    return _add(edges, n, xa, xb, ya, slope, sign)


@inner_kernel
def _add_cap(edges: FloatArray, n: int, start: float, stop: float, height: float) -> int:
    """Append the horizontal cap that stands for a run of edges above the box."""
    if start < stop:
        return _add(edges, n, start, stop, height, 0.0, -1.0)
    return _add(edges, n, stop, start, height, 0.0, 1.0)


@inner_kernel
def load_edges(
    coordinates: FloatArray,
    ring_offsets: IntArray,
    first_ring: int,
    last_ring: int,
    xmin: float,
    ymin: float,
    width: float,
    height: float,
    edges: FloatArray,
) -> int:
    """Bring the edges of some rings into a box, with the box's corner as origin.

    Edges beside and below the box add nothing to it and are left out; a run above it is one cap. `edges` needs
    three columns for each vertex.

    Returns
    -------
    int
        Number of edges written.
    """
    n = 0
    for r in range(first_ring, last_ring):
        start = ring_offsets[r]
        stop = ring_offsets[r + 1]
        if stop - start < 4:
            continue
        x0 = coordinates[start, 0] - xmin
        y0 = coordinates[start, 1] - ymin
        code0 = _outcode(x0, y0, width, height)
        cap = min(max(x0, 0.0), width)
        for i in range(start + 1, stop):
            x1 = coordinates[i, 0] - xmin
            y1 = coordinates[i, 1] - ymin
            code1 = _outcode(x1, y1, width, height)
            if (code0 & code1) == 0:
                if x0 < x1:
                    n = _add_clipped(edges, n, x0, y0, x1, y1, -1.0, width, height)
                elif x1 < x0:
                    n = _add_clipped(edges, n, x1, y1, x0, y0, 1.0, width, height)
            if (code0 ^ code1) & 8:
                if code1 & 8:
                    cap = min(max(x1, 0.0), width)
                else:
                    n = _add_cap(edges, n, cap, min(max(x0, 0.0), width), height)
            x0 = x1
            y0 = y1
            code0 = code1
        if code0 & 8:
            n = _add_cap(edges, n, cap, min(max(x0, 0.0), width), height)
    return n


@inner_kernel
def load_all_edges(
    coordinates: FloatArray,
    ring_offsets: IntArray,
    first_ring: int,
    last_ring: int,
    xmin: float,
    ymin: float,
    width: float,
    edges: FloatArray,
) -> int:
    """Bring all edges of some rings into a box as they are, cut only to its width.

    For few edges this is quicker than leaving out those beside the box: it has no branches for the processor to guess
    wrong. What lies below the box counts as negative height and cancels out.

    Returns
    -------
    int
        Number of edges written, among them some of no width.
    """
    lefts, rights, heights, slopes, signs = edges[LEFT], edges[RIGHT], edges[HEIGHT], edges[SLOPE], edges[SIGN]
    n = 0
    for r in range(first_ring, last_ring):
        start = ring_offsets[r]
        count = ring_offsets[r + 1] - start - 1
        # no branch and no counter of its own, so that the loop runs on vectors
        for k in range(count):
            x0 = coordinates[start + k, 0] - xmin
            y0 = coordinates[start + k, 1] - ymin
            x1 = coordinates[start + k + 1, 0] - xmin
            y1 = coordinates[start + k + 1, 1] - ymin
            run = x1 - x0
            slope = (y1 - y0) / (run if run != 0.0 else 1.0)
            xa = min(x0, x1)
            left = max(xa, 0.0)
            lefts[n + k] = left
            rights[n + k] = min(max(x0, x1), width)
            heights[n + k] = (y0 if run > 0.0 else y1) + slope * (left - xa)
            slopes[n + k] = slope
            signs[n + k] = -1.0 if run > 0.0 else 1.0
        n += max(count, 0)
    return n


@fast_inner_kernel
def edge_integral(a: FloatArray, na: int, b: FloatArray, nb: int) -> float:
    """Sum ± ∫ min(y_a, y_b) dx over all pairs of edges: the area common to both pieces.

    Branch-free, so that the inner loop runs on vectors. With d₀ and d₁ the differences of height at both ends,
    ∫ max(d, 0) dx = w·p²/(2(|d₀| + |d₁|)) for p = max(d₀, 0) + max(d₁, 0), crossing or not.
    """
    total = 0.0
    b_left = b[0]
    b_right = b[1]
    b_height = b[2]
    b_slope = b[3]
    b_sign = b[4]
    for i in range(na):
        left = a[0, i]
        right = a[1, i]
        height = a[2, i]
        slope = a[3, i]
        part = 0.0
        for j in range(nb):
            lower = max(left, b_left[j])
            upper = min(right, b_right[j])
            w = max(upper - lower, 0.0)
            ya = height + slope * (lower - left)
            yb = b_height[j] + b_slope[j] * (lower - b_left[j])
            d0 = ya - yb
            d1 = d0 + (slope - b_slope[j]) * w
            p = max(d0, 0.0) + max(d1, 0.0)
            part += b_sign[j] * w * (2.0 * ya + slope * w - p * p / (abs(d0) + abs(d1) + 1e-280))
        total += a[4, i] * part
    return 0.5 * total


@inner_kernel
def _comes_first(a: FloatArray, b: FloatArray, n: int) -> bool:
    """Whether edge set `a` precedes `b`, both of n edges, by the first value in which they differ."""
    for row in range(5):
        for i in range(n):
            if a[row, i] != b[row, i]:
                return bool(a[row, i] < b[row, i])
    return True


@inner_kernel
def common_area(a: FloatArray, na: int, b: FloatArray, nb: int) -> float:
    """Area common to two loaded pieces, to the last bit the same for (a, b) and (b, a).

    The longer set goes to the inner, vectorised loop; equal lengths are ordered by their values.
    """
    if na == 0 or nb == 0:
        return 0.0
    if na < nb or (na == nb and _comes_first(a, b, na)):
        return edge_integral(a, na, b, nb)
    return edge_integral(b, nb, a, na)
