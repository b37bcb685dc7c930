"""The part of a picture that shows something: without the black bars around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Box, Image

BLACK = 10  # brightest value of a coded bar; sensor noise in a dark room is brighter somewhere
SAMPLE_EVERY_PX = 8
MOST = 0.4  # of the picture; a picture that is darker than this has no bars, it is dark


def without_bars(image: Image) -> Box:
    """The box inside letterbox or pillarbox bars; the whole picture when there are none.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    height, width = image.shape[:2]
    top, bottom = _inside(image[:, ::SAMPLE_EVERY_PX])
    left, right = _inside(image[::SAMPLE_EVERY_PX].transpose(1, 0, 2))
    return Box(left, top, width - right, height - bottom)


def _inside(lines: NDArray[np.uint8]) -> tuple[int, int]:
    """How many of the first and of the last lines (n, samples, 3) are black."""
    return _black(lines), _black(lines[::-1])


def _black(lines: NDArray[np.uint8]) -> int:
    most = int(MOST * len(lines))
    for count in range(most):
        if lines[count].max() > BLACK:
            return count
    return 0
