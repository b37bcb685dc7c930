"""Small geometry shared by the stages. Leaves only: numpy in, numpy out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Box

Floats = NDArray[np.floating[Any]]


def unit(vector: Floats) -> NDArray[np.float32]:
    """Scale a (2,) vector to length 1; a zero vector stays zero."""
    length = float(np.hypot(vector[0], vector[1]))
    return np.asarray(vector / max(length, 1e-6), np.float32)


def smoothstep(x: Floats | float) -> NDArray[np.float32]:
    """Ease from 0 to 1 with zero slope at both ends; clamped outside 0..1."""
    t = np.clip(np.asarray(x, np.float32), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def ease(t: float) -> float:
    """``smoothstep`` of one number, twenty times as fast; compiled code may use it too."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def interpolate(x: float, at: Sequence[float], values: Sequence[float]) -> float:
    """``np.interp`` at one place, for few ascending ``at``; compiled code may use it too."""
    last = len(at) - 1
    if x >= at[last]:
        return values[last]
    if x <= at[0]:
        return values[0]
    after = 1
    while x >= at[after]:
        after += 1
    share = (x - at[after - 1]) / (at[after] - at[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])


def bounding_box(points: Floats, size_wh: tuple[int, int], margin: int = 0) -> Box:
    """Smallest box around ``points`` (n, 2) grown by ``margin`` px and clipped to the frame."""
    low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return box_between(low, high, size_wh, margin)


def box_between(
    low: Sequence[float], high: Sequence[float], size_wh: tuple[int, int], margin: int = 0
) -> Box:
    """Smallest box around two corners (x, y) grown by ``margin`` px and clipped to the frame."""
    width, height = size_wh
    x0 = min(max(math.floor(low[0]) - margin, 0), width)
    y0 = min(max(math.floor(low[1]) - margin, 0), height)
    x1 = min(math.ceil(high[0]) + margin + 1, width)
    y1 = min(math.ceil(high[1]) + margin + 1, height)
    return Box(x0, y0, max(x0, x1), max(y0, y1))
