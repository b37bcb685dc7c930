"""How busy this process and its event loop are."""

from __future__ import annotations

import asyncio
import os
import time

PERIOD_S = 1.0
MEMORY_S = 5.0  # a start of a session, which is short, is not the load
LATE_S = 0.25  # an event loop that wakes so late is as good as overloaded


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class LoadMeter:
    """The share of the machine that is used, smoothed over some seconds.

    Attributes:
        share: 0 idle to 1 full; the larger of processor time and lateness of the event loop.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self._cores = cores()

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            wall, busy = time.monotonic(), time.process_time()
            await asyncio.sleep(PERIOD_S)
            period = time.monotonic() - wall
            self.note(period, time.process_time() - busy)

    def note(self, period_s: float, busy_s: float) -> None:
        """Take in one measurement: a sleep of ``PERIOD_S`` took so long, and so much CPU time."""
        late = (period_s - PERIOD_S) / LATE_S
        share = max(busy_s / (period_s * self._cores), min(late, 1.0), 0.0)
        weight = min(period_s / MEMORY_S, 1.0)
        self.share += weight * (share - self.share)
