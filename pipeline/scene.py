"""Scene cuts: a picture that changes at once and everywhere, unlike anything just before it."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Frame

THUMBNAIL_WH = (32, 24)  # small enough that noise and a waving hand average out
RECENT_STEPS = 3  # what counts as "just before"

# Motion grows with the time between frames, a cut does not (mean grey levels of 0..255).
MIN_CHANGE = 2.0
MIN_CHANGE_PER_S = 60.0  # largest start of a movement seen: 5.9 at 15 fps; smallest hard cut: 4.9
NOISE = 0.3  # change between two frames of a still camera
CELL_CLIP = 8.0  # beyond this a cell has simply changed: counts area instead of contrast
MIN_SURPRISE = 5.6  # product of both ratios below; seen: motion up to 5.3, hard cuts from 6.0


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
        small = cv2.resize(frame.image, THUMBNAIL_WH, interpolation=cv2.INTER_AREA)
        thumbnail = np.asarray(small, np.float32)
        before, self._thumbnail = self._thumbnail, thumbnail
        step_s, self._time_s = frame.time_s - self._time_s, frame.time_s
        if before is None:
            return False
        cells = np.abs(thumbnail - before).mean(axis=2)
        change, extent = float(cells.mean()), float(np.minimum(cells, CELL_CLIP).mean())
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
