"""Judging an offer before any connection exists, since making one costs sockets and threads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from aiortc.sdp import SessionDescription

from stream_server.errors import ApiError
from stream_server.messages import MAX_ID_CHARS

MAX_OFFER_BYTES = 64 * 1024  # Chrome's video offer has about 6 KB
MAX_CANDIDATES = 50
MAX_PORT = 65535
MAX_TICKET_CHARS = 64
HIDDEN = re.compile(r"^(a=candidate:\S+ \d+ udp \d+ )\S+\.local( )", re.MULTILINE | re.IGNORECASE)
MAX_MEDIA = 2  # one video and one data section


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked offer.

    Attributes:
        sdp: session description that parses and holds one video to dress.
        garment: id to wear from the start, or None.
        mirror: whether to flip the picture.
        ticket: of the waiting line, from an earlier refusal.
    """

    sdp: str
    garment: str | None
    mirror: bool
    ticket: str | None = None


def read_offer(body: bytes) -> Offer:
    """Check the body of ``POST /api/offer``.

    Raises:
        ApiError: 400 with a sentence that names what is wrong.
    """
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _bad(
            "The offer must be a JSON object {sdp, type, garment?, mirror?, ticket?}."
        ) from error
    if not isinstance(values, dict) or values.get("type") != "offer":
        raise _bad('The offer must be a JSON object with type "offer".')
    sdp, garment, mirror = values.get("sdp"), values.get("garment"), values.get("mirror", False)
    if not isinstance(sdp, str):
        raise _bad("The offer needs its session description as the text sdp.")
    if garment is not None and not (isinstance(garment, str) and len(garment) <= MAX_ID_CHARS):
        raise _bad("The garment must be the id of a garment, or be left out.")
    if not isinstance(mirror, bool):
        raise _bad("The value of mirror must be true or false, or be left out.")
    ticket = values.get("ticket")
    if ticket is not None and not (isinstance(ticket, str) and len(ticket) <= MAX_TICKET_CHARS):
        raise _bad("The ticket must be one that this server gave, or be left out.")
    _check_sdp(sdp)
    return Offer(sdp, garment, mirror, ticket)


def with_address(sdp: str, peer: str | None) -> str:
    """Put the client's address in place of names such as ``….local``.

    Browsers hide their addresses behind names that only multicast on their own network could
    resolve. The offer came from that very address, so nobody needs to be asked; and where it is
    not the right one, the browser's own packets show the way.

    Args:
        sdp: of a checked offer.
        peer: IP address that the offer came from; None leaves everything as it is.
    """
    return sdp if peer is None else HIDDEN.sub(rf"\g<1>{peer}\g<2>", sdp)


def _check_sdp(sdp: str) -> None:
    lines = sdp.splitlines()
    media = [line.split(" ", 1)[0] for line in lines if line.startswith("m=")]
    if media.count("m=video") != 1 or len(media) > MAX_MEDIA:
        raise _bad("The offer must hold one video section and at most one data section.")
    if len(media) == MAX_MEDIA and "m=application" not in media:
        raise _bad("Beside the video the offer may hold one data section, nothing else.")
    candidates = sum(line.startswith("a=candidate:") for line in lines)
    if candidates > MAX_CANDIDATES:
        raise _bad(f"The offer has {candidates} candidates; at most {MAX_CANDIDATES} are taken.")
    try:
        description = SessionDescription.parse(sdp)
    except Exception as error:  # the parser raises whatever its line led to
        raise _bad("The session description of the offer cannot be read.") from error
    for section in description.media:
        _check_section(section)


def _check_section(section: Any) -> None:
    if not section.ice.usernameFragment or not section.ice.password:
        raise _bad("The offer has no ICE user name and password.")
    if not all(0 <= candidate.port <= MAX_PORT for candidate in section.ice_candidates):
        raise _bad(f"A candidate of the offer has a port that is not 0 to {MAX_PORT}.")
    if section.dtls is None or not section.dtls.fingerprints:
        raise _bad("The offer has no DTLS fingerprint and setup role.")
    if section.kind == "video" and section.direction not in (None, "sendrecv"):
        raise _bad("The video section must be sendrecv: the camera comes in, the mirror goes out.")
    if section.kind == "video" and not any(
        codec.mimeType.lower() in ("video/vp8", "video/h264") for codec in section.rtp.codecs
    ):
        raise _bad("The video section must offer VP8 or H.264.")


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_offer", message)
