"""What a shopper adds is that shopper's alone, for a while."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from conftest import Serve
from doubles import Shopper, until
from test_http_api import GREY, form, refused

from stream_server import house, wardrobes
from stream_server.cookies import COOKIE

Client = TestClient[Any, Any]
Meet = Callable[..., Awaitable[tuple[Client, Client]]]


@pytest.fixture
async def meet(serve: Serve) -> AsyncIterator[Meet]:
    """Two visitors of one server, with a cookie jar each."""
    others: list[Client] = []

    async def start(**settings: Any) -> tuple[Client, Client]:
        first = await serve(**settings)
        others.append(TestClient(first.server))
        return first, others[-1]

    yield start
    for other in others:
        await other.session.close()


async def add(http: Client, name: str = "tee") -> dict[str, Any]:
    answer = await http.post("/api/garments", data=form(image=GREY, name=name))
    assert answer.status == 201, await answer.text()
    return dict(await answer.json())


async def ids(http: Client) -> list[str]:
    return [garment["id"] for garment in await (await http.get("/api/garments")).json()]


async def test_nobody_else_lists_sees_wears_or_removes_it(meet: Meet) -> None:
    anna, bert = await meet()
    tee = await add(anna)
    assert tee["own"] and (await ids(anna))[0] == tee["id"]
    assert await ids(bert) == ["red", "green", "blue", "trousers"]
    for visitor in (bert, anna):  # bert twice: without a garment of his own, and with one
        assert tee["id"] not in await ids(bert)
        assert len(await ids(bert)) == 4 + (visitor is anna)
        address = f"/api/garments/{tee['id']}"
        for picture in (tee["image"], tee["thumbnail"]):
            await refused(await bert.get(picture), 404, "garment_unknown")
        await refused(await bert.delete(address), 404, "garment_unknown")
        dressed = await bert.post("/api/tryon", data=form(garment=tee["id"], person=GREY))
        await refused(dressed, 404, "garment_unknown")
        async with Shopper(bert) as shopper:
            offer = shopper.offer(garment=tee["id"])
            await refused(await bert.post("/api/offer", json=offer), 404, "garment_unknown")
            await shopper.connect()
            await shopper.say(type="select", garment=tee["id"])
            assert (await shopper.hear("error"))["code"] == "garment_unknown"
        if visitor is bert:
            assert (await add(bert))["id"] != tee["id"]  # though of the same name
    assert tee["id"] in await ids(anna)
    assert (await anna.delete(f"/api/garments/{tee['id']}")).status == 204


async def test_its_owner_wears_it_at_once_in_a_session_that_runs(meet: Meet) -> None:
    anna, _ = await meet()
    async with Shopper(anna) as shopper:
        await shopper.connect()
        tee = await add(anna)
        await shopper.say(type="select", garment=tee["id"])
        assert (await shopper.hear("ready"))["garment"] == tee["id"]
        await shopper.see(worn="red")  # as the stand-in draws what it does not know
    answer = await anna.post("/api/tryon", data=form(garment=tee["id"], person=GREY))
    assert answer.status == 200


async def test_the_garments_of_the_shop_are_not_for_shoppers_to_change(meet: Meet) -> None:
    anna, _ = await meet()
    await refused(await anna.delete("/api/garments/red"), 403, "not_yours")
    await refused(await anna.patch("/api/garments/red", data=form(name="mine")), 403, "not_yours")
    garments = await (await anna.get("/api/garments")).json()
    assert (garments[0]["id"], garments[0]["name"]) == ("red", "red")


async def test_its_owner_and_nobody_else_renames_it(meet: Meet) -> None:
    anna, bert = await meet()
    address = f"/api/garments/{(await add(anna))['id']}"
    await refused(await bert.patch(address, data=form(name="his")), 404, "garment_unknown")
    answer = await anna.patch(address, data=form(name="Sunday tee"))
    assert answer.status == 200 and (await answer.json())["name"] == "Sunday tee"
    await refused(await anna.patch(address, data=form(name=" ")), 400, "bad_form")
    listed = await (await anna.get("/api/garments")).json()
    assert (listed[0]["id"], listed[0]["name"]) == (address.split("/")[-1], "Sunday tee")


async def test_a_picture_of_ones_own_is_kept_by_no_cache_for_others(meet: Meet) -> None:
    anna, _ = await meet()
    tee = await add(anna)
    headers = (await anna.get(tee["image"])).headers
    assert headers["Cache-Control"].startswith("private")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("origin", ["http", "https"])
async def test_the_cookie_is_out_of_reach_of_scripts(serve: Serve, origin: str) -> None:
    http = await serve(uploads_kept_h=2)
    headers = {"Origin": f"{origin}://{http.host}:{http.port}"}
    data = form(image=GREY, name="tee")
    answer = await http.post("/api/garments", data=data, headers=headers)
    cookie: Any = SimpleCookie(answer.headers["Set-Cookie"].replace("; Partitioned", ""))[COOKIE]
    assert cookie["httponly"] and cookie["max-age"] == "7200"
    secure = origin == "https"
    assert (cookie["samesite"], bool(cookie["secure"])) == ("None" if secure else "Lax", secure)
    assert ("Partitioned" in answer.headers["Set-Cookie"]) == secure


async def test_looking_leaves_no_cookie(meet: Meet) -> None:
    anna, _ = await meet()
    for path in ("/", "/api/garments", "/api/config"):
        assert "Set-Cookie" not in (await anna.get(path)).headers


async def test_names_that_were_made_up_find_and_make_nothing(meet: Meet, tmp_path: Path) -> None:
    anna, bert = await meet()
    tee = await add(anna)
    folders = list((tmp_path / "catalog" / wardrobes.FOLDER).iterdir())
    for name in ("../../red", "", "x" * 22, tee["id"].split(".")[1], folders[0].name[:22]):
        answer = await bert.get("/api/garments", headers={"Cookie": f"{COOKIE}={name}"})
        assert tee["id"] not in [garment["id"] for garment in await answer.json()]
    assert list((tmp_path / "catalog" / wardrobes.FOLDER).iterdir()) == folders


async def test_they_go_when_their_time_is_over(
    meet: Meet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "SWEEP_S", 0.05)
    anna, bert = await meet(uploads_kept_h=2)
    old, new = await add(anna), await add(bert)
    folder = tmp_path / "catalog" / wardrobes.FOLDER
    passed = time.time() - 2 * 3600 - 1
    os.utime(folder / old["id"].split(".")[1], (passed, passed))
    await until(lambda: len(list(folder.iterdir())) == 1)
    assert old["id"] not in await ids(anna)
    assert new["id"] in await ids(bert)


async def test_there_is_a_limit(meet: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wardrobes, "MOST_GARMENTS", 2)
    anna, bert = await meet()
    for name in ("one", "two"):
        await add(anna, name)
    third = await anna.post("/api/garments", data=form(image=GREY, name="three"))
    assert "Remove one" in await refused(third, 400, "bad_input")
    await add(bert)


async def test_who_was_quiet_for_longest_makes_room_for_others(
    meet: Meet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wardrobes, "used_bytes", lambda _: 1_000_000)
    anna, bert = await meet(uploads_max_mb=2.5)
    quiet, busy = await add(anna), await add(bert)
    folder = tmp_path / "catalog" / wardrobes.FOLDER
    for minutes, tee in ((5, quiet), (1, busy)):
        at = time.time() - 60 * minutes
        os.utime(folder / tee["id"].split(".")[1], (at, at))
    bert.session.cookie_jar.clear()  # from here on it is Carl's browser
    new = await add(bert)
    assert new["id"] in await ids(bert)
    kept = {path.name for path in folder.iterdir()}
    assert kept == {tee["id"].split(".")[1] for tee in (busy, new)}
    assert quiet["id"] not in await ids(anna)
    assert (await add(anna))["id"] in await ids(anna)  # there is room for her again


async def test_nobody_removes_ones_own_to_make_room(
    meet: Meet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wardrobes, "used_bytes", lambda _: 1_000_000)
    anna, _ = await meet(uploads_max_mb=0.5)
    answer = await anna.post("/api/garments", data=form(image=GREY, name="tee"))
    assert "Remove one of yours" in await refused(answer, 507, "storage_full")


def test_the_room_that_a_folder_takes_is_that_of_all_its_files(tmp_path: Path) -> None:
    empty = wardrobes.used_bytes(tmp_path)
    (tmp_path / "tee").mkdir()
    (tmp_path / "tee" / "photo.png").write_bytes(os.urandom(100_000))
    assert empty + 100_000 <= wardrobes.used_bytes(tmp_path) < empty + 150_000


async def test_where_uploads_are_shared_they_are_for_everybody(meet: Meet) -> None:
    anna, bert = await meet(catalog_shared_uploads=True)
    tee = await add(anna)
    assert (tee["id"], tee["own"]) == ("tee", False)
    assert "tee" in await ids(bert)
    assert list(anna.session.cookie_jar) == []
    assert (await bert.delete("/api/garments/tee")).status == 204
