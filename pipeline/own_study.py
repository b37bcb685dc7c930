"""Many looks at one still picture, put together on one finer canvas.

A look sees 256×192 pixels, be it a whole figure, its upper half or a hand. Closer looks know where
borders run, farther ones what things are; their mean is better than any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.labels import OwnPart
from pipeline.own_crop import (
    INPUT_HW,
    MIDDLE,
    OwnCrop,
    Planes,
    close_boxes,
    sampled,
    square,
)
from pipeline.own_parse import OwnParse
from pipeline.structures import Image, Pose

FARTHER = 0.85  # the scale of a look's mirrored repetition, times its own
UPPER_FINER = 1.1  # so much finer must the upper body alone be to be looked at by itself
UPPER_WEIGHT = 2.0  # of such looks, times that of looks at everything
CLOSE_WEIGHT = 0.6  # of the closest looks
EDGE_REACH = 7  # canvas pixels to an edge of the picture that a border may be moved to
EDGE_CONTRAST = 6.5  # levels²: the variance that makes an edge
LEAST_SHARE = 1e-4
SOFT_PX = 48  # from a closer look's edge, where it counts nothing, to where it counts fully


@dataclass(frozen=True, slots=True)
class Look:
    """One look: what it sees, left for right or not, and how much it counts.

    Attributes:
        outlined: with MediaPipe's outline, which tells whose figure is meant but often lacks a
            hand or an arm; closely, what is looked at is the person's anyway.
        soft_px: of the crop, as ``SOFT_PX``; 0 for a look that has no edge to anything.
    """

    crop: OwnCrop
    mirrored: bool = False
    weight: float = 1.0
    soft_px: int = 0
    outlined: bool = True


def looks(pose: Pose, whole: bool, closely: bool = True) -> Iterator[Look]:
    """What to look at, the largest first: everything, the upper body, and its parts closely."""
    first = OwnCrop.around(pose, whole)
    yield Look(first)
    yield Look(first.scaled(FARTHER), mirrored=True)
    upper = OwnCrop.around(pose)
    if upper.scale > UPPER_FINER * first.scale:
        yield Look(upper, False, UPPER_WEIGHT, SOFT_PX)
        yield Look(upper.scaled(FARTHER), True, UPPER_WEIGHT, SOFT_PX)
    if not closely:
        return
    boxes = close_boxes(pose.landmarks_px, pose.visibility, pose.size_wh)
    for crop in (OwnCrop.fit(*box) for box in boxes):
        for mirrored in (False, True):
            yield Look(crop, mirrored, CLOSE_WEIGHT, SOFT_PX, outlined=False)


def study(
    pose: Pose, whole: bool, closely: bool, see: Callable[[OwnCrop, bool, bool], OwnParse]
) -> OwnParse:
    """The mean of several looks at one picture.

    Args:
        pose: of the person in it; whole: down to the feet; closely: at parts of the body too.
        see: one look at a crop, left for right if the second argument says so, with MediaPipe's
            outline if the third does.

    Returns:
        What the first look covers, in pixels as fine as those of the closest.
    """
    wanted = list(looks(pose, whole, closely))
    canvas = _Canvas(wanted[0].crop, max(look.crop.scale for look in wanted))
    for look in wanted:
        canvas.add(see(look.crop, look.mirrored, look.outlined).logits, look)
    return canvas.mean()


def snapped(parse: OwnParse, image: Image) -> OwnParse:
    """What was seen, with its borders moved to the edges that the picture shows beside them.

    Source: He, Sun and Tang 2013, Guided image filtering.

    Args:
        parse: of a picture; image: that picture, (H, W, 3) uint8 RGB.
    """
    height, width = parse.logits.shape[1:]
    guide = sampled(image, parse.crop.to_crop, (width, height), MIDDLE)
    shares = np.ascontiguousarray(parse.probabilities.transpose(1, 2, 0))
    snap = cv2.ximgproc.createGuidedFilter(guide, EDGE_REACH, EDGE_CONTRAST)
    found = np.clip(snap.filter(shares), LEAST_SHARE, 1).transpose(2, 0, 1)
    return OwnParse(parse.crop, np.log(found))


class _Canvas:
    """Sums what looks say, weighted.

    Args:
        crop: what it covers; scale: canvas pixels per pixel of the frame.
    """

    def __init__(self, crop: OwnCrop, scale: float) -> None:
        finer = scale / crop.scale
        height, width = (round(finer * n) for n in INPUT_HW)
        shift = (finer - 1) / 2  # pixels are counted from their centres
        grown = np.array([[finer, 0, shift], [0, finer, shift]])
        self._crop = OwnCrop(np.asarray(grown @ square(crop.to_crop), np.float32))
        self._size_wh = (width, height)
        self._sum = np.zeros((len(OwnPart), height, width), np.float32)
        self._weights = np.full((height, width), np.finfo(np.float32).tiny, np.float32)

    def add(self, logits: Planes, look: Look) -> None:
        between = square(look.crop.to_crop) @ np.linalg.inv(square(self._crop.to_crop))
        parse = OwnParse(OwnCrop(np.asarray(between[:2], np.float32)), logits)
        rows, columns = parse.reach(self._size_wh)
        weights = look.weight * parse.spread(_trust(look.soft_px), rows, columns, outside=0.0)
        self._sum[:, rows, columns] += weights * parse.moved(rows, columns)
        self._weights[rows, columns] += weights

    def mean(self) -> OwnParse:
        return OwnParse(self._crop, self._sum / self._weights)


def _trust(soft_px: int) -> Planes:
    """(256, 192) 0..1: little near the edge of a crop, where the network sees half of a thing."""
    if not soft_px:
        return np.ones(INPUT_HW, np.float32)
    inside = np.pad(np.ones(INPUT_HW, np.uint8), 1)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(np.minimum(distance / soft_px, 1), np.float32)
