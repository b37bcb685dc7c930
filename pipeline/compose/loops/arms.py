"""The outline of a bare arm on the analysis grid, and which way its skin faces."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.compiled import interpolate
from pipeline.compose.loops.cells import Mask, Points

PER_STATION = 10  # entries of a table of half widths for the way from one joint to the next
ENTRIES = 26  # from the shoulder (0) over elbow (10) and wrist (20) to the knuckles (25)
EDGE = np.float32(3.0)  # cells over which the outline is soft, half of them inside
SOFT = np.float32(2.0)  # cells outside of the outline that still tell which way they face
FORMS_AT = (0, 3, 6, 9, 11, 13, 16, 19, 22, 25)
FORMS = (0, 2, 4, -5, -6, 3, 1, -3, -5, -3)
"""Percent of light at entries along an arm: muscles catch it, elbow and wrist lie deeper."""


@njit(cache=True, nogil=True)
def outline_arm(
    rows: int, columns: int, path: Points, half: Points, outward: float
) -> tuple[Mask, NDArray[np.int8]]:
    """Where a bare arm is.

    Args:
        rows, columns: size of the results.
        path: (4, 2) x, y of shoulder, elbow, wrist and knuckles.
        half: (2, ENTRIES) half width in cells on the outer and on the inner side.
        outward: +1 or -1, the arm's own of ``trunk.OUTWARD``.

    Returns:
        Alpha (rows, columns); and (rows, columns, 3), percent: of the half width by which a cell
        lies right of and below the bone, and of light that the arm's forms add.
    """
    alpha = np.zeros((rows, columns), np.uint8)
    across = np.zeros((rows, columns, 3), np.int8)
    room = half.max() + 3.0
    x0, x1 = path[:, 0].min() - room, path[:, 0].max() + room
    y0, y1 = path[:, 1].min() - room, path[:, 1].max() + room
    one, zero, most = np.float32(1.0), np.float32(0.0), np.float32(127.0)
    for y in range(max(0, int(y0)), min(rows, int(y1) + 1)):
        for x in range(max(0, int(x0)), min(columns, int(x1) + 1)):
            best, right, below, at = -SOFT, zero, zero, zero
            for i in range(3):
                dx, dy = path[i + 1, 0] - path[i, 0], path[i + 1, 1] - path[i, 1]
                px, py = np.float32(x) - path[i, 0], np.float32(y) - path[i, 1]
                t = (px * dx + py * dy) / (dx * dx + dy * dy + np.float32(1e-6))
                t = min(max(t, zero), one)
                ex, ey = px - t * dx, py - t * dy
                side = 0 if (ex * dy - ey * dx) * outward > 0.0 else 1
                place = np.float32(PER_STATION * i) + t * np.float32(
                    min(PER_STATION, ENTRIES - 1 - PER_STATION * i)
                )
                low = min(int(place), ENTRIES - 2)
                wide = half[side, low]
                wide += (half[side, low + 1] - wide) * (place - np.float32(low))
                inside = wide - np.sqrt(ex * ex + ey * ey)
                if inside > best:
                    best, right, below, at = inside, ex / wide, ey / wide, place
            if best > -SOFT:
                soft = min(max(best / EDGE + np.float32(0.5), zero), one)
                alpha[y, x] = np.uint8(soft * np.float32(255.0))
                across[y, x, 0] = np.int8(min(max(right * np.float32(100.0), -most), most))
                across[y, x, 1] = np.int8(min(max(below * np.float32(100.0), -most), most))
                across[y, x, 2] = np.int8(interpolate(at, FORMS_AT, FORMS))
    return alpha, across


@njit(cache=True, nogil=True)
def light_on(
    across: NDArray[np.int8],
    below_chin: Mask,
    number: Mask,
    right: float,
    below: float,
    roundness: float,
    chin_shadow: float,
    chin_depth: float,
) -> NDArray[np.float32]:
    """Light on painted skin, (h, w): 1 where it faces the camera.

    Args:
        across: (h, w, 3) percent, where on a limb a cell lies, see ``outline_arm``.
        below_chin: (h, w) percent of a half chest.
        number: (h, w) 0 on the neck, else which arm.
        right, below: light that comes from there, more than from the other side.
        roundness: loss of light at a limb's edge, which faces away from the camera.
        chin_shadow: loss of light right below the chin.
        chin_depth: half chests that this shadow is long.
    """
    rows, columns = number.shape
    out = np.empty((rows, columns), np.float32)
    per, one = np.float32(0.01), np.float32(1.0)
    to_right, to_below = np.float32(right), np.float32(below)
    turn, dark = np.float32(roundness), np.float32(chin_shadow)
    depth = np.float32(0.01 / chin_depth)
    for y in range(rows):
        for x in range(columns):
            if number[y, x]:
                u, v = np.float32(across[y, x, 0]) * per, np.float32(across[y, x, 1]) * per
                facing = np.sqrt(max(one - u * u - v * v, np.float32(0.0)))
                form = np.float32(across[y, x, 2]) * per
                out[y, x] = one - turn * (one - facing) + to_right * u + to_below * v + form
            else:
                near = one - min(np.float32(below_chin[y, x]) * depth, one)
                out[y, x] = one - dark * near * near
    return out
