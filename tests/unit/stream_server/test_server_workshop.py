from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from stream_server.errors import ApiError
from stream_server.workshop import Workshop


async def test_jobs_run_in_named_threads_and_return_or_raise() -> None:
    shop = Workshop("cutters", threads=1, waiting=0)
    assert (await shop.run(lambda: threading.current_thread().name)).startswith("cutters")
    with pytest.raises(ZeroDivisionError):
        await shop.run(lambda: 1 / 0)
    assert await shop.run(sum, [1, 2]) == 3
    shop.close()


async def test_more_than_may_wait_is_refused_also_when_clients_lose_patience() -> None:
    shop = Workshop("cutters", threads=1, waiting=1)
    gate = threading.Event()
    jobs = [asyncio.ensure_future(shop.run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0.01)
    with pytest.raises(ApiError) as refusal:
        await shop.run(gate.wait)
    assert (refusal.value.status, refusal.value.code) == (503, "busy")
    jobs[0].cancel()  # its thread still works on it, so its place is not free
    with contextlib.suppress(asyncio.CancelledError):
        await jobs[0]
    with pytest.raises(ApiError):
        await shop.run(gate.wait)
    gate.set()
    await jobs[1]
    await asyncio.sleep(0.05)
    assert await shop.run(lambda: "free again") == "free again"
    shop.close()
    shop.submit_quietly(lambda: None)  # after the end: left out without a fuss
