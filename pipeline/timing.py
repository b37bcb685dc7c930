"""How long each stage took, on the wall and in CPU time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageClock:
    """Collects the time of named stages of one frame.

    Args:
        with_cpu: also take CPU time; asking the kernel for it costs about as much as a small
            stage when many threads run, so a live session goes without.

    Attributes:
        wall_ms: wall milliseconds by stage.
        cpu_ms: CPU milliseconds of the process by stage (all threads, also MediaPipe's own);
            empty without ``with_cpu``.
    """

    def __init__(self, with_cpu: bool = False) -> None:
        self.wall_ms: dict[str, float] = {}
        self.cpu_ms: dict[str, float] = {}
        self._with_cpu = with_cpu

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside the block to ``name``."""
        cpu = time.process_time() if self._with_cpu else 0.0
        wall = time.perf_counter()
        try:
            yield
        finally:
            self.wall_ms[name] = self.wall_ms.get(name, 0.0) + (time.perf_counter() - wall) * 1e3
            if self._with_cpu:
                spent_ms = (time.process_time() - cpu) * 1e3
                self.cpu_ms[name] = self.cpu_ms.get(name, 0.0) + spent_ms
