"""The one pass over pixels: samples what was decided on the grid and writes the picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Planes = NDArray[np.uint8]
Floats = NDArray[np.float32]

# no numbers here are infinite or none, and knowing so changes no result
LOOP = {"cache": True, "nogil": True, "fastmath": {"nnan", "ninf", "nsz"}}

SOLID = 250  # alpha of a pixel whose colour is all garment
AGREE_FROM = 0.75  # mean of the ways over the mean of their lengths, below which mirrors are shards
MIRROR_INSET = 1.5  # cells inside the garment's edge to mirror at

# Planes of ``Coarse.planes``: colour and alpha of painted skin, and of the scene painted below it;
# light on the garment, shadow on all else, and alpha of the parts of camera and skin in front of
# the garment, of the garment's place, of the cloth it shall have at least, of the place left to
# ``back``, and of garment and ``back`` themselves. Skin and front end where ``LIMIT``, which is
# soft over ``LIMIT_EDGE`` cells, falls below one half.
SKIN, FLESH, GROUND, BARE_GROUND, GAIN, SHADOW, FRONT = 0, 3, 4, 7, 8, 9, 10
ROOM, CLOTH, BEHIND, COVER, LIMIT, COUNT = 11, 12, 13, 14, 15, 16
LIMIT_EDGE = 3.0
LIMIT_SOFT = 2.2  # px over which the camera shows an edge

# What happens to a pixel, bits: nothing, the garment alone if it is solid there, anything.
NOTHING, PLAIN, MIXED = 0, 1, 2


class Look(NamedTuple):
    """What was drawn: (H, W, 4) premultiplied RGBA in a box of its own; ``back`` may end early."""

    garment: Planes
    back: Planes
    top: int
    left: int


class Coarse(NamedTuple):
    """What was decided, on the analysis grid.

    Attributes:
        planes: (COUNT, h, w), see ``SKIN`` and so on.
        to_edge: (h / 2, w / 2, 3) steps of two cells down and right to the garment's edge; length.
        smooth: (h / 2, w / 2, 3) colour of the garment nearby.
    """

    planes: Planes
    to_edge: Floats
    smooth: Floats


class Manner(NamedTuple):
    """How it is put together.

    Attributes:
        gain_one: value of the light on the garment that changes nothing.
        opacity: 0..1 of everything.
        crisp: contrast of the edges of what is painted and of ``FRONT``, found on a coarser grid.
        grain: levels of noise on what is painted, which has none of the camera's.
    """

    gain_one: float
    opacity: float
    crisp: float
    grain: float


@njit(**LOOP)
def _kinds(planes: Planes) -> Planes:
    """What happens to pixels between cells x - 1 and x, bits, (h, w + 2); the last: to a row."""
    _, rows, columns = planes.shape
    out = np.zeros((rows, columns + 2), np.uint8)
    for y in range(rows):
        for x in range(columns):
            added = planes[CLOTH, y, x] | planes[FLESH, y, x] | planes[SHADOW, y, x]
            added |= planes[BARE_GROUND, y, x]
            if planes[COVER, y, x] | added == 0:
                kind = NOTHING
            elif added | planes[FRONT, y, x] == 0 and planes[ROOM, y, x] == 255:
                kind = PLAIN
            else:
                kind = MIXED
            out[y, x] |= kind
            out[y, x + 1] |= kind
            out[y, columns + 1] |= kind
    return out


@njit(**LOOP)
def _sample_rows(planes: Planes, top: int, low: float, line: Floats) -> None:
    """Interpolate all planes between grid rows ``top`` and the next into ``line`` (COUNT, w)."""
    count, rows, columns = planes.shape
    weight, below = np.float32(low), min(top + 1, rows - 1)
    for k in range(count):
        first, second = planes[k, top], planes[k, below]
        for x in range(columns):
            value = np.float32(first[x])
            line[k, x] = value + weight * (np.float32(second[x]) - value)


@njit(**LOOP)
def _noise(y: int, x: int) -> np.float32:
    """A number in -1..1 that looks random and is the same at the same place."""
    mixed = np.uint32(y) * np.uint32(668265263) + np.uint32(x) * np.uint32(374761393)
    mixed = np.uint32(mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    mixed = np.uint32(np.uint32(mixed) ^ (np.uint32(mixed) >> np.uint32(16)))
    mixed = np.uint32(mixed * np.uint32(2246822519))
    mixed = np.uint32(mixed ^ (mixed >> np.uint32(15)))
    return np.float32(mixed & np.uint32(0xFFFF)) * np.float32(1 / 32768.0) - np.float32(1.0)


@njit(**LOOP)
def _continued(look: Look, coarse: Coarse, step: int, y: int, x: int, colour: Floats) -> None:
    """Colour of the garment continued to a pixel (from the grid's corner) beyond its edge.

    Its mirror image where that is whole; where its edge bends so that a mirror would show shards,
    its smooth colour.
    """
    rows, columns = coarse.smooth.shape[:2]
    one, zero, half = np.float32(1.0), np.float32(0.0), np.float32(0.5)
    pair = np.float32(2 * step)
    fy = min(max((np.float32(y) + half) / pair - half, zero), np.float32(rows - 1))
    fx = min(max((np.float32(x) + half) / pair - half, zero), np.float32(columns - 1))
    top, left = int(fy), int(fx)
    low, right = fy - np.float32(top), fx - np.float32(left)
    bottom, beside = min(top + 1, rows - 1), min(left + 1, columns - 1)
    corners = (top, bottom, left, beside)
    down = _between(coarse.to_edge, 0, corners, low, right)
    along = _between(coarse.to_edge, 1, corners, low, right)
    lengths = _between(coarse.to_edge, 2, corners, low, right)
    for c in range(3):
        colour[c] = _between(coarse.smooth, c, corners, low, right)
    length = np.sqrt(down * down + along * along) + np.float32(1e-3)
    agree = length / (lengths + np.float32(1e-3))
    faith = (agree - np.float32(AGREE_FROM)) * np.float32(2.0 / (1.0 - AGREE_FROM))
    faith = min(max(faith, zero), one)
    scale = pair + pair + np.float32(MIRROR_INSET * step) / length
    sy = int(np.float32(y) + down * scale + half) - look.top
    sx = int(np.float32(x) + along * scale + half) - look.left
    within = 0 <= sy < look.garment.shape[0] and 0 <= sx < look.garment.shape[1]
    if within and look.garment[sy, sx, 3] >= SOLID:
        for c in range(3):
            colour[c] += faith * (np.float32(look.garment[sy, sx, c]) - colour[c])


@njit(**LOOP)
def _between(
    values: Floats, c: int, corners: tuple[int, int, int, int], low: np.float32, right: np.float32
) -> np.float32:
    """Interpolate channel ``c`` of (h, w, k) between rows and columns: top, bottom, left, right."""
    y0, y1, x0, x1 = corners
    above = values[y0, x0, c] + right * (values[y0, x1, c] - values[y0, x0, c])
    below = values[y1, x0, c] + right * (values[y1, x1, c] - values[y1, x0, c])
    return above + low * (below - above)


@njit(**LOOP)
def blend(
    look: Look,
    coarse: Coarse,
    manner: Manner,
    tone: Floats,
    step: int,
    top: int,
    left: int,
    bottom: int,
    right: int,
    image: Planes,
    mask: Planes,
) -> None:
    """Put all layers together.

    Args:
        look: what was drawn; its corner counts from the grid's.
        coarse: what was decided.
        manner: how they are put together.
        tone: (3,) factor per channel on the garment.
        step: px per cell.
        top, left, bottom, right: the part of the frame that the grid covers, px, half open.
        image: (H, W, 3) the camera's picture; becomes the result.
        mask: (H, W) zeros; becomes how much each pixel has changed, 0 = not at all.
    """
    _, rows, columns = coarse.planes.shape
    kinds = _kinds(coarse.planes)
    line = np.empty((COUNT, columns), np.float32)
    other = np.zeros(3, np.float32)
    garment, back = look.garment, look.back
    high, wide = garment.shape[:2]
    collar_end = back.shape[0]
    per, one, half = np.float32(1.0 / 255.0), np.float32(1.0), np.float32(0.5)
    zero, most = np.float32(0.0), np.float32(255.0)
    fade, crisp = np.float32(manner.opacity), np.float32(manner.crisp)
    sharp = np.float32(LIMIT_EDGE * step / LIMIT_SOFT)
    rough, lit = np.float32(manner.grain), np.float32(1.0 / manner.gain_one)
    solid = np.uint8(fade * most + half)
    weights = np.empty(step, np.float32)  # of the farther cell, for each pixel between two
    for x in range(step):
        weights[x] = (x + (0.5 if step % 2 == 0 else 0.0)) / step
    for y in range(bottom - top):
        fy = min(max((y + 0.5) / step - 0.5, 0.0), rows - 1.0)
        cell_row = int(fy)
        next_row = min(cell_row + 1, rows - 1)
        if kinds[cell_row, columns + 1] == NOTHING and kinds[next_row, columns + 1] == NOTHING:
            continue
        _sample_rows(coarse.planes, cell_row, fy - cell_row, line)
        gy = y - look.top
        pixels, changed = image[top + y, left:right], mask[top + y, left:right]
        for pair in range(columns + 1):
            kind = kinds[cell_row, pair] | kinds[next_row, pair]
            if kind == NOTHING:
                continue
            # the pixels between the middles of two cells
            a, b = max(pair - 1, 0), min(pair, columns - 1)
            first = (2 * pair - 1) * step // 2
            for x in range(max(first, 0), min(first + step, right - left)):
                w = weights[x - first]
                gx = x - look.left
                drawn = 0 <= gy < high and 0 <= gx < wide
                own = np.float32(garment[gy, gx, 3]) if drawn else zero
                gain = (line[GAIN, a] + w * (line[GAIN, b] - line[GAIN, a])) * lit
                if kind == PLAIN and own == most:
                    changed[x] = solid
                    for c in range(3):
                        was = np.float32(pixels[x, c])
                        now = min(np.float32(garment[gy, gx, c]) * gain * tone[c], most)
                        pixels[x, c] = np.uint8(was + (now - was) * fade + half)
                    continue
                room = (line[ROOM, a] + w * (line[ROOM, b] - line[ROOM, a])) * per
                flesh = line[FLESH, a] + w * (line[FLESH, b] - line[FLESH, a])
                wall = line[BARE_GROUND, a] + w * (line[BARE_GROUND, b] - line[BARE_GROUND, a])
                cloth = line[CLOTH, a] + w * (line[CLOTH, b] - line[CLOTH, a])
                shade = line[SHADOW, a] + w * (line[SHADOW, b] - line[SHADOW, a])
                have, more, collar = own * room, zero, zero
                if drawn and gy < collar_end and back[gy, gx, 3]:
                    collar = (line[BEHIND, a] + w * (line[BEHIND, b] - line[BEHIND, a])) * per
                if cloth > have + half:
                    _continued(look, coarse, step, y, x, other)
                    more = (cloth - have) * per
                    have = cloth
                painted = flesh + wall
                if have < half and painted < half and collar == zero and shade < half:
                    continue
                limit = line[LIMIT, a] + w * (line[LIMIT, b] - line[LIMIT, a])
                limit = min(max((limit * per - half) * sharp + half, zero), one)
                ahead = line[FRONT, a] + w * (line[FRONT, b] - line[FRONT, a])
                open_ = one - min(max((ahead * per - half) * crisp + half, zero), one) * limit
                cover = have * per * open_
                # below the garment skin goes on, or what is worn would shine through its edge
                filled = min(max((flesh * per - half) * crisp + half, zero), one)
                filled *= max(limit, have * per)
                walled = min(max((wall * per - half) * crisp + half, zero), one) * (one - filled)
                bright = one - shade * per
                seen = zero
                if collar > zero:
                    seen = np.float32(back[gy, gx, 3]) * collar * per * open_
                rest = one - filled - walled
                clear = (one - cover) * (one - seen) * rest * bright
                strength = np.uint8((one - clear) * fade * most + half)
                if strength == 0:
                    continue
                changed[x] = strength
                light = gain * open_
                speck = zero
                if rest < one:
                    speck = _noise(top + y, left + x) * rough * (one - rest)
                for c in range(3):
                    was = np.float32(pixels[x, c])
                    now = was * rest + speck
                    if filled > zero:
                        skin = line[SKIN + c, a] + w * (line[SKIN + c, b] - line[SKIN + c, a])
                        now += skin * filled
                    if walled > zero:
                        behind = line[GROUND + c, a]
                        now += (behind + w * (line[GROUND + c, b] - behind)) * walled
                    if seen > zero:
                        under = np.float32(back[gy, gx, c]) * collar * light * tone[c]
                        now = now * (one - seen) + under
                    cloth_colour = other[c] * more
                    if own > zero:
                        cloth_colour += np.float32(garment[gy, gx, c]) * room
                    cloth_colour = min(cloth_colour, most) * light * tone[c]
                    now = now * bright * (one - cover) + min(cloth_colour, most)
                    now = was + (now - was) * fade + half
                    pixels[x, c] = np.uint8(min(max(now, zero), most))
