from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aioice.ice
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from doubles import StandInEngine

from stream_server.app import create_app
from stream_server.config import ServerConfig
from stream_server.deadlines import Timing

Serve = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers of one process meet on 127.0.0.1, whatever networks the machine has."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])


@pytest.fixture
def engine() -> StandInEngine:
    return StandInEngine()


@pytest.fixture
async def serve(engine: StandInEngine, tmp_path: Path) -> AsyncIterator[Serve]:
    """Start a server with the stand-in pipeline; ended with the test."""
    clients = []

    async def start(timing: Timing | None = None, **settings: Any) -> TestClient[Any, Any]:
        web_folder = tmp_path / "web"
        web_folder.mkdir(exist_ok=True)
        (web_folder / "index.html").write_text("<!doctype html><title>Mirror</title>")
        (web_folder / "main.js").write_text("export {};")
        # the tests ask a lot, from one address, on a machine that they load themselves
        settings = {"max_load": 0.0, "requests_per_minute": 0} | settings
        config = ServerConfig(catalog=tmp_path / "catalog", web=web_folder, **settings)
        client = TestClient(TestServer(create_app(config, engine, timing)))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    engine.gate.set()
    for client in clients:
        await client.close()
