"""Many sessions in a row, and offers that nobody connects to: nothing of them may be left.

python -m tests.bench.churn --sessions 300
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.client import Client, encode_clip, stay_on_loopback
from tests.bench.soak import run_tool
from tests.bench.watch import Sample, sample, server

WARM_UP = 10  # sessions until every library has what it keeps
HALF_OPEN = 30
HALF_OPEN_S = 16.0
TRIM_S = 3.0
MAX_RSS_MB = 80.0
PLACES = 40
POOL_THREADS = 4  # pools make threads when they need them, up to their size


async def one(http: aiohttp.ClientSession, clip: list[bytes], number: int) -> None:
    """One shopper: comes, sees a few frames, leaves in one of two ways."""
    client = Client(http, clip)
    try:
        await client.connect()
        await client.frames(3)
        if number % 2:
            await http.delete(f"/api/sessions/{client.session}")
    finally:
        await client.close()


async def live(http: aiohttp.ClientSession) -> int:
    """Sessions that the server has."""
    text = await (await http.get("/metrics")).text()
    line = next(line for line in text.splitlines() if line.startswith("wearcast_sessions "))
    return int(float(line.split()[-1]))


async def settle(http: aiohttp.ClientSession, pid: int) -> Sample:
    """Wait until every session has gone and memory was given back."""
    for _ in range(100):
        if await live(http) == 0:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(TRIM_S)
    return sample(pid, time.monotonic())


async def churn(sessions: int, folder: Path) -> dict[str, Any]:
    """Run it against a server of its own."""
    stay_on_loopback()
    clip = encode_clip()
    with server(folder, "--sessions", str(PLACES)) as (pid, url):
        async with aiohttp.ClientSession(base_url=url) as http:
            for number in range(WARM_UP):
                await one(http, clip, number)
            before = await settle(http, pid)
            begin = time.monotonic()
            for number in range(sessions):
                await one(http, clip, number)
            took_s = time.monotonic() - begin
            after = await settle(http, pid)
            left = await half_open(http, clip)
    faults = [f"{left} of {HALF_OPEN} half-open offers are left after {HALF_OPEN_S:.0f} s"] * (
        left > 0
    )
    if after.fds > before.fds or after.threads > before.threads + POOL_THREADS:
        faults.append("file descriptors or threads are left")
    if after.rss_mb - before.rss_mb > MAX_RSS_MB:
        faults.append(f"{after.rss_mb - before.rss_mb:.0f} MB are left")
    return {
        "sessions": sessions,
        "seconds_each": round(took_s / sessions, 2),
        "rss_mb": [round(before.rss_mb), round(after.rss_mb)],
        "fds": [before.fds, after.fds],
        "threads": [before.threads, after.threads],
        "half_open_left": left,
        "faults": faults,
    }


async def half_open(http: aiohttp.ClientSession, clip: list[bytes]) -> int:
    """Make offers that nobody connects to; how many of them the server still has."""
    for _ in range(HALF_OPEN):
        client = Client(http, clip)
        body = {"type": "offer", "sdp": await client.offer()}
        async with http.post("/api/offer", json=body) as response:
            assert response.status == 200
        await client.close()
    await asyncio.sleep(HALF_OPEN_S)
    return await live(http)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=300)
    options = parser.parse_args()
    run_tool(lambda folder: churn(options.sessions, folder))


if __name__ == "__main__":
    main()
