"""Carries what was decided about one frame to the next one by the body's movement."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def carry(
    planes: NDArray[np.uint8], then: NDArray[np.float32], now: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Move planes (k, h, w) as the nearest points of a body have moved.

    Args:
        planes: on the analysis grid.
        then, now: (n, 2) x, y of the body's points in cells, before and after.

    Source: Shepard 1968, "A two-dimensional interpolation function for irregularly-spaced data".
    """
    count, rows, columns = planes.shape
    out = np.empty_like(planes)
    one, zero = np.float32(1.0), np.float32(0.0)
    for y in range(rows):
        for x in range(columns):
            dx, dy, total = zero, zero, zero
            for i in range(len(now)):
                u, v = np.float32(x) - now[i, 0], np.float32(y) - now[i, 1]
                near = one / (u * u + v * v + one)
                near *= near
                dx += near * (now[i, 0] - then[i, 0])
                dy += near * (now[i, 1] - then[i, 1])
                total += near
            sx = min(max(np.float32(x) - dx / total, zero), np.float32(columns - 1))
            sy = min(max(np.float32(y) - dy / total, zero), np.float32(rows - 1))
            left, top = int(sx), int(sy)
            beside, below = min(left + 1, columns - 1), min(top + 1, rows - 1)
            right, low = sx - np.float32(left), sy - np.float32(top)
            for k in range(count):
                a, b = np.float32(planes[k, top, left]), np.float32(planes[k, top, beside])
                c, d = np.float32(planes[k, below, left]), np.float32(planes[k, below, beside])
                upper, lower = a + right * (b - a), c + right * (d - c)
                out[k, y, x] = np.uint8(upper + low * (lower - upper) + np.float32(0.5))
    return out
