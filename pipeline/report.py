"""The report of a rendered clip: what was dressed, why not, and what each stage cost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Composite


class ReportBuilder:
    """Collects one line per frame and sums them up in the end.

    Attributes:
        keyframes: how many keyframes were made for the clip.
        several_people: in any frame somebody else could have been dressed as well.
    """

    def __init__(self) -> None:
        self._reasons: Counter[str] = Counter()
        self._dressed = 0
        self.keyframes = 0
        self.several_people = False
        self._wall: dict[str, list[float]] = {}
        self._cpu: dict[str, list[float]] = {}
        self._vertices: list[NDArray[np.float32] | None] = []

    @property
    def frames(self) -> int:
        """Frames added so far."""
        return len(self._vertices)

    @property
    def dressed_frames(self) -> int:
        """Frames in which any of the garment is to be seen."""
        return self._dressed

    @property
    def reasons(self) -> dict[str, int]:
        """Undressed frames by reason, most frequent first."""
        return dict(self._reasons.most_common())

    def add(self, composite: Composite) -> None:
        """Take the outcome of the next frame."""
        self.several_people |= composite.several_people
        if composite.reason is None:
            self._dressed += 1
        else:
            self._reasons[composite.reason.value] += 1
        self._vertices.append(composite.vertices_px)
        for store, times in ((self._wall, composite.stage_ms), (self._cpu, composite.stage_cpu_ms)):
            for stage, value in times.items():
                store.setdefault(stage, []).append(value)
            store.setdefault("total", []).append(sum(times.values()))

    def stages_ms(self) -> dict[str, dict[str, float]]:
        """Median and 95th percentile wall time and median CPU time by stage, ms."""
        return {
            stage: {
                "p50": round(float(np.percentile(wall, 50)), 3),
                "p95": round(float(np.percentile(wall, 95)), 3),
                "cpu_p50": round(float(np.percentile(self._cpu[stage], 50)), 3),
            }
            for stage, wall in self._wall.items()
        }

    def write(self, path: Path, facts: dict[str, Any]) -> None:
        """Write the report as JSON, and the mesh positions beside it as ``.vertices.npy``.

        The array is (frames, vertices, 2) float32 in frame pixels, NaN where nothing was drawn.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        vertices = self._stacked_vertices()
        vertices_path = path.with_suffix(".vertices.npy")
        if vertices is not None:
            np.save(vertices_path, vertices)
        report = {
            **facts,
            "frames": self.frames,
            "dressed_frames": self._dressed,
            "reasons": dict(sorted(self._reasons.items())),
            "several_people": self.several_people,
            "stages_ms": self.stages_ms(),
            "keyframes": self.keyframes,
            "vertices_px": vertices_path.name if vertices is not None else None,
        }
        path.write_text(json.dumps(report, indent=2) + "\n")

    def _stacked_vertices(self) -> NDArray[np.float32] | None:
        drawn = next((v for v in self._vertices if v is not None), None)
        if drawn is None:
            return None
        blank = np.full_like(drawn, np.nan)
        return np.stack([blank if v is None else v for v in self._vertices])
