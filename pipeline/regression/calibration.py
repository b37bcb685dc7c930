"""Speed as a ratio: what a stage costs, in units of a fixed piece of work done beside it.

On a busy machine the same work costs up to a third more CPU time than on a quiet one. The fixed
work suffers in the same way, so that the ratio of the two medians stays within ±6 %.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.structures import Composite

SEED = 7
PICTURE_HW = (240, 320)
MATRIX_SIDE = 160
BLUR_SIGMA_PX = 3.0
LEAST_FRAMES = 8  # dressed frames; fewer say nothing about speed
QUIET = 1.15  # wall time over CPU time of the fixed work, below which nobody disturbs us
COARSE_CLOCK_S = 1e-3  # a CPU clock that ticks no finer (Windows) cannot time a stage


@dataclass(frozen=True, slots=True)
class StageSpeed:
    """What a stage costs.

    Attributes:
        cpu_ratio: median CPU time over the median CPU time of the fixed work.
        cpu_ms: the median itself; for people, never compared.
        wall_ratio: the same of wall time; None unless the machine was quiet.
    """

    cpu_ratio: float
    cpu_ms: float
    wall_ratio: float | None = None


class Calibration:
    """The fixed work: a blur, a warp, a matrix product, integer sums and a sort."""

    def __init__(self) -> None:
        random = np.random.default_rng(SEED)
        self._picture = random.random((*PICTURE_HW, 3), dtype=np.float32)
        self._whole = (self._picture * 255).astype(np.int32)
        self._matrix = random.random((MATRIX_SIDE, MATRIX_SIDE), dtype=np.float32)
        self._nothing = np.zeros((0, 0), np.float32)
        self._warp = np.array([[1.0, 0.02, 1.0], [-0.02, 1.0, 2.0]])

    def run(self) -> None:
        """Do it once, some milliseconds."""
        blurred = cv2.GaussianBlur(self._picture, (0, 0), BLUR_SIGMA_PX)
        np.sqrt(cv2.warpAffine(blurred, self._warp, PICTURE_HW[::-1])).sum()
        # not BLAS, which would start threads
        cv2.gemm(self._matrix, self._matrix, 1.0, self._nothing, 0.0)
        np.sort(((self._whole * 7 + 3) % 251)[::2, ::2].ravel())


class SpeedMeter:
    """Collects the stage times of a run, and the fixed work between its frames."""

    def __init__(self) -> None:
        self._calibration = Calibration()
        self._fixed: list[tuple[float, float]] = []
        self._stages: dict[str, list[tuple[float, float]]] = {}

    def add(self, composite: Composite) -> None:
        """Take the times of a frame, and do the fixed work beside it. Undressed frames are left
        out: they leave out stages too.
        """
        if not composite.dressed:
            return
        wall, cpu = time.perf_counter(), time.process_time()
        self._calibration.run()
        self._fixed.append((time.process_time() - cpu, time.perf_counter() - wall))
        for stage, ms in composite.stage_cpu_ms.items():
            times = (ms, composite.stage_ms.get(stage, np.nan))
            self._stages.setdefault(stage, []).append(times)

    def speeds(self) -> dict[str, StageSpeed]:
        """By stage; empty when the clip is too short or the clock too coarse."""
        coarse = time.get_clock_info("process_time").resolution > COARSE_CLOCK_S
        if len(self._fixed) < LEAST_FRAMES or coarse:
            return {}
        fixed_cpu, fixed_wall = np.median(self._fixed, axis=0) * 1e3
        quiet = fixed_wall < QUIET * fixed_cpu
        speeds = {}
        for stage, times in self._stages.items():
            if len(times) >= LEAST_FRAMES:
                cpu, wall = np.median(times, axis=0)
                speeds[stage] = StageSpeed(
                    cpu_ratio=float(cpu / fixed_cpu),
                    cpu_ms=float(cpu),
                    wall_ratio=float(wall / fixed_wall) if quiet else None,
                )
        return speeds


def median_speed(passes: list[Mapping[str, StageSpeed]]) -> dict[str, StageSpeed]:
    """The middle of several runs, by stage."""
    middle = {}
    for stage in passes[0] if passes else ():
        found = [one[stage] for one in passes if stage in one]
        walls = [one.wall_ratio for one in found if one.wall_ratio is not None]
        middle[stage] = StageSpeed(
            cpu_ratio=float(np.median([one.cpu_ratio for one in found])),
            cpu_ms=float(np.median([one.cpu_ms for one in found])),
            wall_ratio=float(np.median(walls)) if len(walls) == len(found) else None,
        )
    return middle


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Let OpenCV work in one thread, so that its CPU time means the same on every machine."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
