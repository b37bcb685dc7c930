"""Small geometry shared by the stages. Leaves only: numpy in, numpy out."""

from __future__ import annotations

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


def bounding_box(points: Floats, size_wh: tuple[int, int], margin: int = 0) -> Box:
    """Smallest box around ``points`` (n, 2) grown by ``margin`` px and clipped to the frame."""
    low = np.floor(points.min(axis=0)).astype(int) - margin
    high = np.ceil(points.max(axis=0)).astype(int) + margin + 1
    width, height = size_wh
    x0, y0 = int(np.clip(low[0], 0, width)), int(np.clip(low[1], 0, height))
    return Box(x0, y0, max(x0, int(min(high[0], width))), max(y0, int(min(high[1], height))))
