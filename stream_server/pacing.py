"""Work beside the frames, in slices so small and so far apart that the frames hardly notice.

Even at the lowest priority work is felt on a full machine: caches grow cold, and whoever wakes up
waits for a moment. So the work measures how full the machine is, by how long it waits for the
processor itself, and stays away many times as long.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

SLICE_S = 0.005  # of processor time; the system's timers are hardly finer
LARGEST_SHARE = 0.25  # of one core, on an idle machine
PATIENCE = 5.0  # rest for a moment's wait, in such moments: half a core free → a tenth of one
LONGEST_REST_S = 0.1  # after one slice: on a full machine less than 5 % of a core are taken


def rest_s(used_s: float, waited_s: float) -> float:
    """How long to stay away after a slice of work.

    Args:
        used_s: processor time of all its threads.
        waited_s: time in which it could have run and was not let.
    """
    owed = used_s * (1.0 / LARGEST_SHARE - 1.0) + PATIENCE * max(waited_s, 0.0)
    return min(owed, LONGEST_REST_S)


class Pace:
    """Paces the work of a process that gives way to all others. For its main thread."""

    def __init__(self) -> None:
        self._begin_s = self._used_s = self._ran_s = 0.0
        self._start(time.monotonic())

    @contextmanager
    def in_slices(self) -> Iterator[None]:
        """Rest between the slices of what is done inside; not without timers, as on Windows."""
        self._start(time.monotonic())
        if not hasattr(signal, "setitimer"):
            yield
            return
        before = signal.signal(signal.SIGPROF, lambda *_: self.rest())
        signal.setitimer(signal.ITIMER_PROF, SLICE_S, SLICE_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0.0)
            signal.signal(signal.SIGPROF, before)

    def rest(self) -> None:
        """Rest for what was done since the last rest."""
        now_s = time.monotonic()
        waited_s = now_s - self._begin_s - (time.thread_time() - self._ran_s)
        pause_s = rest_s(time.process_time() - self._used_s, waited_s)
        time.sleep(pause_s)
        self._start(now_s + pause_s)  # to wake up late is to wait, too

    def _start(self, now_s: float) -> None:
        self._begin_s = now_s
        self._used_s, self._ran_s = time.process_time(), time.thread_time()
