"""Between pixels and the cells of the analysis grid, and where a cell lies on the body."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

FAR = np.float32(2.55)  # radii; distances are bytes in percent


@njit(cache=True, nogil=True)
def block_means(
    picture: NDArray[np.uint8],
    top: int,
    left: int,
    step: int,
    rows: int,
    columns: int,
    outside_counts: bool,
) -> NDArray[np.uint8]:
    """Mean of every step × step block of a picture.

    Args:
        picture: (H, W, c).
        top, left: first pixel of the first block; blocks may lie partly or wholly outside.
        step: px per cell.
        rows, columns: cells of the result.
        outside_counts: what lies outside the picture counts as 0, otherwise it does not count.

    Returns:
        (rows, columns, c).
    """
    height, width, channels = picture.shape
    out = np.zeros((rows, columns, channels), np.uint8)
    first, last = max(left, 0), min(left + columns * step, width)
    if first >= last:
        return out
    flat = picture.reshape(height, width * channels)
    # room for a whole cell before and after, where nothing is
    pad = step * channels
    begin, length = (first - left) * channels, (last - first) * channels
    column = np.zeros(columns * pad + pad, np.uint32)  # sums of a cell's rows
    block = np.empty(columns * pad, np.uint32)  # sums of ``step`` neighbouring pixels of them
    for i in range(rows):
        y0, y1 = max(top + i * step, 0), min(top + (i + 1) * step, height)
        if y0 >= y1:
            continue
        sums = column[begin : begin + length]
        sums[:] = 0
        for y in range(y0, y1):
            _add(sums, flat[y, first * channels : last * channels])
        block[:] = 0
        for shift in range(step):
            _add(block, column[shift * channels : shift * channels + columns * pad])
        for j in range(columns):
            x0, x1 = max(left + j * step, first), min(left + (j + 1) * step, last)
            count = step * step if outside_counts else (y1 - y0) * max(x1 - x0, 1)
            share = np.float32(1.0) / np.float32(count)
            for c in range(channels):
                out[i, j, c] = np.uint8(np.float32(block[j * pad + c]) * share + np.float32(0.5))
    return out


@njit(cache=True, nogil=True)
def _add(to: NDArray[np.uint32], other: NDArray[Any]) -> None:
    """Add a row to another; in a form that compiles to wide instructions."""
    for x in range(len(to)):
        to[x] = to[x] + np.uint32(other[x])


@njit(cache=True, nogil=True)
def limb_field(
    rows: int, columns: int, chain: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How far each cell is from a limb, and where along it.

    Args:
        rows, columns: size of the result.
        chain: (n, 4) joints in order: x, y, radius, position along the limb (at most 2.5).

    Returns:
        Distance from the bone in percent of the radius there, and position in percent, both
        (rows, columns) uint8; distance 255 means "2.55 radii or farther".
    """
    distance = np.full((rows, columns), 255, np.uint8)
    position = np.zeros((rows, columns), np.uint8)
    one, zero = np.float32(1.0), np.float32(0.0)
    x0, y0 = np.float32(1e9), np.float32(1e9)
    x1, y1 = np.float32(-1e9), np.float32(-1e9)
    for i in range(chain.shape[0]):
        room = FAR * chain[i, 2]
        x0, x1 = min(x0, chain[i, 0] - room), max(x1, chain[i, 0] + room)
        y0, y1 = min(y0, chain[i, 1] - room), max(y1, chain[i, 1] + room)
    bones = chain.shape[0] - 1
    along = np.empty((bones, 2), np.float32)  # divided by the bone's squared length
    for i in range(bones):
        dx, dy = chain[i + 1, 0] - chain[i, 0], chain[i + 1, 1] - chain[i, 1]
        per = one / (dx * dx + dy * dy + np.float32(1e-6))
        along[i, 0], along[i, 1] = dx * per, dy * per
    for y in range(max(0, int(y0)), min(rows, int(y1) + 2)):
        for x in range(max(0, int(x0)), min(columns, int(x1) + 2)):
            best, place = FAR * FAR, zero
            for i in range(bones):
                px, py = np.float32(x) - chain[i, 0], np.float32(y) - chain[i, 1]
                t = min(max(px * along[i, 0] + py * along[i, 1], zero), one)
                radius = chain[i, 2] + (chain[i + 1, 2] - chain[i, 2]) * t
                ex = px - (chain[i + 1, 0] - chain[i, 0]) * t
                ey = py - (chain[i + 1, 1] - chain[i, 1]) * t
                off = ex * ex + ey * ey
                if off < best * radius * radius:
                    best = off / (radius * radius)
                    place = chain[i, 3] + (chain[i + 1, 3] - chain[i, 3]) * t
            if best < FAR * FAR:
                distance[y, x] = np.uint8(np.sqrt(best) * np.float32(100.0))
                position[y, x] = np.uint8(place * np.float32(100.0) + np.float32(0.5))
    return distance, position


@njit(cache=True, nogil=True)
def head_field(
    rows: int,
    columns: int,
    centre: NDArray[np.float32],
    down: NDArray[np.float32],
    half_width: float,
    half_height: float,
    chin: NDArray[np.float32],
    unit: float,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How far each cell is from the middle of the face, and from the chin downwards.

    Args:
        rows, columns: size of the results.
        centre, chin: (2,) x, y of the face's middle and of its chin.
        down: (2,) unit vector from the eyes to the mouth.
        half_width, half_height: axes of the face's ellipse.
        unit: length that counts 100 below the chin.

    Returns:
        Distance from ``centre`` in percent of the ellipse's radius there, and percent of ``unit``
        below the chin, both (rows, columns) uint8, at most 255.
    """
    face = np.empty((rows, columns), np.uint8)
    below = np.empty((rows, columns), np.uint8)
    dx, dy = np.float32(down[0]), np.float32(down[1])
    wide, tall = np.float32(1.0 / half_width), np.float32(1.0 / half_height)
    most, zero = np.float32(255.0), np.float32(0.0)
    hundred, scale = np.float32(100.0), np.float32(100.0 / unit)
    for y in range(rows):
        for x in range(columns):
            px, py = np.float32(x) - centre[0], np.float32(y) - centre[1]
            u, v = (px * dy - py * dx) * wide, (px * dx + py * dy) * tall
            face[y, x] = np.uint8(min(np.sqrt(u * u + v * v) * hundred, most))
            depth = ((np.float32(x) - chin[0]) * dx + (np.float32(y) - chin[1]) * dy) * scale
            below[y, x] = np.uint8(min(max(depth, zero), most))
    return face, below


@njit(cache=True, nogil=True)
def behind_neck(
    person: NDArray[np.uint8],
    chin: NDArray[np.float32],
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    radius: float,
) -> NDArray[np.uint8]:
    """Where the inside of a back collar can be seen: beside the neck, above the neckline.

    A hood's sides reach down behind its front, outside of the neckline.

    Args:
        person: (h, w) alpha.
        chin, left, right: (2,) x, y of the chin and of the neckline's ends.
        radius: of a neck, cells.
    """
    rows, columns = person.shape
    out = np.empty((rows, columns), np.uint8)
    ax, ay = right[0] - left[0], right[1] - left[1]
    along = 1.0 / (ax * ax + ay * ay + 1e-6)
    bx, by = (left[0] + right[0]) / 2 - chin[0], (left[1] + right[1]) / 2 - chin[1]
    per = 1.0 / (bx * bx + by * by + 1e-6)
    for y in range(rows):
        for x in range(columns):
            above = (y - left[1]) * ax - (x - left[0]) * ay < 0.0
            across = ((x - left[0]) * ax + (y - left[1]) * ay) * along
            px, py = x - chin[0], y - chin[1]
            t = min(max((px * bx + py * by) * per, 0.0), 1.0)
            beside = (px - t * bx) ** 2 + (py - t * by) ** 2 > radius * radius
            beside = beside and (above or not 0.0 < across < 1.0)
            # a neck may be narrower than usual: beside it, too, the collar stands behind
            out[y, x] = 255 if beside else 255 - person[y, x]
    return out
