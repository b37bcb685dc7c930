"""The real server and pipeline with keyframes of a narrow stack: what keyframes cost the frames.

Started by ``with_keyframes`` as a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from stream_server.app import serve
from stream_server.config import ServerConfig
from stream_server.house import limit_arenas, limit_threads
from stream_server.keyframe_service import KeyframeService
from stream_server.logs import set_up
from stream_server.metrics import Metrics
from stream_server.pipeline_engine import PipelineEngine
from tests.stack_stand_in import small_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    options = parser.parse_args()
    set_up("text")
    limit_arenas()
    limit_threads()

    metrics = Metrics()
    engine = PipelineEngine(keyframes=KeyframeService(small_stack, metrics))
    config = ServerConfig(port=options.port, catalog=options.catalog)
    asyncio.run(serve(config, sys.stdout.write, engine, metrics))


if __name__ == "__main__":
    main()
