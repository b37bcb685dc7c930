"""The application: everything put together, started and ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from pipeline.errors import WearcastError
from pipeline.images import MAX_BYTES
from stream_server import security
from stream_server.config import ServerConfig
from stream_server.deadlines import Timing
from stream_server.engine import Engine
from stream_server.errors import (
    PortTaken,
    error_response,
    response_for,
    response_for_http,
    where,
)
from stream_server.handlers import garments, health, openapi, pages, sessions, settings, tryon
from stream_server.house import House, limit_arenas, limit_threads
from stream_server.ice import loopback_when_alone
from stream_server.keyframe_service import KeyframeService, stack_for
from stream_server.keys import CONFIG, HOUSE, LOBBY, METRICS, RATE
from stream_server.load import LoadMeter
from stream_server.lobby import Lobby
from stream_server.logs import set_up
from stream_server.metrics import Metrics
from stream_server.pipeline_engine import PipelineEngine
from stream_server.protocol import Protocol
from stream_server.rtc_tuning import Tuning
from stream_server.session import Services
from stream_server.tls import Secure, lan_addresses, secure
from stream_server.visitors import RateLimit

log = logging.getLogger(__name__)

FORM_OVERHEAD_BYTES = 1024 * 1024
STRAGGLER_S = 1.0  # for threads that are still busy after everything was closed
SHUTDOWN_S = 3.0  # for requests that still run when the server ends
KEEP_ALIVE_S = 75.0  # aiohttp's own hour would let phones that have vanished hold their sockets
EVERYWHERE = ("0.0.0.0", "::", "")


def create_app(
    config: ServerConfig,
    engine: Engine | None = None,
    timing: Timing | None = None,
    metrics: Metrics | None = None,
) -> web.Application:
    """Put an application together; nothing heavy happens before it starts.

    Args:
        config: settings.
        engine: what dresses; the pipeline unless given.
        timing: deadlines of live sessions.
        metrics: where to count; its own unless the engine counts there as well.

    Raises:
        WeightsError, InputError: the stack that the settings ask for cannot be had here.
    """
    app = web.Application(
        client_max_size=2 * MAX_BYTES + FORM_OVERHEAD_BYTES,
        middlewares=[answer_errors, security.check_origin, security.check_token],
    )
    app[CONFIG] = config
    app[METRICS] = metrics or Metrics()
    app[RATE] = RateLimit(config.requests_per_minute)
    app.on_response_prepare.append(security.add_headers)
    for module in (pages, garments, sessions, tryon, health, settings, openapi):
        app.router.add_routes(module.routes)
    pages.add_static(app)
    engine = engine or _pipeline(config, app[METRICS])
    app.on_shutdown.append(_end_sessions)
    app.cleanup_ctx.append(_lifetime(engine, timing or timing_of(config)))
    return app


def _pipeline(config: ServerConfig, metrics: Metrics) -> Engine:
    load = stack_for(config.stack, commercial=config.commercial)
    keyframes = KeyframeService(load, metrics)
    return PipelineEngine(commercial=config.commercial, keyframes=keyframes)


def timing_of(config: ServerConfig) -> Timing:
    """Deadlines of live sessions, with those that an operator may set."""
    return Timing(idle=config.idle_s, longest=config.longest_session_s)


async def _end_sessions(app: web.Application) -> None:
    """First thing at the end, before open requests are waited for: clients go elsewhere."""
    await app[LOBBY].close()


def _lifetime(engine: Engine, timing: Timing) -> Callable[[web.Application], AsyncIterator[None]]:
    """Start and end of everything the application owns."""

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        config = app[CONFIG]
        house = app[HOUSE] = House(config, engine)
        tuning = Tuning(config.network)
        services = Services(
            house.live,
            house.garment,
            house.garments.run,
            app[METRICS],
            tuning,
            lambda: engine.trouble,
        )
        meter = LoadMeter()
        app[LOBBY] = Lobby(config, services, timing, lambda: meter.share, house.tidy)
        app[METRICS].watch_load(lambda: meter.share)
        house.start()
        measuring = asyncio.create_task(meter.run())
        try:
            with loopback_when_alone():
                yield
        finally:
            measuring.cancel()
            house.close()

    return lifetime


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into the one shape of refusals."""
    try:
        return await handler(request)
    except WearcastError as error:
        return _refuse(request, response_for(error), error.code)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _refuse(request, response_for_http(error), f"http_{error.status}")
    except ConnectionError:
        raise  # the client has gone; there is nobody to answer
    except Exception as error:
        log.error("%s %s failed: %s", request.method, _route(request), where(error))
        sentence = "Something went wrong in the server; its log says where."
        return error_response(500, "internal", sentence)


def _refuse(request: web.Request, answer: web.Response, code: str) -> web.Response:
    request.config_dict[METRICS].reject(code)
    return answer


def _route(request: web.Request) -> str:
    """The address as a pattern: ids of sessions do not belong in a log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "an unknown address"


def run(config: ServerConfig, announce: Callable[[str], object] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then end every session and return.

    Args:
        config: settings.
        announce: takes each line for the operator; standard output unless given.

    Raises:
        PortTaken: the address is in use or not allowed.
        InputError: the certificate cannot be used, or there is no GPU for ``cuda``.
        WeightsError: the stack's weights are missing.
    """
    set_up(config.log_format)
    limit_arenas()
    limit_threads()
    asyncio.run(serve(config, announce or _say))
    _leave()


def _leave() -> None:
    """End the process even while a thread is busy in native code, such as loading a model.

    Python would take the interpreter away under it, and MediaPipe answers that with an abort.
    """
    deadline = time.monotonic() + STRAGGLER_S
    others = [t for t in threading.enumerate() if t is not threading.main_thread()]
    for thread in others:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def serve(
    config: ServerConfig,
    announce: Callable[[str], object],
    engine: Engine | None = None,
    metrics: Metrics | None = None,
) -> None:
    """Serve inside a running event loop; see ``run`` and ``create_app``."""
    tls = secure(config)
    sock = _listen(config)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_stray)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    app = create_app(config, engine, metrics=metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    try:
        await runner.setup()
        server = runner.server
        assert server is not None
        listener = await loop.create_server(
            lambda: _connection(server, loop),
            sock=sock,
            ssl=tls.context if tls else None,
        )
        for line in greeting(config, sock.getsockname()[1], tls):
            announce(line)
        house = runner.app[HOUSE]
        starting = asyncio.gather(tell_warm_up(house, announce), house.settle())
        await stopped.wait()
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        announce("Ending: closing the sessions …")
        listener.close()
    finally:
        await runner.cleanup()


def _connection(server: web.Server, loop: asyncio.AbstractEventLoop) -> Protocol:
    """One connection; the addresses of shoppers are not logged."""
    options: dict[str, Any] = {"access_log": None, "keepalive_timeout": KEEP_ALIVE_S}
    return Protocol(server, loop=loop, **options)


async def tell_warm_up(house: House, announce: Callable[[str], object]) -> None:
    """Tell the operator when shoppers can be dressed."""
    announce("  Warming up: a few seconds, at the very first start a minute or two …")
    good = await house.warmed()
    announce("  Ready." if good else "  The mirror could not start; see the log.")


def _log_stray(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for what nobody caught, without a trace of paths and data."""
    error = context.get("exception")
    log.error("stray fault: %s", where(error) if error else context.get("message"))


def _listen(config: ServerConfig) -> socket.socket:
    """Bind before anything heavy starts, so that a taken port is told at once."""
    try:
        return socket.create_server(
            (config.host, config.port),
            family=socket.AF_INET6 if ":" in config.host else socket.AF_INET,
        )
    except OSError as error:
        raise PortTaken(_why_not(config, error)) from error


def _why_not(config: ServerConfig, error: OSError) -> str:
    at = f"{config.host}:{config.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{at} is in use by another program. Choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Ports below 1024, such as {at}, need more rights. Choose another with --port."
    return f"{config.host} is not an address of this machine. Try --host 127.0.0.1 or 0.0.0.0."


def greeting(config: ServerConfig, port: int, tls: Secure | None) -> list[str]:
    """What the operator reads at the start: where to go, from here and from a phone."""
    scheme = "https" if tls else "http"
    everywhere = config.host in EVERYWHERE
    host = "localhost" if everywhere or config.host == "127.0.0.1" else config.host
    lines = [f"Wearcast is at {scheme}://{host}:{port}/"]
    if everywhere:
        lines += [f"  on this network: {scheme}://{ip}:{port}/" for ip in lan_addresses()]
        if not tls:
            lines.append("  Phones need https for their camera: add --tls-self-signed.")
    elif tls and tls.fingerprint:
        lines.append("  Phones reach it only with --host 0.0.0.0.")
    if tls and tls.fingerprint:
        lines.append("  The certificate is made for this run; browsers warn. SHA-256 fingerprint:")
        lines.append(f"  {tls.fingerprint}")
    return lines
