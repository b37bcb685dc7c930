"""Whether latency grows when dressing takes longer than the camera leaves for it.

python -m tests.bench.slow --slow-ms 60 --seconds 40
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from tests.bench.client import Client, encode_clip, stay_on_loopback
from tests.bench.soak import run_tool
from tests.bench.watch import server

WARM_UP = 30  # frames
MAX_SLOPE_MS_PER_S = 1.0
STAGES = 3  # latency of so many times the slow stage is allowed: two slots and the work itself


async def watch(slow_ms: float, seconds: float, folder: Path) -> dict[str, Any]:
    """One shopper for a while."""
    stay_on_loopback()
    with server(folder, "--slow-ms", str(slow_ms)) as (_, url):
        async with aiohttp.ClientSession(base_url=url) as http:
            client = Client(http, encode_clip())
            await client.connect()
            await client.frames(WARM_UP)
            await asyncio.sleep(seconds)
            await client.close()
    seen = client.seen[WARM_UP:]
    at_s = np.array([s.at for s in seen]) - seen[0].at
    latency_ms = 1000 * np.array([s.latency_s for s in seen])
    slope = float(np.polyfit(at_s, latency_ms, 1)[0])
    p50, p95 = np.percentile(latency_ms, [50, 95])
    faults = []
    if slope > MAX_SLOPE_MS_PER_S:
        faults.append(f"latency grows by {slope:.1f} ms a second")
    if p50 > STAGES * slow_ms:
        faults.append(f"latency of {p50:.0f} ms at a stage of {slow_ms:.0f} ms")
    return {
        "stage_ms": slow_ms,
        "fps": round(len(seen) / seconds, 1),
        "latency_p50_p95_ms": [round(float(p50), 1), round(float(p95), 1)],
        "slope_ms_per_s": round(slope, 2),
        "asked_for": [m for m in client.messages if m["type"] == "quality"],
        "faults": faults,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow-ms", type=float, default=60.0, help="time of the dress stage")
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    run_tool(lambda folder: watch(options.slow_ms, options.seconds, folder))


if __name__ == "__main__":
    main()
