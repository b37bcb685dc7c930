"""Typed small operations on maps of the analysis grid, under names that say what for."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Alpha


def as_mask(where: NDArray[np.bool_]) -> Alpha:
    """True → 255."""
    return np.multiply(where, 255, dtype=np.uint8)


def without(a: Alpha, b: Alpha) -> Alpha:
    """``a`` times what ``b`` leaves free."""
    return np.asarray(cv2.multiply(a, 255 - b, scale=1 / 255.0), np.uint8)


def doubled(half: NDArray[Any]) -> NDArray[Any]:
    """A map of 2 × 2 cells on the grid itself: twice as many rows and columns."""
    size = (2 * half.shape[1], 2 * half.shape[0])
    return np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_LINEAR))


def twice_blurred(array: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Means over size × size, twice: smooth to the edge."""
    box = (size, size)
    return np.asarray(cv2.blur(cv2.blur(array, box), box), np.float32)


def dilated(alpha: Alpha, radius: int) -> Alpha:
    """The largest alpha within ``radius`` cells along each axis."""
    size = 2 * radius + 1
    return np.asarray(cv2.dilate(alpha, np.ones((size, size), np.uint8)), np.uint8)


def odd(size: float, least: int = 3) -> int:
    """The odd filter size next to ``size``."""
    return max(least, int(size) | 1)


def steep(alpha: Alpha, start: int) -> Alpha:
    """``alpha`` with a steeper edge that begins at ``start``."""
    table = np.clip((np.arange(256) - start) * 2, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(alpha, table), np.uint8)
