"""Settings of the server: defaults ← TOML file ← command line."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import InputError, NotSupported
from stream_server.ice import IceServer
from stream_server.logs import check_format
from stream_server.network import AUTO, check_network

STACKS = ("auto", "off", "cpu", "cuda")
STACK_TO_COME = "ray"
MIN_SECRET_CHARS = 16
NEVER_NEGATIVE = (
    "uploads_kept_h",
    "uploads_max_mb",
    "max_waiting",
    "requests_per_minute",
    "idle_s",
    "longest_session_s",
)
WEB_FOLDER = Path(__file__).resolve().parent.parent / "web"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How to serve. Every field is a key of the TOML file.

    Attributes:
        host, port: where to listen; port 0 picks a free one.
        catalog: folder of garments; made and filled with the defaults when missing.
        stack: where network keyframes are made: ``off`` (nowhere: the photo look), ``cpu``,
            ``cuda``, or ``auto``: on a GPU when there is one and the weights are here.
        commercial: leave weights alone whose licence does not allow commercial use.
        max_sessions: live sessions at a time; further offers get 503.
        tls_cert, tls_key: PEM files; both or none.
        tls_self_signed: make a certificate for this run, so that phones on the LAN get a camera.
        ice_servers: STUN and TURN servers, for us and for browsers; none by default.
        allowed_origins: other sites (``https://shop.example``) that may embed the mirror.
        catalog_shared_uploads: what a shopper adds is for everybody, not for that shopper alone.
        uploads_kept_h: hours until a shopper's own garments are removed; 0 keeps them.
        uploads_max_mb: disk space for the own garments of all shoppers; 0 is no limit.
        catalog_read_only: refuse uploads to and deletions from the catalogue.
        relay_only: let video pass through the TURN servers alone; needs one.
        max_load: measured load, 0 to 1, from which on no further session is let in; 0 switches
            that off.
        max_waiting: how many shoppers may wait for a place.
        requests_per_minute: offers and uploads of one address; 0 switches the limit off.
        trusted_proxies: addresses of proxies whose ``X-Forwarded-For`` is believed.
        token_secret: pages need a token signed with it (``tokens.py``); None asks for none.
        idle_s: end a session after so long without anybody dressed; 0 never does.
        longest_session_s: make a session reconnect after so long; 0 never does.
        log_format: ``text`` or ``json``.
        network: what to expect of the lines: ``internet``, ``lan``, or ``auto`` by address.
        web: folder of the pages.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    catalog: Path = Path("catalog")
    stack: str = "auto"
    commercial: bool = False
    max_sessions: int = 4
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_self_signed: bool = False
    ice_servers: tuple[IceServer, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    catalog_read_only: bool = False
    catalog_shared_uploads: bool = False
    uploads_kept_h: float = 24.0
    uploads_max_mb: float = 2000.0
    network: str = AUTO
    relay_only: bool = False
    max_load: float = 0.9
    max_waiting: int = 20
    requests_per_minute: int = 60
    trusted_proxies: tuple[str, ...] = ()
    token_secret: str | None = dataclasses.field(default=None, repr=False)
    idle_s: float = 0.0
    longest_session_s: float = 0.0
    log_format: str = "text"
    web: Path = WEB_FOLDER

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise InputError(f"port must be 0 to 65535, got {self.port}.")
        if self.max_sessions < 1:
            raise InputError(f"max_sessions must be at least 1, got {self.max_sessions}.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise InputError("tls_cert and tls_key belong together: give both or none.")
        if self.tls_cert is not None and self.tls_self_signed:
            raise InputError("Give a certificate or ask for a self-signed one, not both.")
        _check_stack(self.stack)
        check_network(self.network)
        check_format(self.log_format)
        self._check_limits()
        for origin in self.allowed_origins:
            _check_origin(origin)

    def _check_limits(self) -> None:
        if not 0 <= self.max_load <= 1:
            raise InputError(f"max_load must be 0 to 1, got {self.max_load}.")
        for name in NEVER_NEGATIVE:
            if getattr(self, name) < 0:
                raise InputError(f"{name} must not be negative, got {getattr(self, name)}.")
        if self.relay_only and not any(server.relays for server in self.ice_servers):
            raise InputError("relay_only needs a turn: or turns: server in ice_servers.")
        if self.token_secret is not None and len(self.token_secret) < MIN_SECRET_CHARS:
            raise InputError(f"token_secret needs at least {MIN_SECRET_CHARS} characters.")
        for proxy in self.trusted_proxies:
            _check_address(proxy)

    @property
    def tls(self) -> bool:
        """Whether the server speaks HTTPS."""
        return self.tls_self_signed or self.tls_cert is not None


def _check_stack(stack: str) -> None:
    if stack == STACK_TO_COME:
        raise NotSupported(
            f"This version makes keyframes on this machine alone, so stack {stack!r} is not"
            f" available. Use one of {', '.join(STACKS)}."
        )
    if stack not in STACKS:
        raise InputError(f"stack must be one of {', '.join(STACKS)}, got {stack!r}.")


def _check_address(address: str) -> None:
    try:
        ip_address(address)
    except ValueError as error:
        raise InputError(f"trusted_proxies needs IP addresses, got {address!r}.") from error


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or origin != _origin_of(origin):
        raise InputError(
            f"allowed_origins needs entries like https://shop.example, got {origin!r}."
        )


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


SECRETS = ("token_secret",)
FIELDS: Mapping[str, Any] = {field.name: field for field in dataclasses.fields(ServerConfig)}


def load_config(file: Path | str | None = None, **overrides: Any) -> ServerConfig:
    """Put the settings together.

    Args:
        file: TOML file; None for none. Relative paths in it are relative to its folder.
        **overrides: fields given on the command line; None means "not given".

    Raises:
        InputError: the file cannot be read, or a key or value is wrong; the message names it.
        NotSupported: a stack that this version does not have.
    """
    values = _read_toml(Path(file)) if file is not None else {}
    values |= {name: value for name, value in overrides.items() if value is not None}
    unknown = sorted(values.keys() - FIELDS.keys())
    if unknown:
        raise InputError(f"Unknown setting {unknown[0]!r}; known are {', '.join(FIELDS)}.")
    return ServerConfig(**{name: _convert(name, value) for name, value in values.items()})


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"The settings file {file} cannot be read ({error.strerror or 'no such file'})."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The settings file {file} is not valid TOML: {error}.") from error
    values = {name.replace("-", "_"): value for name, value in raw.items()}
    for name in ("catalog", "tls_cert", "tls_key", "web"):
        if isinstance(values.get(name), str):
            values[name] = file.parent / values[name]
    return values


def _convert(name: str, value: Any) -> Any:
    """Bring a TOML or command line value to its field's type; refuse others in a sentence."""
    kind = str(FIELDS[name].type)
    if name == "ice_servers":
        return tuple(_ice_server(entry) for entry in _list_of(name, value))
    if name == "trusted_proxies":
        return tuple(str(entry) for entry in _list_of(name, value))
    if name == "allowed_origins":
        return tuple(str(entry).rstrip("/") for entry in _list_of(name, value))
    if kind.startswith("Path") and isinstance(value, str | Path):
        return Path(value)
    if kind == "float" and type(value) is int:
        return float(value)
    plain = kind.removesuffix(" | None")
    good = {"str": str, "int": int, "bool": bool, "float": float}.get(plain)
    if good is None or type(value) is not good:
        shown = "another kind of value" if name in SECRETS else repr(value)
        raise InputError(f"{name} must be {plain}, got {shown}.")
    return value


def _list_of(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{name} must be a list, got {value!r}.")
    return list(value)


def _ice_server(entry: Any) -> IceServer:
    if isinstance(entry, IceServer):
        return entry
    known = {"urls", "username", "credential", "secret"}
    if not isinstance(entry, dict) or not entry.keys() <= known:
        raise InputError(
            "Each of ice_servers has urls and, for TURN, username and credential, or secret."
        )
    urls = entry.get("urls", [])
    urls = (urls,) if isinstance(urls, str) else tuple(str(url) for url in urls)
    return IceServer(urls, entry.get("username"), entry.get("credential"), entry.get("secret"))
