"""Hostile input beside a live session: refused in words, and the session goes on.

``tests/bench/attack.py`` does the same ten thousand times against a process of its own.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from conftest import Serve
from doubles import Shopper, until
from yarl import URL

from stream_server.deadlines import Timing
from stream_server.keys import LOBBY
from tests.bench.hostile import Hostile, requests, words

HOW_MANY = 400


async def ask(http: TestClient[Any, Any], hostile: Hostile) -> tuple[int, str]:
    url = URL(str(http.make_url("/")).rstrip("/") + hostile.path, encoded=True)
    async with http.session.request(
        hostile.method, url, data=hostile.body or None, headers=hostile.headers
    ) as response:
        return response.status, await response.text()


@pytest.mark.filterwarnings("ignore:::aiohttp.multipart")  # it warns of what we refuse
async def test_hostile_requests_are_refused_and_a_live_session_goes_on(serve: Serve) -> None:
    http = await serve(Timing(connect=0.5, status=0.1), max_sessions=3)
    async with Shopper(http) as shopper:
        await shopper.connect(garment="green")
        await shopper.see(worn="green")
        for hostile in itertools.islice(requests(11, shopper.offer()["sdp"]), HOW_MANY):
            status, text = await ask(http, hostile)
            acceptable = status < 500 or (status == 503 and '"full"' in text)
            assert acceptable, (hostile.method, hostile.path, hostile.body[:300], status, text)
            assert "Traceback" not in text
            assert "site-packages" not in text
            assert "root:" not in text
        await shopper.see(5, worn="green")
        assert http.app is not None
        lobby = http.app[LOBBY]
        await until(lambda: len(lobby) == 1)  # offers that were good enough have lapsed


async def test_hostile_words_are_answered_and_the_session_goes_on(serve: Serve) -> None:
    async with Shopper(await serve()) as shopper:
        await shopper.connect(garment="green")
        await shopper.see(worn="green")
        for text in itertools.islice(words(5), 300):
            shopper.control.send(text)
            await asyncio.sleep(0)
        await shopper.hear("error")
        await shopper.say(type="select", garment="blue")
        await shopper.see(5, worn="blue")
