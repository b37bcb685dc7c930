"""Scene cuts: a picture that changes at once and everywhere, unlike anything just before it."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled
from pipeline.structures import Frame

THUMBNAIL_WH = (32, 24)  # small enough that noise and a waving hand average out
RECENT_STEPS = 3  # what counts as "just before"

# Motion grows with the time between frames, a cut does not (mean grey levels of 0..255).
MIN_CHANGE = 2.0
MIN_CHANGE_PER_S = 60.0  # largest start of a movement seen: 5.9 at 15 fps; smallest hard cut: 4.9
NOISE = 0.3  # change between two frames of a still camera
CELL_CLIP = 8.0  # beyond this a cell has simply changed: counts area instead of contrast
MIN_SURPRISE = 5.6  # product of both ratios below; seen: motion up to 5.3, hard cuts from 6.0


@compiled
def _cell_means(lines, columns, rows):  # type: ignore[no-untyped-def]
    """Mean colour of every cell of a grid over a picture.

    Args:
        lines: (H, 3 W) uint8, the picture's rows, colours interleaved.
        columns, rows: of the grid; no more than pixels.

    Returns:
        (rows, columns, 3) float32, whole levels.
    """
    height, width = lines.shape[0], lines.shape[1] // 3
    means = np.empty((rows, columns, 3), np.float32)
    for row in range(rows):
        top, bottom = row * height // rows, (row + 1) * height // rows
        sums = np.zeros(lines.shape[1], np.uint32)
        for y in range(top, bottom):
            for x in range(lines.shape[1]):
                sums[x] += lines[y, x]
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            for channel in range(3):
                total = np.uint32(0)
                for x in range(3 * left + channel, 3 * right, 3):
                    total += sums[x]
                means[row, column, channel] = np.rint(total / ((bottom - top) * (right - left)))
    return means


@compiled
def _difference(first, second):  # type: ignore[no-untyped-def]
    """Mean change of the cells (rows, columns, 3), and the same with each cell's clipped."""
    change, extent = 0.0, 0.0
    for row in range(first.shape[0]):
        for column in range(first.shape[1]):
            cell = 0.0
            for channel in range(3):
                cell += abs(first[row, column, channel] - second[row, column, channel]) / 3.0
            change += cell
            extent += min(cell, CELL_CLIP)
    count = first.shape[0] * first.shape[1]
    return change / count, extent / count


class CutDetector:
    """Compares each frame of a video with the ones just before. About 0.1 CPU-ms a frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the scene; the next frame is no cut."""
        self._thumbnail: NDArray[np.float32] | None = None
        self._time_s = 0.0
        self._steps: deque[tuple[float, float]] = deque(maxlen=RECENT_STEPS)

    def is_cut(self, frame: Frame) -> bool:
        """Whether this frame begins a new scene. The first frame of all does not."""
        lines = np.ascontiguousarray(frame.image).reshape(frame.image.shape[0], -1)
        thumbnail: NDArray[np.float32] = _cell_means(lines, *THUMBNAIL_WH)
        before, self._thumbnail = self._thumbnail, thumbnail
        step_s, self._time_s = frame.time_s - self._time_s, frame.time_s
        if before is None:
            return False
        change, extent = _difference(thumbnail, before)
        if self._is_surprise(change, extent, max(step_s, 0.0)):
            self._steps.clear()
            return True
        self._steps.append((change, extent))
        return False

    def _is_surprise(self, change: float, extent: float, step_s: float) -> bool:
        if not self._steps or change < MIN_CHANGE + MIN_CHANGE_PER_S * step_s:
            return False
        change_ratio = change / (NOISE + max(step[0] for step in self._steps))
        extent_ratio = extent / (NOISE + max(step[1] for step in self._steps))
        return change_ratio * extent_ratio >= MIN_SURPRISE
