"""Keeps MediaPipe's start-up chatter off the terminal without hiding anything else.

Its C++ code writes harmless warnings straight to file descriptor 2 before any logging set-up of
Python applies, and 0.10.21 offers no switch for it.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

KNOWN_NOISE = (
    b"Created TensorFlow Lite XNNPACK delegate",
    b"before absl::InitializeLog() is called",
    b"inference_feedback_manager.cc",  # a signature the pose models never had
    b"landmark_projection_calculator.cc",  # the pose ROI is square, as it asks for
    b"gl_context",  # no GPU context is wanted
)

_STDERR = 2
_stderr_lock = threading.Lock()  # descriptor 2 belongs to the whole process: one owner at a time


@contextmanager
def without_native_noise() -> Iterator[None]:
    """Hold back what is written to descriptor 2, then pass on all but ``KNOWN_NOISE``."""
    with _stderr_lock, tempfile.TemporaryFile() as held:
        try:
            terminal = os.dup(_STDERR)
        except OSError:  # no stderr at all, as under pythonw: nothing to keep clean
            yield
            return
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(terminal, _STDERR)
            os.close(terminal)
            held.seek(0)
            _pass_on(held.read())


def _pass_on(text: bytes) -> None:
    lines = text.splitlines(keepends=True)
    wanted = [line for line in lines if not any(noise in line for noise in KNOWN_NOISE)]
    if wanted:
        os.write(_STDERR, b"".join(wanted))
