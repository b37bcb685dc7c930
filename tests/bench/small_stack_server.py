"""The real server and pipeline with keyframes of a narrow stack, on in every other span of time.

The narrow network paints noise, which would cost encoder and browser what no garment costs; here it
is toned down to nearly one colour. It costs as much to make.

Started by ``with_keyframes`` as a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import torch

from pipeline.keyframes import KeyframeDesk, Keylook
from pipeline.stack import HALF_HW, Stack
from pipeline.structures import Frame, Garment, Pose
from stream_server.app import serve
from stream_server.config import ServerConfig
from stream_server.house import limit_arenas, limit_threads
from stream_server.keyframe_service import Apart, KeyframeService
from stream_server.logs import set_up
from stream_server.metrics import Metrics
from stream_server.pipeline_engine import PipelineEngine
from tests.stack_stand_in import small_networks

SPAN_S = 7.0


def with_keyframes(moment_s: float) -> bool:
    """Whether keyframes are made and worn at a moment, seconds since the epoch."""
    return int(moment_s // SPAN_S) % 2 == 0


def calm_stack() -> Stack:
    networks = small_networks()
    with torch.no_grad():
        networks.synthesize.conv_img.weight.mul_(0.05)
    return Stack(networks, size_hw=HALF_HW)


class TurnedDesk:
    """A session's desk, closed every other span: nothing is wanted then, nothing handed out."""

    def __init__(self, desk: KeyframeDesk) -> None:
        self._desk = desk
        self.reset, self.close = desk.reset, desk.close

    def offer(self, frame: Frame, pose: Pose, garment: Garment) -> bool:
        if with_keyframes(time.time()):
            return self._desk.offer(frame, pose, garment)
        self.reset()
        return False

    def look(self, pose: Pose, garment: Garment) -> Keylook | None:
        return self._desk.look(pose, garment) if with_keyframes(time.time()) else None


class TurnedService(KeyframeService):
    def desk(self) -> TurnedDesk | None:
        desk = super().desk()
        return None if desk is None else TurnedDesk(desk)


class RawMetrics(Metrics):
    """Remembers every frame's way through the server."""

    def __init__(self) -> None:
        super().__init__()
        self.ages: list[tuple[float, float]] = []

    def frame_age(self, seconds: float) -> None:
        super().frame_age(seconds)
        self.ages.append((time.time(), 1000 * seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--ages", type=Path, required=True, help="where to leave the frames' ages")
    options = parser.parse_args()
    set_up("text")
    limit_arenas()
    limit_threads()

    metrics = RawMetrics()
    engine = PipelineEngine(keyframes=TurnedService(Apart(calm_stack), metrics))
    config = ServerConfig(port=options.port, catalog=options.catalog)
    asyncio.run(serve(config, sys.stdout.write, engine, metrics))
    options.ages.write_text(json.dumps(metrics.ages))


if __name__ == "__main__":
    main()
