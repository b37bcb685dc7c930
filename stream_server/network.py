"""What to expect of the lines between shoppers and server."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from pipeline.errors import InputError


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """What to expect of a line, bits per second.

    Attributes:
        start, lowest, highest: of what we send.
        seed: of what the camera may send from the first second on; it adapts from there, within
            ``lowest`` and ``highest``. Too high a seed costs freezes on a thin line.
    """

    start: int
    lowest: int
    highest: int
    seed: int


ENOUGH = 1_500_000  # 46 dB at 480p; each packet more costs server and browser 0.3 ms together
PROFILES = {
    "internet": NetworkProfile(800_000, 300_000, ENOUGH, 1_000_000),
    "lan": NetworkProfile(ENOUGH, 600_000, ENOUGH, ENOUGH),
}
AUTO = "auto"
NETWORKS = (AUTO, *PROFILES)


def profile_for(network: str, peer: str | None) -> NetworkProfile:
    """The profile of a connection.

    Args:
        network: ``internet``, ``lan``, or ``auto``: by the peer's address.
        peer: IP address of the client; None when it is not known, as behind a proxy.
    """
    if network != AUTO:
        return PROFILES[network]
    try:
        near = peer is not None and ipaddress.ip_address(peer).is_private
    except ValueError:
        near = False
    return PROFILES["lan" if near else "internet"]


def check_network(network: str) -> None:
    """Raises ``InputError`` for a name that is none of ``NETWORKS``."""
    if network not in NETWORKS:
        raise InputError(f"network must be one of {', '.join(NETWORKS)}, got {network!r}.")
