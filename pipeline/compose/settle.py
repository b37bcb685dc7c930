"""Calm over time: maps of a standing picture are averaged, those of a moving one are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.compose import kernels
from pipeline.compose.view import View

NOISE = 5.0  # colour change (sum over Lab) that a webcam makes by itself between two frames
SPAN = 14.0  # change beyond it at which the old value counts for nothing
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
    """

    def __init__(self, calm_time_s: float) -> None:
        self._calm_time_s = calm_time_s
        self._memories: dict[str, _Memory] = {}
        self._step = 0
        self._time_s: dict[str, float] = {}

    def apply(
        self, name: str, view: View, maps: NDArray[np.float32], time_s: float
    ) -> NDArray[np.float32]:
        """Average ``maps`` (h, w, k) of a view with what was there before under ``name``."""
        if view.step != self._step:
            self._memories.clear()
            self._step = view.step
        rows, columns = view.shape
        top, left = view.origin
        memory = self._memory(name, top + rows, left + columns, maps.shape[2])
        elapsed = max(0.0, time_s - self._time_s.get(name, time_s))
        self._time_s[name] = time_s
        place = np.s_[top : top + rows, left : left + columns]
        settled = np.ascontiguousarray(maps).copy()
        kernels.settle(
            settled,
            view.lab,
            memory.maps[place],
            memory.lab[place],
            memory.known[place],
            float(1.0 - np.exp(-elapsed / self._calm_time_s)),
            NOISE,
            SPAN,
        )
        return settled

    def _memory(self, name: str, rows: int, columns: int, count: int) -> _Memory:
        memory = self._memories.get(name)
        if memory is None:
            memory = _Memory(rows + MARGIN, columns + MARGIN, count)
            self._memories[name] = memory
            return memory
        have_rows, have_columns = memory.known.shape
        if rows > have_rows or columns > have_columns:
            grown = _Memory(max(rows, have_rows), max(columns, have_columns), count)
            grown.maps[:have_rows, :have_columns] = memory.maps
            grown.lab[:have_rows, :have_columns] = memory.lab
            grown.known[:have_rows, :have_columns] = memory.known
            self._memories[name] = memory = grown
        return memory
