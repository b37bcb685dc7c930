"""Requests that nobody sends by accident: damaged offers, bombs, odd forms, odd paths, odd words.

Every stream of requests is made from a seed, so that a failure can be shown again.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

TRAVERSALS = (
    "/web/../../pyproject.toml", "/web/%2e%2e/%2e%2e/etc/passwd", "/web/..%2f..%2fetc/passwd",
    "/api/garments/..%2f..%2f/image", "/api/garments/%00/thumbnail", "/web//etc/passwd",
    "/api/sessions/" + "a" * 4000, "/%ff%fe", "/api/garments/" + "%f0%9f%91%95" * 50 + "/image",
)  # fmt: skip
METHODS = ("PUT", "PATCH", "TRACE", "DELETE", "OPTIONS", "PROPFIND")
NUMBERS = ("0", "-1", "65536", "4294967296", "99999999999999999999", "NaN", "")


@dataclass
class Hostile:
    """One request."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def requests(seed: int, offer_sdp: str) -> Iterator[Hostile]:
    """An endless stream of hostile requests.

    Args:
        seed: of the choice.
        offer_sdp: a good session description, to be damaged.
    """
    dice = random.Random(seed)
    makers = (damaged_offer, odd_offer, damaged_form, damaged_picture, odd_address)
    while True:
        maker = dice.choice(makers)
        yield maker(dice, offer_sdp) if maker is damaged_offer else maker(dice)


def damaged_offer(dice: random.Random, sdp: str) -> Hostile:
    """A good offer with a few lines or letters changed."""
    lines = sdp.splitlines()
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(lines))
        line = lines[place]
        match dice.randrange(7):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, dice.choice(lines))
            case 2:
                lines[place] = line[: dice.randrange(len(line) + 1)]
            case 3:
                words = line.split(" ")
                words[dice.randrange(len(words))] = dice.choice(NUMBERS)
                lines[place] = " ".join(words)
            case 4:
                at = dice.randrange(len(line) + 1)
                lines[place] = line[:at] + chr(dice.randrange(1, 0x3000)) + line[at:]
            case 5:
                lines[place] = line + "A" * dice.choice((10, 1000, 5000))
            case _:
                dice.shuffle(lines)
        if not lines:
            break
    return _json({"type": "offer", "sdp": "\r\n".join(lines) + "\r\n"})


def odd_offer(dice: random.Random) -> Hostile:
    """Something that is no offer."""
    deep = "[" * 50_000
    bodies: tuple[object, ...] = (
        None, [], {}, {"type": "offer"}, {"type": "answer", "sdp": "v=0"}, {"sdp": 1},
        {"type": "offer", "sdp": "v=0\r\nhello"}, {"type": "offer", "sdp": "m=video\r\n" * 400},
        {"type": "offer", "sdp": "v=0\r\n", "garment": "../../etc/passwd"},
        {"type": "offer", "sdp": "v=0\r\n", "ticket": {"a": 1}},
        {"type": "offer", "sdp": "a=candidate:" * 5000}, "x" * 70_000,
    )  # fmt: skip
    if dice.random() < 0.2:
        raw = dice.choice((deep.encode(), b"\xff\xfe\x00", b"{", dice.randbytes(200)))
        return Hostile("POST", "/api/offer", raw, {"Content-Type": "application/json"})
    return _json(dice.choice(bodies))


def damaged_form(dice: random.Random) -> Hostile:
    """A form that is cut off, nested, too long, or none at all."""
    path = dice.choice(("/api/tryon", "/api/garments"))
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    names = (b"person", b"garment", b"image", b"name", b"category", b"other", b"\xff", b"")
    body = b"".join(
        part % (dice.choice(names), dice.choice((b"", b'; filename="x.png"')), dice.randbytes(20))
        for _ in range(dice.randint(0, 5))
    ) + dice.choice((b"--b--\r\n", b"", b"--b", b"\r\n--b\r\n\r\n"))
    body = body[: dice.randrange(len(body) + 1)] if dice.random() < 0.4 else body
    kinds = (
        "multipart/form-data; boundary=b", "multipart/form-data", "text/plain",
        "multipart/form-data; boundary=" + "x" * 300, "multipart/mixed; boundary=b",
    )  # fmt: skip
    return Hostile("POST", path, body, {"Content-Type": dice.choice(kinds)})


def damaged_picture(dice: random.Random) -> Hostile:
    """A form whose picture is a bomb, cut off, mistaken, or noise."""
    picture = dice.choice((_noise, _cut_png, _png_bomb, _svg, _gif))(dice)
    name = dice.choice(("person", "image"))
    path = "/api/tryon" if name == "person" else "/api/garments"
    other = "garment" if name == "person" else "name"
    end = f'\r\n--b\r\nContent-Disposition: form-data; name="{other}"\r\n\r\nred\r\n--b--\r\n'
    body = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="x.png"\r\n\r\n'.encode()
        + picture
        + end.encode()
    )
    return Hostile("POST", path, body, {"Content-Type": "multipart/form-data; boundary=b"})


def odd_address(dice: random.Random) -> Hostile:
    """A path outside, or a method that nothing answers."""
    if dice.random() < 0.5:
        return Hostile("GET", dice.choice(TRAVERSALS))
    known = ("/", "/api/offer", "/api/garments", "/healthz", "/api/tryon", "/web/main.js")
    return Hostile(dice.choice(METHODS), dice.choice(known))


def words(seed: int) -> Iterator[str | bytes]:
    """An endless stream of hostile control messages."""
    dice = random.Random(seed)
    good = '{"type": "select", "garment": "red"}'
    while True:
        match dice.randrange(5):
            case 0:
                yield good[: dice.randrange(len(good))]
            case 1:
                yield json.dumps({"type": dice.choice(("select", "ping", "pause", "", None)),
                                  "garment": dice.choice((1, [], {}, "x" * 300, "../..")),
                                  "t": dice.choice(("x", None, True)), "on": "yes"})  # fmt: skip
            case 2:
                yield "[" * dice.choice((10, 3000))
            case 3:
                yield dice.randbytes(dice.randrange(1, 100))
            case _:
                yield "é" * dice.choice((1, 5000))


def _json(body: object) -> Hostile:
    headers = {"Content-Type": "application/json"}
    return Hostile("POST", "/api/offer", json.dumps(body).encode(), headers)


def _noise(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(0, 3000))


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 10, 10)).save(buffer, "PNG")
    return buffer.getvalue()


def _cut_png(dice: random.Random) -> bytes:
    data = _png()
    return data[: dice.randrange(1, len(data) - 12)]


def _png_bomb(dice: random.Random) -> bytes:
    """A header that promises far more pixels than there are bytes."""
    side = dice.choice((7000, 30_000, 2**31 - 1))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )  # fmt: skip


def _svg(_: random.Random) -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


def _gif(_: random.Random) -> bytes:
    return b"GIF89a\xff\xff\xff\xff\x80\x00\x00" + b"\x00" * 20
