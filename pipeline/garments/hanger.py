"""Hangers: cut away where they show above a garment, seen for what they are where they cannot be.

A hanger that was cut out together with its garment makes a bridge over a hole: the wall shows
between its bars and the neckline, and the bridge is not of the garment's cloth.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask, components, disc, grow, holes, largest, opened
from pipeline.garments.shape import Shape
from pipeline.images import to_lab
from pipeline.structures import Image

HOLE_AREA = 0.003  # of the garment; smaller is a fold or a loop
HOLE_CENTRAL = 0.2  # of the torso width, from the axis
HOLE_ROWS = 0.3  # of the height: it lies above
CLOTH_ROWS = 0.35, 0.85  # of the height, where everything is cloth
CLOTH_COLOURS = 4
SEED = 7  # k-means starts at random
UNLIKE = 22.0  # ΔE from every colour of the cloth
BRIDGE_REACH = 9  # px diameter: how near to the hole the bridge is
BRIDGE_SHARE = 0.5  # of the hole's width that the bridge covers
RIM = 7  # px diameter: the soft edge of a hanger goes with it

HOOK_CENTRAL = 0.2  # of the garment's width, from its middle
HOOK_HEIGHT = 0.05  # of the garment's height that it rises
HOOK_THICK = 13  # px diameter: thicker things are no hook
HOOK_CONTRAST = 8.0  # in any Lab channel, from both sides of it
HOOK_SMOOTH = 0.8  # px
HOOK_GAP = 6  # px between the cut-out and the first of the hook
HOOK_CLUTTER = 0.2  # of the garment's width: more lines than this are a pattern


def find_hanger(image: Image, shape: Shape) -> Mask:
    """(h, w) bool, all but the garment where a hanger bridges a hole above its neckline.

    Empty when there is no hanger, as mostly.

    Args:
        image: (h, w, 3) uint8 RGB.
        shape: of everything that was cut out.
    """
    nothing = np.zeros_like(shape.mask)
    hole = _central_hole(shape)
    if not hole.any():
        return nothing
    lab = to_lab(image)
    unlike = shape.mask & (_from_cloth(lab, shape) > UNLIKE)
    unlike[shape.row(CLOTH_ROWS[0]) :] = False
    labels, areas = components(opened(unlike, 3))
    touching = np.zeros(areas.size + 1, bool)
    touching[labels[grow(hole, BRIDGE_REACH)]] = True
    touching[0] = False
    bridge = np.asarray(touching[labels], np.bool_)
    covered = np.count_nonzero((bridge & _above(hole)).any(axis=0))
    if covered < BRIDGE_SHARE * np.count_nonzero(hole.any(axis=0)):
        return nothing
    bridge = grow(bridge, RIM) & shape.mask
    return ~grow(largest(shape.mask & ~bridge), RIM) | bridge


def _central_hole(shape: Shape) -> Mask:
    labels, areas = components(holes(shape.mask))
    found = np.zeros_like(shape.mask)
    for label in 1 + np.flatnonzero(areas > HOLE_AREA * np.count_nonzero(shape.mask)):
        y, x = np.nonzero(labels == label)
        central = abs(float(x.mean()) - shape.axis_x) < HOLE_CENTRAL * shape.torso_width
        if central and y.mean() < shape.row(HOLE_ROWS):
            found |= labels == label
    return found


def _above(area: Mask) -> Mask:
    """Everything above an area."""
    return np.asarray(np.maximum.accumulate(area[::-1], axis=0)[::-1] & ~area, np.bool_)


def _from_cloth(lab: NDArray[np.float32], shape: Shape) -> NDArray[np.float32]:
    """(h, w) ΔE from the nearest main colour of the cloth."""
    rows = slice(shape.row(CLOTH_ROWS[0]), shape.row(CLOTH_ROWS[1]))
    cloth = np.ascontiguousarray(lab[rows][shape.mask[rows]])
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    none = np.zeros((0, 1), np.int32)
    _, _, centres = cv2.kmeans(cloth, CLOTH_COLOURS, none, stop, 2, cv2.KMEANS_PP_CENTERS)
    away = [np.linalg.norm(lab - centre, axis=-1) for centre in centres]
    return np.asarray(np.min(away, axis=0), np.float32)


def shows_hook(image: Image, mask: Mask) -> bool:
    """Whether a thin hook rises out of the middle of a garment's top.

    Args:
        image: (h, w, 3) uint8 RGB, the photo at the size of the mask.
        mask: (h, w) bool, the garment in it, not empty.
    """
    mask = opened(mask, HOOK_THICK)  # a hook may have been cut out along with the garment
    if not mask.any():
        return False
    columns = np.flatnonzero(mask.any(axis=0))
    height = int(np.ptp(np.flatnonzero(mask.any(axis=1)))) + 1
    width = int(np.ptp(columns)) + 1
    middle = 0.5 * float(columns[0] + columns[-1])
    near = slice(max(0, int(middle - HOOK_CENTRAL * width)), int(middle + HOOK_CENTRAL * width))
    filled = np.flatnonzero(mask[:, near].any(axis=1))
    if not filled.size or filled[0] <= HOOK_GAP:
        return False
    top = int(filled[0])
    lines = _thin_lines(image)
    trace = np.zeros(mask.shape[1], np.uint8)
    trace[near] = lines[top - HOOK_GAP : top, near].any(axis=0)
    for risen, row in enumerate(lines[top - 2 :: -1]):
        trace = cv2.dilate(trace[None], np.ones((1, 5), np.uint8))[0] * row
        if not trace.any() or trace.sum() > HOOK_CLUTTER * width:
            return risen >= HOOK_HEIGHT * height
    return top - 1 >= HOOK_HEIGHT * height


def _thin_lines(image: Image) -> NDArray[np.uint8]:
    """(h, w) 1 where something thin differs from what lies on both sides of it."""
    lab = cv2.GaussianBlur(to_lab(image), (0, 0), HOOK_SMOOTH)
    bright = cv2.morphologyEx(lab, cv2.MORPH_TOPHAT, disc(HOOK_THICK))
    dark = cv2.morphologyEx(lab, cv2.MORPH_BLACKHAT, disc(HOOK_THICK))
    return np.asarray(np.maximum(bright, dark).max(axis=-1) > HOOK_CONTRAST, np.uint8)
