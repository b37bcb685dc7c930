"""The data channels of a session: ``control``, and ``beat`` for what may get lost."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable

from aiortc import RTCDataChannel
from aiortc.exceptions import InvalidStateError

CONTROL = "control"
BEAT = "beat"
MAX_EARLY = 8  # messages kept for a client that has not opened ``control`` yet
MAX_BUFFERED_BYTES = 16 * 1024  # a client that does not read gets no more status
MAX_UNREAD_BYTES = 256 * 1024  # nor anything else: answers to what it sends would pile up for ever


class Channels:
    """Sends to whichever channels the client has opened.

    Args:
        on_message: called with every text the client sends.
    """

    def __init__(self, on_message: Callable[[str | bytes], None]) -> None:
        self._on_message = on_message
        self._control: RTCDataChannel | None = None
        self._beat: RTCDataChannel | None = None
        self._early: deque[str] = deque(maxlen=MAX_EARLY)

    def adopt(self, channel: RTCDataChannel) -> bool:
        """Take a channel that the client opened; False for labels we do not know."""
        if channel.label == CONTROL and self._control is None:
            self._control = channel
            while self._early:
                self._send(channel, self._early.popleft())
        elif channel.label == BEAT and self._beat is None:
            self._beat = channel
        else:
            return False
        channel.on("message", self._on_message)
        return True

    def tell(self, message: str) -> None:
        """Send what must arrive, on ``control``; kept until the client has opened it."""
        if self._control is None:
            self._early.append(message)
        elif self._control.bufferedAmount <= MAX_UNREAD_BYTES:
            self._send(self._control, message)

    def beat(self, message: str) -> None:
        """Send what is soon stale, on ``beat`` if there is one; skipped when the line is full."""
        channel = self._beat or self._control
        if channel is not None and channel.bufferedAmount <= MAX_BUFFERED_BYTES:
            self._send(channel, message)

    def _send(self, channel: RTCDataChannel, message: str) -> None:
        # a channel that closes is about to take its session with it
        with contextlib.suppress(InvalidStateError, ConnectionError):
            channel.send(message)
