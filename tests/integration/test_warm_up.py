"""A server that is not warm yet: it answers, says so to everybody, and dresses when it can."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import Any

import pytest
from conftest import Serve
from doubles import Shopper, StandInEngine, until
from test_http_api import refused

from stream_server.app import tell_warm_up
from stream_server.deadlines import Timing
from stream_server.keys import HOUSE


async def test_a_session_says_that_it_starts_and_is_dressed_once_it_can_be(
    serve: Serve, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    original = engine.live
    monkeypatch.setattr(engine, "live", lambda: made.append(1) or original())
    engine.gate.clear()
    http = await serve()
    async with Shopper(http) as shopper:
        await shopper.connect(garment="red")
        assert (await shopper.hear("status"))["state"] == "starting"
        await shopper.see(worn=None)  # the camera's picture passes
        assert made == []
        engine.gate.set()
        await shopper.see(worn="red")
        await shopper.hear("status", lambda message: message["state"] == "dressed")


async def test_who_leaves_meanwhile_leaves_nothing_behind(
    serve: Serve, engine: StandInEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.gate.clear()
    http = await serve()
    async with Shopper(http) as shopper:
        await shopper.connect(garment="red")
        await shopper.see(worn=None)
        begin = time.monotonic()
        assert (await http.delete(f"/api/sessions/{shopper.session}")).status == 204
        assert time.monotonic() - begin < Timing().close
    names = [thread.name for thread in threading.enumerate()]
    assert [name for name in names if name.startswith(("observe-", "dress-"))] == []
    assert [record.message for record in caplog.records if record.levelname != "INFO"] == []
    engine.gate.set()
    await until(lambda: http.app is not None and http.app[HOUSE]._warm.is_set())
    assert engine.lives == []


async def test_the_terminal_and_readyz_say_so(serve: Serve, engine: StandInEngine) -> None:
    engine.gate.clear()
    http = await serve()
    lines: list[str] = []
    assert http.app is not None
    telling = asyncio.create_task(tell_warm_up(http.app[HOUSE], lines.append))
    await until(lambda: lines)
    assert "Warming up" in lines[0]
    sentence = await refused(await http.get("/readyz"), 503, "starting")
    assert "warming up" in sentence
    engine.gate.set()
    await telling
    assert [line.strip() for line in lines[1:]] == ["Ready."]
    assert (await http.get("/readyz")).status == 200


async def test_what_was_loaded_costs_the_garbage_collector_nothing_any_more(
    serve: Serve, engine: StandInEngine
) -> None:
    gc.unfreeze()  # what tests before this one froze in the same process
    engine.gate.clear()
    http = await serve()
    assert http.app is not None
    settling = asyncio.create_task(http.app[HOUSE].settle())
    await asyncio.sleep(0.05)
    assert gc.get_freeze_count() == 0
    engine.gate.set()
    try:
        await settling
        assert gc.get_freeze_count() > len(gc.get_objects())
    finally:
        gc.unfreeze()


async def test_a_warm_up_that_fails_is_said_and_not_waited_for(
    serve: Serve, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(engine, "warm_up", fail)
    http = await serve()
    lines: list[str] = []
    assert http.app is not None
    await tell_warm_up(http.app[HOUSE], lines.append)
    assert "could not start" in lines[-1]
    answer = await http.get("/readyz")
    assert "Retry-After" not in answer.headers
    assert "secret" not in await refused(answer, 503, "broken")
