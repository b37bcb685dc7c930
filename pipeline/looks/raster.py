"""Triangles into pixels: a scan-line rasteriser that samples its texture as it goes.

Compiled by numba without the interpreter lock, on one thread, in a fixed order of operations:
same input, same pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Rgba = NDArray[np.uint8]
SMALLEST_LEVEL_PX = 4


def mip_levels(picture: Rgba) -> tuple[Rgba, ...]:
    """A picture and its halvings, so that a smaller drawing does not shimmer.

    Args:
        picture: (h, w, 4) uint8 premultiplied RGBA.

    Returns:
        Levels; a pixel of level k covers 2**k × 2**k pixels of level 0. Odd sizes are padded
        with clear pixels so that levels stay aligned.
    """
    levels = [np.ascontiguousarray(picture)]
    while min(levels[-1].shape[:2]) >= 2 * SMALLEST_LEVEL_PX:
        last = levels[-1]
        height, width = last.shape[:2]
        even = np.pad(last, ((0, height % 2), (0, width % 2), (0, 0)))
        size_wh = (even.shape[1] // 2, even.shape[0] // 2)
        half = cv2.resize(even, size_wh, interpolation=cv2.INTER_AREA)
        levels.append(np.ascontiguousarray(half, np.uint8))
    return tuple(levels)


@njit(cache=True, nogil=True)
def fill_sheet(out, corners, texture, triangles, fine, coarse, coarse_share, scale):  # type: ignore[no-untyped-def]
    """Draw one sheet into ``out``, replacing what is there.

    Triangles that lie turned over are drawn first, so that a fold never covers the right side.

    Args:
        out: (h, w, 4) uint8, changed in place.
        corners: (n, 2) float32, vertices in ``out``'s pixels.
        texture: (n, 2) float32, the same vertices in level-0 pixels of the sheet's picture.
        triangles: (m, 3) int32.
        fine, coarse: two neighbouring mip levels.
        coarse_share: 0..1, how much of the coarser one is mixed in.
        scale: pixels of level 0 per pixel of ``fine``.
    """
    for pass_ in range(2):
        for t in range(triangles.shape[0]):
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            ax, ay = corners[i, 0], corners[i, 1]
            e1x, e1y = corners[j, 0] - ax, corners[j, 1] - ay
            e2x, e2y = corners[k, 0] - ax, corners[k, 1] - ay
            area = e1x * e2y - e1y * e2x
            f1x, f1y = texture[j, 0] - texture[i, 0], texture[j, 1] - texture[i, 1]
            f2x, f2y = texture[k, 0] - texture[i, 0], texture[k, 1] - texture[i, 1]
            turned = area * (f1x * f2y - f1y * f2x) < 0.0
            if turned == (pass_ == 1) or abs(area) < 1e-4:
                continue
            ux = (f1x * e2y - f2x * e1y) / area / scale
            uy = (f2x * e1x - f1x * e2x) / area / scale
            vx = (f1y * e2y - f2y * e1y) / area / scale
            vy = (f2y * e1x - f1y * e2x) / area / scale
            u0 = (texture[i, 0] + 0.5) / scale - 0.5 - ux * ax - uy * ay
            v0 = (texture[i, 1] + 0.5) / scale - 0.5 - vx * ax - vy * ay
            _fill_triangle(
                out,
                ax, ay, corners[j, 0], corners[j, 1], corners[k, 0], corners[k, 1],
                ux, uy, u0, vx, vy, v0,
                fine, coarse, coarse_share,
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _fill_triangle(  # type: ignore[no-untyped-def]
    out, ax, ay, bx, by, cx, cy, ux, uy, u0, vx, vy, v0, fine, coarse, coarse_share
):
    """Fill the pixels whose centres lie in the triangle; shared edges are drawn once."""
    height, width = out.shape[0], out.shape[1]
    top = max(0, int(np.ceil(min(ay, by, cy))))
    bottom = min(height, int(np.ceil(max(ay, by, cy))))
    for y in range(top, bottom):
        left, right = np.float32(1e9), np.float32(-1e9)
        for px, py, qx, qy in ((ax, ay, bx, by), (bx, by, cx, cy), (cx, cy, ax, ay)):
            if py > qy:  # one direction per edge: both neighbours compute the same crossing
                px, py, qx, qy = qx, qy, px, py
            if py <= y < qy:
                x = px + (qx - px) * ((y - py) / (qy - py))
                left = min(left, x)
                right = max(right, x)
        first = max(0, int(np.ceil(left)))
        last = min(width, int(np.ceil(right)))
        for x in range(first, last):
            u = ux * x + uy * y + u0
            v = vx * x + vy * y + v0
            _sample(out, y, x, fine, u, v, coarse, coarse_share)


@njit(cache=True, nogil=True)
def _sample(out, y, x, fine, u, v, coarse, coarse_share):  # type: ignore[no-untyped-def]
    """Write one bilinear (or trilinear) sample; outside the picture is clear."""
    height, width = fine.shape[0], fine.shape[1]
    if u < 0.0 or v < 0.0 or u >= width - 1 or v >= height - 1:
        for k in range(4):
            out[y, x, k] = 0
        return
    x0, y0 = int(u), int(v)
    fx, fy = u - x0, v - y0
    a, b, c, d = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
    if coarse_share <= 0.0:
        for k in range(4):
            out[y, x, k] = np.uint8(
                a * fine[y0, x0, k] + b * fine[y0, x0 + 1, k]
                + c * fine[y0 + 1, x0, k] + d * fine[y0 + 1, x0 + 1, k] + 0.5
            )  # fmt: skip
        return
    u2 = min(max(0.5 * u - 0.25, 0.0), coarse.shape[1] - 1.001)
    v2 = min(max(0.5 * v - 0.25, 0.0), coarse.shape[0] - 1.001)
    x1, y1 = int(u2), int(v2)
    gx, gy = u2 - x1, v2 - y1
    keep = 1.0 - coarse_share
    e, f = coarse_share * (1 - gx) * (1 - gy), coarse_share * gx * (1 - gy)
    g, h = coarse_share * (1 - gx) * gy, coarse_share * gx * gy
    for k in range(4):
        out[y, x, k] = np.uint8(
            keep * (
                a * fine[y0, x0, k] + b * fine[y0, x0 + 1, k]
                + c * fine[y0 + 1, x0, k] + d * fine[y0 + 1, x0 + 1, k]
            )
            + e * coarse[y1, x1, k] + f * coarse[y1, x1 + 1, k]
            + g * coarse[y1 + 1, x1, k] + h * coarse[y1 + 1, x1 + 1, k]
            + 0.5
        )  # fmt: skip


@njit(cache=True, nogil=True)
def lay_over(below, parts, layer, code):  # type: ignore[no-untyped-def]
    """Put a premultiplied layer over ``below``; both (h, w, 4) uint8, ``below`` is changed.

    ``parts`` (h, w) takes ``code`` where the layer shows more than half.
    """
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            alpha = np.uint32(layer[y, x, 3])
            if alpha == 0:
                continue
            rest = np.uint32(255) - alpha
            for k in range(4):
                value = np.uint32(layer[y, x, k]) + (np.uint32(below[y, x, k]) * rest + 127) // 255
                below[y, x, k] = np.uint8(min(value, np.uint32(255)))
            if alpha > 127 or parts[y, x] == 0:
                parts[y, x] = code
