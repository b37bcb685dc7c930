"""Calm over time: maps of a standing picture are averaged, those of a moving one are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.compose.loops.colours import changed, settle
from pipeline.compose.loops.masks import grown, opened
from pipeline.compose.view import View

NOISE = 5.0  # colour change (sum over Lab) that a webcam makes by itself between two frames
SPAN = 14.0  # change beyond it at which the old value counts for nothing
JUMP = 89  # of 255; a region whose maps change by more has moved, whatever its colour


class _Memory:
    """What was there before, on the analysis grid of the whole frame."""

    def __init__(self, grid: tuple[int, int], count: int) -> None:
        self.planes = np.zeros((count, *grid), np.float32)
        self.lab = np.zeros((*grid, 3), np.float32)
        self.known = np.zeros(grid, np.uint8)


class Settler:
    """Averages maps over time in the frame's own coordinates.

    Args:
        calm_time_s: time constant where nothing moves.
    """

    def __init__(self, calm_time_s: float) -> None:
        self._calm_time_s = calm_time_s
        self._memory: _Memory | None = None
        self._time_s: float | None = None

    def apply(self, view: View, planes: NDArray[np.uint8], time_s: float) -> None:
        """Average ``planes`` (k, h, w) of a view with what was there before, in place."""
        memory = self._memory
        if memory is None or memory.known.shape != view.grid:
            memory = self._memory = _Memory(view.grid, len(planes))
        elapsed = 0.0 if self._time_s is None else max(0.0, time_s - self._time_s)
        self._time_s = time_s
        top, left = view.origin
        jumped = changed(planes, memory.planes, top, left, JUMP)
        moved = grown(opened(jumped, 1), 1)  # an edge that wavers by a cell has not moved
        settle(
            planes,
            view.lab,
            moved,
            memory.planes,
            memory.lab,
            memory.known,
            top,
            left,
            float(1.0 - np.exp(-elapsed / self._calm_time_s)),
            NOISE,
            SPAN,
        )
