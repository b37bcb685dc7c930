"""The back of a garment that shows below its front hem.

Photos of garments on an invisible mannequin show the inside of a longer back below the front, and
a bodysuit's pants below its waist. Neither is seen on a person from the front.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.garments.edges import EdgeSearch
from pipeline.garments.regions import Mask
from pipeline.garments.shape import Shape
from pipeline.structures import Image, Points

SAMPLES = 61
ROWS = 0.60, 0.985  # of the height, where a front hem may be
ROW_STEP = 2  # px
TILTS = -0.04, 0.0, 0.04  # drop of the left end ÷ width
SAGS = np.linspace(-0.10, 0.20, 16)  # drop of the middle ÷ width
CENTRAL = 0.97
INSIDE_LEAST = 0.75
CONTRAST_LEAST, CONTRAST_GAIN = 20.0, 4.2  # a hem over a shaded inside; a plaid's line has 3.8
DARKER = 8.0  # L: the inside of the back lies in the shadow of the front
TAIL_WIDTH = 0.9  # of the hem: a tail narrows, a broad stripe does not
TAIL_HEIGHT = 0.03, 0.33  # of the height, in the middle


def find_tail(image: Image, shape: Shape, torso: Mask) -> Mask:
    """(h, w) bool, what of the torso hangs below its front hem; mostly nothing.

    Args:
        image: (h, w, 3) uint8 RGB.
        shape: of the whole garment.
        torso: (h, w) bool, the garment without its sleeves.
    """
    curves = _curves(shape, torso)
    nothing = np.zeros_like(torso)
    if not len(curves):
        return nothing
    found = EdgeSearch(image, torso).scores(curves, CENTRAL)
    inside = found.inside > INSIDE_LEAST
    if not inside.any():
        return nothing
    usual = float(np.median(found.contrast[inside]))
    score = np.where(inside & (found.step[:, 0] < -DARKER), found.contrast, 0.0)
    best = int(np.argmax(score))
    if score[best] < max(CONTRAST_LEAST, CONTRAST_GAIN * usual):
        return nothing
    tail = _below(curves[best], torso)
    return tail if _is_tail(tail, shape, curves[best]) else nothing


def _curves(shape: Shape, torso: Mask) -> NDArray[np.float32]:
    t = np.linspace(0.0, 1.0, SAMPLES)
    bow = 1.0 - (2.0 * t - 1.0) ** 2
    curves = []
    for y in range(shape.row(ROWS[0]), shape.row(ROWS[1]), ROW_STEP):
        columns = np.flatnonzero(torso[y])
        if not len(columns):
            continue
        x0, width = float(columns[0]), float(columns[-1] - columns[0])
        for tilt in TILTS:
            end = int(np.clip(y + tilt * width, 0, len(torso) - 1))
            others = np.flatnonzero(torso[end])
            if len(others):
                x = x0 + t * (float(others[-1]) - x0)
                level = y + t * (end - y)
                curves += [np.stack([x, level + sag * width * bow], axis=1) for sag in SAGS]
    return np.asarray(curves, np.float32).reshape(-1, SAMPLES, 2)


def _below(curve: Points, torso: Mask) -> Mask:
    rows = np.arange(torso.shape[0])[:, None]
    level = np.interp(np.arange(torso.shape[1]), curve[:, 0], curve[:, 1])
    return np.asarray(torso & (rows > level[None]), np.bool_)


def _is_tail(tail: Mask, shape: Shape, curve: Points) -> bool:
    widths = np.count_nonzero(tail, axis=1)
    if not widths.any():
        return False
    hem = float(curve[-1, 0] - curve[0, 0])
    height = np.count_nonzero(tail[:, round(shape.axis_x)]) / shape.height
    narrow = float(np.median(widths[widths > 0])) < TAIL_WIDTH * hem
    return narrow and TAIL_HEIGHT[0] < height < TAIL_HEIGHT[1]
