"""Hands in front of the torso, found by the colour of skin around their bones."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.compose.loops.cells import LOOSE, WORN_SURE, Cells, Mask
from pipeline.compose.loops.masks import CELL, TWO_CELLS, grown, opened, shrunk, touching

HAND_SKIN = 84  # evidence from which a cell near a hand's bones is a hand
FAR_SKIN = 170  # the same farther away, where print may look like skin
FINGERS = 0.75  # half chests around the knuckles where fingers may be
BONE_WIDTH = 0.09  # half chests; a blob of skin must touch the hand's bones to be a hand
MIN_HAND_AREA = 0.012  # square half chests; smaller spots of skin are print or noise
FOREARM_RADII, FOREARM_CORE = 135, 40  # percent; where a bare forearm is, and where it surely is
FEW_CELLS = 12  # fewer do not tell a colour
OWN_CHROMA, OWN_LIGHT = 13, 97  # Lab in bytes; farther from a hand's usual colour it is no hand


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
) -> Mask:
    """A hand in front of the torso, and the bare forearm behind it.

    Args:
        cells: what is known.
        distance, position, hand_distance: the arm's fields, see ``zones.Limb``.
        wrist, knuckles: (2,) x, y.
        unit: half chest, cells.
        forearm_from: percent along the arm where the bare forearm begins; 255 = it is not bare.
    """
    rows, columns = cells.person.shape
    room, bones = np.zeros((rows, columns), np.uint8), np.zeros((rows, columns), np.uint8)
    bx, by = knuckles[0] - wrist[0], knuckles[1] - wrist[1]
    per = np.float32(1.0) / (bx * bx + by * by + np.float32(1e-6))
    core_from = min(forearm_from + 20, 190) if forearm_from < 255 else 255
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
            if skin <= HAND_SKIN or skin <= cells.worn[y, x] or cells.person[y, x] <= LOOSE:
                continue
            # fingers are often longer, or elsewhere, than the landmarks say
            finger = (x - knuckles[0]) ** 2 + (y - knuckles[1]) ** 2 <= far and skin > FAR_SKIN
            arm = distance[y, x] < FOREARM_RADII and place >= forearm_from
            if finger or arm or hand_distance[y, x] < 100:
                room[y, x] = 255
    _keep_own_colour(room, bones, cells.lab)
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
    return hand


@njit(cache=True, nogil=True)
def _keep_own_colour(room: Mask, bones: Mask, lab: Mask) -> None:
    """Clear the cells far from the usual colour of those on the bones, in place."""
    rows, columns = room.shape
    histogram = np.zeros((3, 256), np.int32)
    count = 0
    for y in range(rows):
        for x in range(columns):
            if room[y, x] and bones[y, x]:
                count += 1
                for c in range(3):
                    histogram[c, lab[y, x, c]] += 1
    if count < FEW_CELLS:
        return
    middle = np.zeros(3, np.int32)
    for c in range(3):
        passed = 0
        for value in range(256):
            passed += histogram[c, value]
            if 2 * passed >= count:
                middle[c] = value
                break
    for y in range(rows):
        for x in range(columns):
            if room[y, x]:
                chroma = abs(lab[y, x, 1] - middle[1]) + abs(lab[y, x, 2] - middle[2])
                if chroma >= OWN_CHROMA or abs(lab[y, x, 0] - middle[0]) >= OWN_LIGHT:
                    room[y, x] = 0
