"""Triangles into pixels: a scan-line rasteriser that samples its texture as it goes.

Compiled by numba without the interpreter lock, on one thread, in a fixed order of operations:
same input, same pixels. What keeps a full picture cheap: along edges and rows whole numbers are
added, ``FRACTION_BITS`` of them behind the point, and colours travel packed, four bytes in one
word, and are mixed all at once.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled, inner

Rgba = NDArray[np.uint8]
Packed = NDArray[np.uint32]

LEVEL_STEP = 2.0 ** (1.0 / 3.0)  # neighbours differ so little that a change of level is not seen
SMALLEST_LEVEL_PX = 6
SQUEEZED = 2.0  # texels per pixel at which a pattern breaks up

FRACTION_BITS = 16
ONE = 1 << FRACTION_BITS  # a pixel or a texel in fixed point
SHARE_SHIFT = FRACTION_BITS - 8  # neighbouring texels are mixed in shares of 1/256,
HALF_SHARE = 1 << (SHARE_SHIFT - 1)  # to the nearest


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


@compiled
def extent(points, first, count):  # type: ignore[no-untyped-def]
    """Where ``count`` of ``points`` (n, 2) lie, from index ``first`` on.

    Returns:
        x and y of the least corner, x and y of the greatest, and the size of the cloud: the root
        of its covariance's determinant, which ignores turning.
    """
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    mean_x, mean_y = 0.0, 0.0
    for k in range(first, first + count):
        x, y = float(points[k, 0]), float(points[k, 1])
        x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
        mean_x += x / count
        mean_y += y / count
    xx, xy, yy = 0.0, 0.0, 0.0
    for k in range(first, first + count):
        x, y = points[k, 0] - mean_x, points[k, 1] - mean_y
        xx += x * x
        xy += x * y
        yy += y * y
    determinant = (xx * yy - xy * xy) / (count * count)
    return x0, y0, x1, y1, np.sqrt(np.sqrt(max(determinant, 1e-9)))


@compiled
def fill_sheet(out, out_at, corners, texture, triangles, levels, picture_at):  # type: ignore[no-untyped-def]
    """Draw one sheet into ``out``, replacing what is there and no more solid.

    Triangles that lie turned over are drawn first, so that a fold never covers the right side;
    otherwise the later ones lie on top. Where cloth is tucked into a crease its pattern is finer
    than pixels, and a coarser picture is taken.

    Args:
        out: (h, w) uint32 packed RGBA, changed in place.
        out_at: x and y of its first pixel among the ``corners``.
        corners: (n, 2) float32, where the vertices go, px.
        texture: (n, 2) float32, the same vertices in the full-size texture.
        triangles: (m, 3) int32.
        levels: ``Level`` of a cut-out of the texture, each half as large as the one before.
        picture_at: x and y of the cut-out in the texture.
    """
    for right_side in (False, True):
        for t in range(triangles.shape[0]):
            i, j, k = _from_top(corners, triangles[t])
            ax, ay = corners[i, 0] - float(out_at[0]), corners[i, 1] - float(out_at[1])
            e1x, e1y = float(corners[j, 0] - corners[i, 0]), float(corners[j, 1] - corners[i, 1])
            e2x, e2y = float(corners[k, 0] - corners[i, 0]), float(corners[k, 1] - corners[i, 1])
            area = e1x * e2y - e1y * e2x
            f1x, f1y = float(texture[j, 0] - texture[i, 0]), float(texture[j, 1] - texture[i, 1])
            f2x, f2y = float(texture[k, 0] - texture[i, 0]), float(texture[k, 1] - texture[i, 1])
            faces = area * (f1x * f2y - f1y * f2x) >= 0.0
            if faces != right_side or abs(area) < 1e-4:
                continue
            ux, uy = (f1x * e2y - f2x * e1y) / area, (f2x * e1x - f1x * e2x) / area
            vx, vy = (f1y * e2y - f2y * e1y) / area, (f2y * e1x - f1y * e2x) / area
            steepest = max(ux * ux + vx * vx, uy * uy + vy * vy)
            picture, scale_x, scale_y = levels[_coarseness(steepest * levels[0][1] ** 2, levels)]
            ux, uy, vx, vy = ux * scale_x, uy * scale_x, vx * scale_y, vy * scale_y
            u0 = (texture[i, 0] - picture_at[0] + 0.5) * scale_x - 0.5 - ux * ax - uy * ay
            v0 = (texture[i, 1] - picture_at[1] + 0.5) * scale_y - 0.5 - vx * ax - vy * ay
            _fill_triangle(
                out,
                ((ax, ay), (ax + e1x, ay + e1y), (ax + e2x, ay + e2y)),
                area > 0.0,
                (ux, uy, u0, vx, vy, v0),
                picture,
            )


@inner
def _coarseness(steepest, levels):  # type: ignore[no-untyped-def]
    """Which level keeps a pattern from being squeezed; ``steepest`` texels² per pixel² at first."""
    chosen = 0
    while steepest > SQUEEZED * SQUEEZED and chosen < len(levels) - 1:
        steepest *= 0.25
        chosen += 1
    return chosen


@inner
def _from_top(corners, triangle):  # type: ignore[no-untyped-def]
    """The triangle's vertices in the order of their height in the picture."""
    i, j, k = triangle[0], triangle[1], triangle[2]
    if corners[i, 1] > corners[j, 1]:
        i, j = j, i
    if corners[j, 1] > corners[k, 1]:
        j, k = k, j
    if corners[i, 1] > corners[j, 1]:
        i, j = j, i
    return i, j, k


@inner
def _fill_triangle(out, triangle, bends_right, affine, picture):  # type: ignore[no-untyped-def]
    """Fill the pixels whose centres lie in the triangle; a shared edge is drawn once.

    The long edge runs from the top to the bottom corner; the others bend out at the middle one.
    """
    top, middle, bottom = triangle
    ux, uy, u0, vx, vy, v0 = affine
    first_row, last_row = _row(top, out), _row(bottom, out)
    bend_row = _row(middle, out)
    u_row, v_row = _fixed(u0 + uy * first_row), _fixed(v0 + vy * first_row)
    u_right, u_down, v_right, v_down = _fixed(ux), _fixed(uy), _fixed(vx), _fixed(vy)
    long_x, long_step = _edge(top, bottom, first_row, last_row)
    for lower in (False, True):
        start, end = (bend_row, last_row) if lower else (first_row, bend_row)
        bent_x, bent_step = _edge(middle if lower else top, bottom if lower else middle, start, end)
        for y in range(start, end):
            left, right = (long_x, bent_x) if bends_right else (bent_x, long_x)
            x = max(0, (left + ONE - 1) >> FRACTION_BITS)
            end_x = min(out.shape[1], (right + ONE - 1) >> FRACTION_BITS)
            u, v = u_row + u_right * x, v_row + v_right * x
            for column in range(x, end_x):
                value = _sample(picture, u, v)
                # where a sheet folds over itself its clear margin must not cut holes into cloth
                if value >> np.uint32(24) >= out[y, column] >> np.uint32(24):
                    out[y, column] = value
                u += u_right
                v += v_right
            long_x += long_step
            bent_x += bent_step
            u_row += u_down
            v_row += v_down


@inner
def _row(corner, out):  # type: ignore[no-untyped-def]
    """The first row of ``out`` at or below a corner."""
    return min(max(0, int(np.ceil(corner[1]))), out.shape[0])


@inner
def _edge(upper, lower, start, end):  # type: ignore[no-untyped-def]
    """An edge's x at row ``start`` and its step to the next row, fixed point.

    It depends on the edge alone: both neighbours find the same crossings.
    """
    if start >= end:
        return 0, 0
    slope = (lower[0] - upper[0]) / (lower[1] - upper[1])
    return _fixed(upper[0] + (start - upper[1]) * slope), _fixed(slope)


@inner
def _fixed(number):  # type: ignore[no-untyped-def]
    return int(np.floor(number * ONE + 0.5))


@inner
def _sample(picture, u, v):  # type: ignore[no-untyped-def]
    """One bilinear sample at fixed-point ``u``, ``v``; outside the picture is clear."""
    # as unsigned numbers, so that numba need not ask for negative ones
    width, height = np.uint64(picture.shape[1]), np.uint64(picture.shape[0])
    u, v = u + HALF_SHARE, v + HALF_SHARE
    x, y = np.uint64(u >> FRACTION_BITS), np.uint64(v >> FRACTION_BITS)
    one = np.uint64(1)
    if x >= width - one or y >= height - one:
        return np.uint32(0)
    fx = np.uint64((u >> SHARE_SHIFT) & 255)
    fy = np.uint64((v >> SHARE_SHIFT) & 255)
    both = (fx * fy) >> np.uint64(8)
    mixed = _spread(picture[y, x]) * (np.uint64(256) - fx - fy + both)
    mixed += _spread(picture[y, x + one]) * (fx - both)
    mixed += _spread(picture[y + one, x]) * (fy - both)
    mixed += _spread(picture[y + one, x + one]) * both
    mixed = ((mixed + np.uint64(0x0080008000800080)) >> np.uint64(8)) & np.uint64(
        0x00FF00FF00FF00FF
    )
    return np.uint32(mixed | (mixed >> np.uint64(24)))


@inner
def _spread(colour):  # type: ignore[no-untyped-def]
    """Four packed bytes with a byte of room above each: bytes 0 and 2 below, 1 and 3 above."""
    wide = np.uint64(colour)
    return (wide & np.uint64(0x00FF00FF)) | ((wide & np.uint64(0xFF00FF00)) << np.uint64(24))


@compiled
def take_alpha(layer, code, alpha, parts):  # type: ignore[no-untyped-def]
    """Read a packed layer: its ``alpha``, and ``code`` in ``parts`` where it shows. (h, w) all."""
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            value = layer[y, x] >> np.uint32(24)
            alpha[y, x] = value
            parts[y, x] = code if value > 0 else 0


@compiled
def lay_over(below, parts, layer, at, code):  # type: ignore[no-untyped-def]
    """Put a layer (h, w) over ``below`` (H, W) at column and row ``at``; packed, premultiplied.

    ``parts`` (H, W) takes ``code`` where the layer shows more than half, or alone.
    """
    for row in range(layer.shape[0]):
        y = at[1] + row
        for column in range(layer.shape[1]):
            x = at[0] + column
            top, under = layer[row, column], below[y, x]
            alpha = top >> np.uint32(24)
            if alpha == 0:
                continue
            if alpha > 127 or parts[y, x] == 0:
                parts[y, x] = code
            if alpha == 255 or under == 0:
                below[y, x] = top
            else:
                below[y, x] = _over(top, under)


@inner
def _over(top, under):  # type: ignore[no-untyped-def]
    rest = np.uint32(255) - (top >> np.uint32(24))
    mixed = np.uint32(0)
    for byte in range(4):
        shift = np.uint32(8 * byte)
        shines = (((under >> shift) & np.uint32(255)) * rest + np.uint32(127)) // np.uint32(255)
        mixed |= min(((top >> shift) & np.uint32(255)) + shines, np.uint32(255)) << shift
    return mixed
