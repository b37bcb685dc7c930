"""How long the machine itself kept everybody waiting: what a freeze must be judged beside.

A process of its own does nothing but sleep 20 ms at a time. When it wakes late, the machine (or
whoever paused its processes) was at fault. It also reads how long the processes it is told to
watch were ready to run while others had the cores.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TICK_S = 0.02
WORTH_TELLING_S = 0.005
NANO = 1e-9


class Delay(NamedTuple):
    """What was lost up to ``at_s``, in one tick of the sentinel.

    Attributes:
        at_s: monotonic time; the same clock in all processes.
        late_s: the tick came so much later.
        waited_s: of each watched process, some thread waited so long for a core; the others may
            have waited for that one.
    """

    at_s: float
    late_s: float
    waited_s: tuple[float, ...]


class Sentinel:
    """What a running sentinel has told so far."""

    def __init__(self) -> None:
        self.delays: list[Delay] = []

    def stalled_s(self, begin_s: float, end_s: float) -> float:
        """How much of a span of time was the machine's fault, at least.

        The causes overlap, so that only the greatest of them counts: late ticks, or the waiting
        of one of the processes.
        """
        inside = [d for d in self.delays if begin_s < d.at_s <= end_s + TICK_S]
        causes = zip(*((d.late_s, *d.waited_s) for d in inside), strict=True)
        greatest = max((sum(cause) for cause in causes), default=0.0)
        return min(greatest, end_s - begin_s)

    def note(self, line: str) -> None:
        """Take in one line of the sentinel's output."""
        at_s, late_s, *waited_s = map(float, line.split())
        self.delays.append(Delay(at_s, late_s, tuple(waited_s)))


@contextlib.contextmanager
def sentinel(*pids: int) -> Iterator[Sentinel]:
    """Run a sentinel that watches these processes beside the clock."""
    command = [sys.executable, "-m", "tests.bench.sentinel", *map(str, pids)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    seen = Sentinel()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            seen.note(line)

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    try:
        yield seen
    finally:
        process.terminate()
        listening.join()
        assert process.stdout is not None
        process.stdout.close()
        process.wait()


def waiting_s(pid: int) -> dict[str, float]:
    """How long each thread of a process has waited for a core; empty where nobody counts it."""
    waited: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError, IndexError):  # the thread has ended
            waited[task.name] = float((task / "schedstat").read_text().split()[1]) * NANO
    return waited


def longest_wait_s(before: dict[str, float], after: dict[str, float]) -> float:
    """The longest that a thread has waited between two looks."""
    return max((after[task] - before.get(task, 0.0) for task in after), default=0.0)


def watch(pids: list[int]) -> None:
    """Tell every tick that came late or in which a process had to wait."""
    before_s, waited_before = time.monotonic(), [waiting_s(pid) for pid in pids]
    while os.getppid() > 1:
        time.sleep(TICK_S)
        now_s, waited = time.monotonic(), [waiting_s(pid) for pid in pids]
        passed_s = now_s - before_s
        waits = [longest_wait_s(a, b) for a, b in zip(waited_before, waited, strict=True)]
        lost = [passed_s - TICK_S, *(min(wait, passed_s) for wait in waits)]
        if max(lost) > WORTH_TELLING_S:
            sys.stdout.write(" ".join(f"{value:.4f}" for value in (now_s, *lost)) + "\n")
            sys.stdout.flush()
        before_s, waited_before = now_s, waited


if __name__ == "__main__":
    watch([int(pid) for pid in sys.argv[1:]])
