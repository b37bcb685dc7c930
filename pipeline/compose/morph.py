"""Typed small operations on alpha maps, (h, w) uint8: OpenCV's, under names that say what for."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Alpha


def as_mask(where: NDArray[np.bool_]) -> Alpha:
    """True → 255."""
    return np.multiply(where, 255, dtype=np.uint8)


def union(a: Alpha, b: Alpha) -> Alpha:
    """The larger of two maps at each pixel."""
    return np.maximum(a, b)


def without(a: Alpha, b: Alpha) -> Alpha:
    """``a`` times what ``b`` leaves free."""
    return np.asarray(cv2.multiply(a, 255 - b, scale=1 / 255.0), np.uint8)


def opened(mask: Alpha, size: int = 3) -> Alpha:
    """``mask`` without specks and threads thinner than ``size``."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _square(size)), np.uint8)


def closed(mask: Alpha, size: int = 5) -> Alpha:
    """``mask`` with gaps narrower than ``size`` filled."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _square(size)), np.uint8)


def grown(mask: Alpha, size: int) -> Alpha:
    """``mask`` widened by half of ``size``."""
    return np.asarray(cv2.dilate(mask, _square(size)), np.uint8)


def shrunk(mask: Alpha, size: int) -> Alpha:
    """``mask`` narrowed by half of ``size``."""
    return np.asarray(cv2.erode(mask, _square(size)), np.uint8)


def resized(array: NDArray[Any], size_wh: tuple[int, int]) -> NDArray[Any]:
    """Area average when smaller, linear interpolation when larger."""
    smaller = size_wh[0] < array.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(array, size_wh, interpolation=how))


def halved(array: NDArray[Any]) -> NDArray[Any]:
    """Half as many rows and columns, at least one; area average."""
    rows, columns = array.shape[:2]
    return resized(array, (max(1, columns // 2), max(1, rows // 2)))


def local_mean(
    array: NDArray[np.float32], weight: NDArray[np.float32], size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums of weight × array and of weight over about size × size pixels, smooth to the edge."""
    weighted = array * (weight if array.ndim == weight.ndim else weight[..., None])
    box = (size, size)
    total = cv2.blur(cv2.blur(weighted, box), box)
    return np.asarray(total, np.float32), np.asarray(cv2.blur(cv2.blur(weight, box), box))


def odd(size: float, least: int = 3) -> int:
    """The odd filter size next to ``size``."""
    return max(least, int(size) | 1)


def steep(alpha: Alpha, start: int) -> Alpha:
    """``alpha`` with a steeper edge that begins at ``start``."""
    table = np.clip((np.arange(256) - start) * 2, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(alpha, table), np.uint8)


def touching(found: Alpha, seed: Alpha, least_area: float = 0.0) -> Alpha:
    """The connected parts of ``found`` that touch ``seed`` and are not smaller than an area."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
    good = np.zeros(count, np.uint8)
    good[labels[(seed & found) > 0]] = 255
    good[0] = 0
    good[stats[:, cv2.CC_STAT_AREA] < least_area] = 0
    return np.asarray(good[labels], np.uint8)


def fill_ellipse(
    canvas: Alpha, centre: NDArray[np.float32], axes: tuple[float, float], degrees: float
) -> Alpha:
    """Fill an ellipse of two full axes into ``canvas``, which is also returned."""
    middle = (float(centre[0]), float(centre[1]))
    cv2.ellipse(canvas, (middle, axes, degrees), (255,), -1)
    return canvas


def _square(size: int) -> Alpha:
    return np.ones((size, size), np.uint8)
