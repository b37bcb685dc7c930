"""How far down the garment reaches that the person really wears."""

from __future__ import annotations

import numpy as np

from pipeline.compose.evidence import Evidence
from pipeline.compose.view import View
from pipeline.structures import Body

LEVELS = np.arange(0.55, 1.55, 0.025)  # torso lengths below the shoulder line
COLUMNS = np.linspace(-0.45, 0.45, 9)  # half chests beside the centre line
WORN = 70  # evidence of a sample that is worn cloth
ROW_SHARE = 0.45  # of a row's samples must be worn cloth
GAP_ROWS = 3  # a belt of hands or print does not end a garment
TIME_S = 0.6
DEAD_BAND = 0.04  # torso lengths; smaller changes of the hem are noise


class WornHem:
    """Follows the hem of the worn garment from frame to frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self.depth: float | None = None
        self._time_s = 0.0

    def update(self, view: View, body: Body, evidence: Evidence, time_s: float) -> None:
        """Look for the hem in one frame; ``depth`` (torso lengths) keeps its value when unseen."""
        elapsed = max(0.0, time_s - self._time_s)
        self._time_s = time_s
        found = _find(view, body, evidence)
        if found is None:
            return
        if self.depth is None:
            self.depth = found
        elif abs(found - self.depth) > DEAD_BAND:
            self.depth += float(1.0 - np.exp(-elapsed / TIME_S)) * (found - self.depth)


def _find(view: View, body: Body, evidence: Evidence) -> float | None:
    down = -body.up * (LEVELS[:, None, None] * body.torso_px)
    across = body.right * (COLUMNS[None, :, None] * body.half_chest_seen_px)
    cells = np.round(view.to_small(body.mid_shoulder + down + across)).astype(int)
    x, y = cells[..., 0], cells[..., 1]
    rows, columns = view.shape
    inside = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
    worn = inside & (evidence.worn[y.clip(0, rows - 1), x.clip(0, columns - 1)] > WORN)
    share = worn.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    cloth = np.nonzero(share > ROW_SHARE)[0]
    if len(cloth) == 0:
        return None
    ends = np.nonzero(np.diff(cloth) > GAP_ROWS)[0]
    last = cloth[ends[0]] if len(ends) else cloth[-1]
    return float(LEVELS[last])
