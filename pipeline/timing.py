"""How long each stage took, on the wall and in CPU time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageClock:
    """Collects the time of named stages of one frame.

    Attributes:
        wall_ms: wall milliseconds by stage.
        cpu_ms: CPU milliseconds of the process by stage (all threads, also MediaPipe's own).
    """

    def __init__(self) -> None:
        self.wall_ms: dict[str, float] = {}
        self.cpu_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside the block to ``name``."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall_ms[name] = self.wall_ms.get(name, 0.0) + (time.perf_counter() - wall) * 1e3
            self.cpu_ms[name] = self.cpu_ms.get(name, 0.0) + (time.process_time() - cpu) * 1e3
