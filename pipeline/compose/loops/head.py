"""The head: the face's ellipse, and the hair that hangs together with it."""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.compose.loops.cells import LOOSE, PERSON, WORN_SURE, Cells, Marks, Mask
from pipeline.compose.loops.colours import usual_colour
from pipeline.compose.loops.masks import (
    CELL,
    FOUR_CELLS,
    TWO_CELLS,
    grown,
    opened,
    shrunk,
    touching,
)

HAIR = 100  # evidence from which a cell hanging together with the head is hair
HAIR_OVER_WORN = 1.05  # times the evidence of a garment of the same colour
# percent of the face's ellipse
FACE_MIDDLE, FACE_SEED, FACE_EDGE, JAW, BROW = 70, 90, 100, 115, 170
HAIR_REACH = (1.15, 1.15)  # half chests and torso lengths around the chin where hair may fall
NECK_EDGE = 0.24  # half chests of a neck's width that hair may hang over
APART = np.float32(40.0)  # Lab bytes between hair and worn cloth from which a mix of both is told
MIXED = np.float32(0.4)  # of the way from hair to cloth


@njit(cache=True, nogil=True)
def find_head(cells: Cells, marks: Marks) -> Mask:
    """The face's ellipse, and brow and hair that hang together with it."""
    rows, columns = cells.person.shape
    hair, seed = np.zeros((rows, columns), np.uint8), np.zeros((rows, columns), np.uint8)
    throat = shrunk(cells.neck, int(NECK_EDGE * marks.unit / 2))  # a dark collar is no hair
    across, along = HAIR_REACH[0] * marks.unit, HAIR_REACH[1] * marks.torso
    for y in range(rows):
        for x in range(columns):
            likely = cells.hair[y, x] > HAIR and cells.person[y, x] > PERSON and not throat[y, x]
            if likely and cells.hair[y, x] > HAIR_OVER_WORN * cells.worn[y, x]:
                u, v = (x - marks.chin[0]) / across, (y - marks.chin[1]) / along
                hair[y, x] = 255 if u * u + v * v < 1.0 else 0
    strands = shrunk(grown(opened(hair, CELL), TWO_CELLS), TWO_CELLS)
    found = strands.copy()
    for y in range(rows):
        for x in range(columns):
            u, v = x - marks.mouth[0], y - marks.mouth[1]
            below = u * marks.down[0] + v * marks.down[1] > 0.0
            hairy = int(cells.hair[y, x])
            if cells.face[y, x] < JAW and below:
                # hair hangs from the crown and the temples; what touches only the jaw is a collar
                strands[y, x] = found[y, x] = 0
            elif cells.face[y, x] < FACE_SEED:
                seed[y, x] = found[y, x] = 255
            elif cells.face[y, x] < BROW and not below and int(cells.skin[y, x]) + hairy > HAIR:
                # the brow of a bowed head is higher than its eyes and mouth tell
                strands[y, x] = found[y, x] = 255
    hanging = touching(found, seed, 0.0)
    for y in range(rows):
        for x in range(columns):
            face = cells.face[y, x] < FACE_EDGE and cells.person[y, x] > LOOSE
            # a lowered chin hides the neck: the ellipse then lies over the collar
            face &= cells.worn[y, x] <= WORN_SURE or cells.face[y, x] < FACE_MIDDLE
            found[y, x] = 255 if face else 0
            hanging[y, x] = 255 if hanging[y, x] and strands[y, x] else 0
    _part_from_cloth(hanging, cells)
    for y in range(rows):
        for x in range(columns):
            hanging[y, x] |= found[y, x]
    return hanging


@njit(cache=True, nogil=True)
def _part_from_cloth(hair: Mask, cells: Cells) -> None:
    """Clear, in place, the edge of hair that shows the worn garment through.

    A rim of pale cloth around dark hair, or the other way round, would be kept on the new garment.
    """
    rows, columns = hair.shape
    cloth = np.empty((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            cloth[y, x] = 255 if cells.worn[y, x] > WORN_SURE and not hair[y, x] else 0
    core, beside = shrunk(hair, TWO_CELLS), grown(hair, FOUR_CELLS)
    near = grown(cloth, FOUR_CELLS)
    own, other = usual_colour(core, near, cells.lab), usual_colour(cloth, beside, cells.lab)
    if own[0] < 0 or other[0] < 0:
        return
    way = (other - own).astype(np.float32)
    length = np.sqrt((way * way).sum())
    if length < APART:
        return
    for y in range(rows):
        for x in range(columns):
            if hair[y, x] and near[y, x] and not core[y, x]:
                along = np.float32(0.0)
                for c in range(3):
                    along += (cells.lab[y, x, c] - own[c]) * way[c]
                if along > MIXED * length * length:
                    hair[y, x] = 0
