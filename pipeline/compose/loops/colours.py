"""What the colours of the cells say, and calm over time."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.compose.loops.cells import Mask

LIGHTNESS_PER_BYTE = 100.0 / 255.0  # 8-bit Lab stretches lightness, but not a and b
FEW_CELLS = 12  # fewer do not tell a colour
HAND_BEGINS, HAND_ENDS = 100, 160  # percent of a hand's radius between which trust fades


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def rate(
    lab: NDArray[np.uint8],
    skin: NDArray[np.float32],
    hair: NDArray[np.float32],
    worn: NDArray[np.float32],
    bins: NDArray[np.int32],
    parts: NDArray[np.uint8],
    hand_distance: NDArray[np.uint8],
    doubts: NDArray[np.float32],
    nothing: float,
    trust: float,
    least_trust: float,
) -> NDArray[np.uint8]:
    """Divide each cell among skin, worn and hair, leaving a rest for the unknown.

    The parser's shares say what is likely there, the colour how well it fits.

    Args:
        lab: (h, w, 3) CIE Lab in bytes, see ``images.to_lab_bytes``.
        skin, hair: (3, 256) likeness of each value of each channel; the product counts.
        worn: likeness of every colour bin.
        bins: (3, 256) terms of a colour's bin, by channel and value.
        parts: (3, h, w) the parser's shares of skin, worn and hair.
        hand_distance: (h, w) percent of a hand's radius.
        doubts: (3,) likeness that skin, worn and hair have at least: a colour may be new.
        nothing: likeness of "none of the three".
        trust: 0..1, how much the parser is believed.
        least_trust: the same at a hand, which moves faster than the parser looks.

    Returns:
        (3, h, w): skin, worn, hair; 255 = certain.
    """
    rows, columns = lab.shape[:2]
    out = np.empty((3, rows, columns), np.uint8)
    rest, half = np.float32(nothing), np.float32(0.5)
    zero, one, four = np.float32(0.0), np.float32(1.0), np.float32(len(parts) + 1)
    share = four / np.float32(255.0)
    most, less = np.float32(trust), np.float32(trust - least_trust)
    last, per = np.float32(HAND_ENDS), np.float32(1.0 / (HAND_ENDS - HAND_BEGINS))
    for y in range(rows):
        for x in range(columns):
            near = (last - np.float32(hand_distance[y, x])) * per
            believed = most - less * min(max(near, zero), one)
            even = one - believed
            bare = share * np.float32(parts[0, y, x])
            cloth = share * np.float32(parts[1, y, x])
            strand = share * np.float32(parts[2, y, x])
            other = max(four - bare - cloth - strand, zero)
            i, j, k = lab[y, x, 0], lab[y, x, 1], lab[y, x, 2]
            of_skin = skin[0, i] * skin[1, j] * skin[2, k] + doubts[0]
            of_worn = worn[bins[0, i] + bins[1, j] + bins[2, k]] + doubts[1]
            of_hair = hair[0, i] * hair[1, j] * hair[2, k] + doubts[2]
            of_skin *= even + believed * bare
            of_worn *= even + believed * cloth
            of_hair *= even + believed * strand
            total = of_skin + of_worn + of_hair + rest * (even + believed * other)
            full = np.float32(255.0) / total
            out[0, y, x] = np.uint8(of_skin * full + half)
            out[1, y, x] = np.uint8(of_worn * full + half)
            out[2, y, x] = np.uint8(of_hair * full + half)
    return out


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def smooth(planes: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Planes (k, h, w) blurred over 3 × 3 cells; ``side`` is a neighbour's weight of 256."""
    count, rows, columns = planes.shape
    out = np.empty_like(planes)
    line = np.empty(columns + 2, np.int32)
    beside, middle = np.int32(side), np.int32(256 - 2 * side)
    for k in range(count):
        for y in range(rows):
            above, below = planes[k, max(y - 1, 0)], planes[k, min(y + 1, rows - 1)]
            here = planes[k, y]
            for x in range(columns):
                ends = np.int32(above[x]) + np.int32(below[x])
                line[x + 1] = beside * ends + middle * np.int32(here[x])
            line[0], line[columns + 1] = line[1], line[columns]
            for x in range(columns):
                total = beside * (line[x] + line[x + 2]) + middle * line[x + 1]
                out[k, y, x] = np.uint8((total + 32768) >> 16)
    return out


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def changed(
    planes: NDArray[np.uint8], old: NDArray[np.float32], top: int, left: int, least: float
) -> NDArray[np.uint8]:
    """255 where any plane of (k, h, w) differs from the old one by more than ``least``.

    ``old`` (k, H, W) covers the whole frame; ``top`` and ``left`` are the planes' corner on it.
    """
    count, rows, columns = planes.shape
    out = np.zeros((rows, columns), np.uint8)
    limit = np.float32(least)
    for k in range(count):
        for y in range(rows):
            before = old[k, top + y, left : left + columns]
            for x in range(columns):
                if abs(np.float32(planes[k, y, x]) - before[x]) > limit:
                    out[y, x] = 255
    return out


@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def settle(
    planes: NDArray[np.uint8],
    lab: NDArray[np.uint8],
    moved: NDArray[np.uint8],
    old: NDArray[np.float32],
    old_lab: NDArray[np.float32],
    known: NDArray[np.uint8],
    top: int,
    left: int,
    calm_weight: float,
    noise: float,
    span: float,
) -> None:
    """Average planes (k, h, w) over time where the picture stands still, in place.

    The weight of the new value grows from ``calm_weight`` (colour change below ``noise``) to 1
    (``span`` above it), and is 1 where ``moved`` is not 0, so that a moving hand leaves nothing
    behind. ``old``, ``old_lab`` and ``known`` cover the whole frame and carry over to the next.
    """
    count, rows, columns = planes.shape
    weights = np.empty(columns, np.float32)
    least, one = np.float32(calm_weight), np.float32(1.0)
    quiet, per = np.float32(noise), np.float32(1.0 / span)
    lightness = np.float32(LIGHTNESS_PER_BYTE)
    for y in range(rows):
        for x in range(columns):
            change = np.float32(0.0)
            for c in range(3):
                off = abs(np.float32(lab[y, x, c]) - old_lab[top + y, left + x, c])
                change += off * lightness if c == 0 else off
            weight = min(max((change - quiet) * per, least), one)
            if moved[y, x] or not known[top + y, left + x]:
                weight = one
            weights[x] = weight
            known[top + y, left + x] = 1
            for c in range(3):
                before = old_lab[top + y, left + x, c]
                now = np.float32(lab[y, x, c])
                old_lab[top + y, left + x, c] = before + weight * (now - before)
        for k in range(count):
            before_row = old[k, top + y, left : left + columns]
            for x in range(columns):
                value = before_row[x] + weights[x] * (np.float32(planes[k, y, x]) - before_row[x])
                before_row[x] = value
                planes[k, y, x] = np.uint8(value + np.float32(0.5))


@njit(cache=True, nogil=True)
def usual_colour(mask: Mask, other: Mask, lab: Mask) -> NDArray[np.int32]:
    """Median Lab bytes (3,) of the cells that are in both masks; -1 when they are too few."""
    rows, columns = mask.shape
    histogram = np.zeros((3, 256), np.int32)
    count = 0
    for y in range(rows):
        for x in range(columns):
            if mask[y, x] and other[y, x]:
                count += 1
                for c in range(3):
                    histogram[c, lab[y, x, c]] += 1
    middle = np.full(3, -1, np.int32)
    if count < FEW_CELLS:
        return middle
    for c in range(3):
        passed = 0
        for value in range(256):
            passed += histogram[c, value]
            if 2 * passed >= count:
                middle[c] = value
                break
    return middle
