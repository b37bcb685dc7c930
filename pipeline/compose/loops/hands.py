"""Hands in front of the torso, found by the colour of skin around their bones."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.compose.loops.cells import LOOSE, PERSON, WORN_CERTAIN, WORN_SURE, Cells, Mask
from pipeline.compose.loops.colours import usual_colour
from pipeline.compose.loops.masks import CELL, TWO_CELLS, grown, opened, shrunk, touching

HAND_SKIN = 84  # evidence from which a cell near a hand's bones is a hand
FAR_SKIN = 170  # the same farther away, where print may look like skin
SURE_SKIN, NO_CLOTH = 240, 6  # evidence of skin, and of cloth, that leaves no doubt
FINGERS = 0.75  # half chests around the knuckles where fingers may be
BONE_WIDTH = 0.09  # half chests; a blob of skin must touch the hand's bones to be a hand
MIN_HAND_AREA = 0.012  # square half chests; smaller spots of skin are print or noise
FOREARM_RADII, FOREARM_CORE = 135, 40  # percent; where a bare forearm is, and where it surely is
WRIST, LATE_FROM = 200, 160  # percent along the arm; a fast hand overtakes its landmarks
OWN_CHROMA, OWN_LIGHT = 13, 97  # Lab in bytes; farther from a hand's usual colour it is no hand
FINGERTIPS, FINGER_LENGTH = 1.0, 0.45  # half chests; from the knuckles, and beyond the hand found
CLEARLY_APART = 22  # chroma in bytes between a hand and worn cloth that tells one from the other
NEARER, ASIDE = 0.27, 10.0  # of that on the way from hand to cloth, and chroma in bytes off it
TINTED, LEAST_TINT = 0.15, 5.0  # of the same way, and bytes; more shows on a hand's rim
DARKEST, LIGHTEST = 0.55, 1.35  # times a hand's usual lightness that fingers may have
NEUTRAL = np.float32(128.0)  # chroma of grey, in bytes


@njit(cache=True, nogil=True)
def find_hand(
    cells: Cells,
    distance: Mask,
    position: Mask,
    hand_distance: Mask,
    wrist: NDArray[np.float32],
    knuckles: NDArray[np.float32],
    unit: float,
    forearm_from: int,
    clothed: bool,
) -> tuple[Mask, Mask]:
    """A hand in front of the torso, and the bare forearm behind it; and where worn cloth tints it.

    Args:
        cells: what is known.
        distance, position, hand_distance: the arm's fields, see ``zones.Limb``.
        wrist, knuckles: (2,) x, y.
        unit: half chest, cells.
        forearm_from: percent along the arm where the bare forearm begins; 255 = it is not bare,
            or the garment covers it.
        clothed: a worn sleeve reaches to the wrist, so that skin on the forearm is a hand.
    """
    rows, columns = cells.person.shape
    room, bones = np.zeros((rows, columns), np.uint8), np.zeros((rows, columns), np.uint8)
    sleeve = np.zeros((rows, columns), np.uint8)
    bx, by = knuckles[0] - wrist[0], knuckles[1] - wrist[1]
    per = np.float32(1.0) / (bx * bx + by * by + np.float32(1e-6))
    core_from = min(forearm_from + 20, 190) if forearm_from < 255 else 255
    sleeve_to = LATE_FROM if clothed else WRIST
    thick, far = (BONE_WIDTH * unit) ** 2, (FINGERS * unit) ** 2
    for y in range(rows):
        for x in range(columns):
            if hand_distance[y, x] == 255 and distance[y, x] >= FOREARM_RADII:
                continue
            skin, place = cells.skin[y, x], position[y, x]
            px, py = x - wrist[0], y - wrist[1]
            t = min(max((px * bx + py * by) * per, np.float32(0.0)), np.float32(1.0))
            bone = (px - t * bx) ** 2 + (py - t * by) ** 2 <= thick
            bone |= distance[y, x] < FOREARM_CORE and place >= core_from
            bones[y, x] = 255 if bone else 0
            on_arm = distance[y, x] < FOREARM_RADII
            # a long sleeve ends at the wrist, however bare the skin above it; but a hand that
            # bends back, or points at the camera, lies before its own sleeve
            if forearm_from == 255 and on_arm and place < sleeve_to and t <= 0.0:
                sleeve[y, x] = 255
            if skin <= HAND_SKIN or skin <= cells.worn[y, x] or cells.person[y, x] <= LOOSE:
                continue
            # fingers are often longer, or elsewhere, than the landmarks say
            finger = (x - knuckles[0]) ** 2 + (y - knuckles[1]) ** 2 <= far and skin > FAR_SKIN
            arm = on_arm and place >= forearm_from
            if arm or ((finger or hand_distance[y, x] < 100) and not sleeve[y, x]):
                room[y, x] = 255
    _keep_own_colour(room, bones, cells)
    hand = shrunk(grown(opened(room, CELL), TWO_CELLS), TWO_CELLS)
    hand = touching(hand, bones, MIN_HAND_AREA * unit * unit)
    # beside worn cloth, whose colour mixes into the rim of everything, a hand is narrower
    narrow, taint = shrunk(hand, CELL), np.zeros((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            taint[y, x] = 255 if cells.worn[y, x] > WORN_SURE else 0
    taint = grown(taint, TWO_CELLS)
    for y in range(rows):
        for x in range(columns):
            if taint[y, x]:
                hand[y, x] = narrow[y, x]
    tinted = np.zeros((rows, columns), np.uint8)
    _add_fingers(hand, tinted, cells, sleeve, knuckles, unit)
    return hand, tinted


@njit(cache=True, nogil=True)
def _keep_own_colour(room: Mask, bones: Mask, cells: Cells) -> None:
    """Clear the cells far from the usual colour of those on the bones, in place.

    But for those that are skin by all that is known: what is near colours it, and light does.
    """
    rows, columns = room.shape
    lab = cells.lab
    middle = usual_colour(room, bones, lab)
    if middle[0] < 0:
        return
    for y in range(rows):
        for x in range(columns):
            if room[y, x] and (cells.skin[y, x] <= SURE_SKIN or cells.worn[y, x] >= NO_CLOTH):
                chroma = abs(lab[y, x, 1] - middle[1]) + abs(lab[y, x, 2] - middle[2])
                if chroma >= OWN_CHROMA or abs(lab[y, x, 0] - middle[0]) >= OWN_LIGHT:
                    room[y, x] = 0


@njit(cache=True, nogil=True)
def _add_fingers(
    hand: Mask,
    tinted: Mask,
    cells: Cells,
    sleeve: Mask,
    knuckles: NDArray[np.float32],
    unit: float,
) -> None:
    """Let a hand grow, in place, into its fingers and its rim: thinner than what was sought.

    Fingers are a cell or two wide: neither the means of the evidence nor an opening leaves them.
    ``tinted`` is set where the hand's colour is mixed with that of the cloth, as along its edge.
    """
    rows, columns = hand.shape
    reach = FINGERTIPS * unit
    top, bottom = max(0, int(knuckles[1] - reach)), min(rows, int(knuckles[1] + reach) + 1)
    left, right = max(0, int(knuckles[0] - reach)), min(columns, int(knuckles[0] + reach) + 1)
    if top >= bottom or left >= right:
        return
    part, lab = hand[top:bottom, left:right], cells.lab[top:bottom, left:right]
    worn, person = cells.worn[top:bottom, left:right], cells.person[top:bottom, left:right]
    covered = sleeve[top:bottom, left:right]
    free, cloth = np.empty(part.shape, np.uint8), np.empty(part.shape, np.uint8)
    for y in range(part.shape[0]):
        for x in range(part.shape[1]):
            cloth[y, x] = 255 if worn[y, x] > WORN_CERTAIN else 0
            bare = not cloth[y, x] and not covered[y, x]
            free[y, x] = 255 if bare and person[y, x] > PERSON else 0
    kept, colours = part.copy(), lab.copy()  # whole arrays, as elsewhere: compiled once
    own, other = usual_colour(kept, kept, colours), usual_colour(cloth, cloth, colours)
    if own[0] > 0 and other[0] >= 0:
        mixed = np.zeros(part.shape, np.uint8)
        if _only_hand(free, mixed, lab, own, other):
            _flow(part, free, int(FINGER_LENGTH * unit))
            whole, there = part.copy(), tinted[top:bottom, left:right]
            around, inside = grown(whole, CELL), shrunk(whole, TWO_CELLS)
            for y in range(part.shape[0]):
                for x in range(part.shape[1]):
                    # beyond the edge, too: it is soft; farther inside, skin has shades of its own
                    rim = (mixed[y, x] or not part[y, x]) and not inside[y, x]
                    there[y, x] = around[y, x] if rim else 0


@njit(cache=True, nogil=True)
def _only_hand(
    free: Mask, mixed: Mask, lab: Mask, own: NDArray[np.int32], other: NDArray[np.int32]
) -> bool:
    """Clear, in place, the cells that are not of a hand's colour; False if that cannot be told.

    ``mixed`` is set where the colour is that of the cloth to a part that shows.

    The cells of a finger mix its colour with that of the cloth behind, and lie between the two:
    near the hand's end of the way they are the hand's. Lightness tells little (shade is anywhere),
    so where hand and cloth are of a similar chroma, nothing is known.
    """
    da, db = other[1] - own[1], other[2] - own[2]
    apart = np.float32(np.sqrt(da * da + db * db))
    if apart < CLEARLY_APART:
        return False
    rows, columns = free.shape
    for y in range(rows):
        for x in range(columns):
            light = lab[y, x, 0] / np.float32(own[0])
            if light <= np.float32(0.0) or not DARKEST < light < LIGHTEST:
                free[y, x] = 0
                continue
            # shade takes lightness and chroma alike: shaded cloth is not to look like a hand
            a = (lab[y, x, 1] - NEUTRAL) / light + NEUTRAL - own[1]
            b = (lab[y, x, 2] - NEUTRAL) / light + NEUTRAL - own[2]
            along, across = (a * da + b * db) / apart, abs(a * db - b * da) / apart
            mixed[y, x] = 255 if along > max(TINTED * apart, LEAST_TINT) else 0
            if not -ASIDE < along < NEARER * apart or across >= ASIDE:
                free[y, x] = 0
    return True


@njit(cache=True, nogil=True)
def _flow(mask: Mask, into: Mask, steps: int) -> None:
    """Widen ``mask``, in place, by ``steps`` cells (4-connected) within ``into``."""
    rows, columns = mask.shape
    queue, taken = np.empty(rows * columns, np.int32), mask.copy()
    end = 0
    for y in range(rows):
        for x in range(columns):
            if mask[y, x]:
                queue[end] = y * columns + x
                end += 1
    at = 0
    for _ in range(steps):
        last = end
        while at < last:
            row, column = queue[at] // columns, queue[at] % columns
            at += 1
            for way in range(4):
                i = row + (way == 0) - (way == 1)
                j = column + (way == 2) - (way == 3)
                if 0 <= i < rows and 0 <= j < columns and into[i, j] and not taken[i, j]:
                    mask[i, j] = taken[i, j] = 255
                    queue[end] = i * columns + j
                    end += 1
