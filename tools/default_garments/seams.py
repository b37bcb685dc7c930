"""Thread: seams, stitch rows and hems, as changes of relief and tone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tools.default_garments.canvas import Canvas, Floats, arc_length, blur, offset, resample

STITCH_UNITS = 0.014
GAP_UNITS = 0.007


@dataclass
class Sewing:
    """Relief (H, W) px and tone factor (H, W) gathered while sewing one piece."""

    canvas: Canvas
    relief: Floats
    tone: Floats

    @classmethod
    def on(cls, canvas: Canvas) -> Sewing:
        """Nothing sewn yet."""
        return cls(canvas, np.zeros(canvas.shape, np.float32), np.ones(canvas.shape, np.float32))

    def seam(self, curve: Floats, depth: float = 1.6, pucker: float = 0.5) -> None:
        """Two pieces meet: a furrow with soft shoulders and a little pucker beside it."""
        scale = self.canvas.scale
        line = self.canvas.lines([curve], 0.004)
        self.relief = self.relief - depth * blur(line, 0.004 * scale) * 1.6
        band = blur(self.canvas.lines([curve], 0.012), 0.014 * scale)
        wave = self.canvas.noise(701, 0.030)
        self.relief = self.relief + band * (0.9 * depth + pucker * wave)
        self.tone = self.tone * (1 - 0.22 * blur(line, 0.0025 * scale))

    def stitches(self, curve: Floats, tone: float = 0.10, depth: float = 0.7) -> None:
        """A row of stitches along a curve; ``tone`` > 0 makes the thread lighter."""
        scale = self.canvas.scale
        length = float(arc_length(curve)[-1])
        count = max(int(length / (STITCH_UNITS + GAP_UNITS)), 2)
        fine = resample(curve, count * 3 + 1)
        dashes = [fine[i : i + 3] for i in range(0, 3 * count - 2, 3)]
        thread = self.canvas.lines(dashes, 0.0045)
        groove = blur(self.canvas.lines([curve], 0.006), 0.004 * scale)
        self.relief = self.relief - depth * 1.5 * groove + 0.5 * depth * blur(thread, 0.8)
        self.tone = self.tone * (1 + tone * thread) * (1 - 0.10 * groove)

    def hem(self, curve: Floats, ways: Iterable[float], tone: float = 0.08) -> None:
        """A turned hem: rows of stitches at distances ``ways`` from the edge, and its swelling."""
        rows = [offset(curve, way) for way in ways]
        for row in rows:
            self.stitches(row, tone)
        swell = blur(self.canvas.lines([rows[0]], 0.02), 0.012 * self.canvas.scale)
        self.relief = self.relief + 1.1 * swell * (1 + 0.35 * self.canvas.noise(702, 0.05))
