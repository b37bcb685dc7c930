"""Where the outline of a person really runs: the mask's edge, moved to the edge in the picture.

A person's mask comes from a network that sees the person small: its edge wavers by some pixels
of the frame, and stands off the true one by as much again.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]

REACH = 4  # cells the true edge may lie off the mask's
TAIL = 2  # cells beyond those, looked at on either side
BAND = np.float32(0.75)  # cells from the mask's edge at which it is measured
HALF = np.float32(127.5)
FAINT, SOLID = 64, 191  # alpha of a smooth mask within ``BAND``
LEAST_SLOPE = np.float32(6.0)  # levels per cell; flatter is no edge
NEAR_BEST = np.float32(0.85)  # of the best split; places that split as well share in the answer
CLEAR = np.float32(0.35)  # share of the colours' spread that a split explains, below which
#                           nothing is believed
CONTRAST = np.float32(14.0)  # bytes of Lab between the two sides from which an edge is certain
FLOOR = np.float32(0.02)  # weight of "the mask is right"


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def edge_offsets(mask: NDArray[np.uint8], lab: NDArray[np.uint8]) -> Floats:
    """How far the picture's edge lies off the mask's, along the whole outline.

    The colours on a short line across the outline are split in two so that each side is as even as
    possible: where, is the edge.

    Args:
        mask: (h, w) smooth alpha of the person.
        lab: (h, w, 3) the picture, CIE Lab in bytes.

    Returns:
        For 2 × 2 cells (h / 2, w / 2, 3): way right and down from the mask's edge to the picture's,
        cells, times a weight, and the weight; 0 off the outline.

    Source: the split of least variance, Otsu 1979, "A threshold selection method from gray-level
    histograms", along a line as in active shape models (Cootes et al. 1995).
    """
    rows, columns = mask.shape
    out = np.zeros(((rows + 1) // 2, (columns + 1) // 2, 3), np.float32)
    count = 2 * (REACH + TAIL) + 1
    line = np.empty((count, 3), np.float32)
    rated = np.empty(count, np.float32)
    half = np.float32(0.5)
    for y in range(1, rows - 1):
        for x in range(1, columns - 1):
            if mask[y, x] < FAINT or mask[y, x] > SOLID:
                continue
            gx = half * (np.float32(mask[y, x + 1]) - np.float32(mask[y, x - 1]))
            gy = half * (np.float32(mask[y + 1, x]) - np.float32(mask[y - 1, x]))
            slope = np.sqrt(gx * gx + gy * gy)
            if slope < LEAST_SLOPE:
                continue
            inside = (np.float32(mask[y, x]) - HALF) / slope
            if abs(inside) > BAND:
                continue
            gx, gy = gx / slope, gy / slope
            cx, cy = np.float32(x) - inside * gx, np.float32(y) - inside * gy
            _read_line(lab, cx, cy, gx, gy, line)
            off, weight = _split(line, rated)
            place = out[y // 2, x // 2]
            place[0] += off * gx * weight
            place[1] += off * gy * weight
            place[2] += weight + FLOOR
    return out


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def _read_line(lab, cx, cy, gx, gy, line):  # type: ignore[no-untyped-def]
    """Colours (n, 3) along a line through ``cx``, ``cy``, from outside to inside, cell by cell."""
    last_y, last_x = np.float32(lab.shape[0] - 1.001), np.float32(lab.shape[1] - 1.001)
    zero, one = np.float32(0.0), np.float32(1.0)
    for k in range(line.shape[0]):
        u = np.float32(k - line.shape[0] // 2)
        px, py = min(max(cx + u * gx, zero), last_x), min(max(cy + u * gy, zero), last_y)
        left, top = int(px), int(py)
        right, low = px - np.float32(left), py - np.float32(top)
        for c in range(3):
            upper = np.float32(lab[top, left, c]) * (one - right)
            upper += np.float32(lab[top, left + 1, c]) * right
            lower = np.float32(lab[top + 1, left, c]) * (one - right)
            lower += np.float32(lab[top + 1, left + 1, c]) * right
            line[k, c] = upper + low * (lower - upper)


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def _split(line, rated):  # type: ignore[no-untyped-def]
    """Where colours (n, 3) change, cells from the middle, and how far to believe it."""
    count = line.shape[0]
    total = np.zeros(3, np.float32)
    squares = np.float32(0.0)
    for k in range(count):
        for c in range(3):
            total[c] += line[k, c]
            squares += line[k, c] * line[k, c]
    spread = squares
    for c in range(3):
        spread -= total[c] * total[c] / np.float32(count)
    a = b = e = np.float32(0.0)  # sums of the channels outside of the split
    best, contrast = np.float32(0.0), np.float32(0.0)
    for k in range(count - 1):
        a, b, e = a + line[k, 0], b + line[k, 1], e + line[k, 2]
        n = np.float32(k + 1)
        m = np.float32(count) - n
        u = a / n - (total[0] - a) / m
        v = b / n - (total[1] - b) / m
        w = e / n - (total[2] - e) / m
        step = u * u + v * v + w * w
        off = np.float32(k) + np.float32(0.5) - np.float32(count // 2)
        near = off / np.float32(REACH + 2)
        rated[k] = 0.0
        if abs(off) <= REACH:
            lean = np.float32(1.0) - near * near * near * near  # towards the mask
            rated[k] = step * n * m / np.float32(count) * lean
        if rated[k] > best:
            best, contrast = rated[k], step
    least, sum_, moment = NEAR_BEST * best, np.float32(1e-6), np.float32(0.0)
    for k in range(count - 1):
        more = max(rated[k] - least, np.float32(0.0))
        sum_ += more
        moment += more * (np.float32(k) + np.float32(0.5) - np.float32(count // 2))
    share = best / (spread + np.float32(1.0))
    sure = min(max((share - CLEAR) / (np.float32(1.0) - CLEAR), np.float32(0.0)), np.float32(1.0))
    sure *= min(contrast / (CONTRAST * CONTRAST), np.float32(1.0))
    return moment / sum_, sure


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def moved_edge(mask: NDArray[np.uint8], offsets: Floats, crisp: float) -> NDArray[np.uint8]:
    """The mask with its outline moved, and steep.

    Args:
        mask: (h, w) smooth alpha of the person.
        offsets: (h, w, 3) or larger, of ``edge_offsets``, spread over the neighbourhood.
        crisp: contrast of the new edge.
    """
    rows, columns = mask.shape
    out = np.empty((rows, columns), np.uint8)
    zero, most = np.float32(0.0), np.float32(255.0)
    last_y, last_x = np.float32(rows - 1.001), np.float32(columns - 1.001)
    steep = np.float32(crisp)
    for y in range(rows):
        for x in range(columns):
            weight = offsets[y, x, 2]
            value = np.float32(mask[y, x])
            if weight > np.float32(1e-4):
                px = min(max(np.float32(x) - offsets[y, x, 0] / weight, zero), last_x)
                py = min(max(np.float32(y) - offsets[y, x, 1] / weight, zero), last_y)
                left, top = int(px), int(py)
                right, low = px - np.float32(left), py - np.float32(top)
                a, b = np.float32(mask[top, left]), np.float32(mask[top, left + 1])
                c, d = np.float32(mask[top + 1, left]), np.float32(mask[top + 1, left + 1])
                upper, lower = a + right * (b - a), c + right * (d - c)
                value = upper + low * (lower - upper)
            value = (value - HALF) * steep + HALF
            out[y, x] = np.uint8(min(max(value, zero), most) + np.float32(0.5))
    return out
