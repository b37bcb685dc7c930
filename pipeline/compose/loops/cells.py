"""What is known of the cells of the analysis grid, as the loops take it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Points = NDArray[np.float32]

# Roles of a cell in the arms, bits of ``Cells.roles``.
SURE_ARM = 1  # arm even where the person's mask has a gap
MIDDLE = 2  # no wall may be painted in the middle of an arm
OVER = 4  # a forearm in a worn sleeve, in front of the torso, that the garment leaves bare
PAINT_BARE, PAINT_CLOTHED = 8, 16  # below the drawn sleeve, of a bare and of a clothed arm
BAGGY_BARE, BAGGY_CLOTHED = 32, 64  # the same with room for a worn sleeve that stands off
DRAWN_SLEEVE = 128  # where the garment may continue into its own sleeve
STRIPPED = 256  # where a worn sleeve goes, the garment does not
RIM_OF_HAND = 512
AT_HAND = 1024

PERSON = 110  # person alpha from which a cell counts as the person's
LOOSE, LOOSER = 60, 40  # the same where something else says so too, and at soft edges
WORN_HINT, WORN_SURE, WORN_CERTAIN = 50, 110, 170  # evidence levels of the worn garment


class Cells(NamedTuple):
    """What is known of every cell: (h, w) uint8 each, ``roles`` uint16, ``lab`` (h, w, 3)."""

    person: Mask
    lab: Mask
    skin: Mask
    worn: Mask
    hair: Mask
    garment: Mask
    face: Mask
    below_chin: Mask
    neck: Mask
    opening: Mask
    trunk: Mask
    outline: Mask  # alpha of bare arms where worn sleeves become skin; 255 elsewhere
    roles: NDArray[np.uint16]


class Marks(NamedTuple):
    """Lengths and points in cells. ``down`` points from the eyes to the mouth."""

    unit: float  # half chest
    torso: float
    chin: Points
    mouth: Points
    down: Points
    hips: Points  # (2, 2) two points of the hip line, picture left then right
    hem: Points  # (2, 2) ends of the drawn hem, picture left then right
    above_hem: float  # cells above the hem where the continued garment ends
    below_hem: float  # cells below the hem where it ends if cloth is certainly worn there
