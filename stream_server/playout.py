"""Asks the browser to show every frame as soon as it is decoded.

A browser holds video back to even out its pace, by 10 to 60 ms for a stream like ours, and the
page's own wish for no delay only lowers the least of it. What ends the holding back is the
sender's word: the RTP header extension "playout delay" with a greatest delay of zero.

https://webrtc.googlesource.com/src/+/main/docs/native-code/rtp-hdrext/playout-delay
"""

from __future__ import annotations

import re
from typing import Any

from aiortc import RTCRtpTransceiver
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters
from aiortc.rtp import (
    HeaderExtensions,
    HeaderExtensionsMap,
    pack_header_extensions,
    unpack_header_extensions,
)

URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
OFFERED = re.compile(rf"^a=extmap:(\d+)(?:/\w+)? {re.escape(URI)}\s*$", re.MULTILINE)
NO_DELAY = bytes(3)  # least and greatest delay, 12 bits each, in hundredths of a second


def agree_on_no_delay(transceiver: RTCRtpTransceiver, offer: str) -> None:
    """Take the extension into the answer if the browser's offer (SDP) holds it."""
    found = OFFERED.search(offer)
    if found is not None and all(known.uri != URI for known in transceiver._headerExtensions):
        extension = RTCRtpHeaderExtensionParameters(id=int(found[1]), uri=URI)
        transceiver._headerExtensions = [*transceiver._headerExtensions, extension]


class ImmediateExtensions(HeaderExtensionsMap):  # type: ignore[misc]  # aiortc publishes no types
    """The header extensions of a sender, with the wish for no delay on every packet."""

    def __init__(self) -> None:
        super().__init__()
        self._wish: tuple[int, bytes] | None = None

    def configure(self, parameters: Any) -> None:
        """Learn the numbers that were agreed on."""
        super().configure(parameters)
        for extension in parameters.headerExtensions:
            if extension.uri == URI:
                self._wish = (extension.id, NO_DELAY)

    def set(self, values: HeaderExtensions) -> tuple[int, bytes]:
        """Pack the extensions of one packet: profile and bytes."""
        packed: tuple[int, bytes] = super().set(values)
        if self._wish is None:
            return packed
        answer: tuple[int, bytes] = pack_header_extensions(
            [*unpack_header_extensions(*packed), self._wish]
        )
        return answer
