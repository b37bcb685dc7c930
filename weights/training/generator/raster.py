"""From triangles to a picture's geometry: which triangle every pixel shows, and where in it.

Compiled with numba; one thread.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from weights.training.generator.meshes import Floats, Ints

FAR = np.float32(1e9)
NEAR_W = 0.05  # nothing nearer to the eye is drawn, metres
OPAQUE = 110  # of 255; where a texture is more transparent there is a hole

Bytes = NDArray[np.uint8]


@numba.njit(cache=True, fastmath=True)
def rasterise(
    clip: Floats,
    keep: Floats,
    uv: Floats,
    faces: Ints,
    hole_layer: Ints,
    alphas: Bytes,
    depth: Floats,
    triangle: Ints,
    weights: Floats,
) -> None:
    """Fill a depth buffer.

    Args:
        clip: (n, 4) clip-space vertices.
        keep: (n,) cut field; what is negative after interpolation is a hole.
        uv: (n, 2) texture place, v upwards.
        faces: (m, 3).
        hole_layer: (m,) layer of ``alphas`` that cuts holes into a face, or -1.
        alphas: (k, S, S) uint8.
        depth: (H, W) in and out; start with ``FAR``.
        triangle: (H, W) out, number of the face; start with -1.
        weights: (H, W, 2) out, perspective-correct weights of the first two corners.
    """
    height, width = depth.shape
    size = alphas.shape[1]
    for t in range(faces.shape[0]):
        a, b, c = faces[t, 0], faces[t, 1], faces[t, 2]
        if clip[a, 3] <= NEAR_W or clip[b, 3] <= NEAR_W or clip[c, 3] <= NEAR_W:
            continue
        if keep[a] < 0 and keep[b] < 0 and keep[c] < 0:
            continue
        ia, ib, ic = 1 / clip[a, 3], 1 / clip[b, 3], 1 / clip[c, 3]
        ax, ay = (clip[a, 0] * ia * 0.5 + 0.5) * width, (0.5 - 0.5 * clip[a, 1] * ia) * height
        bx, by = (clip[b, 0] * ib * 0.5 + 0.5) * width, (0.5 - 0.5 * clip[b, 1] * ib) * height
        cx, cy = (clip[c, 0] * ic * 0.5 + 0.5) * width, (0.5 - 0.5 * clip[c, 1] * ic) * height
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(area) < 1e-6:
            continue
        inverse = 1 / area
        x0 = max(int(min(ax, bx, cx)), 0)
        x1 = min(int(max(ax, bx, cx)), width - 1)
        y0 = max(int(min(ay, by, cy)), 0)
        y1 = min(int(max(ay, by, cy)), height - 1)
        za, zb, zc = clip[a, 2] * ia, clip[b, 2] * ib, clip[c, 2] * ic
        layer = hole_layer[t]
        for y in range(y0, y1 + 1):
            py = y + 0.5
            for x in range(x0, x1 + 1):
                px = x + 0.5
                wa = ((bx - px) * (cy - py) - (cx - px) * (by - py)) * inverse
                wb = ((cx - px) * (ay - py) - (ax - px) * (cy - py)) * inverse
                wc = 1 - wa - wb
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                z = wa * za + wb * zb + wc * zc
                if z >= depth[y, x]:
                    continue
                pa, pb, pc = wa * ia, wb * ib, wc * ic
                total = 1 / (pa + pb + pc)
                pa, pb, pc = pa * total, pb * total, pc * total
                if pa * keep[a] + pb * keep[b] + pc * keep[c] < 0:
                    continue
                if layer >= 0:
                    u = pa * uv[a, 0] + pb * uv[b, 0] + pc * uv[c, 0]
                    v = pa * uv[a, 1] + pb * uv[b, 1] + pc * uv[c, 1]
                    column = int((u - np.floor(u)) * size)
                    row = int((1 - (v - np.floor(v))) * size)
                    if alphas[layer, min(row, size - 1), min(column, size - 1)] < OPAQUE:
                        continue
                depth[y, x] = z
                triangle[y, x] = t
                weights[y, x, 0] = pa
                weights[y, x, 1] = pb


def empty_buffers(size_hw: tuple[int, int]) -> tuple[Floats, Ints, Floats]:
    """Fresh depth, triangle and weight buffers for ``rasterise``."""
    return (
        np.full(size_hw, FAR, np.float32),
        np.full(size_hw, -1, np.int32),
        np.zeros((*size_hw, 2), np.float32),
    )
