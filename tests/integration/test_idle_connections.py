"""Connections that nobody uses are closed: those of phones that vanished would pile up."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from stream_server import app
from stream_server.config import ServerConfig
from tests.integration.doubles import StandInEngine, until

IDLE_S = 0.3
ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTT", ASK])
async def test_a_connection_that_is_not_used_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(app, "KEEP_ALIVE_S", IDLE_S)
    lines: list[str] = []
    config = ServerConfig(port=0, catalog=tmp_path / "catalog")
    serving = asyncio.create_task(app.serve(config, lines.append, StandInEngine()))
    await until(lambda: lines or serving.done())
    reader, writer = await asyncio.open_connection("127.0.0.1", int(lines[0].split(":")[-1][:-1]))
    try:
        writer.write(sent)
        async with asyncio.timeout(20 * IDLE_S):
            assert bool(await reader.read()) == (sent == ASK)  # until the server closes
    finally:
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
