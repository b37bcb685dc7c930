"""The name by which a browser is known again: random, and only for what its visitor adds."""

from __future__ import annotations

import re
import secrets

from aiohttp import web

from stream_server.keys import CONFIG

COOKIE = "wearcast-visitor"
NAME = re.compile(r"[\w-]{22}", re.ASCII)
NAME_BYTES = 16
HOUR_S, YEAR_S = 3600, 31_536_000


def visitor_of(request: web.Request) -> str | None:
    """The name that a browser was given before; None for one without."""
    name = request.cookies.get(COOKIE, "")
    return name if NAME.fullmatch(name) else None


def new_visitor() -> str:
    """A name that nobody guesses."""
    return secrets.token_urlsafe(NAME_BYTES)


def remember(request: web.Request, response: web.Response, visitor: str) -> None:
    """Let a browser keep a visitor's name for as long as their garments are kept.

    Over HTTPS it does so in a frame of another site too, for that site apart. Where uploads are
    for everybody there is nothing to remember.
    """
    config = request.config_dict[CONFIG]
    if config.catalog_shared_uploads:
        return
    origin = request.headers.get("Origin", "")  # TLS may end at a proxy in front of us
    secure = request.secure or origin.startswith("https:")
    life_s = int(config.uploads_kept_h * HOUR_S) or YEAR_S
    where = "SameSite=None; Secure; Partitioned" if secure else "SameSite=Lax"
    # written by hand: the standard library knows "Partitioned" from Python 3.14 on
    cookie = f"{COOKIE}={visitor}; Max-Age={life_s}; Path=/; HttpOnly; {where}"
    response.headers.add("Set-Cookie", cookie)
