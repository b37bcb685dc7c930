"""Live sessions: ``POST /api/offer`` and ``DELETE /api/sessions/{id}``."""

from __future__ import annotations

import functools

from aiohttp import web

from pipeline.errors import GarmentUnknown
from stream_server.cookies import new_visitor, remember, visitor_of
from stream_server.errors import ApiError
from stream_server.forms import read_body
from stream_server.keys import CONFIG, HOUSE, LOBBY
from stream_server.offer import MAX_OFFER_BYTES, Offer, read_offer
from stream_server.security import check_rate
from stream_server.visitors import client_address

routes = web.RouteTableDef()


@routes.post("/api/offer")
async def offer(request: web.Request) -> web.Response:
    """Answer a WebRTC offer with a session of its own."""
    lobby = request.app[LOBBY]
    try:
        lobby.check_open()
        wanted = await _read(request)
        visitor = visitor_of(request) or new_visitor()
        house = request.app[HOUSE]
        if wanted.garment is not None:  # refused before a connection is made for it
            await house.entry(wanted.garment, visitor)
        fetch = functools.partial(house.garment, visitor=visitor)
        session, sdp = await lobby.admit(wanted, _peer(request), fetch)
    except (ApiError, GarmentUnknown) as error:
        full = isinstance(error, ApiError) and error.status == 503
        lobby.metrics.offer("full" if full else "refused")
        raise
    except Exception:
        lobby.metrics.offer("failed")
        raise
    lobby.metrics.offer("accepted")
    answer = web.json_response({"sdp": sdp, "type": "answer", "session": session})
    if visitor_of(request) is None:  # what is added during this session can be worn in it
        remember(request, answer, visitor)
    return answer


async def _read(request: web.Request) -> Offer:
    """Read and check an offer, and count it, whatever is in it."""
    body = await read_body(request, MAX_OFFER_BYTES)
    try:
        wanted = read_offer(body)
    except ApiError:
        check_rate(request)
        raise
    if not request.app[LOBBY].knows(wanted.ticket):  # who waits was counted at the first offer
        check_rate(request)
    return wanted


def _peer(request: web.Request) -> str | None:
    return client_address(request, request.app[CONFIG].trusted_proxies)


@routes.delete("/api/sessions/{id}")
async def end(request: web.Request) -> web.Response:
    """End a session; whoever knows its id may."""
    if not await request.app[LOBBY].end(request.match_info["id"]):
        raise ApiError(404, "session_unknown", "There is no such session, or it has ended.")
    return web.Response(status=204)
