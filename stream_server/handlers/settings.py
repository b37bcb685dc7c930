"""``GET /api/config``: what a client must know before it connects."""

from __future__ import annotations

from aiohttp import web

from pipeline import __version__
from pipeline.images import MAX_BYTES, MAX_PIXELS
from stream_server.ice import servers_for_browser
from stream_server.keys import CONFIG

routes = web.RouteTableDef()


@routes.get("/api/config")
async def config(request: web.Request) -> web.Response:
    """ICE servers, limits and version."""
    settings = request.app[CONFIG]
    return web.json_response(
        {
            "iceServers": servers_for_browser(settings.ice_servers),
            "iceTransportPolicy": "relay" if settings.relay_only else "all",
            "limits": {
                "uploadBytes": MAX_BYTES,
                "uploadPixels": MAX_PIXELS,
                "sessions": settings.max_sessions,
            },
            "uploads": not settings.catalog_read_only,
            "version": __version__,
        },
        headers={"Cache-Control": "no-store"},
    )
