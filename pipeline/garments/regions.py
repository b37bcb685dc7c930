"""Small operations on (h, w) bool masks that the garment modules share."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def disc(diameter_px: int) -> NDArray[np.uint8]:
    """Round structuring element; the diameter is made odd so that it has a centre."""
    size = max(1, diameter_px) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def grow(mask: Mask, diameter_px: int) -> Mask:
    """Dilate by a disc."""
    return cv2.dilate(mask.astype(np.uint8), disc(diameter_px)) > 0


def shrink(mask: Mask, diameter_px: int) -> Mask:
    """Erode by a disc; what lies outside the picture counts as part of the mask."""
    return cv2.erode(mask.astype(np.uint8), disc(diameter_px)) > 0


def opened(mask: Mask, diameter_px: int) -> Mask:
    """Remove everything thinner than the disc."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(diameter_px)) > 0


def closed(mask: Mask, diameter_px: int) -> Mask:
    """Fill every gap thinner than the disc."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc(diameter_px)) > 0


def components(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Label the 4-connected components.

    Returns:
        (h, w) labels, 0 outside; and the (n,) areas, px, of labels 1..n.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    areas: NDArray[np.int32] = stats[1:, cv2.CC_STAT_AREA].astype(np.int32)
    return labels.astype(np.int32), areas


def largest(mask: Mask) -> Mask:
    """The largest component; an empty mask stays empty."""
    labels, areas = components(mask)
    return labels == 1 + int(areas.argmax()) if areas.size else mask.copy()


def reached_from_border(mask: Mask) -> Mask:
    """The part of the mask that is connected with the border of the picture."""
    labels, areas = components(mask)
    touching = np.zeros(areas.size + 1, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching[edge] = True
    touching[0] = False
    return np.asarray(touching[labels], np.bool_)


def holes(mask: Mask) -> Mask:
    """What the mask encloses without covering it."""
    return ~mask & ~reached_from_border(~mask)


def runs(row: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The (n, 2) first and last index of every run of True in a row."""
    steps = np.diff(np.concatenate([[0], row.astype(np.int8), [0]]))
    found = np.stack([np.nonzero(steps == 1)[0], np.nonzero(steps == -1)[0] - 1], axis=1)
    return np.asarray(found, np.int32)


def contour(mask: Mask) -> NDArray[np.float32]:
    """Outline of the largest component as (n, 2) x, y, clockwise in the picture."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not found:
        return np.zeros((0, 2), np.float32)
    points = max(found, key=cv2.contourArea).reshape(-1, 2).astype(np.float32)
    following = np.roll(points, -1, axis=0)
    twice_area = float(np.sum(points[:, 0] * following[:, 1] - points[:, 1] * following[:, 0]))
    return points if twice_area > 0 else points[::-1].copy()
