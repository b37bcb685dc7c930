"""Looking at the server's process from outside: memory, files, threads, and whether they grow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

END_S = 15.0


@dataclass(frozen=True)
class Sample:
    """What the process had at a moment."""

    at_s: float
    rss_mb: float
    fds: int
    threads: int
    latency_ms: float


def sample(pid: int, at_s: float, latency_ms: float = 0.0) -> Sample:
    """Look at a process."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    rss_mb = int(status["VmRSS"].split()[0]) / 1024
    fds = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(at_s, rss_mb, fds, int(status["Threads"]), latency_ms)


def slope(samples: list[Sample], what: str) -> float:
    """Growth per minute over the second half, when everything has warmed up.

    Theil-Sen: the median of the slopes between all pairs, so that peaks do not count.
    """
    late = samples[len(samples) // 2 :]
    times = np.array([s.at_s for s in late]) / 60
    values = np.array([getattr(s, what) for s in late], float)
    first, second = np.triu_indices(len(late), 1)
    if not len(first):
        return 0.0
    return float(np.median((values[second] - values[first]) / (times[second] - times[first])))


@contextmanager
def server(
    folder: Path, *options: str, module: str = "tests.bench.stand_in_server"
) -> Iterator[tuple[int, str]]:
    """Run a server; gives its process id and address."""
    command = [sys.executable, "-m", module, str(folder / "catalog")]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
