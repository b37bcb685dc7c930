"""What only seems to be a worn collar beside a bare neck: the wall behind it, and hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import BACKGROUND, FEW_PIXELS, Evidence
from pipeline.compose.morph import dilated
from pipeline.compose.view import View
from pipeline.compose.zones import Zones
from pipeline.structures import Alpha

MIDDLE = 0.14  # half chests around a neck's axis that are neck, however slim
AROUND = 0.4  # half chests around the neck where the background tells its colour
BARE_FROM, BARE_TO = 0.4, 0.7  # share of bare cells in the middle of a neck without a high collar
WIDTHS = (24, 6, 6)  # Lab in bytes; differences within one wall
BUSY = 24  # bytes between quartiles of lightness; a background that varies more has no one colour
SURELY_HAIR, NO_CLOTH = 90, 25  # evidence of a strand that is no dark collar
MIXED = 2  # cells beside a strand or a wall whose colours are mixed with it


def no_collar(view: View, zones: Zones, evidence: Evidence) -> Alpha:
    """Where no skin may be painted beside a bare neck, (h, w) uint8.

    The person's mask is wide between neck and hair, and a worn garment may have the wall's colour:
    what looks like the background there is background. In the middle of the neck and on the chest
    a garment is believed, and beside a covered neck too: a high collar may be white as the wall.
    """
    out = view.blank()
    left, top, width, height = cv2.boundingRect(zones.neck)
    if width == 0:
        return out
    room = int(AROUND * zones.unit)
    top, left = max(0, top - MIXED), max(0, left - room)
    box = np.s_[top : top + height + 2 * MIXED, left : left + width + 2 * room]
    skin, worn, person = evidence.skin[box], evidence.worn[box], view.person[box]
    neck = dilated(zones.neck[box], MIXED) > 0  # as far as its painted edge is soft
    middle = neck & _near_axis(zones, top, left, neck.shape)
    bare = float((skin[middle] > worn[middle]).mean()) if middle.any() else 0.0
    if bare <= BARE_FROM:
        return out
    found = (evidence.hair[box] > SURELY_HAIR) & (worn < NO_CLOTH)
    found |= _like_background(view.lab[box], person)
    cloth = (worn >= NO_CLOTH) & (worn > skin) & ~found  # a collar, however near to a wall
    found[middle] = False
    beside = dilated(found.view(np.uint8), MIXED)
    beside[~neck | middle | cloth | (zones.opening[box] > 0)] = 0
    strength = np.interp(bare, [BARE_FROM, BARE_TO], [0.0, 255.0])
    out[box] = cv2.blur(beside * np.uint8(strength), (3, 3))
    return out


def _near_axis(zones: Zones, top: int, left: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Cells near the line from the chin to the middle of the neckline."""
    end = (zones.neckline[0] + zones.neckline[-1]) / 2
    along = end - zones.face.mouth
    along /= max(float(np.hypot(*along)), 1.0)
    y = np.arange(top, top + shape[0], dtype=np.float32)[:, None] - end[1]
    x = np.arange(left, left + shape[1], dtype=np.float32) - end[0]
    return np.asarray(np.abs(x * along[1] - y * along[0]) < MIDDLE * zones.unit)


def _like_background(lab: NDArray[np.uint8], person: Alpha) -> NDArray[np.bool_]:
    """Cells (h, w) in the colour that the background has around them; none if it has many."""
    behind = np.sort(lab[::2, ::2][person[::2, ::2] < BACKGROUND], axis=0).astype(np.int16)
    count = len(behind)
    if count < FEW_PIXELS or behind[3 * count // 4, 0] - behind[count // 4, 0] > BUSY:
        return np.zeros(person.shape, np.bool_)
    usual = behind[count // 2]
    width = np.array(WIDTHS, np.int16)
    least, most = (np.clip(usual + off, 0, 255).astype(np.uint8) for off in (-width, width))
    return np.asarray(cv2.inRange(lab, least, most) > 0)
