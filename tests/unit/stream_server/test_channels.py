"""What is sent to a client that does not read."""

from __future__ import annotations

from typing import Any, cast

from stream_server.channels import CONTROL, MAX_UNREAD_BYTES, Channels


class Clogged:
    """A channel whose other end takes nothing."""

    label = CONTROL

    def __init__(self) -> None:
        self.bufferedAmount = 0

    def on(self, _: str, __: object) -> None: ...

    def send(self, message: str) -> None:
        self.bufferedAmount += len(message)


def test_what_nobody_reads_does_not_pile_up_for_ever() -> None:
    channel, message = Clogged(), "x" * 1000
    channels = Channels(lambda _: None)
    assert channels.adopt(cast(Any, channel))
    for _ in range(10_000):
        channels.tell(message)
        channels.beat(message)
    assert MAX_UNREAD_BYTES < channel.bufferedAmount <= MAX_UNREAD_BYTES + len(message)
