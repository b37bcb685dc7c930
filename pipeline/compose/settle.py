"""Calm over time: maps of a standing picture are averaged, those of a moving one are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.compose import kernels
from pipeline.compose.morph import grown, shrunk
from pipeline.compose.view import View

NOISE = 5.0  # colour change (sum over Lab) that a webcam makes by itself between two frames
SPAN = 14.0  # change beyond it at which the old value counts for nothing
JUMP = 0.35  # of the full scale; a region whose maps change by more has moved, whatever its colour
MARGIN = 64  # rows and columns the memory is enlarged by when a view leaves it


class _Memory:
    def __init__(self, rows: int, columns: int, count: int) -> None:
        self.maps = np.zeros((rows, columns, count), np.float32)
        self.lab = np.zeros((rows, columns, 3), np.float32)
        self.known = np.zeros((rows, columns), np.uint8)


class Settler:
    """Averages maps over time in the frame's own coordinates.

    Args:
        calm_time_s: time constant where nothing moves.
        full_scale: largest value of the maps.
    """

    def __init__(self, calm_time_s: float, full_scale: float) -> None:
        self._calm_time_s = calm_time_s
        self._full_scale = full_scale
        self._memory: _Memory | None = None
        self._step = 0
        self._time_s: float | None = None

    def apply(self, view: View, maps: NDArray[np.float32], time_s: float) -> NDArray[np.float32]:
        """Average ``maps`` (h, w, k; 0..``full_scale``) of a view with what was there before."""
        if view.step != self._step:
            self._memory = None
            self._step = view.step
        rows, columns = view.shape
        top, left = view.origin
        memory = self._remember(top + rows, left + columns, maps.shape[2])
        elapsed = 0.0 if self._time_s is None else max(0.0, time_s - self._time_s)
        self._time_s = time_s
        place = np.s_[top : top + rows, left : left + columns]
        settled = np.array(maps, np.float32, order="C")
        jumped = kernels.changed(settled, memory.maps[place], JUMP * self._full_scale)
        moved = grown(shrunk(jumped, 3), 5)  # an edge that wavers by a cell has not moved
        kernels.settle(
            settled,
            view.lab,
            memory.maps[place],
            memory.lab[place],
            memory.known[place],
            moved,
            float(1.0 - np.exp(-elapsed / self._calm_time_s)),
            NOISE,
            SPAN,
        )
        return settled

    def _remember(self, rows: int, columns: int, count: int) -> _Memory:
        """The memory, large enough for ``rows`` × ``columns`` cells from the frame's corner."""
        memory = self._memory
        if memory is None:
            memory = _Memory(rows + MARGIN, columns + MARGIN, count)
        have_rows, have_columns = memory.known.shape
        if rows > have_rows or columns > have_columns:
            grown_to = _Memory(max(rows, have_rows), max(columns, have_columns), count)
            grown_to.maps[:have_rows, :have_columns] = memory.maps
            grown_to.lab[:have_rows, :have_columns] = memory.lab
            grown_to.known[:have_rows, :have_columns] = memory.known
            memory = grown_to
        self._memory = memory
        return memory
