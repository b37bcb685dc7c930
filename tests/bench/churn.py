"""Many sessions in a row, and offers that nobody connects to: nothing of them may be left.

    python -m tests.bench.churn --sessions 300
    python -m tests.bench.churn --sessions 100 --pipeline

The pipeline is a stand-in, unless the real one is asked for: then each session is a person who
leaves once dressed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from tests.bench.client import Client, encode_clip, encode_person, stay_on_loopback
from tests.bench.soak import run_tool
from tests.bench.watch import Sample, sample, server

WARM_UP = 10  # sessions until every library has what it keeps
HALF_OPEN = 30
HALF_OPEN_S = 16.0
TRIM_S = 3.0
MAX_RSS_MB = 80.0
PLACES = 40
QUARTERS = 4  # of the run, each with a look at what is left
POOL_THREADS = 4  # pools make threads when they need them, up to their size


class Crowd(NamedTuple):
    """What shoppers show, and what they wear by turns."""

    clip: list[bytes]
    garments: tuple[str, ...]
    real: bool = False


async def one(http: aiohttp.ClientSession, crowd: Crowd, number: int) -> None:
    """One shopper: comes, sees a few frames, leaves in one of two ways."""
    client = Client(http, crowd.clip, numbered=not crowd.real)
    try:
        await client.connect(crowd.garments[number % len(crowd.garments)])
        await client.frames(3)
        if crowd.real:
            await client.dressed()
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


async def crowd_of(http: aiohttp.ClientSession, *, real: bool) -> Crowd:
    """Shoppers for the stand-in; or for the real pipeline, as soon as it is warm."""
    if not real:
        return Crowd(encode_clip(), ("red",))
    for _ in itertools.count():
        if (await http.get("/readyz")).status == 200:
            break
        await asyncio.sleep(1)
    garments = await (await http.get("/api/garments")).json()
    return Crowd(encode_person(), tuple(garment["id"] for garment in garments), real=True)


async def churn(sessions: int, folder: Path, *, real: bool = False) -> dict[str, Any]:
    """Run it against a server of its own."""
    stay_on_loopback()
    options = ["--sessions", str(PLACES)] + ["--pipeline"] * real
    with server(folder, *options) as (pid, url):
        async with aiohttp.ClientSession(base_url=url) as http:
            crowd = await crowd_of(http, real=real)
            for number in range(WARM_UP):
                await one(http, crowd, number)
            samples = [await settle(http, pid)]
            took_s = 0.0
            each = max(1, sessions // QUARTERS)
            for _ in range(QUARTERS):
                begin = time.monotonic()
                for number in range(each):
                    await one(http, crowd, number)
                took_s += time.monotonic() - begin
                samples.append(await settle(http, pid))
            left = await half_open(http, crowd.clip)
    before, after = samples[0], samples[-1]
    faults = [f"{left} of {HALF_OPEN} half-open offers are left after {HALF_OPEN_S:.0f} s"] * (
        left > 0
    )
    if after.fds > before.fds or after.threads > before.threads + POOL_THREADS:
        faults.append("file descriptors or threads are left")
    if after.rss_mb - before.rss_mb > MAX_RSS_MB:
        faults.append(f"{after.rss_mb - before.rss_mb:.0f} MB are left")
    return {
        "sessions": QUARTERS * each,
        "seconds_each": round(took_s / (QUARTERS * each), 2),
        "rss_mb": [round(s.rss_mb, 1) for s in samples],
        "fds": [s.fds for s in samples],
        "threads": [s.threads for s in samples],
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
    parser.add_argument("--pipeline", action="store_true", help="the real one")
    options = parser.parse_args()
    run_tool(lambda folder: churn(options.sessions, folder, real=options.pipeline))


if __name__ == "__main__":
    main()
