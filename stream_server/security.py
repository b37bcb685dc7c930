"""Headers of every answer, and who may change something from a browser."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from stream_server.config import ServerConfig
from stream_server.errors import ApiError
from stream_server.keys import CONFIG, RATE
from stream_server.tokens import is_valid
from stream_server.visitors import client_address

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CORS_METHODS = "GET, POST, PATCH, DELETE"
CORS_HEADERS = "Content-Type, Authorization"
CORS_MAX_AGE_S = 600
BEARER = "Bearer "
GUARDED = ("/api/offer", "/api/tryon", "/api/garments")  # and what is below them


def policy(config: ServerConfig) -> dict[str, str]:
    """Security headers; sites in ``allowed_origins`` may frame the mirror."""
    ancestors = " ".join(("'self'", *config.allowed_origins))
    return {
        "Content-Security-Policy": (
            "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob: mediastream:; "
            "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
            f"frame-ancestors {ancestors}"
        ),
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler for ``on_response_prepare``: runs for every answer, refusals included."""
    config = request.config_dict[CONFIG]
    for name, value in policy(config).items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "wearcast"
    origin = request.headers.get("Origin")
    if config.allowed_origins:
        response.headers.add("Vary", "Origin")
    if origin in config.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = origin


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let pages of other sites change nothing, unless they are allowed to.

    Programs send no Origin and are let through: the check protects a shopper's browser from
    other sites, not the server from strangers.
    """
    config = request.config_dict[CONFIG]
    origin = request.headers.get("Origin")
    if request.method == "OPTIONS" and origin in config.allowed_origins:
        return _preflight()
    if request.method not in SAFE_METHODS and not _trusted(request, origin, config):
        raise ApiError(
            403, "forbidden_origin", "Pages of this site may not use this server's mirror."
        )
    return await handler(request)


def _trusted(request: web.Request, origin: str | None, config: ServerConfig) -> bool:
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    # hosts are compared, not schemes: TLS may end at a proxy in front of us
    return origin in config.allowed_origins or urlsplit(origin).netloc == request.host


@web.middleware
async def check_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Where the operator has set a secret, change something only with a token for this site."""
    secret = request.config_dict[CONFIG].token_secret
    guarded = request.method not in SAFE_METHODS and request.path.startswith(GUARDED)
    if secret is not None and guarded:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix(BEARER) if header.startswith(BEARER) else ""
        if not is_valid(token, secret, request.headers.get("Origin")):
            sentence = "This page's permission has run out. Load the page again."
            raise ApiError(401, "bad_token", sentence)
    return await handler(request)


def check_rate(request: web.Request) -> None:
    """Count an expensive request. Raises ``ApiError`` 429 when its address sends too many."""
    address = client_address(request, request.config_dict[CONFIG].trusted_proxies)
    wait_s = request.config_dict[RATE].wait_s(address)
    if wait_s > 0:
        sentence = "Too many requests came from your network. Try again in a moment."
        raise ApiError(429, "too_many", sentence, math.ceil(wait_s))


def _preflight() -> web.Response:
    headers = {
        "Access-Control-Allow-Methods": CORS_METHODS,
        "Access-Control-Allow-Headers": CORS_HEADERS,
        "Access-Control-Max-Age": str(CORS_MAX_AGE_S),
    }
    return web.Response(status=204, headers=headers)
