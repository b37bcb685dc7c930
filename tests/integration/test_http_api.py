"""The HTTP interface over a real socket, with a stand-in pipeline."""

from __future__ import annotations

import asyncio
import io
import json
import re
import struct
import zlib
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import FormData
from conftest import Serve
from doubles import MemoryShelf, Shopper, StandInEngine

from pipeline.errors import ImageUnreadable
from pipeline.images import MAX_BYTES, decode_image, encode_jpeg, encode_png
from stream_server.handlers.openapi import PATHS

GREY = encode_png(np.full((8, 8, 3), 128, np.uint8))
BLACK = encode_png(np.zeros((8, 8, 3), np.uint8))
NOISE = encode_png(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))


def png_bomb(side: int) -> bytes:
    """A small file that claims and holds side × side black pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(bytes(side * (side // 8 + 1)), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def form(**fields: bytes | str) -> FormData:
    data = FormData(default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, bytes):
            data.add_field(
                name, io.BytesIO(value), filename=f"{name}.png", content_type="image/png"
            )
        else:
            data.add_field(name, value)
    return data


async def refused(response: aiohttp.ClientResponse, status: int, code: str | None = None) -> str:
    """Check a refusal's status and shape; returns its sentence."""
    assert response.status == status, await response.text()
    body = await response.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message"}
    message = body["error"]["message"]
    assert code is None or body["error"]["code"] == code
    assert re.match(r"[A-Z“].*\.$", message), message
    assert "/" not in message.replace("and/or", "") or "http" in message, message
    assert "Traceback" not in message
    return str(message)


async def test_pages_and_their_files(serve: Serve) -> None:
    http = await serve()
    page = await http.get("/")
    assert page.status == 200
    assert "Mirror" in await page.text()
    script = await http.get("/web/main.js")
    assert script.status == 200
    assert "javascript" in script.headers["Content-Type"]
    assert script.headers["Cache-Control"] == "no-cache"
    again = await http.get("/web/main.js", headers={"If-None-Match": script.headers["ETag"]})
    assert again.status == 304
    await refused(await http.get("/kiosk"), 404, "no_page")


async def test_every_answer_carries_the_security_headers(serve: Serve) -> None:
    http = await serve(allowed_origins=("https://shop.example",))
    for path in ("/", "/web/main.js", "/api/config", "/nowhere", "/healthz"):
        headers = (await http.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "media-src 'self' blob: mediastream:" in policy
        assert "frame-ancestors 'self' https://shop.example" in policy
        assert headers["Permissions-Policy"].startswith("camera=(self)")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Server"] == "wearcast"


@pytest.mark.parametrize(
    "path",
    [
        "/web/../pyproject.toml",
        "/web/%2e%2e/%2e%2e/etc/passwd",
        "/web/..%2f..%2fetc/passwd",
        "/web//etc/passwd",
        "/web/",
        "/api/garments/..%2f..%2fetc/image",
        "/api/garments/%00/thumbnail",
        "/api/garments/../../image",
    ],
)
async def test_tricks_with_paths_find_nothing(serve: Serve, path: str) -> None:
    http = await serve()
    reader, writer = await asyncio.open_connection(http.host, http.port)
    writer.write(f"GET {path} HTTP/1.0\r\nHost: {http.host}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] in (b"403", b"404")
    assert json.loads(body)["error"]["code"] in ("not_found", "forbidden", "garment_unknown")
    assert b"root:" not in body


async def test_refusals_have_one_shape(serve: Serve) -> None:
    http = await serve()
    await refused(await http.get("/nowhere"), 404, "not_found")
    wrong_method = await http.put("/api/garments")
    await refused(wrong_method, 405, "method_not_allowed")
    assert "GET" in wrong_method.headers["Allow"]
    await refused(await http.get("/api/garments/nobody/image"), 404, "garment_unknown")
    await refused(await http.delete("/api/garments/nobody"), 404, "garment_unknown")
    await refused(await http.delete("/api/sessions/nobody"), 404, "session_unknown")


async def test_an_unexpected_fault_tells_nothing_and_is_logged_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: MemoryShelf) -> None:
        raise RuntimeError("/home/operator/secret")

    http = await serve()
    monkeypatch.setattr(MemoryShelf, "list", fail)
    message = await refused(await http.get("/api/garments"), 500, "internal")
    assert "secret" not in message
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1
    assert "RuntimeError at test_http_api.py" in caplog.text
    assert "secret" not in caplog.text
    assert (await http.get("/healthz")).status == 200


async def test_a_damaged_garment_is_told_without_its_path(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: MemoryShelf, __: str) -> None:
        raise ImageUnreadable("/srv/catalog/red/cutout.png is damaged.")

    http = await serve()
    monkeypatch.setattr(MemoryShelf, "get", fail)
    answer = await http.post("/api/tryon", data=form(garment="red", person=GREY))
    await refused(answer, 500, "garment_damaged")
    assert "garment red cannot be read" in caplog.text


async def test_the_catalogue(serve: Serve) -> None:
    http = await serve()
    garments = await (await http.get("/api/garments")).json()
    assert [g["id"] for g in garments] == ["red", "green", "blue", "trousers"]
    shown = {"id", "name", "category", "sleeves", "notice", "thumbnail", "image", "own"}
    assert garments[0].keys() == shown
    picture = await http.get(garments[0]["thumbnail"])
    assert picture.content_type == "image/png"
    assert "max-age" in picture.headers["Cache-Control"]
    etag = {"If-None-Match": picture.headers["ETag"]}
    assert (await http.get(garments[0]["thumbnail"], headers=etag)).status == 304

    added = await http.post("/api/garments", data=form(image=GREY, name="mine", category="upper"))
    assert added.status == 201
    mine = await added.json()
    assert mine["name"] == "mine" and mine["own"]
    assert (await http.get(mine["image"])).status == 200
    assert (await http.delete(f"/api/garments/{mine['id']}")).status == 204
    await refused(await http.delete(f"/api/garments/{mine['id']}"), 404, "garment_unknown")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"image": b"", "name": "a"}, 400, "image_unreadable"),
        ({"image": b"this is not a JPEG", "name": "a.jpg"}, 400, "image_unreadable"),
        ({"image": NOISE[: len(NOISE) // 2], "name": "a"}, 400, "image_unreadable"),
        ({"image": png_bomb(6400), "name": "a"}, 413, "image_too_large"),
        ({"image": BLACK, "name": "a"}, 422, "garment_refused"),
        ({"image": GREY}, 400, "bad_form"),
        ({"name": "a"}, 400, "bad_form"),
        ({"image": "no file", "name": "a"}, 400, "bad_form"),
        ({"image": GREY, "name": "a", "category": "hat"}, 400, "bad_form"),
        ({"image": GREY, "name": "a", "colour": "red"}, 400, "bad_form"),
        ({"image": GREY, "name": "a" * 2000}, 413, "too_large"),
    ],
)
async def test_uploads_that_are_refused(
    serve: Serve, fields: dict[str, Any], status: int, code: str
) -> None:
    http = await serve()
    await refused(await http.post("/api/garments", data=form(**fields)), status, code)
    assert len(await (await http.get("/api/garments")).json()) == 4


async def test_an_upload_that_is_too_large_is_refused(serve: Serve) -> None:
    http = await serve()
    data = form(image=bytes(MAX_BYTES + 1), name="a")
    await refused(await http.post("/api/garments", data=data), 413, "too_large")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\nabc',
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_forms_that_are_no_forms(serve: Serve, body: bytes, content_type: str) -> None:
    http = await serve()
    headers = {"Content-Type": content_type}
    response = await http.post("/api/garments", data=body, headers=headers)
    await refused(response, 400, "bad_form")


async def test_a_read_only_catalogue_stays_as_it_is(serve: Serve) -> None:
    http = await serve(catalog_read_only=True)
    data = form(image=GREY, name="mine")
    await refused(await http.post("/api/garments", data=data), 403, "read_only")
    await refused(await http.delete("/api/garments/red"), 403, "read_only")
    renaming = await http.patch("/api/garments/red", data=form(name="mine"))
    await refused(renaming, 403, "read_only")


async def test_a_photo_is_dressed(serve: Serve) -> None:
    http = await serve()
    for garment in ("red", GREY):
        answer = await http.post("/api/tryon", data=form(garment=garment, person=GREY))
        assert answer.status == 200
        assert answer.content_type == "image/png"
        assert answer.headers["Cache-Control"] == "no-store"
        assert (decode_image(await answer.read()) == 127).all()


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"person": BLACK, "garment": "red"}, 422, "no_person"),
        ({"person": GREY, "garment": "nobody"}, 404, "garment_unknown"),
        ({"person": GREY}, 400, "bad_form"),
        ({"garment": "red"}, 400, "bad_form"),
        ({"person": b"", "garment": "red"}, 400, "image_unreadable"),
        ({"person": encode_jpeg(np.zeros((9, 9, 3), np.uint8))[:99], "garment": "red"}, 400, None),
        ({"person": png_bomb(6400), "garment": "red"}, 413, "image_too_large"),
    ],
)
async def test_photos_that_cannot_be_dressed(
    serve: Serve, fields: dict[str, Any], status: int, code: str | None
) -> None:
    http = await serve()
    await refused(await http.post("/api/tryon", data=form(**fields)), status, code)


async def test_more_photos_than_the_server_can_take_are_refused(
    serve: Serve, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = await serve()
    original = engine.photo

    def wait(person: bytes, garment: Any) -> Any:
        engine.gate.wait()
        return original(person, garment)

    monkeypatch.setattr(engine, "photo", wait)
    await http.get("/api/garments")
    engine.gate.clear()

    async def post() -> int:
        async with http.post("/api/tryon", data=form(garment="red", person=GREY)) as answer:
            if answer.status == 503:
                assert int(answer.headers["Retry-After"]) > 0
                engine.gate.set()  # the rest may now be done
            return answer.status

    statuses = await asyncio.gather(*(post() for _ in range(8)))
    assert 503 in statuses
    assert statuses.count(200) >= 5
    assert (await http.post("/api/tryon", data=form(garment="red", person=GREY))).status == 200


GOOD = {"sdp": "v=0", "type": "offer"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[" * 10_000,
        b"[]",
        json.dumps({"sdp": "v=0\r\nhello", "type": "offer"}).encode(),
        json.dumps({"sdp": 5, "type": "offer"}).encode(),
        json.dumps({"sdp": "v=0", "type": "answer"}).encode(),
    ],
)
async def test_malformed_offers(serve: Serve, body: bytes) -> None:
    http = await serve()
    await refused(await http.post("/api/offer", data=body), 400, "bad_offer")
    metrics = await (await http.get("/metrics")).text()
    assert 'wearcast_offers_total{result="refused"} 1.0' in metrics
    assert "wearcast_sessions 0.0" in metrics


async def test_offers_that_ask_for_too_much(serve: Serve) -> None:
    http = await serve()
    async with Shopper(http) as shopper:
        sdp = shopper.offer()["sdp"]
        video = sdp[sdp.index("m=video") : sdp.index("m=application")]
        candidate = "a=candidate:1 1 udp 2113937151 192.0.2.7 10000 typ host\r\n"
        bad = {
            "two videos": sdp.replace(video, video + video),
            "audio": sdp.replace("m=application", "m=audio"),
            "candidates": sdp + candidate * 51,
            "has a port": sdp + candidate.replace("10000", "65536"),
            "no credentials": re.sub(r"a=ice-(ufrag|pwd).*\r\n", "", sdp),
            "no fingerprint": re.sub(r"a=fingerprint.*\r\n", "", sdp),
            "camera only": sdp.replace("a=sendrecv", "a=sendonly"),
            "no codec": sdp.replace("VP8/90000", "XYZ/90000").replace("H264/90000", "ABC/90000"),
        }
        for what, changed in bad.items():
            assert changed != sdp, what
            response = await http.post("/api/offer", json={"sdp": changed, "type": "offer"})
            await refused(response, 400, "bad_offer")
        large = json.dumps(shopper.offer(padding="x" * 70_000))
        await refused(await http.post("/api/offer", data=large), 413, "too_large")
        unknown = shopper.offer(garment="nobody")
        await refused(await http.post("/api/offer", json=unknown), 404, "garment_unknown")
        for wrong in ({"garment": 5}, {"mirror": "yes"}):
            response = await http.post("/api/offer", json=shopper.offer(**wrong))
            await refused(response, 400, "bad_offer")
        await shopper.connect(garment="red")  # the server still serves
        await shopper.see(worn="red")


async def test_other_sites_may_change_nothing_unless_allowed(serve: Serve) -> None:
    http = await serve(allowed_origins=("https://shop.example",), catalog_shared_uploads=True)
    same = f"http://{http.host}:{http.port}"
    for origin, status in ((same, 204), ("https://evil.example", 403), ("null", 403)):
        response = await http.delete("/api/garments/red", headers={"Origin": origin})
        if status == 403:
            await refused(response, 403, "forbidden_origin")
            assert "Access-Control-Allow-Origin" not in response.headers
        else:
            assert response.status == status
    friend = {"Origin": "https://shop.example"}
    response = await http.delete("/api/garments/green", headers=friend)
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    preflight = await http.options("/api/offer", headers=friend)
    assert preflight.status == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    no_origin = await http.delete("/api/garments/blue", headers={"Sec-Fetch-Site": "cross-site"})
    await refused(no_origin, 403, "forbidden_origin")


async def test_config_and_health(serve: Serve, engine: StandInEngine) -> None:
    engine.gate.clear()
    http = await serve(max_sessions=3)
    config = await (await http.get("/api/config")).json()
    assert config["iceServers"] == []
    assert config["limits"]["sessions"] == 3
    assert config["version"]
    assert (await http.get("/healthz")).status == 200
    not_ready = await http.get("/readyz")
    await refused(not_ready, 503, "starting")
    assert int(not_ready.headers["Retry-After"]) > 0
    engine.gate.set()
    for _ in range(100):
        if (await http.get("/readyz")).status == 200:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("never ready")


async def test_a_catalogue_that_cannot_be_opened_leaves_the_server_answering(
    serve: Serve, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> Any:
        raise PermissionError("/srv/secret")

    monkeypatch.setattr(engine, "open_catalog", fail)
    http = await serve()
    await refused(await http.get("/api/garments"), 503, "broken")
    assert (await http.get("/healthz")).status == 200
    await refused(await http.get("/readyz"), 503, "broken")


async def test_the_openapi_document_names_every_address(serve: Serve) -> None:
    http = await serve()
    document = await (await http.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert http.app is not None
    served = {
        (resource.canonical, route.method.lower())
        for resource in http.app.router.resources()
        for route in resource
        if route.method != "HEAD" and resource.canonical != "/web"
    }
    assert served == {(path, method) for path, item in PATHS.items() for method in item}
