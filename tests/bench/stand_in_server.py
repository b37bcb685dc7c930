"""The real server around a pipeline that costs almost nothing: what is left is the stream.

Started by the other tools as a process of its own; prints its address. With ``--pipeline`` it has
the real pipeline instead.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from stream_server.app import serve
from stream_server.config import ServerConfig
from stream_server.house import limit_arenas, limit_threads
from stream_server.logs import set_up
from stream_server.pipeline_engine import PipelineEngine
from tests.integration.doubles import StandInEngine, TintLive


class ForgetfulEngine(StandInEngine):
    """Keeps no pipeline: tests look at them afterwards, but a long run must not grow by them."""

    def live(self) -> TintLive:
        live = super().live()
        self.lives.clear()
        return live


def say(line: str) -> None:
    if " at http" in line:
        sys.stdout.write(line.split(" at ")[1].rstrip("/") + "\n")
        sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--slow-ms", type=float, default=5.0, help="time of the dress stage")
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--pipeline", action="store_true", help="the real one")
    options = parser.parse_args()
    set_up("text")
    limit_arenas()
    limit_threads()
    config = ServerConfig(
        port=0,
        catalog=options.catalog,
        max_sessions=options.sessions,
        max_load=0.0,
        requests_per_minute=0,
        network="lan",
    )
    stand_in = ForgetfulEngine(options.slow_ms / 1000)
    asyncio.run(serve(config, say, PipelineEngine() if options.pipeline else stand_in))


if __name__ == "__main__":
    main()
