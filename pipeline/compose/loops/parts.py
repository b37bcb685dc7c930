"""Moves with the body what was seen or decided in another frame."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

NODE = 4  # cells from one place where the body's movement is told to the next


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def movement(
    rows: int,
    columns: int,
    now: NDArray[np.float32],
    then: NDArray[np.float32],
    near: float,
) -> NDArray[np.float32]:
    """Where the cells of a body were, told by the points nearest to them.

    Args:
        rows, columns: cells.
        now, then: (n, 2) x, y of the body's points in cells, in this frame and in the other.
        near: cells; closer to a point than this, it alone counts.

    Returns:
        (., ., 2): how far right and below every ``NODE``-th cell was, as far as the first node at
        or beyond the last cell, and one more.

    Source: Shepard 1968, "A two-dimensional interpolation function for irregularly-spaced data".
    """
    out = np.empty((rows // NODE + 2, columns // NODE + 2, 2), np.float32)
    one, zero, soft = np.float32(1.0), np.float32(0.0), np.float32(near * near)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            dx, dy, total = zero, zero, zero
            for k in range(len(now)):
                u = np.float32(j * NODE) - now[k, 0]
                v = np.float32(i * NODE) - now[k, 1]
                weight = one / (u * u + v * v + soft)
                weight *= weight
                dx += weight * (then[k, 0] - now[k, 0])
                dy += weight * (then[k, 1] - now[k, 1])
                total += weight
            out[i, j, 0], out[i, j, 1] = dx / total, dy / total
    return out


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def sample(
    planes: NDArray[np.uint8],
    where: NDArray[np.uint8],
    moved: NDArray[np.float32],
    scale: float,
    left: float,
    top: float,
    stretch: bool,
) -> NDArray[np.uint8]:
    """Planes (k, H, W) seen from other cells, (k, h, w).

    Args:
        planes: what is sampled.
        where: (h, w) 0 where nothing is asked for.
        moved: how far each cell was from where it is, see ``movement``.
        scale, left, top: x → ``scale * x + left`` and y → ``scale * y + top`` lead to the planes.
        stretch: beyond the planes is what their rim shows; else 0.
    """
    count, height, width = planes.shape
    rows, columns = where.shape
    out = np.zeros((count, rows, columns), np.uint8)
    per, half, zero = np.float32(1.0 / NODE), np.float32(0.5), np.float32(0.0)
    size, x0, y0 = np.float32(scale), np.float32(left), np.float32(top)
    end_x, end_y = np.float32(width - 1), np.float32(height - 1)
    for y in range(rows):
        i, v = y // NODE, np.float32(y % NODE) * per
        upper, lower = moved[i], moved[i + 1]
        for x in range(columns):
            if not where[y, x]:
                continue
            j, u = x // NODE, np.float32(x % NODE) * per
            dx = upper[j, 0] + u * (upper[j + 1, 0] - upper[j, 0])
            dy = upper[j, 1] + u * (upper[j + 1, 1] - upper[j, 1])
            dx += v * (lower[j, 0] + u * (lower[j + 1, 0] - lower[j, 0]) - dx)
            dy += v * (lower[j, 1] + u * (lower[j + 1, 1] - lower[j, 1]) - dy)
            px = size * (np.float32(x) + dx) + x0
            py = size * (np.float32(y) + dy) + y0
            if not stretch and (px < zero or py < zero or px > end_x or py > end_y):
                continue
            px, py = min(max(px, zero), end_x), min(max(py, zero), end_y)
            column, row = int(px), int(py)
            beside, below = min(column + 1, width - 1), min(row + 1, height - 1)
            right, low = px - np.float32(column), py - np.float32(row)
            for k in range(count):
                a, b = np.float32(planes[k, row, column]), np.float32(planes[k, row, beside])
                c, d = np.float32(planes[k, below, column]), np.float32(planes[k, below, beside])
                first, second = a + right * (b - a), c + right * (d - c)
                out[k, y, x] = np.uint8(first + low * (second - first) + half)
    return out
