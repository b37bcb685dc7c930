"""The real server and pipeline with keyframes of a narrow stack, made in every other span of time.

The narrow network paints noise, which would cost encoder and browser what no garment costs; here it
is toned down to nearly one colour. It costs as much to make.

Started by ``with_keyframes`` as a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import torch

from pipeline.looks.photo import PhotoLook
from pipeline.stack import HALF_HW, Stack
from pipeline.structures import Garment
from stream_server.app import serve
from stream_server.config import ServerConfig
from stream_server.house import limit_arenas, limit_threads
from stream_server.keyframe_service import Apart, KeyframeService
from stream_server.logs import set_up
from stream_server.metrics import Metrics
from stream_server.pipeline_engine import PipelineEngine
from tests.stack_stand_in import small_networks

SPAN_S = 3.0


def with_keyframes(moment_s: float) -> bool:
    """Whether keyframes are made at a moment, seconds since the epoch."""
    return int(moment_s // SPAN_S) % 2 == 0


def calm_stack() -> Stack:
    networks = small_networks()
    with torch.no_grad():
        networks.synthesize.conv_img.weight.mul_(0.05)
    return Stack(networks, size_hw=HALF_HW)


class TurnedService(KeyframeService):
    """Its process stands still every other span; what it began before, it finishes in the next.

    Attributes:
        used: moment (seconds since the epoch) and processor time of the process so far, at the
            end of every span.
    """

    def open(self, look_of: Callable[[Garment], PhotoLook]) -> None:
        super().open(look_of)
        self.used: list[tuple[float, float]] = []
        threading.Thread(target=self._turn, daemon=True).start()

    def _turn(self) -> None:
        assert self._apart is not None
        process = psutil.Process(self._apart._process.pid)
        with suppress(psutil.NoSuchProcess):  # the server has ended
            while True:
                spent = process.cpu_times()
                self.used.append((time.time(), spent.user + spent.system))
                if with_keyframes(time.time()):
                    process.resume()
                else:
                    process.suspend()
                time.sleep(SPAN_S - time.time() % SPAN_S)


class RawMetrics(Metrics):
    """Remembers every frame's way through the server, and the age of the keyframe it wore."""

    def __init__(self) -> None:
        super().__init__()
        self.ages: list[tuple[float, float]] = []
        self.worn: list[tuple[float, float, float]] = []

    def frame_age(self, seconds: float) -> None:
        super().frame_age(seconds)
        self.ages.append((time.time(), 1000 * seconds))

    def keyframe_age(self, milliseconds: float) -> None:
        super().keyframe_age(milliseconds)
        self.worn.append((*self.ages[-1], milliseconds))  # there is one session


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--notes", type=Path, required=True, help="where to leave what was noted")
    options = parser.parse_args()
    set_up("text")
    limit_arenas()
    limit_threads()

    metrics = RawMetrics()
    service = TurnedService(Apart(calm_stack), metrics)
    engine = PipelineEngine(keyframes=service)
    config = ServerConfig(port=options.port, catalog=options.catalog)
    asyncio.run(serve(config, sys.stdout.write, engine, metrics))
    notes = {"ages": metrics.ages, "worn": metrics.worn, "used": service.used}
    options.notes.write_text(json.dumps(notes))


if __name__ == "__main__":
    main()
