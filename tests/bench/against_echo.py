"""What the server adds to a bare aiortc echo, measured in turns in one run.

python -m tests.bench.against_echo --slow-ms 25
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from tests.bench.client import FPS, Client, encode_clip, stay_on_loopback
from tests.bench.soak import run_tool
from tests.bench.watch import server

ROUNDS = 3
FRAMES = 150  # of each round
WARM_UP = 30


async def latencies(url: str, clip: list[bytes]) -> list[float]:
    """Milliseconds from sending a frame to seeing it again, of one session."""
    async with aiohttp.ClientSession(base_url=url) as http:
        client = Client(http, clip, beats=False)
        await client.connect()
        await client.frames(WARM_UP + FRAMES, 30)
        await client.close()
    return [1000 * seen.latency_s for seen in client.seen[WARM_UP:]]


async def compare(slow_ms: float, folder: Path) -> dict[str, Any]:
    """Measure both in turns."""
    stay_on_loopback()
    clip = encode_clip()
    ours: list[float] = []
    echo: list[float] = []
    with (
        server(folder, "--slow-ms", str(slow_ms)) as (_, our_url),
        server(folder, module="tests.bench.echo_server") as (_, echo_url),
    ):
        for _ in range(ROUNDS):
            ours += await latencies(our_url, clip)
            echo += await latencies(echo_url, clip)
    added = float(np.median(ours) - np.median(echo))
    allowed = 1000 / FPS + slow_ms
    return {
        "stage_ms": slow_ms,
        "ours_p50_p95_ms": np.percentile(ours, [50, 95]).round(1).tolist(),
        "echo_p50_p95_ms": np.percentile(echo, [50, 95]).round(1).tolist(),
        "added_ms": round(added, 1),
        "faults": [f"{added:.0f} ms added, {allowed:.0f} allowed"] if added > allowed else [],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow-ms", type=float, default=5.0, help="time of the dress stage")
    options = parser.parse_args()
    run_tool(lambda folder: compare(options.slow_ms, folder))


if __name__ == "__main__":
    main()
