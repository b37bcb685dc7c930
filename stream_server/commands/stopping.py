"""A command that is told to stop puts away what it has begun, as after Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOPPED = 128  # plus the signal's number: the exit code that shells give
SIGNALS = [
    number
    for name in ("SIGTERM", "SIGHUP")  # not every system has the latter
    if (number := getattr(signal, name, None)) is not None
]


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Leave this block with ``SystemExit`` when the process is told to end; ``finally`` runs then.

    A second signal ends the process at once. Signals that somebody ignores, as ``nohup`` does,
    stay ignored. For the main thread.
    """
    ours = [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)
    raise SystemExit(STOPPED + number)
