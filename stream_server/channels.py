"""The data channels of a session: ``control``, and ``beat`` for what may get lost."""

from __future__ import annotations

from collections.abc import Callable

from aiortc import RTCDataChannel
from aiortc.exceptions import InvalidStateError

CONTROL = "control"
BEAT = "beat"
MAX_BUFFERED_BYTES = 16 * 1024  # a client that does not read gets no more status


class Channels:
    """Sends to whichever channels the client has opened; forgets what cannot be sent.

    Args:
        on_message: called with every text the client sends.
    """

    def __init__(self, on_message: Callable[[str | bytes], None]) -> None:
        self._on_message = on_message
        self._control: RTCDataChannel | None = None
        self._beat: RTCDataChannel | None = None

    def adopt(self, channel: RTCDataChannel) -> bool:
        """Take a channel that the client opened; False for labels we do not know."""
        if channel.label == CONTROL and self._control is None:
            self._control = channel
        elif channel.label == BEAT and self._beat is None:
            self._beat = channel
        else:
            return False
        channel.on("message", self._on_message)
        return True

    def tell(self, message: str) -> None:
        """Send what must arrive, on ``control``."""
        self._send(self._control, message)

    def beat(self, message: str) -> None:
        """Send what is soon stale, on ``beat`` if there is one; skipped when the line is full."""
        channel = self._beat or self._control
        if channel is not None and channel.bufferedAmount <= MAX_BUFFERED_BYTES:
            self._send(channel, message)

    def _send(self, channel: RTCDataChannel | None, message: str) -> None:
        if channel is None or channel.readyState != "open":
            return
        try:
            channel.send(message)
        except (InvalidStateError, ConnectionError):  # it closed in between
            return
