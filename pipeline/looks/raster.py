"""Triangles into pixels: a scan-line rasteriser that samples its texture as it goes.

Compiled by numba without the interpreter lock, on one thread, in a fixed order of operations:
same input, same pixels. Colours travel packed, four bytes in one word, and are mixed two bytes at
a time: that is what makes a full picture cheap.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Rgba = NDArray[np.uint8]
Packed = NDArray[np.uint32]

LEVEL_STEP = 2.0 ** (1.0 / 3.0)  # neighbours differ so little that a change of level is not seen
SMALLEST_LEVEL_PX = 6


class Level(NamedTuple):
    """One size of a picture.

    Attributes:
        packed: (h, w) uint32, a view of premultiplied RGBA bytes.
        scale_x, scale_y: pixels of this level per pixel of the picture.
    """

    packed: Packed
    scale_x: float
    scale_y: float


def mip_levels(picture: Rgba) -> tuple[Level, ...]:
    """A picture and smaller copies of it, so that a smaller drawing does not shimmer.

    Args:
        picture: (h, w, 4) uint8 premultiplied RGBA.

    Returns:
        Levels, each ``LEVEL_STEP`` smaller than the one before.
    """
    height, width = picture.shape[:2]
    levels = [Level(_packed(picture), 1.0, 1.0)]
    shrink = LEVEL_STEP
    while min(height, width) / shrink >= SMALLEST_LEVEL_PX:
        size_wh = (round(width / shrink), round(height / shrink))
        small = np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
        levels.append(Level(_packed(small), size_wh[0] / width, size_wh[1] / height))
        shrink *= LEVEL_STEP
    return tuple(levels)


def _packed(picture: Rgba) -> Packed:
    return np.ascontiguousarray(picture).view(np.uint32)[..., 0]


@njit(cache=True, nogil=True)
def fill_sheet(out, corners, texture, triangles, picture, scale_x, scale_y):  # type: ignore[no-untyped-def]
    """Draw one sheet into ``out``, replacing what is there.

    Triangles that lie turned over are drawn first, so that a fold never covers the right side.

    Args:
        out: (h, w) uint32 packed RGBA, changed in place.
        corners: (n, 2) float32, vertices in ``out``'s pixels.
        texture: (n, 2) float32, the same vertices in pixels of the full-size picture.
        triangles: (m, 3) int32.
        picture: (h, w) uint32, one level of the picture.
        scale_x, scale_y: the level's.
    """
    for sweep in range(2):
        for t in range(triangles.shape[0]):
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            ax, ay = float(corners[i, 0]), float(corners[i, 1])
            e1x, e1y = corners[j, 0] - ax, corners[j, 1] - ay
            e2x, e2y = corners[k, 0] - ax, corners[k, 1] - ay
            area = e1x * e2y - e1y * e2x
            tx, ty = float(texture[i, 0]), float(texture[i, 1])
            f1x, f1y = texture[j, 0] - tx, texture[j, 1] - ty
            f2x, f2y = texture[k, 0] - tx, texture[k, 1] - ty
            turned = area * (f1x * f2y - f1y * f2x) < 0.0
            if turned == (sweep == 1) or abs(area) < 1e-4:
                continue
            ux = (f1x * e2y - f2x * e1y) / area * scale_x
            uy = (f2x * e1x - f1x * e2x) / area * scale_x
            vx = (f1y * e2y - f2y * e1y) / area * scale_y
            vy = (f2y * e1x - f1y * e2x) / area * scale_y
            u0 = (tx + 0.5) * scale_x - 0.5 - ux * ax - uy * ay
            v0 = (ty + 0.5) * scale_y - 0.5 - vx * ax - vy * ay
            _fill_triangle(
                out,
                (ax, ay, ax + e1x, ay + e1y, ax + e2x, ay + e2y),
                (ux, uy, u0, vx, vy, v0),
                picture,
            )


@njit(cache=True, nogil=True)
def _fill_triangle(out, triangle, affine, picture):  # type: ignore[no-untyped-def]
    """Fill the pixels whose centres lie in the triangle; a shared edge is drawn once."""
    ax, ay, bx, by, cx, cy = triangle
    ux, uy, u0, vx, vy, v0 = affine
    top = max(0, int(np.ceil(min(ay, by, cy))))
    bottom = min(out.shape[0], int(np.ceil(max(ay, by, cy))))
    for y in range(top, bottom):
        left, right = 1e9, -1e9
        for px, py, qx, qy in ((ax, ay, bx, by), (bx, by, cx, cy), (cx, cy, ax, ay)):
            if py > qy:  # one direction per edge: both neighbours compute the same crossing
                px, py, qx, qy = qx, qy, px, py
            if py <= y < qy:
                x = px + (qx - px) * ((y - py) / (qy - py))
                left = min(left, x)
                right = max(right, x)
        first = max(0, int(np.ceil(left)))
        last = min(out.shape[1], int(np.ceil(right)))
        u_row, v_row = uy * y + u0, vy * y + v0
        for x in range(first, last):
            out[y, x] = _sample(picture, ux * x + u_row, vx * x + v_row)


@njit(cache=True, nogil=True)
def _sample(picture, u, v):  # type: ignore[no-untyped-def]
    """One bilinear sample; outside the picture is clear."""
    if u < 0.0 or v < 0.0 or u >= picture.shape[1] - 1 or v >= picture.shape[0] - 1:
        return np.uint32(0)
    x, y = int(u), int(v)
    fx, fy = np.uint32((u - x) * 256.0), np.uint32((v - y) * 256.0)
    above = _mix(picture[y, x], picture[y, x + 1], fx)
    below = _mix(picture[y + 1, x], picture[y + 1, x + 1], fx)
    return _mix(above, below, fy)


@njit(cache=True, nogil=True)
def _mix(first, second, share):  # type: ignore[no-untyped-def]
    """``first`` + ``share`` / 256 of the way to ``second``, all four bytes."""
    mask, half = np.uint32(0x00FF00FF), np.uint32(0x00800080)
    rest = np.uint32(256) - share
    even = (first & mask) * rest + (second & mask) * share + half
    odd = ((first >> np.uint32(8)) & mask) * rest + ((second >> np.uint32(8)) & mask) * share
    odd = odd + half
    return ((even >> np.uint32(8)) & mask) | (odd & ~mask)


@njit(cache=True, nogil=True)
def lay_over(below, parts, layer, code):  # type: ignore[no-untyped-def]
    """Put a premultiplied layer over ``below``; both (h, w, 4) uint8, ``below`` is changed.

    ``parts`` (h, w) takes ``code`` where the layer shows more than half, or alone.
    """
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            alpha = np.uint32(layer[y, x, 3])
            if alpha == 0:
                continue
            if alpha > 127 or parts[y, x] == 0:
                parts[y, x] = code
            if alpha == 255 or below[y, x, 3] == 0:
                for k in range(4):
                    below[y, x, k] = layer[y, x, k]
                continue
            rest = np.uint32(255) - alpha
            for k in range(4):
                value = np.uint32(layer[y, x, k]) + (np.uint32(below[y, x, k]) * rest + 127) // 255
                below[y, x, k] = np.uint8(min(value, np.uint32(255)))
