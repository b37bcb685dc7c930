"""Whether the real pipeline leaves anything behind: many sessions in one process, in a row.

    python -m tests.bench.sessions --sessions 200

Each session is made, fed and closed as the server does it, in the same two threads; it wears the
next garments of the catalogue until it is dressed in them. Memory is given back after each, as it
is in a house that is empty again. Prints a report as JSON; the exit code is 1 when something grew.
"""

from __future__ import annotations

import argparse
import asyncio
import fractions
import os
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from av import VideoFrame

from pipeline.samples import swaying_astronaut
from pipeline.structures import Category, Garment
from stream_server.house import keep_for_good, limit_arenas, limit_threads, trim_memory
from stream_server.metrics import Metrics
from stream_server.pipeline_engine import PipelineEngine
from stream_server.worker import FrameWorker
from tests.bench.soak import run_tool
from tests.bench.watch import Sample, sample, slope

CLIP_FRAMES = 60
FRAME_S = 0.1  # on the clip's own clock: the fit settles within a few frames
FRAMES = 10  # of a session, half of them in another garment
CLOCK_HZ = 90_000
END_S = 10.0
WARM_UP = 20  # sessions until every library has what it keeps

# what may not be exceeded, from the second half of the sessions
MAX_KB_A_SESSION = 20.0
MAX_FDS_A_SESSION = MAX_THREADS_A_SESSION = 0.02


class Visit:
    """One session: made, fed, closed.

    Args:
        engine: makes its pipeline.
        clip: camera frames, over and over.
    """

    def __init__(self, engine: PipelineEngine, clip: Iterator[VideoFrame]) -> None:
        self._clip = clip
        self._arrived = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._worker = FrameWorker(engine.live, self._take, Metrics(), "bench")
        self._clock = 0

    def _take(self, _: VideoFrame) -> bool:
        self._loop.call_soon_threadsafe(self._arrived.set)
        return False

    async def wear(self, garment: Garment, frames: int) -> bool:
        """Some frames in a garment; whether the last of them was dressed."""
        assert await self._worker.started(), "the pipeline could not be made"
        await asyncio.to_thread(self._worker.select, garment)
        for frame in islice(self._clip, frames):
            self._clock += round(CLOCK_HZ * FRAME_S)
            frame.pts, frame.time_base = self._clock, fractions.Fraction(1, CLOCK_HZ)
            self._arrived.clear()
            self._worker.submit(frame)
            await asyncio.wait_for(self._arrived.wait(), END_S)
        return self._worker.progress().look == "photo"

    async def close(self) -> None:
        assert await self._worker.close(END_S), "a step did not end"


async def measure(sessions: int, folder: Path) -> dict[str, Any]:
    """Run the sessions; what grew."""
    engine = PipelineEngine()
    catalog = engine.open_catalog(folder / "catalog")
    engine.warm_up(catalog)
    keep_for_good()
    worn = [e.id for e in catalog.list() if e.category is not Category.LOWER]
    garments = cycle(worn)
    frames = swaying_astronaut(CLIP_FRAMES)
    clip = cycle([VideoFrame.from_ndarray(f.image, format="rgb24") for f in frames])
    samples: list[Sample] = []
    undressed = 0
    for number in range(WARM_UP + sessions):
        visit = Visit(engine, clip)
        try:
            for garment in islice(garments, 2):
                dressed = await visit.wear(catalog.get(garment), FRAMES // 2)
        finally:
            await visit.close()
        undressed += not dressed
        await asyncio.to_thread(trim_memory)
        if number >= WARM_UP:
            samples.append(sample(os.getpid(), float(number)))
    engine.close()
    return report(samples, undressed)


def report(samples: list[Sample], undressed: int) -> dict[str, Any]:
    """What was left by each session, and what of that is too much."""
    a_session = {what: slope(samples, what) / 60 for what in ("rss_mb", "fds", "threads")}
    limits = {
        "rss_mb": MAX_KB_A_SESSION / 1024,
        "fds": MAX_FDS_A_SESSION,
        "threads": MAX_THREADS_A_SESSION,
    }
    faults = [
        f"each session leaves {a_session[w]:.3f} {w}" for w in limits if a_session[w] > limits[w]
    ]
    faults += [f"{undressed} sessions ended undressed"] * (undressed > 0)
    quarters = [samples[len(samples) * quarter // 4 - (quarter == 4)] for quarter in range(5)]
    return {
        "sessions": len(samples),
        "rss_mb": [round(s.rss_mb, 1) for s in quarters],
        "fds": [s.fds for s in quarters],
        "threads": [s.threads for s in quarters],
        "kb_left_by_a_session": round(1024 * a_session["rss_mb"], 1),
        "cpu_s_each": round(time.process_time() / len(samples), 2),
        "faults": faults,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    options = parser.parse_args()
    limit_arenas()
    limit_threads()
    run_tool(lambda folder: measure(options.sessions, folder))


if __name__ == "__main__":
    main()
