"""Checks of a machine before shoppers meet it: what runs, what is there, what can be reached."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence

from pipeline.errors import WearcastError
from stream_server.config import ServerConfig
from stream_server.finding import Finding, Outcome
from stream_server.ice import IceServer
from stream_server.rtc_tuning import MISSING, Tuning
from stream_server.startup import check_catalogue as check_catalogue_place
from stream_server.tls import lan_addresses, secure
from stream_server.weights_check import examine_weights

Check = Callable[[ServerConfig], Finding | list[Finding]]
TURN_S = 5.0
COMMAND_S = 10.0
NEAR_EXPIRY_DAYS = 14
DAY_S = 86_400


def examine(config: ServerConfig) -> list[Finding]:
    """Run every check. Takes seconds; sends nothing but to the TURN servers of the settings."""
    checks: Sequence[tuple[str, Check]] = (
        ("packages", check_packages),
        ("graphics", check_graphics),
        ("weights", check_weights),
        ("stream", check_tuning),
        ("pages", check_pages),
        ("catalogue", check_catalogue),
        ("port", check_port),
        ("tls", check_tls),
        ("camera", check_camera),
        ("turn", check_turn),
    )
    return [finding for name, check in checks for finding in _run(name, check, config)]


def _run(name: str, check: Check, config: ServerConfig) -> list[Finding]:
    try:
        found = check(config)
    except WearcastError as error:
        found = Finding(name, "failed", str(error))
    except Exception as error:  # a check that breaks is a finding, not the end of the others
        sentence = f"The check itself failed: {type(error).__name__}: {error}"
        found = Finding(name, "failed", sentence)
    return found if isinstance(found, list) else [found]


def check_packages(_: ServerConfig) -> Finding:
    """Whether the pipeline can be imported and sees a person."""
    from pipeline.live import LiveTryOn
    from pipeline.samples import astronaut
    from pipeline.structures import Frame

    with LiveTryOn() as live:
        begin = time.perf_counter()
        pose = live.observe(Frame(astronaut(), 0.0)).pose
        took_ms = (time.perf_counter() - begin) * 1000
    if pose is None:
        return Finding("packages", "failed", "The pose model does not see the sample person.")
    return Finding("packages", "ok", f"The pose model sees the sample person ({took_ms:.0f} ms).")


def check_graphics(_: ServerConfig) -> Finding:
    """Whether there is a GPU. The photo look needs none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Finding(
            "graphics", "note", "No NVIDIA driver is installed; the photo look needs none."
        )
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    if answer.returncode != 0:
        return Finding("graphics", "note", "A driver is installed, but no GPU answers.")
    return Finding("graphics", "ok", f"GPU: {'; '.join(answer.stdout.split(chr(10))).strip('; ')}.")


def check_weights(config: ServerConfig) -> list[Finding]:
    """Which checkpoints are here, whole or damaged, and what they may be used for."""
    return examine_weights(commercial=config.commercial)


def check_tuning(config: ServerConfig) -> Finding:
    """Whether streams run tuned."""
    if MISSING:
        return Finding("stream", "note", f"aiortc lacks {MISSING[0]}: streams run without tuning.")
    if not Tuning(config.network).active:
        return Finding("stream", "note", "The tuning of streams is switched off.")
    return Finding("stream", "ok", f"Streams are tuned for the network {config.network!r}.")


def check_pages(config: ServerConfig) -> Finding:
    """Whether the pages are installed."""
    missing = [name for name in ("index.html", "main.js") if not (config.web / name).is_file()]
    if missing:
        return Finding("pages", "failed", f"{config.web} has no {missing[0]}: there is no page.")
    return Finding("pages", "ok", f"The pages are in {config.web}.")


def check_catalogue(config: ServerConfig) -> Finding:
    """Whether the catalogue can be opened, and how much is in it."""
    from pipeline.garments import Catalog

    check_catalogue_place(config.catalog, read_only=config.catalog_read_only)
    if not config.catalog.is_dir():
        sentence = f"{config.catalog} does not exist yet; the first start fills it."
        return Finding("catalogue", "note", sentence)
    entries = Catalog(config.catalog).list()
    outcome: Outcome = "ok" if entries else "note"
    return Finding("catalogue", outcome, f"{len(entries)} garments in {config.catalog}.")


def check_port(config: ServerConfig) -> Finding:
    """Whether the server could listen."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        socket.create_server((config.host, config.port), family=family).close()
    except OSError as error:
        at = f"{config.host}:{config.port}"
        why = error.strerror or str(error)
        return Finding("port", "failed", f"{at} is not free ({why}). Is a server running already?")
    return Finding("port", "ok", f"{config.host}:{config.port} is free.")


def check_tls(config: ServerConfig) -> Finding:
    """Whether the certificate can be used, and for how long."""
    tls = secure(config)
    if tls is None or config.tls_cert is None:
        plain = "Plain HTTP: good on this machine, or behind a proxy that ends TLS."
        made = "A certificate is made for each run: browsers warn, once on each device."
        return Finding("tls", "note", plain if tls is None else made)
    from cryptography import x509

    expires = x509.load_pem_x509_certificate(config.tls_cert.read_bytes()).not_valid_after_utc
    days = (expires.timestamp() - time.time()) / DAY_S
    if days <= 0:
        return Finding("tls", "failed", f"The certificate expired on {expires:%Y-%m-%d}.")
    outcome: Outcome = "note" if days < NEAR_EXPIRY_DAYS else "ok"
    return Finding("tls", outcome, f"The certificate is good until {expires:%Y-%m-%d}.")


def check_camera(config: ServerConfig) -> Finding:
    """Whether browsers will give this page a camera: only over HTTPS or on this machine."""
    if config.tls:
        return Finding("camera", "ok", "The page is served over HTTPS: browsers give it a camera.")
    if config.host in ("127.0.0.1", "localhost", "::1"):
        return Finding("camera", "ok", "Browsers on this machine give the page a camera.")
    shown = ", ".join(lan_addresses()) or config.host
    sentence = (
        f"At {shown} browsers refuse the camera without HTTPS: add --tls-self-signed, a"
        " certificate, or a proxy with one in front."
    )
    return Finding("camera", "failed", sentence)


def check_turn(config: ServerConfig) -> Finding:
    """Whether every TURN server gives us an address to relay from."""
    relays = [server for server in config.ice_servers if server.relays]
    if not relays:
        sentence = "No TURN server: shoppers behind strict firewalls will not get a picture."
        return Finding("turn", "note", sentence)
    for server in relays:
        for url in server.urls:
            why_not = asyncio.run(_within(_allocate(url, server)))
            if why_not is not None:
                return Finding("turn", "failed", f"{url} gives no relay address: {why_not}.")
    return Finding("turn", "ok", f"{len(relays)} TURN server(s) give a relay address.")


async def _within(work: Awaitable[None]) -> str | None:
    try:
        await asyncio.wait_for(work, TURN_S)
    except TimeoutError:
        return f"no answer within {TURN_S:.0f} s"
    except Exception as error:  # aioice raises its own kinds and whatever sockets do
        return str(error) or type(error).__name__
    return None


async def _allocate(url: str, server: IceServer) -> None:
    """Ask for an address to relay from, and give it back."""
    from aioice import turn
    from aiortc.rtcicetransport import parse_stun_turn_uri

    parsed = parse_stun_turn_uri(url)
    login = server.with_pass(time.time())
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=(parsed["host"], parsed["port"]),
        username=login.username,
        password=login.credential,
        ssl=ssl.create_default_context() if parsed["scheme"] == "turns" else False,
        transport=parsed["transport"],
    )
    transport.close()
