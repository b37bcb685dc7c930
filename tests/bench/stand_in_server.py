"""The real server around a pipeline that costs almost nothing: what is left is the stream.

Started by the other tools as a process of its own; prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from stream_server.app import create_app
from stream_server.config import ServerConfig
from stream_server.house import limit_arenas
from stream_server.logs import set_up
from tests.integration.doubles import StandInEngine


async def serve(config: ServerConfig, slow_s: float) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    app = create_app(config, StandInEngine(slow_s))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=3)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await stopped.wait()
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--slow-ms", type=float, default=5.0, help="time of the dress stage")
    parser.add_argument("--sessions", type=int, default=4)
    options = parser.parse_args()
    set_up("text")
    limit_arenas()
    config = ServerConfig(
        catalog=options.catalog,
        max_sessions=options.sessions,
        max_load=0.0,
        requests_per_minute=0,
        network="lan",
    )
    asyncio.run(serve(config, options.slow_ms / 1000))


if __name__ == "__main__":
    main()
