"""A long run with everything that happens in one: come and go, kills, loss, outages, overload.

    python -m tests.bench.soak --minutes 60

One shopper stays for the whole run, through a relay that loses packets and goes silent now and
then; others come and go, vanish without a word, or never connect at all. Server and shoppers meet
on 127.0.0.1. Prints a report as JSON; the exit code is 1 when something grew or froze. What the
machine itself held up (see ``sentinel``) is told apart: it is listed, but it is no fault.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import numpy as np

from tests.bench.client import Client, encode_clip, stay_on_loopback
from tests.bench.sentinel import Sentinel, sentinel
from tests.bench.watch import Sample, sample, server, slope

SAMPLE_S = 2.0
CYCLE_S = 60.0  # calm, loss, an outage, calm again
LOSS_FROM_S, LOSS_TO_S, LOSS = 20.0, 35.0, 0.03
OUTAGE_AT_S, OUTAGE_S = 45.0, 1.0
GONE_S = 6.0  # a killed client must be gone by then
HALF_OPEN_S = 16.0

# what may not be exceeded
MAX_RSS_GROWTH_MB = 1.0  # per minute
MAX_FD_GROWTH = 0.2
MAX_THREAD_GROWTH = 0.2
MAX_LATENCY_GROWTH_MS = 3.0
BACK_S = 1.5  # after an outage
MAX_FREEZE_S = {"calm": 0.4, "loss": 0.4, "outage": OUTAGE_S + BACK_S}
MOST_LISTED = 20
TELLING_MIN = 5  # a shorter run is all warm-up: its trends are printed, not judged


class Freeze(NamedTuple):
    """Time without a new picture for the steady shopper.

    Attributes:
        at_s: since the run began.
        weather: ``calm``, ``loss`` or ``outage``.
        seconds: how long.
        stalled_s: of these, how long the machine itself held things up.
    """

    at_s: float
    weather: str
    seconds: float
    stalled_s: float

    @property
    def ours(self) -> bool:
        """Whether it is too long when the machine's part is taken away.

        After the machine itself stood still, the picture must be back as soon as after an outage.
        """
        stood_still = self.stalled_s > OUTAGE_S
        allowed_s = BACK_S if stood_still else MAX_FREEZE_S[self.weather]
        return self.seconds - self.stalled_s > allowed_s

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.weather}, {self.stalled_s:.2f} s of it the machine)"


class Soak:
    """One run.

    Args:
        http: to the server.
        pid: of the server.
        minutes: how long.
        machine: watches how late things run.
    """

    def __init__(
        self, http: aiohttp.ClientSession, pid: int, minutes: float, machine: Sentinel
    ) -> None:
        self._http = http
        self._pid = pid
        self._machine = machine
        self._minutes = minutes
        self._clip = encode_clip()
        self._begin = time.monotonic()
        self._end = self._begin + 60 * minutes
        self._dice = random.Random(1)
        self.samples: list[Sample] = []
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.steady = Client(http, self._clip, relayed=True)

    async def run(self) -> None:
        """The whole run."""
        await self.steady.connect()
        await self.steady.frames(30)
        jobs = [self._weather(), self._sampling(), self._churn(), self._vanish(), self._half_open()]
        await asyncio.gather(*(self._guard(job) for job in jobs))
        await self.steady.close()
        await self._until_sessions(0, GONE_S)

    async def _guard(self, job: Awaitable[None]) -> None:
        try:
            await job
        except Exception as error:
            self.faults.append(f"{type(error).__name__}: {error}")

    def _running(self) -> bool:
        return time.monotonic() < self._end

    async def _weather(self) -> None:
        """Calm, loss and outages for the steady shopper."""
        relay = self.steady.relay
        assert relay is not None
        while self._running():
            at = (time.monotonic() - self._begin) % CYCLE_S
            relay.loss = LOSS if LOSS_FROM_S <= at < LOSS_TO_S else 0.0
            relay.cut = OUTAGE_AT_S <= at < OUTAGE_AT_S + OUTAGE_S
            await asyncio.sleep(0.05)
        relay.loss, relay.cut = 0.0, False

    async def _sampling(self) -> None:
        while self._running():
            await asyncio.sleep(SAMPLE_S)
            now = time.monotonic()
            recent = [s.latency_s for s in self.steady.seen if s.at > now - SAMPLE_S]
            latency_ms = 1000 * float(np.median(recent)) if recent else float("nan")
            self.samples.append(sample(self._pid, now - self._begin, latency_ms))

    async def _churn(self) -> None:
        """Shoppers who come, look and leave properly."""
        while self._running():
            client = Client(self._http, self._clip)
            try:
                await client.connect(self._dice.choice(("red", "green", "blue")))
                await client.frames(self._dice.randint(5, 60))
                if self._dice.random() < 0.5:
                    await self._http.delete(f"/api/sessions/{client.session}")
                self.counts["churned"] += 1
            except (ConnectionError, TimeoutError) as error:
                self.counts[f"churn failed: {error!s}"] += 1
                await asyncio.sleep(1)
            finally:
                await client.close()

    async def _vanish(self) -> None:
        """Shoppers whose line is cut: their session must be gone soon."""
        while self._running():
            client = Client(self._http, self._clip, relayed=True)
            try:
                await client.connect()
                await client.frames(10)
            except (ConnectionError, TimeoutError):
                self.counts["vanish failed"] += 1
                await client.close()
                continue
            assert client.relay is not None
            before, cut_at = await self._noticed(), time.monotonic()
            client.relay.cut = True
            took_s = 0.0
            for _ in itertools.count():
                await asyncio.sleep(0.1)
                took_s = time.monotonic() - cut_at
                if await self._noticed() > before or took_s > 2 * GONE_S:
                    break
            self.counts["vanished"] += 1
            took_s -= self._machine.stalled_s(cut_at, time.monotonic())
            if took_s > GONE_S:
                self.faults.append(f"a killed client was noticed after {took_s:.1f} s")
            await client.close()
            await asyncio.sleep(5)

    async def _half_open(self) -> None:
        """Offers that nobody connects to."""
        while self._running():
            client = Client(self._http, self._clip)
            body = {"type": "offer", "sdp": await client.offer()}
            async with self._http.post("/api/offer", json=body) as response:
                self.counts[f"half-open: {response.status}"] += 1
            await client.close()
            await asyncio.sleep(HALF_OPEN_S)

    async def _noticed(self) -> float:
        """How many killed clients the server has noticed so far."""
        metrics = await (await self._http.get("/metrics")).text()
        causes = ("heartbeat lost", "client silent")
        return sum(
            float(line.split()[-1])
            for line in metrics.splitlines()
            if line.startswith("wearcast_session_ends_total") and any(c in line for c in causes)
        )

    async def _until_sessions(self, count: int, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s + HALF_OPEN_S
        while time.monotonic() < deadline:
            metrics = await (await self._http.get("/metrics")).text()
            if f"wearcast_sessions {float(count)}" in metrics:
                return
            await asyncio.sleep(0.5)
        self.faults.append("sessions were left at the end")

    def freezes(self) -> list[Freeze]:
        """Every time without a new picture for the steady shopper that was too long."""
        found: list[Freeze] = []
        for before, after in itertools.pairwise(self.steady.seen):
            seconds, weather = after.at - before.at, self._weather_at(before.at)
            if seconds > MAX_FREEZE_S[weather]:
                stalled_s = self._machine.stalled_s(before.at, after.at)
                found.append(Freeze(before.at - self._begin, weather, seconds, stalled_s))
        return found

    def longest(self) -> dict[str, float]:
        """The longest time without a new picture, by weather."""
        longest = dict.fromkeys(MAX_FREEZE_S, 0.0)
        for before, after in itertools.pairwise(self.steady.seen):
            weather = self._weather_at(before.at)
            longest[weather] = max(longest[weather], after.at - before.at)
        return longest

    def _weather_at(self, moment: float) -> str:
        at = (moment - self._begin) % CYCLE_S
        if LOSS_FROM_S - 0.5 <= at < LOSS_TO_S + 0.5:
            return "loss"
        if OUTAGE_AT_S - 0.5 <= at < OUTAGE_AT_S + OUTAGE_S + 2:
            return "outage"
        return "calm"

    def report(self) -> dict[str, Any]:
        """Everything measured, and what is wrong with it."""
        latencies = [1000 * s.latency_s for s in self.steady.seen]
        growth = {
            what: slope(self.samples, what) for what in ("rss_mb", "fds", "threads", "latency_ms")
        }
        limits = {
            "rss_mb": MAX_RSS_GROWTH_MB,
            "fds": MAX_FD_GROWTH,
            "threads": MAX_THREAD_GROWTH,
            "latency_ms": MAX_LATENCY_GROWTH_MS,
        }
        faults = self.faults + [
            f"{what} grows by {growth[what]:.2f} a minute"
            for what, limit in limits.items()
            if growth[what] > limit and self._minutes >= TELLING_MIN
        ]
        freezes = self.freezes()
        ours = [freeze for freeze in freezes if freeze.ours]
        excused = [str(freeze) for freeze in freezes if not freeze.ours]
        faults += [f"a freeze of {freeze}" for freeze in ours[:MOST_LISTED]]
        return {
            "minutes": round((self.samples[-1].at_s if self.samples else 0) / 60, 1),
            "fps": round(len(latencies) / (self.steady.seen[-1].at - self.steady.seen[0].at), 1),
            "latency_p50_ms": round(float(np.percentile(latencies, 50)), 1),
            "latency_p95_ms": round(float(np.percentile(latencies, 95)), 1),
            "longest_freeze_s": {kind: round(value, 2) for kind, value in self.longest().items()},
            "freezes": {"ours": len(ours), "machine": len(excused)},
            "freezes_while_the_machine_stalled": excused[:MOST_LISTED],
            "machine_late_ms": self._lateness(),
            "growth_per_minute": {what: round(value, 3) for what, value in growth.items()},
            "rss_mb": [round(s.rss_mb) for s in (self.samples[0], self.samples[-1])],
            "fds": [s.fds for s in (self.samples[0], self.samples[-1])],
            "threads": [s.threads for s in (self.samples[0], self.samples[-1])],
            "quality_changes": sum(m["type"] == "quality" for m in self.steady.messages),
            "counts": dict(self.counts),
            "faults": faults,
        }

    def _lateness(self) -> dict[str, int]:
        """How late an idle process ran: how often by more than 100 ms, and the worst."""
        late_ms = [1000 * delay.late_s for delay in self._machine.delays]
        return {
            "over_100": sum(ms > 100 for ms in late_ms),
            "worst": round(max(late_ms, default=0)),
        }


async def soak(minutes: float, folder: Path) -> dict[str, Any]:
    """Run it against a server of its own."""
    stay_on_loopback()
    with server(folder, "--sessions", "6") as (pid, url), sentinel(pid, os.getpid()) as machine:
        async with aiohttp.ClientSession(base_url=url) as http:
            run = Soak(http, pid, minutes, machine)
            await run.run()
            return run.report()


def run_tool(work: Callable[[Path], Awaitable[dict[str, Any]]]) -> None:
    """Run a tool in a scratch folder, print its report, end with 1 if it names faults."""
    with tempfile.TemporaryDirectory(prefix="wearcast-soak-") as name:
        report = asyncio.run(_finish(work(Path(name))))
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    sys.exit(1 if report["faults"] else 0)


async def _finish(work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return await work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    run_tool(lambda folder: soak(options.minutes, folder))


if __name__ == "__main__":
    main()
