"""Who is let in: the waiting line, load, rate limits, tokens and proxies, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from conftest import Serve
from doubles import Shopper, until

from stream_server import house, lobby
from stream_server.keys import LOBBY
from stream_server.tokens import mint

SECRET = "a secret that nobody guesses"
SHOP = "https://shop.example"
OFFER = {"type": "offer", "sdp": "nonsense"}  # counted and refused


async def refusal(http: TestClient[Any, Any], **offer: Any) -> tuple[int, dict[str, Any], str]:
    async with http.post("/api/offer", json=offer) as response:
        return response.status, await response.json(), response.headers.get("Retry-After", "")


async def test_shoppers_wait_in_line_and_are_let_in_in_turn(serve: Serve) -> None:
    http = await serve(max_sessions=1)
    async with Shopper(http) as inside, Shopper(http) as first, Shopper(http) as second:
        await inside.connect()
        status, body, retry = await refusal(http, **first.offer())
        assert (status, body["error"]["code"], body["queue"]["position"]) == (503, "full", 1)
        assert 1 <= int(retry) <= 5
        ticket = body["queue"]["ticket"]
        _, behind, _ = await refusal(http, **second.offer())
        assert behind["queue"]["position"] == 2
        _, again, _ = await refusal(http, **first.offer(ticket=ticket))
        assert again["queue"] == {"ticket": ticket, "position": 1}
        async with http.get("/metrics") as response:
            assert "wearcast_queue 2.0" in await response.text()
        await http.delete(f"/api/sessions/{inside.session}")
        status, body, _ = await refusal(http, **second.offer(ticket=behind["queue"]["ticket"]))
        assert (status, body["queue"]["position"]) == (503, 2)
        await first.connect(ticket=ticket)
        _, body, _ = await refusal(http, **second.offer(ticket=behind["queue"]["ticket"]))
        assert body["queue"]["position"] == 1


async def test_a_crowd_gets_no_ticket(serve: Serve) -> None:
    http = await serve(max_sessions=1, max_waiting=0)
    async with Shopper(http) as inside, Shopper(http) as late:
        await inside.connect()
        status, body, retry = await refusal(http, **late.offer())
        assert status == 503
        assert "queue" not in body
        assert int(retry) >= 60


async def test_a_busy_machine_lets_nobody_else_in_but_never_locks_everybody_out(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = await serve(max_load=0.8)
    lobby = http.app[LOBBY]  # type: ignore[index]
    monkeypatch.setattr(lobby, "_load", lambda: 0.95)
    async with Shopper(http) as first, Shopper(http) as second:
        await first.connect()  # an empty server is open, whatever else the machine does
        status, body, _ = await refusal(http, **second.offer())
        assert (status, body["queue"]["position"]) == (503, 1)
        monkeypatch.setattr(lobby, "_load", lambda: 0.3)
        await second.connect(ticket=body["queue"]["ticket"])


async def test_too_many_offers_and_uploads_of_one_address_have_to_wait(serve: Serve) -> None:
    http = await serve(requests_per_minute=3)
    codes = [(await refusal(http, **OFFER))[0] for _ in range(3)]
    assert codes == [400] * 3
    status, body, retry = await refusal(http, **OFFER)
    assert (status, body["error"]["code"]) == (429, "too_many")
    assert int(retry) >= 1
    for path in ("/api/tryon", "/api/garments"):
        assert (await http.post(path, data={"name": "x"})).status == 429
    assert (await http.get("/api/garments")).status == 200


async def test_waiting_in_line_is_no_flood(serve: Serve) -> None:
    http = await serve(max_sessions=1, requests_per_minute=2)
    async with Shopper(http) as inside, Shopper(http) as waiting:
        await inside.connect()
        _, body, _ = await refusal(http, **waiting.offer())
        ticket = body["queue"]["ticket"]
        for _ in range(10):
            assert (await refusal(http, **waiting.offer(ticket=ticket)))[0] == 503


async def test_behind_a_trusted_proxy_each_client_counts_alone(serve: Serve) -> None:
    http = await serve(requests_per_minute=1, trusted_proxies=("127.0.0.1",))

    async def ask(client: str) -> int:
        headers = {"X-Forwarded-For": client}
        return (await http.post("/api/offer", json=OFFER, headers=headers)).status

    assert await ask("203.0.113.1") == 400
    assert await ask("203.0.113.1") == 429
    assert await ask("203.0.113.2") == 400
    assert await ask("203.0.113.9, 203.0.113.2") == 429  # the proxy's word counts, not the client's


async def test_a_client_cannot_name_its_own_address(serve: Serve) -> None:
    http = await serve(requests_per_minute=1)
    codes = [
        (await http.post("/api/offer", json=OFFER, headers={"X-Forwarded-For": f"203.0.113.{n}"}))
        for n in range(3)
    ]
    assert [answer.status for answer in codes] == [400, 429, 429]


async def test_with_a_secret_set_a_page_needs_a_token_of_its_site(serve: Serve) -> None:
    http = await serve(token_secret=SECRET, allowed_origins=(SHOP, "https://other.example"))
    good, expired = mint(SECRET, SHOP, 60), mint(SECRET, SHOP, -1)

    async def ask(origin: str | None, token: str | None) -> int:
        headers = {} if origin is None else {"Origin": origin}
        headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
        async with http.post("/api/offer", json=OFFER, headers=headers) as response:
            return response.status

    assert await ask(SHOP, good) == 400  # let through, and then refused for its offer
    assert await ask(SHOP, None) == 401
    assert await ask(SHOP, expired) == 401
    assert await ask(None, good) == 401
    assert await ask("https://other.example", good) == 401
    assert await ask("https://evil.example", good) == 403
    for path in ("/api/tryon", "/api/garments"):
        assert (await http.post(path, data={"name": "x"})).status == 401
    assert (await http.delete("/api/garments/red")).status == 401
    assert (await http.get("/api/garments")).status == 200
    preflight = await http.options("/api/offer", headers={"Origin": SHOP})
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


async def test_a_turn_server_with_a_secret_gets_passwords_that_expire(serve: Serve) -> None:
    from stream_server.ice import IceServer

    turn = IceServer(("turn:turn.example:3478",), secret=SECRET)
    http = await serve(ice_servers=(turn,), relay_only=True)
    async with http.get("/api/config") as response:
        config = await response.json()
        text = await response.text()
    (server,) = config["iceServers"]
    assert config["iceTransportPolicy"] == "relay"
    assert int(server["username"].split(":")[0]) > 1_700_000_000
    assert server["credential"]
    assert SECRET not in text
    assert SECRET not in repr(http.app) + repr(turn)


async def test_a_house_that_is_never_empty_is_tidied_as_well(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied: list[int] = []
    monkeypatch.setattr(house, "trim_memory", lambda: tidied.append(1))
    monkeypatch.setattr(lobby, "TIDY_EVERY", 2)
    http = await serve(max_sessions=2)
    async with Shopper(http) as steady:
        await steady.connect()
        for ended in range(1, 5):
            async with Shopper(http) as other:
                await other.connect()
                await http.delete(f"/api/sessions/{other.session}")
            await until(lambda ended=ended: len(tidied) == ended // 2)
