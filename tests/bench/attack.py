"""Ten thousand hostile requests beside a live session: only refusals, and the session goes on.

python -m tests.bench.attack --requests 10000
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from yarl import URL

from tests.bench.client import Client, encode_clip, stay_on_loopback
from tests.bench.hostile import Hostile, requests, words
from tests.bench.soak import run_tool
from tests.bench.watch import sample, server

AT_ONCE = 4
WORDS = 2000


async def ask(http: aiohttp.ClientSession, base: str, hostile: Hostile) -> tuple[int, str]:
    """Send one; the status and text of the answer."""
    url = URL(base + hostile.path, encoded=True)
    call = http.request(hostile.method, url, data=hostile.body or None, headers=hostile.headers)
    async with call as response:
        return response.status, await response.text(errors="replace")


async def attack(count: int, folder: Path) -> dict[str, Any]:
    """Run it against a server of its own."""
    stay_on_loopback()
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    with server(folder, "--sessions", "3") as (pid, url):
        async with aiohttp.ClientSession() as http, aiohttp.ClientSession(base_url=url) as own:
            clip = encode_clip()
            client = Client(own, clip)
            await client.connect()
            await client.frames(30)
            stream = itertools.islice(requests(7, await Client(own, clip).offer()), count)

            async def one_after_another() -> None:
                for hostile in stream:
                    status, text = await ask(http, url, hostile)
                    statuses[status] += 1
                    good = status < 500 or (status == 503 and '"full"' in text)
                    if not good or "Traceback" in text:
                        faults.append(f"{hostile.method} {hostile.path}: {status}")

            begin = time.monotonic()
            await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
            for word in itertools.islice(words(7), WORDS):
                client.control.send(word)
                await asyncio.sleep(0.001)
            during = [s for s in client.seen if s.at > begin]
            gaps = [b.at - a.at for a, b in itertools.pairwise(during)]
            await client.frames(30)
            took_s = time.monotonic() - begin
            left = sample(pid, 0.0)
            await client.close()
    log = (folder / "server.log").read_text()
    odd = [line for line in log.splitlines() if "Traceback" in line or "stray fault" in line]
    if odd:
        faults.append(f"the log has {len(odd)} stack traces or stray faults: {odd[0]}")
    return {
        "requests": count,
        "seconds": round(took_s, 1),
        "statuses": dict(sorted(statuses.items())),
        "live_fps": round(len(during) / took_s, 1),
        "live_p95_ms": round(float(np.percentile([1000 * s.latency_s for s in during], 95)), 1),
        "live_longest_gap_s": round(max(gaps), 2),
        "rss_mb": round(left.rss_mb),
        "faults": faults,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    options = parser.parse_args()
    run_tool(lambda folder: attack(options.requests, folder))


if __name__ == "__main__":
    main()
