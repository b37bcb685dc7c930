"""For machines that watch: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from aiohttp import web

from stream_server.keys import HOUSE, LOBBY, METRICS

routes = web.RouteTableDef()

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """The models are warm and the doors open: a session would start at once."""
    request.app[LOBBY].check_open()
    request.app[HOUSE].check_ready()
    return web.json_response({"status": "ready"})


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Counters for Prometheus."""
    body = request.app[METRICS].exposition()
    return web.Response(body=body, headers={"Content-Type": EXPOSITION})
