"""Colours for the fills and light for the garment; most of it told for every 2 × 2 cells.

"Half" arrays have one value for 2 × 2 cells: (h + 1) // 2 rows and (w + 1) // 2 columns.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.compose.loops.masks import CELL, grown

DARKEST_ARM, DARKEST_NECK, BRIGHTEST = 0.75, 0.5, 1.3  # times the known tone, of painted skin
TINT = (0.8, 1.1, 1.2)  # of the loss of light, per channel: light that went through skin is red
DARKEST = np.float32(20.0)  # added to lightness in bytes before its logarithm, against noise

Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]


@njit(cache=True, nogil=True)
def extrapolate(colours: NDArray[np.uint8], known: Mask) -> Floats:
    """Continue the colours of the known cells smoothly over all others, (h / 2, w / 2, 3).

    Args:
        colours: (h, w, c), the first three channels count.
        known: (h, w), not 0 where a colour is known.

    Source: Burt 1988, "Moment images, polynomial fit filters, and the problem of surface
    interpolation" (push-pull).
    """
    rows, columns = known.shape
    height, width = (rows + 1) // 2, (columns + 1) // 2
    # a pyramid of premultiplied colour and weight; each level lies below the finer one
    pyramid = np.zeros((2 * height + 32, width, 4), np.float32)
    for y in range(rows):
        for x in range(columns):
            if known[y, x]:
                cell = pyramid[y // 2, x // 2]
                for c in range(3):
                    cell[c] += np.float32(0.25) * np.float32(colours[y, x, c])
                cell[3] += np.float32(0.25)
    starts, sizes = np.zeros(32, np.int32), np.zeros((32, 2), np.int32)
    sizes[0, 0], sizes[0, 1] = height, width
    level = 0
    while max(sizes[level]) > 2:
        start, high, wide = starts[level], sizes[level, 0], sizes[level, 1]
        below = starts[level] + high
        level += 1
        starts[level], sizes[level, 0], sizes[level, 1] = below, (high + 1) // 2, (wide + 1) // 2
        for y in range(sizes[level, 0]):
            top, bottom = start + 2 * y, start + min(2 * y + 1, high - 1)
            for x in range(sizes[level, 1]):
                left, right = 2 * x, min(2 * x + 1, wide - 1)
                for c in range(4):
                    total = pyramid[top, left, c] + pyramid[top, right, c]
                    total += pyramid[bottom, left, c] + pyramid[bottom, right, c]
                    pyramid[below + y, x, c] = np.float32(0.25) * total
    _fill_down(pyramid, starts, sizes, level)
    return pyramid[:height, :, :3].copy()


@njit(cache=True, nogil=True)
def _fill_down(
    pyramid: Floats, starts: NDArray[np.int32], sizes: NDArray[np.int32], last: int
) -> None:
    """Replace each level's colour by its own where it has one, else by the coarser level's."""
    near, far, tiny = np.float32(0.75), np.float32(0.25), np.float32(1e-4)
    for level in range(last, -1, -1):
        start, high, wide = starts[level], sizes[level, 0], sizes[level, 1]
        coarse = starts[min(level + 1, last)]
        last_y, last_x = sizes[min(level + 1, last), 0] - 1, sizes[min(level + 1, last), 1] - 1
        for y in range(high):
            row = coarse + y // 2
            other = coarse + min(max(y // 2 + 2 * (y % 2) - 1, 0), last_y)
            for x in range(wide):
                cell = pyramid[start + y, x]
                weight = cell[3]
                have = min(np.float32(2.0) * weight, np.float32(1.0))
                if level == last:
                    have = np.float32(1.0)
                column, beside = x // 2, min(max(x // 2 + 2 * (x % 2) - 1, 0), last_x)
                for c in range(3):
                    own = cell[c] / (weight + tiny)
                    if have < 1.0:
                        rest = near * pyramid[row, column, c] + far * pyramid[row, beside, c]
                        other_rest = near * pyramid[other, column, c]
                        other_rest += far * pyramid[other, beside, c]
                        rest = near * rest + far * other_rest
                        own = rest + (own - rest) * have
                    cell[c] = own


@njit(cache=True, nogil=True)
def way_to_edge(solid: Mask) -> Floats:
    """The way from each 2 × 2 cells to the nearest four that are set, counted in such steps.

    Args:
        solid: (h, w), not 0 where it is set.

    Returns:
        Half array (., ., 3): steps down, steps right, and their length.

    Source: Danielsson 1980, "Euclidean distance mapping" (two passes over the grid).
    """
    rows, columns = solid.shape
    height, width = (rows + 1) // 2, (columns + 1) // 2
    to = np.zeros((height, width, 2), np.float32)
    for y in range(rows):
        for x in range(columns):
            if not solid[y, x]:
                to[y // 2, x // 2] = np.float32(1e4)
    for down in range(2):  # from the top left, then from the bottom right
        way = 1 if down == 0 else -1
        for i in range(height):
            y = i if down == 0 else height - 1 - i
            for turn in range(2):  # along the row and back
                for j in range(width):
                    x = j if turn == 0 else width - 1 - j
                    if turn == 0:
                        for dx in range(-1, 2):
                            _nearer(to, y, x, -way, dx)
                    _nearer(to, y, x, 0, -1 if turn == 0 else 1)
    out = np.empty((height, width, 3), np.float32)
    for y in range(height):
        for x in range(width):
            dy, dx = to[y, x, 0], to[y, x, 1]
            out[y, x, 0], out[y, x, 1] = dy, dx
            out[y, x, 2] = np.sqrt(dy * dy + dx * dx)
    return out


@njit(cache=True, nogil=True, inline="always")
def _nearer(to: Floats, y: int, x: int, dy: int, dx: int) -> None:
    """Go by the neighbour at (dy, dx) if that way is shorter."""
    rows, columns = to.shape[:2]
    if 0 <= y + dy < rows and 0 <= x + dx < columns:
        down = to[y + dy, x + dx, 0] + np.float32(dy)
        right = to[y + dy, x + dx, 1] + np.float32(dx)
        if down * down + right * right < to[y, x, 0] ** 2 + to[y, x, 1] ** 2:
            to[y, x, 0], to[y, x, 1] = down, right


@njit(cache=True, nogil=True)
def skin_samples(
    small: NDArray[np.uint8],
    lab: NDArray[np.uint8],
    skin_evidence: Mask,
    tainted: Mask,
    painted: Mask,
    surely: int,
) -> tuple[Floats, Floats, float]:
    """What skin looks like, and the light on what will be painted over.

    Args:
        small, lab: (h, w, 3) RGB and Lab in bytes.
        skin_evidence, tainted: (h, w) evidence of skin; not 0 where it cannot be trusted.
        painted: (h, w) alpha of painted skin.
        surely: evidence of a cell that may lend its colour.

    Returns:
        Half arrays: (., ., 4) sums of RGB and weight of sure skin;
        (., ., 2) lightness times weight and weight of painted cells; and the spread of the log
        lightness of what is painted over, -1 for nothing.
    """
    rows, columns = skin_evidence.shape
    height, width = (rows + 1) // 2, (columns + 1) // 2
    skin = np.zeros((height, width, 4), np.float32)
    light = np.zeros((height, width, 2), np.float32)
    quarter = np.float32(0.25)
    for y in range(rows):
        for x in range(columns):
            if painted[y, x]:
                light[y // 2, x // 2, 0] += quarter * np.float32(lab[y, x, 0])
                light[y // 2, x // 2, 1] += quarter
            elif skin_evidence[y, x] > surely and not tainted[y, x]:
                for c in range(3):
                    skin[y // 2, x // 2, c] += quarter * np.float32(small[y, x, c])
                skin[y // 2, x // 2, 3] += quarter
    count, total, squares = 0, 0.0, 0.0
    for y in range(height):
        for x in range(width):
            if light[y, x, 1] > 0.5:
                value = np.log(light[y, x, 0] / light[y, x, 1] + DARKEST)
                count += 1
                total += value
                squares += value * value
    if count == 0:
        return skin, light, -1.0
    mean = total / count
    return skin, light, np.sqrt(max(squares / count - mean * mean, 0.0))


@njit(cache=True, nogil=True)
def shade_skin(
    nearby: Floats,
    fine: Floats,
    wide: Floats,
    tones: Floats,
    limb: Mask,
    below_chin: Mask,
    trust: float,
    lit_below: float,
    strength: float,
    least_fold: float,
    most_fold: float,
) -> Floats:
    """Colour of painted skin, and how much of it is not that of skin nearby, half, (., ., 4).

    Skin nearby has its light already. Arms take on the folds of what is painted over; collars,
    hoods and lanyards on the neck are no folds.

    Args:
        nearby: blurred RGB and weight of the skin around, see ``skin_samples``.
        fine, wide: lightness and weight of painted cells, blurred a little and a lot.
        tones: (3, 3) known colour of the neck and of the two arms.
        limb: (h, w) which of them.
        below_chin: (h, w) percent of a half chest.
        trust: weight of the known tone beside skin nearby.
        lit_below: by how many times it grows on the neck, a half chest below the chin.
        strength: how much of the folds of what is painted over is taken on.
        least_fold, most_fold: limits of their factor.
    """
    height, width = fine.shape[:2]
    out = np.empty((height, width, 4), np.float32)
    one = np.float32(1.0)
    least_weight, grows = np.float32(trust), np.float32(0.01 * trust * lit_below)
    for y in range(height):
        for x in range(width):
            part = limb[2 * y, 2 * x]
            weight, fold = least_weight, one
            if part == 0:
                weight += grows * np.float32(below_chin[2 * y, 2 * x])
            else:
                ratio = (fine[y, x, 0] + np.float32(0.01)) / (fine[y, x, 1] + np.float32(1e-3))
                ratio *= (wide[y, x, 1] + np.float32(1e-3)) / (wide[y, x, 0] + np.float32(0.01))
                fold += np.float32(strength) * (ratio - one)
                fold = min(max(fold, np.float32(least_fold)), np.float32(most_fold))
            tone, least = tones[part], np.float32(DARKEST_ARM if part else DARKEST_NECK)
            for c in range(3):
                value = nearby[y, x, c] + tone[c] * weight
                value /= nearby[y, x, 3] + weight
                value = min(max(value, tone[c] * least), tone[c] * np.float32(BRIGHTEST))
                out[y, x, c] = value * (one - (one - fold) * np.float32(TINT[c]))
            out[y, x, 3] = weight / (nearby[y, x, 3] + weight)
    return out


@njit(cache=True, nogil=True)
def paint_fill(
    flesh: Mask,
    behind: Mask,
    shaded: Floats,
    light_on: Floats,
    ground: Floats,
) -> NDArray[np.uint8]:
    """Skin and surroundings, as planes (8, h, w): RGB and alpha of each, colours also beside them.

    Args:
        flesh, behind: (h, w) alpha of skin and of surroundings.
        shaded: (h, w, 4) or larger, see ``shade_skin``.
        light_on: (h, w) light on it, see ``arms.light_on``.
        ground: (h, w, 3) or larger, colour of the surroundings.
    """
    rows, columns = flesh.shape
    one, zero, most = np.float32(1.0), np.float32(0.0), np.float32(255.0)
    out = np.zeros((8, rows, columns), np.uint8)
    skin, wall = grown(flesh, CELL), grown(behind, CELL)
    for y in range(rows):
        for x in range(columns):
            if skin[y, x]:
                dark = shaded[y, x, 3] * (one - light_on[y, x])
                for c in range(3):
                    lit = one - dark * np.float32(TINT[c])
                    out[c, y, x] = np.uint8(min(max(shaded[y, x, c] * lit, zero), most))
                out[3, y, x] = flesh[y, x]
            if wall[y, x]:
                for c in range(3):
                    out[4 + c, y, x] = np.uint8(min(max(ground[y, x, c], zero), most))
                out[7, y, x] = behind[y, x]
    return out


@njit(cache=True, nogil=True)
def light_and_shadow(
    gain: Floats,
    hands: Mask,
    hands_around: Mask,
    cover: Mask,
    cover_around: Mask,
    person: Mask,
    away: Mask,
    hand_shadow: float,
    garment_shadow: float,
    one: int,
) -> NDArray[np.uint8]:
    """Light on the garment and the shadow it casts, (2, h, w).

    Args:
        gain: (h, w) or larger, light of the scene on the garment.
        hands, hands_around: (h, w) alpha of what is in front, and the same moved down and blurred.
        cover, cover_around: (h, w) alpha of the garment, and the same blurred.
        person: (h, w) alpha.
        away: (h, w) not 0 where no shadow falls.
        hand_shadow, garment_shadow: depths of the shadows.
        one: value of the result's light that changes nothing.
    """
    rows, columns = cover.shape
    out = np.zeros((2, rows, columns), np.uint8)
    dark = np.float32(hand_shadow / 255.0)
    cast = np.float32(garment_shadow / 255.0)
    for y in range(rows):
        for x in range(columns):
            fallen = np.float32(hands_around[y, x]) - np.float32(hands[y, x])
            shade = np.float32(1.0) - dark * max(fallen, np.float32(0.0))
            light = gain[y, x] * shade
            light = light * np.float32(one) + np.float32(0.5)
            out[0, y, x] = np.uint8(min(light, np.float32(255.0)))
            if not away[y, x]:
                beside = np.float32(cover_around[y, x]) - np.float32(cover[y, x])
                beside = max(beside, np.float32(0.0)) * cast
                out[1, y, x] = np.uint8(beside * np.float32(person[y, x]))
    return out
