"""Who asks: the address of a client, and how often it may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from aiohttp import web

MAX_KNOWN = 10_000  # addresses; the one that was quiet for longest is forgotten first
IPV6_SITE_BITS = 64  # one customer has at least that many addresses
MINUTE_S = 60.0


def client_address(request: web.Request, trusted_proxies: tuple[str, ...]) -> str | None:
    """IP address of the client; None when it cannot be known.

    Args:
        request: of the client, or of a proxy for it.
        trusted_proxies: addresses whose ``X-Forwarded-For`` is believed.
    """
    address = request.remote
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded is None:
        return address
    if address not in trusted_proxies:
        return None if _is_near(address) else address
    # each proxy appends whom it heard from: the last one that is no proxy of ours is the client
    hops = [hop.strip() for hop in forwarded.split(",")]
    return next((hop for hop in reversed(hops) if hop not in trusted_proxies), address)


def _is_near(address: str | None) -> bool:
    """A proxy on this machine or network that nobody told us to trust."""
    try:
        return address is not None and ip_address(address).is_private
    except ValueError:
        return False


def household(address: str | None) -> str:
    """What one customer cannot change at will: the IPv4 address or the IPv6 network."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> IPV6_SITE_BITS << IPV6_SITE_BITS))
    return str(parsed)


class RateLimit:
    """A number of requests a minute for each customer, a minute's worth of them at once.

    Args:
        per_minute: 0 switches it off.
        clock: monotonic time, seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str | None) -> float:
        """Count a request; how many seconds too early it comes, 0 when it may pass."""
        if not self._per_minute:
            return 0.0
        who, now = household(address), self._clock()
        left, at = self._left.pop(who, (float(self._per_minute), now))
        left = min(left + (now - at) * self._per_minute / MINUTE_S, self._per_minute)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        if len(self._left) > MAX_KNOWN:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) * MINUTE_S / self._per_minute
